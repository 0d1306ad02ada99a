"""Thumbnails: the first images of each class in turn, reduced by means of blocks, none of the test part."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from reglab.datasets import DATASETS, choose, load_images
from reglab.datasets.thumbnails import GAP, reduced, shown_places, strip
from reglab.spec import TEST_FRACTION, DataSpec


def test_no_thumbnail_is_of_the_test_part(tmp_path: Path) -> None:
    spec = DataSpec(name="digits", test_fraction=TEST_FRACTION)
    locked = choose(spec, tmp_path).test.index
    shown = shown_places(DATASETS.get("digits"), load_images("digits", tmp_path))
    assert not np.isin(shown, locked).any()
    assert len(shown) + len(locked) == 1797


def test_a_strip_has_each_class_once_and_then_again(tmp_path: Path) -> None:
    made = strip("digits", tmp_path, count=12)
    assert made.shape == (1, 8, 12 * (8 + GAP) - GAP)
    images = load_images("digits", tmp_path)
    shown = shown_places(DATASETS.get("digits"), images)
    firsts = [next(place for place in shown if images.y[place] == label) for label in range(10)]
    tiles = [made[0, :, 9 * tile : 9 * tile + 8] for tile in range(12)]
    for tile, place in zip(tiles, firsts, strict=False):
        np.testing.assert_allclose(tile / 255, images.x[place, 0].numpy(), atol=0.003)
    assert not np.array_equal(tiles[10], tiles[0])


def test_large_images_are_reduced_by_means() -> None:
    image = np.zeros((3, 70, 64), np.uint8)
    image[:, ::2] = 90
    small = reduced(image, side=32)
    assert small.shape == (3, 23, 21)
    assert set(np.unique(small)) <= {30, 60}
