"""The gratings are a data set: the same images every time, which a convolution can tell apart and a pixel cannot."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from reglab.datasets import DATASETS, Images, load_images
from reglab.datasets.dataset import silent

ANGLES = np.deg2rad([0, 30, 60, 90, 120, 150])


@pytest.fixture(name="pool", scope="module")
def _pool() -> Images:
    return load_images("synthetic", Path("/nonexistent"))


def _direction(image: NDArray[np.float64]) -> float:
    """The angle of the strongest wave, from the image's two-dimensional spectrum, in [0, π)."""
    spectrum = np.abs(np.fft.fft2(image - image.mean(), (64, 64)))[:, :33]
    row, column = np.unravel_index(spectrum.argmax(), spectrum.shape)
    return float(np.arctan2(row if row <= 32 else row - 64, column) % np.pi)


def test_the_images_never_change(pool: Images) -> None:
    assert hashlib.sha256(pool.x.numpy().tobytes()).hexdigest() == SHA256
    again = DATASETS.get("synthetic").load(Path("/nonexistent"), silent)
    assert torch.equal(pool.x, again.x)


SHA256 = "60df4de33b4fb159e4f6374560d2dccb996acced7bd800bd3aa2e810dac20c43"


def test_every_class_has_500_images(pool: Images) -> None:
    assert np.bincount(pool.y).tolist() == [500] * 6


def test_the_class_is_the_orientation_of_the_waves(pool: Images) -> None:
    unit = pool.x[:600, 0].numpy() / 255.0
    found = np.array([_direction(image) for image in unit])
    distance = np.abs((found[:, None] - ANGLES + np.pi / 2) % np.pi - np.pi / 2)
    assert (distance.argmin(axis=1) == pool.y[:600].numpy()).mean() > 0.85


def test_a_linear_model_hardly_sees_the_classes(pool: Images) -> None:
    """Least squares on raw pixels stays near the 1/6 of guessing."""
    x = pool.x.flatten(1).double() / 255
    target = torch.nn.functional.one_hot(pool.y, 6).double()
    weights = torch.linalg.lstsq(x[:2000] - 0.5, target[:2000] - 1 / 6).solution
    assert ((x[2000:] - 0.5) @ weights).argmax(1).eq(pool.y[2000:]).double().mean() < 0.35
