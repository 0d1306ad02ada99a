"""The slope of log λ̂ on log lr: exact on made-up losses, censored ends, the interval against SciPy, the paper's λ."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import linregress, ttest_1samp  # type: ignore[import-untyped]
from tests.analysis.sweeps import lanes_of, one_epoch

from reglab.analysis.separability import Separability, best_lambdas, separability
from reglab.sweep import SweepSpec

LAMBDAS = (0.0, *(1e-3 * 4**k for k in range(8)))
RATES = (1e-3, 4e-3, 1.6e-2)


def _losses(sweep: SweepSpec, slope: float, at: float = -1.3) -> list[float]:
    """A parabola in log λ with its vertex at ``at`` + slope · (log lr + 2), shifted by 0.1 in each repeat."""
    found = []
    for lane in sweep.lanes():
        vertex = at + slope * (np.log10(lane.point.second or 1.0) + 2) + 0.1 * lane.repeat
        x = np.log10(lane.point.value) if lane.point.value else -9
        found.append(1 + 0.1 * (x - vertex) ** 2)
    return found


@given(st.floats(-1.0, 1.0))
def test_the_slope_of_a_parabolic_valley_is_found_exactly(slope: float) -> None:
    sweep = SweepSpec.parse({"l2": LAMBDAS, "over": {"optim.lr": RATES}, "seeds": 2})
    lanes = lanes_of(sweep)
    best = best_lambdas(lanes, one_epoch(lanes, val_loss=_losses(sweep, slope)), "coupled")
    expected = [[-1.3 + slope * (np.log10(rate) + 2) + 0.1 * repeat for rate in RATES] for repeat in range(2)]
    assert np.allclose(best, expected)
    found = separability(best, np.array(RATES))
    assert found is not None
    assert found.slope == pytest.approx(slope, abs=1e-9)
    assert (found.repeats, found.known, found.asked) == (2, 6, 6)


@pytest.mark.parametrize("at", [-9.0, 3.0])
def test_a_best_lambda_of_0_or_at_an_end_is_not_known(at: float) -> None:
    sweep = SweepSpec.parse({"l2": LAMBDAS, "over": {"optim.lr": RATES}})
    lanes = lanes_of(sweep)
    best = best_lambdas(lanes, one_epoch(lanes, val_loss=_losses(sweep, 0.0, at)), "coupled")
    assert np.isnan(best).all()
    assert separability(best, np.array(RATES)) is None


def test_each_penalty_mode_has_its_own() -> None:
    sweep = SweepSpec.parse({"l2": LAMBDAS, "over": {"optim.lr": RATES}, "apply": ["coupled", "decoupled"]})
    lanes = lanes_of(sweep)
    losses = [own if lane.apply == "coupled" else 2 + abs(np.log10(lane.point.value or 1e-9) + 2)
              for own, lane in zip(_losses(sweep, 0.5), sweep.lanes(), strict=True)]  # fmt: skip
    epochs = one_epoch(lanes, val_loss=losses)
    assert np.ptp(best_lambdas(lanes, epochs, "coupled")) > 0.5
    assert np.allclose(best_lambdas(lanes, epochs, "decoupled"), -2, atol=0.3)


@given(st.integers(2, 6), st.integers(0, 99))
def test_mean_and_interval_are_those_of_scipy(repeats: int, seed: int) -> None:
    best = np.random.default_rng(seed).normal(-2, 1, (repeats, len(RATES)))
    best[0, 1] = np.nan
    slopes = [linregress(np.log10(RATES)[np.isfinite(own)], own[np.isfinite(own)]).slope for own in best]
    found = separability(best, np.array(RATES))
    assert found is not None
    assert found.slope == pytest.approx(np.mean(slopes))
    interval = ttest_1samp(slopes, 0).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))
    assert (found.known, found.asked) == (best.size - 1, best.size)


def test_one_repeat_has_no_interval_and_one_learning_rate_no_slope() -> None:
    one = separability(np.array([[-1.0, -2.0, np.nan]]), np.array(RATES))
    assert one is not None
    assert (one.low, one.high, one.repeats) == (None, None, 1)
    assert separability(np.array([[-1.0, np.nan, np.nan]]), np.array(RATES)) is None


def test_in_the_paper_s_lambda_the_slope_is_1_larger() -> None:
    assert Separability(-0.75, -1.25, -0.5, 3, 9, 9).in_paper_lambda == Separability(0.25, -0.25, 0.5, 3, 9, 9)
    best = np.array([[-1.0, -1.5, -2.2], [-1.1, -1.6, -2.0]])
    moved = separability(best + np.log10(RATES), np.array(RATES))
    own = separability(best, np.array(RATES))
    assert moved is not None
    assert own is not None
    assert moved.slope == pytest.approx(own.in_paper_lambda.slope)
