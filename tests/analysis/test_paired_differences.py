"""Paired differences to λ = 0 and their bootstrap, resampled again in loops and with scipy."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import bootstrap  # type: ignore[import-untyped]
from tests.analysis.sweeps import lanes_of, metrics_of, one_epoch, trained

from reglab import columns as c
from reglab.analysis import paired_differences
from reglab.analysis.differences import _quantiles
from reglab.sweep import SweepSpec

DRAWS = 200


def _value(lane: pd.Series, epochs: pd.DataFrame, measure: str, limit: int | None) -> float:
    """The lane's figure, NaN where it does not count."""
    found, last = (metrics_of(epochs, lane[c.RUN], at) for at in (limit, None))
    if not found or not last or not (math.isfinite(found[c.TRAIN_LOSS]) and math.isfinite(found[c.VAL_LOSS])):
        return math.nan
    gone = lane[c.STATE] == "diverged" and found[c.EPOCH] == last[c.EPOCH]
    return math.nan if gone else float(found[measure])


def _quantile(values: list[float], share: float) -> float:
    values = sorted(values)
    place = share * (len(values) - 1)
    below = math.floor(place)
    above = min(below + 1, len(values) - 1)
    return values[below] + (place - below) * (values[above] - values[below])


def _interval(differences: list[float], level: float) -> tuple[float, float]:
    n = len(differences)
    if n < 2:
        return math.nan, math.nan
    draws = np.random.default_rng(0).integers(0, n, size=(DRAWS, n)).tolist()
    means = [sum(differences[i] for i in draw) / n for draw in draws]
    return _quantile(means, (1 - level) / 2), _quantile(means, (1 + level) / 2)


@settings(max_examples=40)
@given(
    trained(),
    st.sampled_from([c.VAL_ACC, c.VAL_LOSS]),
    st.none() | st.integers(0, 4),
    st.sampled_from([0.5, 0.9, 0.95]),
)
def test_differences_and_intervals_are_those_of_a_plain_recomputation(
    sweep: tuple[pd.DataFrame, pd.DataFrame], measure: str, limit: int | None, level: float
) -> None:
    lanes, epochs = sweep
    values = {
        (*(lane[name] for name in c.POINT), lane[c.REPEAT]): _value(lane, epochs, measure, limit)
        for _, lane in lanes.iterrows()
    }
    zero = {(key[0], key[4]): value for key, value in values.items() if key[1] == 0}
    table = paired_differences(lanes, epochs, measure, limit, DRAWS, level=level)
    assert list(zip(*(table[name] for name in c.POINT), strict=True)) == sorted({key[:4] for key in values})
    for row in table.to_dict("records"):
        own = [(key, value) for key, value in values.items() if key[:4] == tuple(row[name] for name in c.POINT)]
        pairs = [value - zero.get((key[0], key[4]), math.nan) for key, value in own]
        pairs = [pair for pair in pairs if math.isfinite(pair)]
        assert row[c.N] == len(pairs)
        expected = (sum(pairs) / len(pairs) if pairs else math.nan, *_interval(pairs, level))
        np.testing.assert_allclose([row[name] for name in (c.DIFFERENCE, c.LOW, c.HIGH)], expected, atol=1e-12)


@settings(max_examples=40)
@given(trained(), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing_and_zero_differs_from_itself_by_zero(sweep, random) -> None:  # type: ignore[no-untyped-def]
    lanes, epochs = sweep
    table = paired_differences(lanes, epochs, resamples=DRAWS)
    own = table[(table[c.LAMBDA] == 0) & (table[c.N] > 0)]
    assert (own[c.DIFFERENCE] == 0).all()
    assert (own[[c.LOW, c.HIGH]].fillna(0) == 0).all(axis=None)
    interval = table[table[c.LOW].notna()]
    assert (interval[c.LOW] <= interval[c.HIGH]).all()
    places = list(range(len(epochs))), list(range(len(lanes)))
    for each in places:
        random.shuffle(each)
    mixed = paired_differences(lanes.iloc[places[1]], epochs.iloc[places[0]], resamples=DRAWS)
    pd.testing.assert_frame_equal(mixed, table, check_exact=True)


def test_two_repeats_by_hand() -> None:
    """Means of two draws out of {0.1, 0.3}: 0.1 (¼), 0.2 (½), 0.3 (¼)."""
    lanes = lanes_of(SweepSpec(l2=(0.0, 1.0), seeds=2))
    table = paired_differences(lanes, one_epoch(lanes, val_acc=[0.5, 0.6, 0.4, 0.7]))
    np.testing.assert_allclose(table[[c.DIFFERENCE, c.LOW, c.HIGH]].iloc[1], [0.2, 0.1, 0.3])
    half = paired_differences(lanes, one_epoch(lanes, val_acc=[0.5, 0.6, 0.4, 0.7]), level=0.4)
    np.testing.assert_allclose(half[[c.LOW, c.HIGH]].iloc[1], [0.2, 0.2])


def test_the_interval_is_that_of_scipy() -> None:
    lanes = lanes_of(SweepSpec(l2=(0.0, 1.0), seeds=10))
    values = np.random.default_rng(3).uniform(0, 1, 20)
    table = paired_differences(lanes, one_epoch(lanes, val_acc=values.tolist()))
    differences = values[1::2] - values[::2]
    theirs = bootstrap((differences,), np.mean, n_resamples=10_000, method="percentile", rng=np.random.default_rng(1))
    found = table[[c.LOW, c.HIGH]].iloc[1]
    np.testing.assert_allclose(found, theirs.confidence_interval, atol=0.02 * differences.std())


def test_every_lambda_is_resampled_alike() -> None:
    lanes = lanes_of(SweepSpec(l2=(0.0, 1.0, 2.0), seeds=5))
    base = np.random.default_rng(0).uniform(0, 1, 5)
    values = np.stack([np.zeros(5), base, base + 0.25], axis=1).ravel()
    table = paired_differences(lanes, one_epoch(lanes, val_acc=values.tolist()))
    for name in (c.DIFFERENCE, c.LOW, c.HIGH):
        assert table[name].iloc[2] - table[name].iloc[1] == pytest.approx(0.25)
    assert table[c.HIGH].iloc[1] - table[c.LOW].iloc[1] > 0.1


def test_the_seed_fixes_the_interval() -> None:
    lanes = lanes_of(SweepSpec(l2=(0.0, 1.0), seeds=6))
    epochs = one_epoch(lanes, val_acc=np.random.default_rng(0).uniform(0, 1, 12).tolist())
    first, again, other = (paired_differences(lanes, epochs, seed=seed) for seed in (0, 0, 1))
    pd.testing.assert_frame_equal(first, again, check_exact=True)
    assert first[c.LOW].iloc[1] != other[c.LOW].iloc[1]


def test_without_a_zero_there_is_no_difference_and_each_mode_has_its_own() -> None:
    lanes = lanes_of(SweepSpec(l2=(0.5, 1.0), seeds=2))
    table = paired_differences(lanes, one_epoch(lanes))
    assert table[[c.DIFFERENCE, c.LOW, c.HIGH]].isna().all(axis=None)
    assert table[c.N].tolist() == [0, 0]
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
    assert paired_differences(lanes, nothing)[c.N].tolist() == [0]


@pytest.mark.parametrize("level", [0.5, 0.95, 1.0])
def test_the_quantiles_are_numpy_s(level: float) -> None:
    values = np.random.default_rng(0).normal(size=(5, 333))
    shares = np.array([(1 - level) / 2, (1 + level) / 2])
    expected = np.quantile(values, shares, axis=1).T
    np.testing.assert_allclose(_quantiles(values, shares), expected, rtol=1e-12)
