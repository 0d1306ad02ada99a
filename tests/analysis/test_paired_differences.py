"""Paired differences to λ = 0, recomputed one by one; which points are tested; families."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t  # type: ignore[import-untyped]
from tests.analysis.sweeps import lanes_of, metrics_of, one_epoch, paired_differences, trained

from reglab import columns as c
from reglab.sweep import SweepSpec

JUDGED = [c.DIFFERENCE, c.LOW, c.HIGH, c.P_ADJUSTED]


def _value(lane: pd.Series, epochs: pd.DataFrame, measure: str, limit: int | None) -> float:
    """The lane's figure, NaN where it does not count."""
    found, last = (metrics_of(epochs, lane[c.RUN], at) for at in (limit, None))
    if not found or not last or not (math.isfinite(found[c.TRAIN_LOSS]) and math.isfinite(found[c.VAL_LOSS])):
        return math.nan
    gone = lane[c.STATE] == "diverged" and found[c.EPOCH] == last[c.EPOCH]
    return math.nan if gone else float(found[measure])


def _interval(pairs: list[float], overlap: float) -> tuple[float, float]:
    n = len(pairs)
    if n < 3:
        return math.nan, math.nan
    mean = sum(pairs) / n
    s = math.sqrt(sum((pair - mean) ** 2 for pair in pairs) / (n - 1))
    half = t.ppf(0.975, n - 1) * s * math.sqrt(1 / n + overlap)
    return mean - half, mean + half


@settings(max_examples=40)
@given(trained(), st.sampled_from([c.VAL_ACC, c.VAL_LOSS]), st.none() | st.integers(0, 4), st.sampled_from([0.0, 0.43]))
def test_differences_and_intervals_are_those_of_a_plain_recomputation(
    sweep: tuple[pd.DataFrame, pd.DataFrame], measure: str, limit: int | None, overlap: float
) -> None:
    lanes, epochs = sweep
    values = {
        (*(lane[name] for name in c.POINT), lane[c.REPEAT]): _value(lane, epochs, measure, limit)
        for _, lane in lanes.iterrows()
    }
    zero = {(key[0], key[4]): value for key, value in values.items() if key[1] == 0}
    table = paired_differences(lanes, epochs, measure, limit, overlap=overlap)
    assert list(zip(*(table[name] for name in c.POINT), strict=True)) == sorted({key[:4] for key in values})
    for row in table.to_dict("records"):
        own = [(key, value) for key, value in values.items() if key[:4] == tuple(row[name] for name in c.POINT)]
        pairs = [value - zero.get((key[0], key[4]), math.nan) for key, value in own]
        pairs = [pair for pair in pairs if math.isfinite(pair)]
        better = sum(pair > 0 if measure == c.VAL_ACC else pair < 0 for pair in pairs)
        assert (row[c.PAIRS], row[c.BETTER_IN]) == (len(pairs), better)
        expected = (sum(pairs) / len(pairs) if pairs else math.nan, *_interval(pairs, overlap))
        np.testing.assert_allclose([row[name] for name in (c.DIFFERENCE, c.LOW, c.HIGH)], expected, atol=1e-12)


@settings(max_examples=40)
@given(trained(), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing_and_zero_differs_from_itself_by_zero(sweep, random) -> None:  # type: ignore[no-untyped-def]
    lanes, epochs = sweep
    table = paired_differences(lanes, epochs)
    own = table[(table[c.LAMBDA] == 0) & (table[c.PAIRS] > 0)]
    assert (own[c.DIFFERENCE] == 0).all()
    assert (own[[c.LOW, c.HIGH]].fillna(0) == 0).all(axis=None)
    assert table[c.P_ADJUSTED][table[c.LAMBDA] == 0].isna().all()
    interval = table[table[c.LOW].notna()]
    assert (interval[c.LOW] <= interval[c.HIGH]).all()
    places = list(range(len(epochs))), list(range(len(lanes)))
    for each in places:
        random.shuffle(each)
    mixed = paired_differences(lanes.iloc[places[1]], epochs.iloc[places[0]])
    pd.testing.assert_frame_equal(mixed, table, check_exact=True)


def test_points_that_are_not_tested_have_a_difference_alone_and_take_no_part_in_the_adjustment() -> None:
    lanes = lanes_of(SweepSpec(l2=(0.0, 1.0, 2.0), seeds=6))
    values = np.random.default_rng(1).normal((0, 1.5, 0), size=(6, 3))
    epochs = one_epoch(lanes, val_acc=values.ravel().tolist())
    whole = paired_differences(lanes, epochs)
    part = paired_differences(lanes, epochs, tested=np.array([True, True, False]))
    assert whole[JUDGED].iloc[1:].notna().all(axis=None)
    assert part[c.DIFFERENCE].tolist() == whole[c.DIFFERENCE].tolist()
    assert part[JUDGED[1:]].iloc[2].isna().all()
    assert part[c.P_ADJUSTED].iloc[1] <= whole[c.P_ADJUSTED].iloc[1]


def test_without_a_zero_there_is_no_difference_and_each_mode_has_its_own() -> None:
    lanes = lanes_of(SweepSpec(l2=(0.5, 1.0), seeds=2))
    table = paired_differences(lanes, one_epoch(lanes))
    assert table[JUDGED].isna().all(axis=None)
    assert table[c.PAIRS].tolist() == [0, 0]
    both = lanes_of(SweepSpec(l2=(0.0, 1.0), apply=("coupled", "proximal")))
    own = paired_differences(both, one_epoch(both, val_acc=[0.1, 0.2, 0.5, 0.9]))
    np.testing.assert_allclose(own[c.DIFFERENCE], [0, 0.1, 0, 0.4])
    assert own[c.LOW].isna().all()


def test_an_l1_sweep_beside_a_fixed_l2_is_compared_with_its_own_zero() -> None:
    lanes = lanes_of(SweepSpec.parse({"l1": [0.0, 1.0], "run": {"penalty": {"l2": 0.5}}}))
    table = paired_differences(lanes, one_epoch(lanes, val_acc=[0.5, 0.75]))
    assert table[c.DIFFERENCE].tolist() == [0, 0.25]


def test_nothing_gives_an_empty_table() -> None:
    lanes = lanes_of(SweepSpec(l2=(0.0,)))
    nothing = pd.DataFrame(columns=list(c.EPOCH_COLUMNS))
    assert paired_differences(lanes.iloc[:0], nothing).empty
    assert paired_differences(lanes, nothing)[c.PAIRS].tolist() == [0]
