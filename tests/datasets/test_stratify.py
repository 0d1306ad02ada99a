"""Every beginning of an interleaved order has the shares of the classes, and exact size."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from reglab.datasets.stratify import interleave, shuffled_groups

SVHN_COUNTS = (4948, 13861, 10585, 8497, 7458, 6882, 5727, 5595, 5045, 4659)
MNIST_COUNTS = (5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949)


def _labels(counts: tuple[int, ...] | list[int]) -> NDArray[np.int64]:
    return np.repeat(np.arange(len(counts)), counts)


def _order(y: NDArray[np.int64], seed: int = 0) -> NDArray[np.int64]:
    rng, classes = np.random.default_rng(seed), int(y.max()) + 1
    return interleave(shuffled_groups(y, classes, rng), rng.permutation(classes))


@given(st.lists(st.integers(1, 60), min_size=2, max_size=8), st.integers(0, 2**32 - 1))
def test_the_order_is_a_permutation_that_starts_with_one_of_each_class(counts: list[int], seed: int) -> None:
    y = _labels(counts)
    order = _order(y, seed)
    assert sorted(order) == list(range(len(y)))
    assert set(y[order[: len(counts)]]) == set(range(len(counts)))


@pytest.mark.parametrize("counts", [SVHN_COUNTS, MNIST_COUNTS, (500,) * 100], ids=["svhn", "mnist", "cifar100"])
def test_the_shares_of_every_beginning_are_those_of_the_pool(counts: tuple[int, ...]) -> None:
    y = _labels(counts)
    taken = np.cumsum(np.eye(len(counts), dtype=np.int64)[y[_order(y)]], axis=0)
    lengths = np.arange(1, len(y) + 1)[:, None]
    quota = lengths * np.array(counts) / len(y)
    after_one_of_each = lengths[:, 0] >= 3 * len(counts)
    assert np.abs(taken - quota)[after_one_of_each].max() < 1


def test_two_of_three_equal_classes_differ_by_at_most_one() -> None:
    y = _labels([7, 7, 7])
    for m in range(1, 21):
        counts = np.bincount(y[_order(y)[:m]], minlength=3)
        assert counts.sum() == m
        assert counts.max() - counts.min() <= 1


def test_it_is_the_method_of_webster() -> None:
    """Against a direct Sainte-Laguë: the next seat goes to the largest n_c / (seats_c + ½)."""
    counts = np.array(SVHN_COUNTS)
    y, seats = _labels(SVHN_COUNTS), np.ones(10, dtype=np.int64)
    order = _order(y)
    for m in range(11, 400):
        seats[np.argmax(counts / (seats + 0.5))] += 1
        assert np.array_equal(np.bincount(y[order[:m]], minlength=10), seats)


def test_seeds_give_different_orders_and_the_same_seed_the_same() -> None:
    y = _labels([30, 20, 10])
    assert np.array_equal(_order(y, 3), _order(y, 3))
    assert not np.array_equal(_order(y, 3), _order(y, 4))


def test_which_equal_class_comes_first_depends_on_the_seed() -> None:
    y = _labels([10, 10, 10, 10])
    assert len({int(y[_order(y, seed)[0]]) for seed in range(50)}) == 4
