"""What each claim measures, on figures made by hand; and what it reads from weights, on weights made by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from tests.lessons.claim_runs import confirmed, invented, with_metrics
from torch import nn

from reglab import RunSpec, columns, train
from reglab.events import Ended, Started
from reglab.lessons.claim import FREE, HELD, ROLE, SEED, Claim, Results, Weights, base, seeds_of
from reglab.lessons.claims import CLAIMS
from reglab.lessons.claims.factor_two import train_with_term
from reglab.lessons.claims.input_noise import change_share
from reglab.lessons.claims.per_layer import APART, SINGLE, chosen
from reglab.lessons.measures import distance, network, split_of
from reglab.lessons.verdict import judge

SEEDS = seeds_of(0, 3)


def hand_made(name: str, column: str, values: dict[str, list[float]]) -> tuple[Claim, Results]:
    claim = CLAIMS.get(name)
    return claim, with_metrics(claim.trials(SEEDS), column, values)


def test_the_gap_is_compared_seed_by_seed() -> None:
    values = {FREE: [0.30, 0.50, 0.10], HELD: [0.28, 0.47, 0.06]}
    claim, results = hand_made("narrows-gap", columns.GAP_LOSS, values)
    assert list(claim.measure(results)["loss"]) == pytest.approx([-0.02, -0.03, -0.04])


def test_the_gain_with_few_labels_is_compared_with_the_gain_with_enough() -> None:
    claim, results = hand_made(
        "few-or-noisy",
        columns.VAL_ACC,
        {
            f"enough, {FREE}": [0.90, 0.90, 0.90],
            f"enough, {HELD}": [0.91, 0.91, 0.91],
            f"few, {FREE}": [0.70, 0.80, 0.75],
            f"few, {HELD}": [0.76, 0.84, 0.78],
            f"noisy, {FREE}": [0.80, 0.80, 0.80],
            f"noisy, {HELD}": [0.79, 0.80, 0.81],
        },
    )
    assert list(claim.measure(results)["few"]) == pytest.approx([0.05, 0.03, 0.02])
    assert list(claim.measure(results)["noisy"]) == pytest.approx([-0.02, -0.01, 0.0])


def test_zeros_are_counted_over_all_weights() -> None:
    claim = CLAIMS.get("l1-zeros")
    results = invented(claim.trials(SEEDS))
    layers = results.layers().assign(**{columns.ZEROS: 0})
    own = (layers[ROLE] == "proximal") & (layers[columns.EPOCH] > 0)
    layers.loc[own & (layers[columns.LAYER] == "fc.weight"), columns.ZEROS] = 50
    measured = claim.measure(replace(results, layers=lambda: layers))
    assert list(measured["proximal"]) == [0.25] * 3  # 50 of 2 × 100
    assert list(measured["subgradient"]) == [0.0] * 3


def test_norms_of_layers_add_up_as_squares() -> None:
    claim = CLAIMS.get("shrinks")
    results = invented(claim.trials(SEEDS))
    layers = results.layers()
    squares = {
        role: layers[(layers[ROLE] == role) & (layers[columns.EPOCH] > 0)]
        .groupby(SEED)[columns.L2_NORM]
        .apply(lambda norms: np.sqrt((norms**2).sum()))
        for role in (FREE, HELD)
    }
    assert list(claim.measure(results)["norm"]) == pytest.approx(list(squares[HELD] / squares[FREE] - 1))


def per_layer_results(best: str) -> Results:
    """The pair ``best`` wins on the choosing seeds, and the single λ = 0.03; on fresh seeds everything is random."""
    claim = CLAIMS.get("per-layer")
    trials = claim.trials(SEEDS)
    single = next(role for role in SINGLE if "0.03" in role)
    values = {role: [0.5] * 3 for role in (*SINGLE, *APART)} | {best: [0.9] * 3, single: [0.6, 0.6, 0.7]}
    return with_metrics(trials, columns.VAL_ACC, values)


@pytest.mark.parametrize("best", list(APART))
def test_each_side_of_the_per_layer_claim_is_chosen_on_other_seeds_than_it_is_tested_on(best: str) -> None:
    claim, results = CLAIMS.get("per-layer"), per_layer_results(best)
    assert chosen(results)[1] == best
    assert claim.confirm is not None
    later = claim.confirm(results, SEEDS)
    assert {trial.role for trial in later} == set(chosen(results))
    assert not {trial.seed for trial in later} & set(results.seeds(best))
    assert len(later) == claim.arms * len(SEEDS)


def test_the_per_layer_claim_is_measured_on_fresh_seeds_alone() -> None:
    claim = CLAIMS.get("per-layer")
    trials = confirmed(claim, SEEDS)
    results = invented(trials)
    single, apart = chosen(results)
    expected = results.last(apart, columns.VAL_ACC, SEEDS) - results.last(single, columns.VAL_ACC, SEEDS)
    assert list(claim.measure(results)["accuracy"]) == pytest.approx(list(expected))
    metrics = results.metrics.copy()
    metrics.loc[~metrics[SEED].isin(SEEDS), columns.VAL_ACC] *= 0.5  # the same choice, worse choosing seeds
    assert list(claim.measure(replace(results, metrics=metrics))["accuracy"]) == pytest.approx(list(expected))


def test_factors_of_the_per_layer_claim_make_the_two_lambdas() -> None:
    for trial in CLAIMS.get("per-layer").trials(SEEDS):
        penalty = trial.spec.penalty
        convolution = penalty.l2 * penalty.factors.get("conv1.weight", 1.0)
        words = f"λ₂ = {convolution:g} in convolutions, {penalty.l2:g} in the dense layer"
        assert trial.role == words
        assert penalty.factors.get("conv1.weight") == penalty.factors.get("conv2.weight")


# Distances


def test_distance_is_relative_to_the_second_network() -> None:
    a: Weights = {"w": np.array([3.0, 0.0]), "b": np.array([4.0])}
    b: Weights = {"w": np.array([0.0, 0.0]), "b": np.array([8.0])}
    assert distance(a, b) == pytest.approx(5 / 8)
    assert distance(b, b) == 0
    with pytest.raises(ValueError, match="different networks"):
        distance(a, {"w": a["w"]})


def adam_results(weights: Callable[[str, int], Weights]) -> Results:
    claim = CLAIMS.get("adam-is-not-adamw")
    return replace(invented(claim.trials(SEEDS)), weights=lambda role, seed, which: weights(role, seed))


def test_adam_is_adamw_where_the_weights_say_so() -> None:
    claim = CLAIMS.get("adam-is-not-adamw")
    equal = judge(claim, adam_results(lambda role, seed: {"w": np.array([1.0 + seed])}))
    assert equal.holds is False
    apart = judge(claim, adam_results(lambda role, seed: {"w": np.array([1.0 if role == HELD else 2.0])}))
    assert apart.holds is True
    assert apart.outcomes[0].values == (0.5, 0.5, 0.5)
    assert apart.outcomes[1].figure == "0 (each of 3 seeds)"
    broken = judge(claim, adam_results(lambda role, seed: {"w": np.array([float(len(role))])}))
    assert broken.holds is False  # the control does not agree


# Noise on the input


class Steps(nn.Module):
    """Class 1 where the mean of the pixels is above ``edge``, else class 0."""

    def __init__(self, edge: float) -> None:
        super().__init__()
        self.edge = edge

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        means = images.mean(dim=(1, 2, 3)) - self.edge
        return torch.stack([-means, means], dim=1)


def test_noise_changes_what_lies_within_its_reach_and_as_often_as_a_normal_distribution_says() -> None:
    images = torch.zeros(20_000, 1, 1, 1)
    share = change_share(Steps(0.5), images, sigma=0.5, draws=2, seed=0)
    assert share == pytest.approx(0.1587, abs=0.005)  # P(ε > 1)
    assert change_share(Steps(50.0), images, sigma=0.5, draws=2, seed=0) == 0
    assert change_share(Steps(0.5), images, sigma=0.0, draws=2, seed=0) == 0


def test_two_networks_meet_the_same_noise_and_another_seed_another_one() -> None:
    images = torch.linspace(-1, 1, 500).reshape(-1, 1, 1, 1)
    state = torch.random.get_rng_state()
    shares = [change_share(Steps(0.1), images, sigma=0.5, draws=1, seed=seed) for seed in (3, 3, 4)]
    assert shares[0] == shares[1] != shares[2]
    assert torch.equal(torch.random.get_rng_state(), state)  # nobody else's random numbers are used up


def test_the_noise_claim_evaluates_the_saved_weights_on_the_validation_images() -> None:
    spec = base(0, train__epochs=1, model__name="dense_784")
    split = split_of(spec.data)
    model = network(spec, split, dict(_initial(spec)))
    free = change_share(model, split.x_val, sigma=0.5, draws=5, seed=0)
    claim = CLAIMS.get("input-noise")
    trials = [replace(t, spec=spec) for t in claim.trials(seeds_of(0, 3))]
    zeros = {name: np.zeros_like(array) for name, array in _initial(spec).items()}
    results = replace(
        invented(trials), weights=lambda role, seed, which: zeros if role == HELD else _initial(spec)
    )  # a network of zeros names class 0 whatever it sees
    values = claim.measure(results)["changed"]
    assert values[0] == pytest.approx(-free)
    assert free > 0.05


def _initial(spec: RunSpec) -> Weights:
    started = next(event for event in train(spec, device="cpu", threads=1) if isinstance(event, Started))
    arrays = started.snapshot().arrays.items()
    return {name.removeprefix("model/"): array for name, array in arrays if name.startswith("model/")}


# The factor of 2


def final(spec: RunSpec) -> Weights:
    ended = [event for event in train(spec, device="cpu", threads=1) if isinstance(event, Ended)]
    return ended[0].weights()


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_the_conventions_differ_by_exactly_two(momentum: float) -> None:
    small = {
        "model__name": "dense_784",
        "data__train_size": 50,
        "train__epochs": 4,
        "optim__name": "sgd",
        "optim__lr": 0.1,
        "optim__momentum": momentum,
        "train__precision": "float64",
    }
    lam = 0.01
    once, twice = base(1, **small, penalty__l2=lam), base(1, **small, penalty__l2=2 * lam)
    initial = _initial(once)
    assert distance(final(once), train_with_term(once, initial, lam / 2)) < 1e-13
    assert distance(final(twice), train_with_term(once, initial, lam)) < 1e-13
    assert distance(final(once), train_with_term(once, initial, lam)) > 1e-4


def test_figures_may_be_any_frame_with_the_columns() -> None:
    claim, results = hand_made("biases", columns.VAL_ACC, {})
    shuffled = replace(results, metrics=pd.DataFrame(results.metrics).sample(frac=1, random_state=0))
    assert list(claim.measure(shuffled)["accuracy"]) == list(claim.measure(results)["accuracy"])
