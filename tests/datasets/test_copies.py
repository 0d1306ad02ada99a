"""Copies: equal images by their bytes, near ones as the definition says, of all pairs."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from reglab.datasets import copies
from reglab.datasets.copies import ALIKE, NEAR, Pictures, find_copies


def images(n: int, side: int = 12, channels: int = 1, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (n, channels, side, side), dtype=np.uint8)


def found(x: NDArray[np.generic]) -> copies.Copies:
    half = len(x) // 2
    labels = np.zeros(len(x), np.int64)
    every = np.arange(len(x))
    return find_copies([Pictures("training", x, labels, every[half:]), Pictures("test", x, labels, every[:half])])


def groups(numbers: NDArray[np.int64], n: int) -> set[frozenset[int]]:
    """Groups of several, by place; ``numbers`` begin with the second half."""
    places = np.concatenate([np.arange(n // 2, n), np.arange(n // 2)])
    sets = (frozenset(places[numbers == number].tolist()) for number in np.unique(numbers))
    return {one for one in sets if len(one) > 1}


def test_equal_images_are_found_wherever_they_are() -> None:
    x = images(40, channels=3)
    x[3], x[30], x[31] = x[17], x[17], x[5]
    assert groups(found(x).exact, 40) == {frozenset({3, 17, 30}), frozenset({5, 31})}


def reduced(image: NDArray[np.float64]) -> NDArray[np.float64]:
    """8×8 means of an image whose sides are multiples of 8."""
    grey = image.mean(axis=0)
    side = grey.shape[0] // 8
    means: NDArray[np.float64] = grey.reshape(8, side, 8, side).mean(axis=(1, 3)).ravel()
    return means


@pytest.mark.parametrize("channels", [1, 3])
def test_near_images_are_those_of_the_definition(channels: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "_ROWS", 7)  # several tiles
    monkeypatch.setattr(copies, "_COLUMNS", 11)
    rng, x = np.random.default_rng(1), images(30, 16, channels).astype(np.int64)
    for at in range(15, 30):  # from nearly equal to quite different
        x[at] = np.clip(x[at - 15] + rng.normal(0, 2 * (at - 14), x[at].shape), 0, 255)
    units = x / 255
    pairs = set()
    for a, b in combinations(range(30), 2):
        spread = min(np.abs(units[i] - units[i].mean()).mean() for i in (a, b))
        alike = np.corrcoef(reduced(units[a]), reduced(units[b]))[0, 1] >= ALIKE
        if alike and np.abs(units[a] - units[b]).mean() <= NEAR * spread:
            pairs.add(frozenset({a, b}))
    assert 3 < len(pairs) < 15
    assert groups(found(x.astype(np.uint8)).near, 30) == pairs


def test_brightness_in_floats_is_compared_as_well() -> None:
    x = images(20, 8).astype(np.float32) / 255
    x[11] = x[2] + np.float32(0.001)
    made = found(x)
    assert groups(made.exact, 20) == set()
    assert groups(made.near, 20) == {frozenset({2, 11})}


def test_constant_images_are_no_near_copies() -> None:
    x = images(10)
    x[1], x[2], x[7], x[8] = 0, 1, 255, 0
    made = found(x)
    assert groups(made.near, 10) == groups(made.exact, 10) == {frozenset({1, 8})}
    assert sorted(made.brightest[made.darkest == made.brightest].tolist()) == pytest.approx([0, 0, 1 / 255, 1])


def test_many_nearly_equal_images_are_one_group() -> None:
    x = np.repeat(images(1), 300, axis=0)
    x[:, 0, 0, 0] = np.arange(300) % 256
    x[:, 0, 0, 1] = np.arange(300) // 256
    assert len(np.unique(found(x).near)) == 1


def test_a_near_copy_is_found_among_images_that_are_all_of_one_kind() -> None:
    rng, n = np.random.default_rng(2), 200
    ramp = np.outer(np.linspace(0, 1, 64), np.linspace(0, 1, 64))  # X-rays, say: each has a fine texture of its own
    kinds = 60 + 120 * ramp + 12 * rng.choice([-1, 1], (n, 1, 64, 64))
    x = np.concatenate([kinds, kinds[-5:] + rng.integers(-1, 2, (5, 1, 64, 64))]).astype(np.uint8)
    labels, every = np.zeros(len(x), np.int64), np.arange(len(x))
    near = find_copies([Pictures("training", x, labels, every[:n]), Pictures("validation", x, labels, every[n:])]).near
    same = (frozenset(np.flatnonzero(near == number).tolist()) for number in np.unique(near))
    assert {one for one in same if len(one) > 1} == {frozenset({n - 5 + i, n + i}) for i in range(5)}
