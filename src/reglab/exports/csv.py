"""The epochs of runs as CSV, at full precision; NaN is written "nan", an empty cell is a setting that is not set."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from reglab import columns
from reglab.exports.entry import Bundle, Export
from reglab.exports.subject import Subject
from reglab.exports.table import epoch_table


def make(subjects: Sequence[Subject], main: str, _prefix: str) -> Bundle:
    """One file for all runs."""
    table = epoch_table(subjects)
    figures = table[[*columns.METRICS]].map(repr)  # pandas would leave a NaN empty
    text = pd.concat(
        [table[[*columns.EPOCH_COLUMNS[:2]]], figures, table.iloc[:, len(columns.EPOCH_COLUMNS) :]], axis=1
    )
    return Bundle({main: text.to_csv(index=False, lineterminator="\n").encode()})


ENTRY = Export(
    name="csv",
    label="CSV",
    order=30,
    about="One table of all epochs, with each run's name and settings in every row, for spreadsheets and pandas.",
    main="epochs.csv",
    together=True,
    needs_runs=True,
    is_script=False,
    marker=",".join(columns.EPOCH_COLUMNS[:4]).encode(),
    make=make,
)
