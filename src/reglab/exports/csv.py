"""The epochs of runs as CSV, in full precision; NaN is written "nan", an empty cell is a setting without a value.

UTF-8 with a byte order mark, which Excel needs. Excel, LibreOffice and Google Sheets evaluate a cell that begins with
=, +, − or @: a run called ``=HYPERLINK(…)`` could send the table's contents away. A leading apostrophe keeps such a
cell text (OWASP, "CSV Injection").
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from typing import Any

import pandas as pd

from reglab import columns
from reglab.exports.entry import Bundle, Export
from reglab.exports.subject import Subject
from reglab.spec import RunSpec

BEST_EPOCH = "is_best_epoch"
_FORMULA = re.compile(r"(?:^|(?<=[;\t\r\n]))(?=[ \u00a0]*[=+\-−@\t\r＝＋－＠])")
"""Where a formula may begin: at the start, or after ";" or a tab, where some spreadsheets begin a new cell."""


def csv_bytes(table: pd.DataFrame, *, figures: Collection[str] = ()) -> bytes:
    """``table`` without its index. Numbers keep full precision; missing values are empty cells.

    :param figures: numeric columns in which NaN is a value, written "nan", rather than missing.
    """
    cells = table.apply(_text_column, axis="index") if len(table) else table
    named = {name: cells[name].map(lambda value: "" if value is None else repr(value)) for name in figures}
    text: str = cells.assign(**named).rename(columns=_text).to_csv(index=False, lineterminator="\n")
    return f"\ufeff{text}".encode()


def _text_column(column: pd.Series[Any]) -> pd.Series[Any]:
    return column if pd.api.types.is_numeric_dtype(column) else column.astype(object).map(_text)


def _text(value: Any) -> Any:
    return _FORMULA.sub("'", value) if isinstance(value, str) else value


def epoch_table(subjects: Sequence[Subject]) -> pd.DataFrame:
    """One row an epoch: :data:`columns.EPOCH_COLUMNS`, the run's name, every setting under its dotted key.

    The column :data:`BEST_EPOCH` marks the epoch of each run's lowest validation loss.
    """
    runs = [subject.run for subject in subjects if subject.run is not None]
    store = next(subject.store for subject in subjects if subject.store is not None)
    epochs = store.epochs([run.id for run in runs]).reset_index(drop=True)
    best = epochs[columns.RUN].map({run.id: run.best_epoch for run in runs})
    epochs[BEST_EPOCH] = (epochs[columns.EPOCH] == best).astype(bool)
    rows = [{"name": run.name, **settings_of(run.spec)} for run in runs]
    settings = pd.DataFrame(rows, index=[run.id for run in runs], dtype=object)
    settings = settings[~settings.index.duplicated()].apply(_typed)
    return pd.concat([epochs, settings.loc[epochs[columns.RUN]].reset_index(drop=True)], axis=1)


def settings_of(spec: RunSpec) -> dict[str, Any]:
    """Dotted key → value for every setting, mappings as JSON: a cell holds one value."""
    return {key: json.dumps(value) if isinstance(value, dict) else value for key, value in spec.flat().items()}


def _typed(column: pd.Series[Any]) -> pd.Series[Any]:
    """Integers with missing values as Int64; pandas would turn them into floats."""
    whole = all(isinstance(value, int) and not isinstance(value, bool) for value in column.dropna())
    return column.astype("Int64") if whole else column.infer_objects()


def _make(subjects: Sequence[Subject], main: str, _prefix: str) -> Bundle:
    return Bundle({main: csv_bytes(epoch_table(subjects), figures=columns.METRICS)})


ENTRY = Export(
    name="csv",
    label="CSV",
    order=30,
    about="One table of all epochs, with each run's name and settings in every row, for spreadsheets and pandas.",
    main="epochs.csv",
    marker=",".join(columns.EPOCH_COLUMNS[:4]).encode(),
    make=_make,
    together=True,
    needs_runs=True,
)
