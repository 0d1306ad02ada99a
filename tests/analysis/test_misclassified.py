"""Errors of single images and accuracy of classes, against plain NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from reglab.analysis import misclassified as m
from reglab.analysis.confirmation import wilson

RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 4, 200)
PROBABILITIES = RNG.dirichlet(np.ones(5), 200).astype(np.float32)
PREDICTED = PROBABILITIES.argmax(axis=1)
CORRECT = PREDICTED == LABELS
INDEX = RNG.permutation(1000)[:200]
SCORES = m.image_scores(INDEX, LABELS, CORRECT, PROBABILITIES)


def test_scores_of_each_image() -> None:
    rows = np.arange(200)
    assert SCORES[m.IMAGE].tolist() == INDEX.tolist()
    assert SCORES[m.PREDICTED].tolist() == PREDICTED.tolist()
    np.testing.assert_allclose(SCORES[m.CONFIDENCE], PROBABILITIES.max(axis=1))
    np.testing.assert_allclose(SCORES[m.LOSS], -np.log(PROBABILITIES[rows, LABELS].astype(float)))


def test_the_most_confident_errors_and_the_worst_losses_come_first() -> None:
    errors = m.most_confident(SCORES)
    assert len(errors) == (~CORRECT).sum()
    assert not errors[m.CORRECT].any()
    assert errors[m.CONFIDENCE].is_monotonic_decreasing
    worst = m.worst_losses(SCORES)
    assert worst[m.LOSS].is_monotonic_decreasing
    assert worst[m.IMAGE][0] == INDEX[np.argmin(PROBABILITIES[np.arange(200), LABELS])]


def test_a_tie_is_decided_by_what_was_recorded() -> None:
    even = np.array([[0.5, 0.5], [0.5, 0.5]], dtype=np.float32)
    found = m.image_scores(np.arange(2), np.array([1, 0]), np.array([True, False]), even)
    assert found[m.PREDICTED].tolist() == [1, 1]
    assert found[m.CORRECT].tolist() == [True, False]


def test_without_probabilities_of_classes_there_are_losses() -> None:
    log_prob = np.log(PROBABILITIES[np.arange(200), LABELS]).astype(np.float16)
    found = m.scores_without_classes(INDEX, LABELS, CORRECT, log_prob)
    np.testing.assert_allclose(found[m.P_LABEL], PROBABILITIES[np.arange(200), LABELS], rtol=0.01)
    assert (found[m.PREDICTED] == -1).all()
    assert found[m.CONFIDENCE].isna().all()


def test_accuracy_of_each_class_with_its_interval() -> None:
    table = m.class_table(SCORES, 5)
    assert table[m.LABEL].tolist() == [0, 1, 2, 3]  # nobody shows class 4
    assert table[m.IMAGES].sum() == 200
    for row in table.to_dict("records"):
        own = row[m.LABEL] == LABELS
        assert (row[m.IMAGES], row[m.RIGHT]) == (own.sum(), (own & CORRECT).sum())
        assert row[m.ACCURACY] == pytest.approx(CORRECT[own].mean())
        assert (row[m.LOW], row[m.HIGH]) == pytest.approx(wilson(row[m.ACCURACY], row[m.IMAGES]))
        counts = np.bincount(PREDICTED[own & ~CORRECT], minlength=5)
        assert (row[m.TAKEN_FOR], row[m.TAKEN]) == (counts.argmax(), counts.max())


def test_a_class_without_errors_is_taken_for_none() -> None:
    perfect = m.image_scores(np.arange(2), np.array([0, 1]), np.array([True, True]), np.eye(2, dtype=np.float32))
    assert m.class_table(perfect, 2)[[m.ACCURACY, m.TAKEN_FOR, m.TAKEN]].to_numpy().tolist() == [[1, -1, 0]] * 2


def test_memorised_labels_come_first() -> None:
    true = (LABELS + 1) % 4
    found = m.memorised(INDEX, LABELS, true, PROBABILITIES)
    learnt = int((PREDICTED == LABELS).sum())
    assert found[m.CORRECT].tolist() == [True] * learnt + [False] * (200 - learnt)
    assert found[m.P_LABEL][:learnt].is_monotonic_decreasing
    assert (found[m.TRUE_CLASS] != found[m.LABEL]).all()
