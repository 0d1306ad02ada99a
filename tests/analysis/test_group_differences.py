"""Means of groups of runs, and differences paired by seed, by their formulas."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import t as student  # type: ignore[import-untyped]

from reglab.analysis.group_differences import Group, group_differences

BASE = Group("a", [((seed,), {"acc": 0.5 + seed / 10, "loss": 1.0}) for seed in range(4)])
OTHER = Group("b", [((seed,), {"acc": acc, "loss": None}) for seed, acc in ((3, 0.9), (0, 0.55), (1, 0.75), (9, 0.1))])
R = 0.4


def test_the_mean_is_over_all_runs_and_the_difference_over_common_seeds() -> None:
    found = group_differences([BASE, OTHER], "a", R)
    own = np.array([0.9, 0.55, 0.75, 0.1])
    acc = found["b"]["acc"]
    assert acc.runs == 4
    assert acc.mean == pytest.approx(own.mean())
    assert acc.error == pytest.approx(own.std(ddof=1) / 2)
    d = np.array([0.9 - 0.8, 0.55 - 0.5, 0.75 - 0.6])
    half = student.ppf(0.975, 2) * d.std(ddof=1) * math.sqrt(1 / 3 + R)
    difference = acc.difference
    assert difference is not None
    assert (difference.repeats, difference.better_in) == (3, 3)
    assert [difference.value, difference.low, difference.high] == pytest.approx(
        [d.mean(), d.mean() - half, d.mean() + half]
    )
    assert found["a"]["acc"].difference is None


def test_what_is_not_known_has_no_figure_and_one_run_no_error() -> None:
    found = group_differences([BASE, OTHER, Group("c", [((0,), {"acc": 0.25})])], "a", R, lower_is_better=["loss"])
    assert (found["b"]["loss"].mean, found["b"]["loss"].runs, found["b"]["loss"].difference) == (None, 0, None)
    alone = found["c"]["acc"]
    assert (alone.mean, alone.error) == (0.25, None)
    assert alone.difference is not None
    assert (alone.difference.value, alone.difference.low) == (-0.25, None)


def test_without_a_common_seed_there_is_no_difference() -> None:
    found = group_differences([BASE, Group("d", [((7,), {"acc": 0.3})])], "a", R)
    assert found["d"]["acc"].difference is None


def test_a_lower_loss_is_better() -> None:
    groups = [Group(name, [((seed,), {"loss": loss}) for seed in range(3)]) for name, loss in (("a", 1.0), ("b", 0.5))]
    loss = group_differences(groups, "a", R, lower_is_better=["loss"])["b"]["loss"].difference
    assert loss is not None
    assert (loss.better_in, loss.higher_is_better) == (3, False)
