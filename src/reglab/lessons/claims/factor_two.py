"""Claim 11: final weights of λ₂ = 2λ against a plain loop with data loss + λΣw², in float64: equal to rounding."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F

from reglab.lessons.claim import Claim, Measured, Part, Results, Trial, Weights, paired
from reglab.lessons.measures import distance, network, split_of
from reglab.lessons.rules import DISTANCE, AllAbove, AllBelow
from reglab.spec import RunSpec
from reglab.training.lane import split_batches, to_array
from reglab.training.seeds import seed_for

LAMBDA = 0.01
ONCE, TWICE = "λ₂ = λ", "λ₂ = 2λ"
_PLAIN = {"model__name": "dense_784", "data__train_size": 100, "train__epochs": 20, "train__precision": "float64"}
_PLAIN |= {"optim__name": "sgd", "optim__lr": 0.1, "optim__momentum": 0.9}


def _trials(seeds: Sequence[int]) -> list[Trial]:
    return paired({role: {**_PLAIN, "penalty__l2": n * LAMBDA} for n, role in ((1, ONCE), (2, TWICE))}, seeds)


def _measure(results: Results) -> Measured:
    found: dict[str, list[float]] = {"half": [], "full": [], "forgotten": []}
    for seed in results.seeds(ONCE):
        once, twice = (results.weights(role, seed, "weights") for role in (ONCE, TWICE))
        spec, initial = results.specs[ONCE, seed], results.weights(ONCE, seed, "initial")
        full = train_with_term(spec, initial, LAMBDA)
        found["half"].append(distance(once, train_with_term(spec, initial, LAMBDA / 2)))
        found["full"].append(distance(twice, full))
        found["forgotten"].append(distance(once, full))
    return found


def train_with_term(spec: RunSpec, initial: Weights, factor: float) -> Weights:
    """The final weights of torch's SGD on data loss + ``factor``·Σw², from ``initial``; float64, constant η.

    A plain loop with autograd that ignores the penalty in ``spec``. It shares data, initial weights and batch order
    with RegLab's loop, and no code of the penalty.
    """
    split = split_of(spec.data)
    model = network(spec, split, initial).double().train()
    penalised = [parameter for parameter in model.parameters() if parameter.ndim >= 2]
    optimizer = torch.optim.SGD(model.parameters(), lr=spec.optim.lr, momentum=spec.optim.momentum)
    x, y = split.x_train.double(), split.y_train
    for epoch in range(1, spec.train.epochs + 1):
        generator = torch.Generator().manual_seed(seed_for(spec.train.seed, "batch order", epoch))
        for batch in split_batches(torch.randperm(len(x), generator=generator), spec.train.batch_size):
            optimizer.zero_grad()
            penalty = torch.stack([weight.square().sum() for weight in penalised]).sum()
            loss = F.cross_entropy(model(x[batch]), y[batch]) + factor * penalty
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    return {name: to_array(tensor) for name, tensor in model.state_dict().items()}


ENTRY = Claim(
    name="factor-two",
    label="The conventions (λ/2)·Σw² and λ·Σw² differ by exactly a factor of 2",
    order=11,
    about="With the ½, the gradient is λ·w instead of 2λ·w. PyTorch's weight_decay has the ½, Keras's l2(λ) does not.",
    setup="100 digits, a dense network, SGD with momentum in float64, λ = 0.01: RegLab's runs against a plain loop "
    "with the term in the loss and autograd.",
    caveat="Exact for everything that follows the gradient of the objective. Decoupled decay, as in AdamW, has no "
    "Σw² in its objective, so no factor converts it.",
    parts=(
        Part(
            "half",
            "λ₂ = λ against data loss + (λ/2)·Σw²",
            "Relative distance of RegLab's λ₂ = λ from a loop with (λ/2)·Σw²: {figure}.",
            DISTANCE,
            AllBelow(1e-9),
        ),
        Part(
            "full",
            "λ₂ = 2λ against data loss + λ·Σw²",
            "Distance of λ₂ = 2λ from a loop with λ·Σw²: {figure}.",
            DISTANCE,
            AllBelow(1e-9),
        ),
        Part(
            "forgotten",
            "λ₂ = λ against data loss + λ·Σw², without the factor",
            "Distance of λ₂ = λ from a loop with λ·Σw², without the factor: {figure}.",
            DISTANCE,
            AllAbove(1e-3),
        ),
    ),
    trials=_trials,
    measure=_measure,
    n_seeds=3,
)
