"""Sign-flip max-T: against every flip one by one, and how often useless λ win by it."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.analysis.test_paired import OVERLAP, correlated

from reglab.analysis.sign_flips import ALL_UP_TO, flips, max_t


def statistics(rows: list[list[float]]) -> list[float]:
    """|d̄|/(s/√J), s floored at the median over the rows."""
    spreads = [math.sqrt(sum((d - sum(row) / len(row)) ** 2 for d in row) / (len(row) - 1)) for row in rows]
    floor = sorted(spreads)
    middle = (floor[(len(floor) - 1) // 2] + floor[len(floor) // 2]) / 2
    return [
        abs(sum(row) / len(row)) * math.sqrt(len(row)) / max(s, middle) for row, s in zip(rows, spreads, strict=True)
    ]


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 6), st.integers(1, 5), st.sampled_from([0.0, OVERLAP]), st.integers(0, 999))
def test_p_is_that_of_every_flip_one_by_one(repeats: int, points: int, overlap: float, seed: int) -> None:
    differences = np.random.default_rng(seed).normal(0.3, 1, (points, repeats)).tolist()
    scale = math.sqrt((1 / repeats) / (1 / repeats + overlap))
    largest = [
        max(statistics([[sign * d for sign, d in zip(signs, row, strict=True)] for row in differences]))
        for signs in product((1, -1), repeat=repeats)
    ]
    expected = [
        sum(top >= observed * scale * (1 - 1e-9) for top in largest) / 2**repeats
        for observed in statistics(differences)
    ]
    np.testing.assert_allclose(max_t(np.array(differences), overlap), expected, atol=1e-12)


def false_wins(overlap: bool, repeats: int, sweeps: int, *, corrected: bool = True) -> float:
    """The share of sweeps over 8 useless λ in which the best one beats λ = 0 by its adjusted p."""
    rng = np.random.default_rng(repeats)
    values = correlated(rng, sweeps, 9, repeats) if overlap else rng.normal(size=(sweeps, 9, repeats))
    differences = values[:, 1:] - values[:, :1]
    best, r = differences.mean(axis=2).argmax(axis=1), OVERLAP if overlap and corrected else 0.0
    p = np.array([max_t(own, r)[place] for own, place in zip(differences, best, strict=True)])
    return float(np.mean((p <= 0.05) & (differences.mean(axis=2).max(axis=1) > 0)))


@pytest.mark.parametrize("overlap", [False, True])
@pytest.mark.parametrize("repeats", [6, 10])
def test_the_best_of_8_useless_lambdas_beats_0_in_at_most_5_of_100_sweeps(overlap: bool, repeats: int) -> None:
    assert false_wins(overlap, repeats, 1000) <= 0.05


def test_without_the_scaling_overlap_makes_useless_lambdas_win() -> None:
    assert false_wins(True, 10, 300, corrected=False) > 0.2


def test_a_real_gain_is_found() -> None:
    values = correlated(np.random.default_rng(0), 200, 9, 10)
    differences = values[:, 1:] - values[:, :1]
    differences[:, 3] += 4
    p = np.array([max_t(own, OVERLAP)[3] for own in differences])
    assert np.mean(p <= 0.05) > 0.8


def test_fewer_than_six_repeats_cannot_reach_a_two_sided_5_percent() -> None:
    for repeats, least in ((3, 0.25), (5, 0.0625), (6, 0.03125)):
        gain = np.random.default_rng(0).normal(100, 0.1, (1, repeats))
        assert max_t(gain, OVERLAP)[0] == least


def test_equal_differences_of_a_lambda_near_zero_do_not_win() -> None:
    """Without the floor its T would be infinite, whatever the others do."""
    rng = np.random.default_rng(0)
    differences = np.vstack([np.full(6, 1e-6), rng.normal(0, 1, (4, 6))])
    assert max_t(differences, 0.0)[0] > 0.9


def test_missing_pairs_and_constant_differences() -> None:
    nan = np.nan
    found = max_t(np.array([[nan, nan, 1.0], [0.5, 0.7, nan], [0.0, 0.0, 0.0], [nan] * 3]), 0.0)
    assert np.isnan(found).tolist() == [True, False, False, True]
    assert found[2] == 1.0
    assert max_t(np.full((2, 6), 0.1), 0.0).tolist() == [2 / 2**6] * 2
    assert max_t(np.empty((0, 3)), 0.0).shape == (0,)


def test_beyond_14_repeats_flips_are_sampled_alike_each_time() -> None:
    assert len(flips(ALL_UP_TO)) == 2 ** (ALL_UP_TO - 1)
    assert len(np.unique(flips(6), axis=0)) == 2**5
    many = flips(ALL_UP_TO + 1)
    assert many.shape == (2**ALL_UP_TO, ALL_UP_TO + 1)
    assert set(np.unique(many)) == {-1.0, 1.0}
    assert (many[0] == 1).all()
    differences = np.random.default_rng(1).normal(0.3, 1, (5, 20))
    assert max_t(differences, 0.1).tolist() == max_t(differences, 0.1).tolist()
