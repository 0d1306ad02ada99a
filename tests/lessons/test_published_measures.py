"""What published results measure, from invented results with a known answer."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from tests.lessons.claim_runs import invented

from reglab import columns
from reglab.lessons.claim import FREE, ROLE, SEED, Claim, Results, Trial, seeds_of
from reglab.lessons.published import PUBLISHED, batch_norm, data_size, lasso_zeros, nielsen, separable
from reglab.spec import RunSpec


def results_with(claim: Claim, column: str, value: Callable[[RunSpec, int], float]) -> Results:
    """Invented results of the claim's own seeds, with ``column`` of each run from its spec and seed."""
    trials = claim.trials(seeds_of(0, claim.n_seeds))
    results = invented(trials)
    by_place = {(trial.role, trial.seed): trial for trial in trials}
    places = zip(results.metrics[ROLE], results.metrics[SEED], strict=True)
    values = [value(by_place[place].spec, by_place[place].seed) for place in places]
    metrics = results.metrics.assign(**{column: values})
    return replace(results, metrics=metrics, epochs=lambda: metrics)


def bowl(wanted: float, at: float) -> float:
    """A loss that is lowest where log ``at`` is log ``wanted``."""
    return 0.3 + math.log(at / wanted) ** 2


def test_the_best_lambda_of_each_optimizer_has_its_own_exponent() -> None:
    """SGD: λ ∝ 1/η; Adam: λ the same; AdamW: λ ∝ 1/√η, so that the paper's goes with √η."""

    def loss(spec: RunSpec, seed: int) -> float:
        power = {"sgd": -1.0, "adam": 0.0, "adamw": -0.5}[spec.optim.name]
        grid = separable.GRIDS[spec.optim.name]
        middle = float(np.exp(np.log(grid.lambdas).mean())) * (1 + 0.1 * seed)
        rate = spec.optim.lr / float(np.exp(np.log(grid.rates).mean()))
        return bowl(middle * rate**power, spec.penalty.l2)

    claim = PUBLISHED.get("separable")
    found = claim.measure(results_with(claim, columns.VAL_LOSS, loss))
    expected = {"sgd": -1.0, "adam": 0.0, "adamw": -0.5, "paper": 0.5}
    for name, slope in expected.items():
        assert list(found[name]) == pytest.approx([slope] * claim.n_seeds, abs=1e-6)


def test_the_best_lambda_goes_with_the_number_of_images() -> None:
    def loss(spec: RunSpec, seed: int) -> float:
        return bowl(80 / (spec.data.train_size or 1) * (1 + 0.05 * seed), spec.penalty.l2)

    claim = PUBLISHED.get("data-size")
    found = claim.measure(results_with(claim, columns.VAL_LOSS, loss))
    assert list(found["slope"]) == pytest.approx([-1.0] * claim.n_seeds, abs=0.02)  # λ have three digits
    ratios = np.diff(np.log(data_size.LAMBDAS))
    assert ratios.max() < np.log(1.41)


def test_the_norm_of_the_convolutions_alone_has_an_exponent() -> None:
    claim = PUBLISHED.get("batch-norm")
    trials = claim.trials(seeds_of(0, claim.n_seeds))

    def rows(trial: Trial) -> list[dict[str, object]]:
        ratio = trial.spec.optim.lr / trial.spec.penalty.l2
        norms = {"conv1.weight": 3 * ratio**0.25, "conv2.weight": 4 * ratio**0.25, "fc1.weight": ratio}
        return [
            {ROLE: trial.role, SEED: trial.seed, columns.EPOCH: epoch, columns.LAYER: name, columns.L2_NORM: value}
            for name, norm in norms.items()
            for epoch, value in ((0, 1.0), (50, norm))
        ]

    layers = pd.DataFrame([row for trial in trials for row in rows(trial)])
    found = claim.measure(replace(invented(trials), layers=lambda: layers))
    assert list(found["norm"]) == pytest.approx([0.25] * claim.n_seeds, abs=1e-6)
    products = {round(trial.spec.optim.lr * trial.spec.penalty.l2, 9) for trial in trials}
    assert products == {batch_norm.PRODUCT}


def test_the_best_epoch_is_the_one_of_the_highest_accuracy() -> None:
    claim = PUBLISHED.get("nielsen")
    trials = claim.trials(seeds_of(0, 3))
    results = invented(trials)
    peaks = {FREE: 0.83, nielsen.HELD: 0.88}
    curve = [(epoch, role, seed) for epoch in (1, 2, 3) for role in peaks for seed in range(3)]
    epochs = pd.DataFrame(curve, columns=[columns.EPOCH, ROLE, SEED])
    best = epochs[ROLE].map(peaks) + 0.01 * epochs[SEED] * (epochs[ROLE] == FREE)
    epochs[columns.VAL_ACC] = best - 0.02 * (epochs[columns.EPOCH] != 2)
    found = claim.measure(replace(results, epochs=lambda: epochs))
    assert list(found["peak"]) == pytest.approx([0.05, 0.04, 0.03])
    last = results.last(nielsen.HELD, columns.VAL_ACC) - results.last(FREE, columns.VAL_ACC)
    assert list(found["last"]) == pytest.approx(list(last))


def test_a_pixel_is_zero_only_if_both_of_its_weights_are() -> None:
    weights = {"fc.weight": np.array([[0.0, 0.0, 1.0, -0.0], [0.0, 2.0, 0.0, 0.0]])}
    assert lasso_zeros.zero_pixels(weights).tolist() == [True, False, False, True]
