"""Confusion matrices, accuracies of classes, McNemar's test and calibration against scikit-learn and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest  # type: ignore[import-untyped]
from sklearn.calibration import calibration_curve
from sklearn.metrics import balanced_accuracy_score, recall_score
from sklearn.metrics import confusion_matrix as by_sklearn

from reglab.analysis.calibration import calibration
from reglab.analysis.confusion import class_accuracy, class_shares, confusion_matrix, predicted_classes
from reglab.analysis.mcnemar import Discordance

SEEDS = st.integers(0, 2**32 - 1)


@given(SEEDS, st.integers(1, 200), st.integers(2, 12))
def test_the_matrix_and_the_accuracies_are_those_of_scikit_learn(seed: int, images: int, classes: int) -> None:
    rng = np.random.default_rng(seed)
    true, predicted = rng.integers(0, classes, (2, images))
    matrix = confusion_matrix(true, predicted, classes)
    assert np.array_equal(matrix, by_sklearn(true, predicted, labels=np.arange(classes)))
    recalls, present = class_accuracy(matrix), np.unique(true)
    assert recalls[present] == pytest.approx(recall_score(true, predicted, labels=present, average=None))
    assert np.isnan(recalls[np.setdiff1d(np.arange(classes), present)]).all()
    shares = class_shares(matrix)
    assert np.diag(shares)[present] == pytest.approx(recalls[present])
    assert shares[present].sum(axis=1) == pytest.approx(1)


def test_the_mean_over_classes_is_the_balanced_accuracy() -> None:
    true, predicted = np.array([0, 0, 0, 2, 2]), np.array([0, 2, 0, 2, 0])
    found = class_accuracy(confusion_matrix(true, predicted, 3))
    assert np.nanmean(found) == pytest.approx(balanced_accuracy_score(true, predicted))


def test_the_recorded_answer_decides_between_equal_probabilities() -> None:
    probabilities = np.array([[0.5, 0.5, 0.0], [0.5, 0.5, 0.0], [0.1, 0.2, 0.7]], dtype=np.float32)
    true = np.array([1, 0, 2])
    assert predicted_classes(probabilities, np.array([True, False, True]), true).tolist() == [1, 1, 2]
    assert predicted_classes(probabilities, np.array([False, True, False]), true).tolist() == [0, 0, 1]


@given(st.integers(0, 300), st.integers(0, 40), st.integers(0, 40))
def test_mcnemar_is_the_exact_binomial_test(both: int, first: int, second: int) -> None:
    found = Discordance(both + first + second, both, first, second)
    expected = binomtest(first, first + second).pvalue if first + second else 1.0
    assert found.p == pytest.approx(expected)
    assert found.neither == 0
    assert Discordance(found.images, both, second, first).p == found.p


@given(SEEDS, st.integers(1, 100))
def test_the_images_are_counted_and_the_difference_is_that_of_the_accuracies(seed: int, images: int) -> None:
    one, other = np.random.default_rng(seed).random((2, images)) < 0.6
    found = Discordance.of(one, other)
    assert found.first == sum(a and not b for a, b in zip(one, other, strict=True))
    assert found.both + found.first + found.second + found.neither == images
    assert found.difference == pytest.approx(one.mean() - other.mean())


def test_without_images_nothing_differs() -> None:
    empty = Discordance.of(np.empty(0, dtype=np.bool_), np.empty(0, dtype=np.bool_))
    assert (empty.p, empty.images) == (1.0, 0)
    assert np.isnan(empty.difference)


@given(SEEDS, st.integers(2, 300), st.integers(2, 15))
def test_the_reliability_curve_is_that_of_scikit_learn(seed: int, images: int, bins: int) -> None:
    rng = np.random.default_rng(seed)
    top = rng.uniform(0.5, 1, images)
    correct = rng.random(images) < top
    found = calibration(np.stack([top, 1 - top], axis=1), correct, bins)
    accuracy, confidence = calibration_curve(correct, top, n_bins=bins)
    known = found.counts > 0
    assert found.counts.sum() == images
    assert found.accuracy[known] == pytest.approx(accuracy)
    assert found.confidence[known] == pytest.approx(confidence)
    assert np.isnan(found.accuracy[~known]).all()
