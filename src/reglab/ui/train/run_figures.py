"""The figures of a run that a page shows large: validation accuracy and loss, the gap, exact zeros, the pull of λ."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from reglab import columns
from reglab.charts.shares import total_share
from reglab.number_format import percent, points
from reglab.store import Run
from reglab.ui.shared.run_text import loss

_TIMES = 10  # a share from which it is no longer said in per cent


@dataclass(frozen=True)
class Figure:
    """A figure with its label (and a short one), what stands beside it, and what it means."""

    label: str
    short: str
    value: str
    beside: str
    help: str


def figures(run: Run, layers: pd.DataFrame) -> list[Figure]:
    """The figures after the last epoch done; dashes before the first, so that nothing moves when they arrive.

    ``layers``: :data:`reglab.columns.LAYER_COLUMNS` of this run; only its newest epoch counts.
    """
    last = run.last
    zeros, near = zero_shares(layers)
    apart = "–" if last is None else f"{points(last.gap_acc, sign=False)} pts"
    return [
        Figure(
            "Validation accuracy", "Val. accuracy", percent(last.val_acc if last else None),
            f"best {percent(run.best_val_acc)}",
            "Share of validation images that the network names correctly.",
        ),
        Figure(
            "Validation loss", "Val. loss", loss(last.val_loss if last else None),
            f"lowest {loss(run.best_val_loss)}",
            "Mean cross-entropy on the validation images, in nats, without the penalty.",
        ),
        Figure(
            "Gap in loss", "Gap in loss", loss(last.gap_loss if last else None), f"accuracy {apart}",
            "Validation loss minus training loss, both without the penalty: above 0 is overfitting. Below it, training "
            "minus validation accuracy in percentage points.",
        ),
        Figure(
            "Weights at zero", "At zero", percent(zeros), f"near zero {percent(near)}",
            "Share of all kernel weights that are exactly 0; near zero: smaller than 0.001 either way.",
        ),
        Figure(
            "Pull of λ", "Pull of λ", pull(layers), "of the data's pull",
            "How hard the penalty pulls the weights toward 0, compared with how hard the data pull them: "
            f"‖∇penalty‖ / ‖∇data‖ over all kernels, averaged over the last epoch. At {percent(1, 0)} the pulls are "
            "equal. “Pull” below the third chart shows it layer by layer.",
        ),
    ]  # fmt: skip


def pull(layers: pd.DataFrame) -> str:
    """The penalty's pull as a share of the data's at the newest epoch: "34 %", "3.4 %", "12 ×"; "–" where not known."""
    _, shares = total_share(layers)
    share = float(shares[-1]) if len(shares) else math.nan
    if not math.isfinite(share):
        return "–"
    if share >= _TIMES:
        return f"{share:,.0f} ×"
    if 0 < share < 5e-4:
        return f"< {percent(0.001)}"
    return percent(share, 1 if 0 < share < 0.0995 else 0)


def zero_shares(layers: pd.DataFrame) -> tuple[float | None, float | None]:
    """(exactly zero, |w| < 1e-3) as shares of all kernel weights at the newest epoch in ``layers``."""
    if layers.empty:
        return None, None
    now = layers[layers[columns.EPOCH] == layers[columns.EPOCH].max()]
    size = float(now[columns.SIZE].sum())
    return float(now[columns.ZEROS].sum()) / size, float(
        (now[columns.NEAR_ZERO_SHARE] * now[columns.SIZE]).sum()
    ) / size
