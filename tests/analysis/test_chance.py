"""Chance accuracy and its bound: by hand, against SciPy's Wilson interval, and from a run's record."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest  # type: ignore[import-untyped]
from sklearn.metrics import recall_score

from reglab.analysis import Chance, balanced_accuracy, recorded_chance, strictest


@given(st.integers(1, 2000), st.floats(0, 1))
def test_the_bound_is_the_upper_end_of_the_wilson_interval(images: int, share: float) -> None:
    count = round(share * images)
    chance = Chance(10**9, images, count / images)
    two_sided = binomtest(count, images).proportion_ci(confidence_level=0.90, method="wilson")
    assert chance.bound == pytest.approx(max(two_sided.high, 0), rel=1e-6, abs=1e-6)


def test_chance_is_the_larger_of_an_equal_share_and_the_majority() -> None:
    assert Chance(10, 539).accuracy == 0.1
    assert Chance(10, 539).bound == pytest.approx(0.1233, abs=1e-4)
    uneven = Chance.of_labels([19, 14, 12, 10, 9, 8, 8, 7, 6, 7])
    assert (uneven.classes, uneven.images, uneven.accuracy) == (10, 100, 0.19)
    assert Chance.of_labels([5, 5, 5, 0]).accuracy == pytest.approx(1 / 3)
    assert Chance.of_labels([50, 0]).accuracy == 1.0


def test_an_accuracy_at_the_bound_is_learnt_and_no_figure_is_not_at_chance() -> None:
    chance = Chance(10, 539)
    assert chance.holds(0.1)
    assert chance.holds(0.0)
    assert not chance.holds(chance.bound)
    assert not chance.holds(None)
    assert not chance.holds(math.nan)


def test_fewer_images_need_a_higher_accuracy() -> None:
    assert Chance(10, 50).bound > Chance(10, 500).bound > Chance(10, 50_000).bound > 0.1


def test_of_repeats_the_strictest_counts() -> None:
    assert strictest([Chance(10, 100), Chance(10, 99)]) == Chance(10, 99)
    assert strictest([]) is None


def test_a_record_of_an_earlier_version_has_no_labels() -> None:
    assert recorded_chance({"val_labels": [3, 1]}) == Chance(2, 4, 0.75)
    assert recorded_chance({"n_val": 539}) is None
    assert recorded_chance(None) is None


def test_the_text_names_the_majority_of_uneven_classes() -> None:
    assert Chance(10, 539, 0.102).text == "10 %"
    assert Chance(10, 539, 0.19).text == "19 %, the share of the most frequent class"
    assert Chance(10, 539).rule_text == (
        "With 539 validation images, an accuracy below 12.3 % is no better than guessing."
    )


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=1, max_size=40))
def test_balanced_accuracy_is_scikit_learn_s(images: list[tuple[int, bool]]) -> None:
    labels, correct = (np.array(part) for part in zip(*images, strict=True))
    answers = np.where(correct, labels, 9)
    expected = recall_score(labels, answers, labels=np.unique(labels), average="macro", zero_division=0)
    assert balanced_accuracy(correct, labels) == pytest.approx(expected)


def test_the_most_frequent_class_alone_is_one_class_of_ten() -> None:
    labels = np.repeat(np.arange(10), [19, 14, 12, 10, 9, 8, 8, 7, 7, 6])
    always_first = np.stack([labels == 0, labels >= 0])
    assert balanced_accuracy(always_first, labels).tolist() == pytest.approx([0.1, 1.0])
    assert Chance.of_labels(np.bincount(labels).tolist()).uneven
    assert not Chance(10, 539, 0.102).uneven
