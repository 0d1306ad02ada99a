"""Frames for chart tests, with the columns of the store."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from reglab import columns
from reglab.bins import EDGES, N_BINS
from reglab.charts import RunIdentity, RunStyle, style_runs

KERNELS = ("conv1.weight", "fc.weight")


def epoch_frame(runs: Sequence[str], epochs: int) -> pd.DataFrame:
    """Random positive metrics for every run and epoch."""
    generator = np.random.default_rng(0)
    parts = []
    for run in runs:
        part = pd.DataFrame({name: generator.uniform(0.1, 1, epochs) for name in columns.METRICS})
        part[columns.CRITERION] = np.nan  # as in runs without label smoothing and mixup
        part.insert(0, columns.EPOCH, np.arange(1, epochs + 1))
        part.insert(0, columns.RUN, run)
        parts.append(part)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(columns.EPOCH_COLUMNS))


def layer_frame(runs: Sequence[str], last: int, zeros: int = 0) -> pd.DataFrame:
    """Two kernels of 1,000 weights at epoch 0 and at ``last``; the weights shrink and ``zeros`` of each become 0."""
    rows = [_row(run, epoch, layer, zeros if epoch else 0) for run in runs for epoch in (0, last) for layer in KERNELS]
    return pd.DataFrame(rows, columns=list(columns.LAYER_COLUMNS))


def gradient_frame(
    runs: Sequence[str], epochs: int, *, share: float = 0.5, kernels: Sequence[str] = KERNELS
) -> pd.DataFrame:
    """Gradient norms of ``kernels`` over epochs, with penalty-to-data ratio ``share`` at each."""
    data = np.random.default_rng(0).uniform(0.1, 1, len(runs) * epochs * len(kernels))
    rows = [(run, epoch, layer) for run in runs for epoch in range(1, epochs + 1) for layer in kernels]
    frame = pd.DataFrame(rows, columns=[columns.RUN, columns.EPOCH, columns.LAYER])
    return frame.assign(**{columns.DATA_GRAD: data, columns.PENALTY_GRAD: share * data})


def _row(run: str, epoch: int, layer: str, zeros: int) -> dict[str, object]:
    weights = np.random.default_rng(len(layer)).normal(0, 0.1 / (1 + epoch), 1000 - zeros)
    counts = np.histogram(weights, EDGES)[0].astype(np.int64)
    assert len(counts) == N_BINS
    facts: dict[str, object] = {columns.RUN: run, columns.EPOCH: epoch, columns.LAYER: layer, columns.SIZE: 1000}
    facts |= {columns.L1_NORM: float(np.abs(weights).sum()), columns.L2_NORM: float(np.linalg.norm(weights))}
    facts |= {columns.MAX_ABS: float(np.abs(weights).max()), columns.ZERO_SHARE: zeros / 1000}
    facts |= {columns.DATA_GRAD: 0.1, columns.PENALTY_GRAD: 0.05}
    return facts | {columns.NEAR_ZERO_SHARE: zeros / 1000, columns.ZEROS: zeros, columns.COUNTS: counts}


def styles(runs: Sequence[str]) -> dict[str, RunStyle]:
    """Styles of runs whose λ grow tenfold."""
    return style_runs([RunIdentity(run, f"run {run}", strength=1e-4 * 10**i) for i, run in enumerate(runs)])
