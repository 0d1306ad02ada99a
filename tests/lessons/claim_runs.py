"""Invented results for claims: random figures for every trial, as training might have left them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from zlib import crc32

import numpy as np
import pandas as pd

from reglab import columns
from reglab.lessons.claim import ROLE, SEED, Claim, Results, Trial, Weights


def no_weights(role: str, seed: int, which: str) -> Weights:
    raise AssertionError("these results have no weights")


def invented(trials: Sequence[Trial]) -> Results:
    """Random metrics and kernels for every one of ``trials``, the same for the same role and seed."""
    layers = pd.DataFrame([row for trial in trials for row in _layers(trial)])
    metrics = pd.DataFrame([_metrics(trial) for trial in trials])
    specs = {(trial.role, trial.seed): trial.spec for trial in trials}
    return Results(metrics, lambda: layers, specs, no_weights, lambda: metrics)


def with_metrics(trials: Sequence[Trial], column: str, values: Mapping[str, Sequence[float]]) -> Results:
    """:func:`invented`, but with these values of ``column`` for the roles given, one for each of their seeds."""
    results = invented(trials)
    metrics = results.metrics.copy()
    for role, own in values.items():
        metrics.loc[metrics[ROLE] == role, column] = list(own)
    return replace(results, metrics=metrics)


def _metrics(trial: Trial) -> dict[str, Any]:
    rng = _random(trial)
    return {ROLE: trial.role, SEED: trial.seed, **{name: rng.uniform(0.1, 0.9) for name in columns.METRICS}}


def _layers(trial: Trial) -> list[dict[str, Any]]:
    rng = _random(trial)
    place = {ROLE: trial.role, SEED: trial.seed, columns.SIZE: 100}
    return [
        {
            **place,
            columns.EPOCH: epoch,
            columns.LAYER: layer,
            columns.ZEROS: int(rng.integers(50)),
            columns.L1_NORM: rng.uniform(1, 2),
            columns.L2_NORM: rng.uniform(1, 2),
        }
        for epoch in (0, 40)
        for layer in ("conv1.weight", "fc.weight")
    ]


def _random(trial: Trial) -> np.random.Generator:
    return np.random.default_rng([crc32(trial.role.encode()), trial.seed])


def confirmed(claim: Claim, seeds: Sequence[int]) -> list[Trial]:
    """The claim's trials, and those that its (invented) first results name."""
    trials = claim.trials(seeds)
    later = claim.confirm(invented(trials), seeds) if claim.confirm else []
    return [*trials, *later]
