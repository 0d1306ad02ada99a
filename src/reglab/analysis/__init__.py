"""DataFrame → DataFrame: what is derived from stored figures. Pure functions; no Streamlit, no torch, no database."""

from __future__ import annotations

from reglab.analysis.run_filter import RunFilter, is_lesson, matching
from reglab.analysis.run_order import Order, ordered
from reglab.analysis.runs import RunRecord, finite, first_highest, table_of_runs, with_curves
from reglab.analysis.ticks import positions, reconciled

__all__ = [
    "Order",
    "RunFilter",
    "RunRecord",
    "finite",
    "first_highest",
    "is_lesson",
    "matching",
    "ordered",
    "positions",
    "reconciled",
    "table_of_runs",
    "with_curves",
]
