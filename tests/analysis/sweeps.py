"""Sweeps as the store would give them, made by hand or at random."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from reglab import columns
from reglab.analysis import runs_table
from reglab.analysis.differences import differences_of
from reglab.analysis.sweep_table import Mask, counted
from reglab.bins import N_BINS
from reglab.sweep import SweepSpec

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Ran:
    """A lane's run."""

    id: str
    state: str = "finished"


def lanes_of(sweep: SweepSpec, states: Mapping[int, str] | None = None) -> pd.DataFrame:
    """The lanes of ``sweep`` as runs r0, r1, …, finished but for ``states``."""
    ran = [Ran(f"r{i}", (states or {}).get(i, "finished")) for i in range(sweep.size)]
    return runs_table(sweep.lanes(), ran)


def paired_differences(
    lanes: pd.DataFrame,
    epochs: pd.DataFrame,
    measure: str = columns.VAL_ACC,
    epoch: int | None = None,
    *,
    overlap: float = 0.0,
    tested: Mask | None = None,
) -> pd.DataFrame:
    """Of every lane at its last epoch ≤ ``epoch``; ``tested`` without a mask: all points."""
    figures = counted(lanes, epochs, epoch)
    mask = np.ones(len(figures.points.keys), dtype=np.bool_) if tested is None else tested
    return differences_of(figures, measure, overlap, mask)


def epochs_of(lanes: pd.DataFrame, ends: Sequence[int], seed: int = 0) -> pd.DataFrame:
    """Random metrics for every lane up to its end; accuracies are multiples of 0.05, so that means are often equal."""
    rng = np.random.default_rng(seed)
    runs = [run for run, end in zip(lanes[columns.RUN], ends, strict=True) for _ in range(end)]
    frame = pd.DataFrame({
        columns.RUN: pd.array(runs, dtype="str"),
        columns.EPOCH: np.array([epoch for end in ends for epoch in range(1, end + 1)], dtype=np.int64),
        **{name: rng.uniform(0, 3, len(runs)) for name in columns.METRICS},
    })  # fmt: skip
    accuracies = [columns.TRAIN_ACC, columns.VAL_ACC]
    return frame.assign(**{name: rng.integers(8, 12, len(frame)) / 20 for name in accuracies})


def one_epoch(lanes: pd.DataFrame, **figures: Sequence[float]) -> pd.DataFrame:
    """The first epoch of every lane with these figures in the lanes' order; the others are 1."""
    values = {name: figures.get(name, [1.0] * len(lanes)) for name in columns.METRICS}
    assert set(figures) <= set(values)
    return pd.DataFrame({columns.RUN: lanes[columns.RUN], columns.EPOCH: 1, **values})


def layers_of(lanes: pd.DataFrame, ends: Sequence[int], seed: int = 0) -> pd.DataFrame:
    """Two kernels of every lane at epoch 0 and at its end, with figures that need not fit together."""
    rng, rows = np.random.default_rng(seed), []
    for run, end in zip(lanes[columns.RUN], ends, strict=True):
        for epoch in sorted({0, end}):
            for layer, size in (("conv.weight", 30), ("fc.weight", 70)):
                stats = dict(zip(columns.LAYER_STATS, rng.uniform(0, 1, len(columns.LAYER_STATS)), strict=True))
                counts = rng.integers(0, 9, N_BINS)
                whole = {columns.SIZE: size, columns.ZEROS: size // 10, columns.COUNTS: counts}
                rows.append({columns.RUN: run, columns.EPOCH: epoch, columns.LAYER: layer, **stats, **whole})
    return pd.DataFrame(rows, columns=list(columns.LAYER_COLUMNS))


def metrics_of(epochs: pd.DataFrame, run: str, epoch: int | None) -> Row | None:
    """The row of the last epoch ≤ ``epoch`` of ``run``, looked for one by one."""
    found: Row | None = None
    for row in epochs.to_dict("records"):
        if (
            row["run"] == run
            and (epoch is None or row["epoch"] <= epoch)
            and (not found or row["epoch"] > found["epoch"])
        ):
            found = {str(name): value for name, value in row.items()}
    return found


SWEPT: tuple[dict[str, Any], ...] = (
    {"l2": [0.0, 0.01, 0.1, 1.0]},
    {"l2": [0.01, 0.1]},
    {"l1": [0.0], "run": {"penalty": {"l2": 0.5}}},
    {"l2": [0.0, 0.1, 0.3], "apply": ["proximal", "coupled"]},
    {"l1": [0.0, 0.1, 0.2], "l2": [0.0, 0.1]},
    {"lambdas": [0.0, 0.2, 0.4], "l1_ratio": 0.5},
    {"over": {"model.dropout": [0.0, 0.3, 0.5]}},
)


@st.composite
def trained(draw: st.DrawFn) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Lanes and epochs of a sweep: some lanes ahead of others, some not begun, some diverged."""
    sweep = SweepSpec.parse({**draw(st.sampled_from(SWEPT)), "seeds": draw(st.integers(1, 4))})
    ends = draw(st.lists(st.integers(0, 3), min_size=sweep.size, max_size=sweep.size))
    gone = draw(st.sets(st.integers(0, sweep.size - 1), max_size=3))
    lanes = lanes_of(sweep, dict.fromkeys(gone, "diverged"))
    epochs = epochs_of(lanes, ends, draw(st.integers(0, 99)))
    for lane in gone:
        last = (epochs[columns.RUN] == f"r{lane}") & (epochs[columns.EPOCH] == ends[lane])
        epochs.loc[last, [columns.VAL_LOSS, columns.TOTAL]] = draw(st.sampled_from([np.nan, np.inf, 2.0]))
    return lanes, epochs
