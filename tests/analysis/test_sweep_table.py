"""Lanes, their figures at an epoch, and the means over repeats, recomputed one by one."""

from __future__ import annotations

import math
import statistics
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.analysis.sweeps import Ran, epochs_of, lanes_of, metrics_of, one_epoch, trained

from reglab import columns as c
from reglab.analysis import runs_table, sweep_table
from reglab.sweep import SweepSpec

LIMITS = st.none() | st.integers(0, 4)


def test_a_row_holds_what_lane_and_run_say() -> None:
    sweep = SweepSpec.parse({"l1": [0, 2], "l2": [1], "apply": ["proximal"], "seeds": 2})
    table = runs_table(sweep.lanes(), [Ran(f"r{i}", state) for i, state in enumerate("abcd")])
    assert list(table.columns) == list(c.LANE_COLUMNS)
    assert table.values.tolist() == [
        ["r0", 1.0, 0.0, 1.0, "proximal", 0, "a"],
        ["r1", 3.0, 2.0, 1.0, "proximal", 0, "b"],
        ["r2", 1.0, 0.0, 1.0, "proximal", 1, "c"],
        ["r3", 3.0, 2.0, 1.0, "proximal", 1, "d"],
    ]
    with pytest.raises(ValueError, match="shorter"):
        runs_table(sweep.lanes(), [Ran("r0")])


def test_nothing_makes_empty_tables_of_the_same_types() -> None:
    lanes, full = runs_table([], []), lanes_of(SweepSpec(l2=(0.0,)))
    nothing = pd.DataFrame(columns=list(c.EPOCH_COLUMNS))
    assert list(lanes.dtypes) == list(full.dtypes)
    empty, blank = sweep_table(lanes, nothing), sweep_table(full, nothing)
    assert (len(empty), len(blank)) == (0, 1)
    assert list(empty.dtypes) == list(blank.dtypes)
    assert blank[c.VAL_ACC].isna().all()


def test_a_lane_counts_as_diverged_from_its_end_on() -> None:
    lanes = lanes_of(SweepSpec(l2=(0.1,)), {0: "diverged"})
    epochs = epochs_of(lanes, [3])
    counts = [sweep_table(lanes, epochs, epoch)[[c.N, c.DIVERGED]].values.tolist() for epoch in (1, 2, 3, 9, None)]
    assert counts == [[[1, 0]], [[1, 0]], [[0, 1]], [[0, 1]], [[0, 1]]]


def _at(lane: pd.Series, epochs: pd.DataFrame, limit: int | None) -> dict[str, Any]:
    """The lane with its figures at the last epoch ≤ ``limit``; DIVERGED once its end is reached."""
    found, last = (metrics_of(epochs, lane[c.RUN], at) for at in (limit, None))
    gone = lane[c.STATE] == "diverged" and (found and found["epoch"]) == (last and last["epoch"])
    return {**lane, **dict.fromkeys(c.METRICS, math.nan), **(found or {}), c.DIVERGED: gone}


@settings(max_examples=60)
@given(trained(), LIMITS)
def test_means_and_errors_are_those_of_the_repeats_that_count(
    sweep: tuple[pd.DataFrame, pd.DataFrame], limit: int | None
) -> None:
    lanes, epochs = sweep
    table, now = sweep_table(lanes, epochs, limit), [_at(lane, epochs, limit) for _, lane in lanes.iterrows()]
    keys = sorted({tuple(lane[name] for name in c.POINT) for lane in now})
    assert list(zip(*(table[name] for name in c.POINT), strict=True)) == keys
    for row, key in zip(table.to_dict("records"), keys, strict=True):
        own = [lane for lane in now if tuple(lane[name] for name in c.POINT) == key]
        alive = [
            a for a in own if not a[c.DIVERGED] and math.isfinite(a[c.VAL_LOSS]) and math.isfinite(a[c.TRAIN_LOSS])
        ]
        assert row[c.N] == len(alive)
        assert row[c.DIVERGED] == sum(lane[c.DIVERGED] for lane in own)
        for name in c.METRICS:
            values = [lane[name] for lane in alive if math.isfinite(lane[name])]
            mean = statistics.fmean(values) if values else math.nan
            error = statistics.stdev(values) / math.sqrt(len(values)) if len(values) > 1 else math.nan
            np.testing.assert_allclose([row[name], row[name + c.SE]], [mean, error], rtol=1e-9, atol=1e-12)


@settings(max_examples=40)
@given(trained(), LIMITS, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(sweep, limit, random) -> None:  # type: ignore[no-untyped-def]
    lanes, epochs = sweep
    places = list(range(len(epochs))), list(range(len(lanes)))
    for each in places:
        random.shuffle(each)
    mixed = sweep_table(lanes.iloc[places[1]], epochs.iloc[places[0]], limit)
    pd.testing.assert_frame_equal(mixed, sweep_table(lanes, epochs, limit), check_exact=True)


def test_a_small_sweep_by_hand() -> None:
    lanes = lanes_of(SweepSpec(l2=(0.0, 0.1), seeds=2))
    table = sweep_table(lanes, one_epoch(lanes, val_acc=[0.8, 0.9, 0.6, 0.9], clean_acc=[math.nan] * 4))
    assert table[c.LAMBDA].tolist() == [0.0, 0.1]
    np.testing.assert_allclose(table[c.VAL_ACC], [0.7, 0.9])
    np.testing.assert_allclose(table[c.VAL_ACC + c.SE], [0.1, 0.0], atol=1e-12)
    assert table[c.N].tolist() == [2, 2]
    assert table[c.CLEAN_ACC].isna().all()


def test_one_repeat_has_a_mean_and_no_error() -> None:
    lanes = lanes_of(SweepSpec(l2=(0.0, 0.1)))
    table = sweep_table(lanes, one_epoch(lanes, val_acc=[0.8, 0.9]))
    assert table[c.VAL_ACC].tolist() == [0.8, 0.9]
    assert table[c.VAL_ACC + c.SE].isna().all()


def test_runs_of_others_and_huge_figures_do_no_harm() -> None:
    lanes = lanes_of(SweepSpec(l2=(0.0,), seeds=2))
    epochs = one_epoch(lanes, val_loss=[1e200, 1e200], train_loss=[1e308, 1e308])
    others = epochs.assign(run=["x", "y"], epoch=7)
    table = sweep_table(lanes, pd.concat([others, epochs]))
    assert table[c.VAL_LOSS].tolist() == [1e200]
