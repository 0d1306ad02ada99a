"""Every kind of augmentation against torchvision's, and what all of them keep."""

from __future__ import annotations

import importlib
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tests.factories import spec

from reglab._torchvision import load_torchvision
from reglab.regularizers import REGULARIZERS, Batch, augment
from reglab.training.loop import build_lanes

load_torchvision()
V = importlib.import_module("torchvision.transforms.v2.functional")
BILINEAR = importlib.import_module("torchvision.transforms").InterpolationMode.BILINEAR


def images(n: int = 6, channels: int = 2, height: int = 8, width: int = 8) -> torch.Tensor:
    made = torch.from_numpy(np.random.default_rng(0).normal(size=(n, channels, height, width)))
    return made.contiguous(memory_format=torch.channels_last)


BACKGROUND = torch.tensor([-0.7, 0.4], dtype=torch.float64)


def changed(kinds: str, x: torch.Tensor, uniform: torch.Tensor) -> torch.Tensor:
    return augment.apply(kinds, Batch(x, ()), (uniform,), BACKGROUND).images


def uniform(kinds: str, n: int = 6) -> torch.Tensor:
    (numbers,) = augment.draw(kinds, n, torch.Generator().manual_seed(3))
    return numbers


def by_torchvision(x: torch.Tensor, angle: float, right: float, down: float, scale: float = 1.0) -> torch.Tensor:
    """On the images less their background: with a fill, torchvision weighs pixels at the edge by their share twice."""
    background = BACKGROUND.view(1, -1, 1, 1)
    moved: torch.Tensor = V.affine(x - background, angle, [round(right), round(down)], scale, [0.0, 0.0], BILINEAR)
    return moved + background


@pytest.mark.parametrize(("right", "down"), [(1, 0), (0, -1), (-1, 1)])
def test_shift_is_torchvision_s(right: int, down: int) -> None:
    x = images(height=10, width=10)
    numbers = torch.tensor([[0.5 + right / 2, 0.5 + down / 2]], dtype=torch.float64).expand(6, 2)
    torch.testing.assert_close(changed("shift", x, numbers), by_torchvision(x, 0, right, down), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("size", [(8, 8), (8, 12)])
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_rotate_is_torchvision_s(share: float, size: tuple[int, int]) -> None:
    x = images(height=size[0], width=size[1])
    numbers = torch.full((6, 1), share, dtype=torch.float64)
    wanted = by_torchvision(x, augment.DEGREES * (2 * share - 1), 0, 0)
    torch.testing.assert_close(changed("rotate", x, numbers), wanted, rtol=1e-6, atol=1e-6)


def test_flip_is_torchvision_s_for_half_of_the_images() -> None:
    x, numbers = images(), uniform("flip")
    found = changed("flip", x, numbers)
    for before, after, number in zip(x, found, numbers, strict=True):
        assert torch.equal(after, V.horizontal_flip(before) if number < 0.5 else before)
    assert 0 < int((numbers < 0.5).sum()) < 6


def test_crop_is_torchvision_s_centred_and_elsewhere() -> None:
    x = images(height=10, width=10)
    centred = torch.tensor([[0.0, 0.5, 0.5]], dtype=torch.float64).expand(6, 3)
    torch.testing.assert_close(changed("crop", x, centred), by_torchvision(x, 0, 0, 0, 1 / 0.8), rtol=1e-6, atol=1e-6)
    corner = torch.tensor([[0.0, 1.0, 0.0]], dtype=torch.float64).expand(6, 3)  # columns 2 to 9, rows 0 to 7
    wanted = V.resized_crop(x, 0, 2, 8, 8, [10, 10], BILINEAR, antialias=False)
    inside = (slice(None), slice(None), slice(1, 9), slice(1, 9))  # resized_crop repeats the crop's edge beyond it
    torch.testing.assert_close(changed("crop", x, corner)[inside], wanted[inside], rtol=1e-9, atol=1e-9)


@given(seed=st.integers(0, 10**6))
def test_erase_is_torchvision_s_rectangle(seed: int) -> None:
    x = images()
    numbers = torch.from_numpy(np.random.default_rng(seed).random((6, 5)))
    mask, found = augment.erased(numbers, 8, 8), changed("erase", x, numbers)
    for before, after, inside, number in zip(x, found, mask, numbers, strict=True):
        assert bool(inside.any()) == (number[0].item() < 0.5)
        wanted = before
        if inside.any():
            rows, columns = inside.any(1).nonzero(), inside.any(0).nonzero()
            box = rows.min(), columns.min(), rows.max() - rows.min() + 1, columns.max() - columns.min() + 1
            top, left, height, width = (int(side) for side in box)
            assert int(inside.sum()) == height * width
            wanted = V.erase(before, top, left, height, width, BACKGROUND.view(-1, 1, 1))
        assert torch.equal(after, wanted)


def test_affine_maps_are_one_product_in_the_stated_order() -> None:
    """The place in the old image is crop(flip(rotate(shift(place in the new one))))."""
    kinds = "shift+flip+rotate+crop"
    numbers = dict(zip(kinds.split("+"), uniform(kinds).split([2, 1, 1, 3], dim=1), strict=True))  # type: ignore[no-untyped-call]
    whole = augment.affine(numbers, 8, 12)
    product = torch.eye(3, dtype=torch.float64).expand(6, 3, 3)
    for kind in ("crop", "flip", "rotate", "shift"):
        own = augment.affine({kind: numbers[kind]}, 8, 12)
        last = torch.tensor([[[0.0, 0.0, 1.0]]], dtype=torch.float64).expand(6, 1, 3)
        product = product @ torch.cat([own, last], 1)
    torch.testing.assert_close(whole, product[:, :2], rtol=1e-12, atol=1e-12)


def test_a_black_image_stays_black_and_images_stay_channels_last() -> None:
    """Background is what a pixel of 0 becomes by normalisation, not the mean grey that 0 would be."""
    wanted = spec(data__train_size=64, data__val_size=48, train__precision="float64", model__name="small_cnn")
    augmented = wanted.with_changes({"regularize.augment": REGULARIZERS.get("augment").example})
    [lane], *_ = build_lanes([augmented], "cpu", 1, Path())
    background = lane.arrays.background
    darkest = lane.arrays.train.images[:].amin()
    torch.testing.assert_close(background, darkest.expand(1), rtol=1e-6, atol=1e-6)
    black = background.view(1, 1, 1, 1).expand(5, 1, 8, 8)
    made = lane.hooks.batch(black, torch.zeros(5, dtype=torch.int64), lane.hooks.draw(5)).images
    torch.testing.assert_close(made, black.contiguous(), rtol=1e-12, atol=1e-12)
    colour = changed("shift+flip+rotate+crop+erase", images(), uniform("shift+flip+rotate+crop+erase"))
    assert colour.is_contiguous(memory_format=torch.channels_last)
