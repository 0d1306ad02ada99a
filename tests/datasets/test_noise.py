"""Exactly round(p·n) labels become another class, each other class equally likely."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from reglab.datasets.label_noise import flip_labels


def _flip(
    y: NDArray[np.int64], index: NDArray[np.int64], classes: int, share: float, seed: int = 0
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    return flip_labels(y, index, classes, share, np.random.default_rng(seed))


@given(st.integers(2, 12), st.integers(2, 200), st.floats(0, 0.95), st.integers(0, 2**32 - 1))
def test_exactly_so_many_labels_are_wrong_and_no_other(classes: int, n: int, share: float, seed: int) -> None:
    y = np.random.default_rng(seed).integers(0, classes, size=n + 50)
    index = np.random.default_rng(seed + 1).permutation(n + 50)[:n]
    noisy, flipped = _flip(y, index, classes, share, seed)
    assert flipped.sum() == round(share * n)
    assert np.array_equal(noisy != y[index], flipped)
    assert noisy.min() >= 0
    assert noisy.max() < classes


def test_every_wrong_class_is_equally_likely() -> None:
    y = np.full(90_000, 3)
    noisy, flipped = _flip(y, np.arange(len(y)), 10, 0.9)
    counts = np.bincount(noisy[flipped], minlength=10)
    assert counts[3] == 0
    others = np.delete(counts, 3)
    chi_square = ((others - 9000.0) ** 2 / 9000).sum()
    assert chi_square < 26.1  # 99.9 % point with 8 degrees of freedom


def test_more_noise_flips_the_same_labels_the_same_way_and_more() -> None:
    y = np.arange(500) % 7
    less, few = _flip(y, np.arange(500), 7, 0.1)
    more, many = _flip(y, np.arange(500), 7, 0.4)
    assert not (few & ~many).any()
    assert np.array_equal(less[few], more[few])


def test_an_image_is_given_the_same_wrong_label_in_a_larger_training_set() -> None:
    y, order = np.arange(500) % 7, np.random.default_rng(5).permutation(500)
    small, few = _flip(y, order[:100], 7, 0.5)
    large, many = _flip(y, order[:400], 7, 0.5)
    both = few & many[:100]
    assert both.sum() > 30
    assert np.array_equal(small[both], large[:100][both])


def test_labels_given_in_are_left_as_they_are() -> None:
    y = np.arange(100) % 5
    _flip(y, np.arange(100), 5, 0.5)
    assert np.array_equal(y, np.arange(100) % 5)
