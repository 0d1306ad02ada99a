"""The epochs of runs as one table: a row an epoch, with the run's name and every setting beside the figures."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pandas as pd

from reglab import columns
from reglab.exports.subject import Subject
from reglab.spec import RunSpec

NAME = "name"


def epoch_table(subjects: Sequence[Subject]) -> pd.DataFrame:
    """:data:`columns.EPOCH_COLUMNS`, then the run's name and the spec's dotted keys; runs in the order given."""
    runs = [subject.run for subject in subjects if subject.run is not None]
    store = next(subject.store for subject in subjects if subject.store is not None)
    epochs = store.epochs([run.id for run in runs]).reset_index(drop=True)
    rows = [{NAME: run.name, **settings_of(run.spec)} for run in runs]
    settings = pd.DataFrame(rows, index=[run.id for run in runs], dtype=object)
    settings = settings[~settings.index.duplicated()].apply(_typed)
    beside = settings.loc[epochs[columns.RUN]].reset_index(drop=True)
    return pd.concat([epochs, beside], axis=1)


def settings_of(spec: RunSpec) -> dict[str, Any]:
    """Dotted key → value for every setting, mappings as JSON: a cell holds one value."""
    return {key: json.dumps(value) if isinstance(value, dict) else value for key, value in spec.flat().items()}


def _typed(column: pd.Series[Any]) -> pd.Series[Any]:
    """Whole numbers, some of which may be missing, as such; pandas would make them fractions."""
    present = column.dropna()
    whole = all(isinstance(value, int) and not isinstance(value, bool) for value in present)
    return column.astype("Int64") if whole else column.infer_objects()
