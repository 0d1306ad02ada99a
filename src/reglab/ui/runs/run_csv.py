"""Runs as CSV: one row a run, every setting and the figures of its last epoch, at full precision."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from reglab import columns
from reglab.exports.csv import csv_bytes, settings_of
from reglab.store import Run

RESULTS = (
    "id", "name", "state", "created", "seconds", "device", "threads", "epoch", "best_epoch", "best_val_acc",
    "best_val_loss", "note",
)  # fmt: skip
_LAST = (columns.EPOCH, *columns.METRICS)


def runs_csv(runs: Sequence[Run]) -> bytes:
    """Columns: :data:`RESULTS`, tags (separated by ";"), ``last.…``, then the spec's dotted keys."""
    table = pd.DataFrame([_row(run) for run in runs], dtype=object)
    return csv_bytes(table, figures=[f"last.{name}" for name in _LAST])


def _row(run: Run) -> dict[str, object]:
    return {
        **{name: getattr(run, name) for name in RESULTS},
        "tags": ";".join(run.tags),
        **{f"last.{name}": getattr(run.last, name) if run.last else None for name in _LAST},
        **settings_of(run.spec),
    }
