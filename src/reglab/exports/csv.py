"""The epochs of runs as CSV, at full precision; NaN is written "nan", an empty cell is a setting that is not set."""

from __future__ import annotations

from collections.abc import Sequence

from reglab import columns
from reglab.exports.csv_text import csv_bytes
from reglab.exports.entry import Bundle, Export
from reglab.exports.subject import Subject
from reglab.exports.table import epoch_table


def make(subjects: Sequence[Subject], main: str, _prefix: str) -> Bundle:
    """One file for all runs."""
    return Bundle({main: csv_bytes(epoch_table(subjects), figures=columns.METRICS)})


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
