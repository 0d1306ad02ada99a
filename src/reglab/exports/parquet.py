"""The epochs of runs as Parquet: the same table as CSV, typed and compressed."""

from __future__ import annotations

import io
from collections.abc import Sequence

from reglab.exports.csv import epoch_table
from reglab.exports.entry import Bundle, Export, ExportError
from reglab.exports.subject import Subject

_MARK = "reglab epochs"


def _make(subjects: Sequence[Subject], main: str, _prefix: str) -> Bundle:
    table, buffer = epoch_table(subjects), io.BytesIO()
    table.attrs["source"] = _MARK
    try:
        table.to_parquet(buffer, engine="pyarrow", index=False)
    except ImportError:
        raise ExportError("Parquet needs the package pyarrow: pip install pyarrow, or export to csv.") from None
    return Bundle({main: buffer.getvalue()})


ENTRY = Export(
    name="parquet",
    label="Parquet",
    order=40,
    about="The same table as CSV, typed and compressed, for pandas, Polars, DuckDB and Spark.",
    main="epochs.parquet",
    marker=_MARK.encode(),
    make=_make,
    together=True,
    needs_runs=True,
)
