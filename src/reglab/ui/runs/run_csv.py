"""Runs as CSV: one row a run, every setting and the figures of its last epoch, at full precision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import pandas as pd

from reglab.store import Run

RESULTS = (
    "id", "name", "state", "created", "seconds", "device", "threads", "epoch", "best_epoch", "best_val_acc",
    "best_val_loss", "note",
)  # fmt: skip


def runs_csv(runs: Sequence[Run]) -> str:
    """Columns: :data:`RESULTS`, tags (separated by ";"), ``last.…``, then the spec's dotted keys. NaN stays "nan"."""
    return pd.DataFrame([_row(run) for run in runs]).to_csv(index=False, na_rep="")


def _row(run: Run) -> dict[str, object]:
    last = asdict(run.last) if run.last else {}
    return {
        **{name: getattr(run, name) for name in RESULTS},
        "tags": ";".join(run.tags),
        **{f"last.{name}": repr(value) for name, value in last.items()},
        **run.spec.flat(),
    }
