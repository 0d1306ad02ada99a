"""The figure at the choice without its bias: by simulation, by a plain loop, and by hand for folds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from tests.analysis.sweeps import lanes_of

from reglab import columns as c
from reglab.analysis.bias import bootstrap_corrected, tibshirani_corrected
from reglab.sweep import EpochRule, SweepSpec

RULES = ("last", "best", "common")


@dataclass(frozen=True, eq=False)
class Predicted:
    """What a run predicts: see :class:`reglab.analysis.bias.Scores`."""

    index: NDArray[np.int64]
    log_prob: NDArray[np.float16]
    correct: NDArray[np.bool_]


def predictions(
    lanes: pd.DataFrame, rng: np.random.Generator, *, pool: int, n: int, epochs: int, right: float = 0.9
) -> dict[str, Any]:
    """Equally good runs: every image is right with probability ``right`` at every epoch, and ln p follows it.

    Runs of a repeat validate on the same ``n`` of the ``pool``.
    """
    found = {}
    for _, own in lanes.groupby(c.REPEAT):
        index = rng.permutation(pool)[:n]
        for run in own[c.RUN]:
            correct = rng.random((epochs, n)) < right
            log_prob = np.log(np.where(correct, 0.95, 0.05)).astype(np.float16)
            found[run] = Predicted(index, log_prob, correct)
    return found


def plain_best(lanes: pd.DataFrame, scores: dict[str, Any], rule: str, measure: str) -> float:
    """The measure at the choice, on the images that it was chosen by."""
    figures = []
    for _, own in lanes.groupby(c.LAMBDA):
        losses = np.array([-scores[run].log_prob.astype(float).mean(axis=1) for run in own[c.RUN]])
        hits = np.array([scores[run].correct.mean(axis=1) for run in own[c.RUN]])
        at = np.full(len(own), losses.shape[1] - 1)
        at = losses.argmin(axis=1) if rule == "best" else at
        at = np.full(len(own), losses.mean(axis=0).argmin()) if rule == "common" else at
        figures.append((hits if measure == c.VAL_ACC else losses)[np.arange(len(own)), at].mean())
    return float(max(figures) if measure == c.VAL_ACC else min(figures))


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("measure", [c.VAL_ACC, c.VAL_LOSS])
def test_the_corrected_figure_is_within_one_standard_error_of_the_truth_on_average(
    rule: EpochRule, measure: str
) -> None:
    sweeps, n, repeats = 12, 100, 3
    lanes = lanes_of(SweepSpec(l2=(0.0, *(10.0**-i for i in range(8))), seeds=repeats))
    rng, apart, flattered = np.random.default_rng(0), [], []
    truth = 0.9 if measure == c.VAL_ACC else -(0.9 * np.log(0.95) + 0.1 * np.log(0.05))
    sign = 1 if measure == c.VAL_ACC else -1
    for _ in range(sweeps):
        scores = predictions(lanes, rng, pool=330, n=n, epochs=5)
        corrected = bootstrap_corrected(lanes, scores, np.arange(9), measure, rule, resamples=60)
        assert corrected is not None
        apart.append(sign * (corrected - truth))
        flattered.append(sign * (plain_best(lanes, scores, rule, measure) - truth))
    spread = 0.3 if measure == c.VAL_ACC else 0.3 * np.log(0.95 / 0.05)  # of one image
    error = spread / np.sqrt(n * repeats)
    assert abs(np.mean(apart)) < error
    assert np.mean(flattered) > 1.2 * error
    assert np.mean(flattered) > 2 * abs(np.mean(apart))


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("measure", [c.VAL_ACC, c.VAL_LOSS])
def test_it_is_that_of_a_plain_loop_over_the_resamples(rule: EpochRule, measure: str) -> None:
    lanes = lanes_of(SweepSpec(l2=(0.0, 0.1, 1.0), seeds=2))
    scores = predictions(lanes, np.random.default_rng(1), pool=30, n=15, epochs=4, right=0.7)
    places = sorted({place for one in scores.values() for place in one.index})
    bags = np.random.default_rng(5).multinomial(len(places), np.full(len(places), 1 / len(places)), size=20)
    outcomes = []
    for bag in bags:
        times, rows = dict(zip(places, bag, strict=True)), []
        for _, own in lanes.groupby(c.LAMBDA):
            runs = [scores[run] for run in own[c.RUN]]
            weights = [np.array([times[place] for place in run.index]) for run in runs]
            losses = [
                -(run.log_prob.astype(float) * w).sum(axis=1) / w.sum() for run, w in zip(runs, weights, strict=True)
            ]
            at = [int(loss.argmin()) if rule == "best" else len(loss) - 1 for loss in losses]
            at = [int(np.mean(losses, axis=0).argmin())] * len(runs) if rule == "common" else at
            figures = [
                (run.correct if measure == c.VAL_ACC else -run.log_prob.astype(float))[epoch]
                for run, epoch in zip(runs, at, strict=True)
            ]
            inside = np.mean([np.average(f, weights=w) for f, w in zip(figures, weights, strict=True)])
            loss = np.mean([loss[epoch] for loss, epoch in zip(losses, at, strict=True)])
            outside = np.mean([f[w == 0].mean() for f, w in zip(figures, weights, strict=True)])
            rows.append((round(inside if measure == c.VAL_ACC else -inside, 6), -round(loss, 6), outside))
        outcomes.append(max(reversed(rows), key=lambda row: row[:2])[2])
    found = bootstrap_corrected(lanes, scores, np.arange(3), measure, rule, resamples=20, seed=5)
    assert found == pytest.approx(np.mean(outcomes), abs=1e-5)


def test_only_candidates_are_chosen_from_and_only_up_to_an_epoch() -> None:
    lanes = lanes_of(SweepSpec(l2=(0.0, 0.1, 1.0), seeds=1))
    scores = {
        run: Predicted(np.arange(40), np.zeros((2, 40), np.float16), np.stack([np.full(40, early), np.full(40, late)]))
        for run, early, late in zip(lanes[c.RUN], (False, True, True), (True, True, False), strict=True)
    }
    everything = bootstrap_corrected(lanes, scores, np.arange(3), c.VAL_ACC, "last")
    assert everything == 1.0
    assert bootstrap_corrected(lanes, scores, np.array([2]), c.VAL_ACC, "last") == 0.0
    assert bootstrap_corrected(lanes, scores, np.array([0]), c.VAL_ACC, "last", 1) == 0.0


def test_a_run_without_scores_leaves_the_figure_uncorrected() -> None:
    lanes = lanes_of(SweepSpec(l2=(0.0, 0.1), seeds=2))
    scores = predictions(lanes, np.random.default_rng(1), pool=30, n=15, epochs=2)
    del scores["r3"]
    assert bootstrap_corrected(lanes, scores, np.arange(2), c.VAL_ACC, "last") is None
    assert bootstrap_corrected(lanes, scores, np.array([0]), c.VAL_ACC, "last") is not None
    assert bootstrap_corrected(lanes, scores, np.array([], dtype=np.int64), c.VAL_ACC, "last") is None


def test_a_probability_of_zero_is_the_lowest_float16_and_not_infinite() -> None:
    lanes = lanes_of(SweepSpec(l2=(0.0,)))
    log_prob = np.full((1, 5), -np.inf, dtype=np.float16)
    scores = {"r0": Predicted(np.arange(5), log_prob, np.zeros((1, 5), dtype=np.bool_))}
    assert bootstrap_corrected(lanes, scores, np.array([0]), c.VAL_LOSS, "last") == pytest.approx(65504)


def test_the_correction_of_folds_by_hand() -> None:
    """λ = 1 is best on average; in fold 1 λ = 0 has 0.2 less error, in fold 2 λ = 1 is best itself."""
    accuracy = np.array([[0.9, 0.6], [0.7, 0.9], [0.99, 0.99]])
    assert tibshirani_corrected(accuracy, np.array([0, 1]), c.VAL_ACC, 1) == pytest.approx(0.8 - (0.2 + 0.0) / 2)
    loss = 1 - accuracy
    assert tibshirani_corrected(loss, np.array([0, 1]), c.VAL_LOSS, 1) == pytest.approx(0.2 + 0.1)
    assert tibshirani_corrected(np.array([[np.nan, 0.5]]), np.array([0]), c.VAL_ACC, 0) is None


def test_folds_of_equal_lambdas_are_flattered_less_after_the_correction() -> None:
    folds = np.random.default_rng(0).normal(0.9, 0.02, (500, 9, 10))
    best = folds.mean(axis=2).argmax(axis=1)
    found = [tibshirani_corrected(own, np.arange(9), c.VAL_ACC, place) for own, place in zip(folds, best, strict=True)]
    plain = folds.mean(axis=2).max(axis=1)
    error = 0.02 / np.sqrt(10)
    assert np.mean(plain) - 0.9 > error
    assert abs(np.mean([value for value in found if value is not None]) - 0.9) < 4 * error
