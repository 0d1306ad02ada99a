"""Input noise: σ is what comes out, the noise of an image is its own, and clean images stay what they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from reglab.datasets import Split, choose, load_images, prepare
from reglab.datasets.input_noise import add_noise
from reglab.spec import DataSpec

NOWHERE = Path("/nonexistent")


def _prepare(**values: object) -> Split:
    return prepare(DataSpec.model_validate({"name": "digits", **values}), NOWHERE)


def _unit(split: Split, part: str) -> np.ndarray:
    """The images of a part before they were normalised."""
    x: torch.Tensor = getattr(split, f"x_{part}")
    return (x.double() * split.std[:, None, None].double() + split.mean[:, None, None].double()).numpy()


def test_the_noise_is_gaussian_of_exactly_this_sigma_and_only_where_it_was_asked_for() -> None:
    clean, noisy = _prepare(), _prepare(input_noise=0.2)
    raw = load_images("digits", NOWHERE).x.numpy().astype(np.float64)
    noise = _unit(noisy, "train") - raw[noisy.train_index.numpy()]
    assert abs(noise.std() - 0.2) < 3 * 0.2 / np.sqrt(2 * noise.size)
    assert abs(noise.mean()) < 3 * 0.2 / np.sqrt(noise.size)
    assert abs((np.abs(noise) < 0.2).mean() - 0.6827) < 0.01
    np.testing.assert_allclose(_unit(noisy, "val"), raw[noisy.val_index.numpy()], atol=1e-6)
    for name in ("train_index", "val_index", "y_train", "y_val"):
        assert torch.equal(getattr(clean, name), getattr(noisy, name))


def test_training_images_are_normalised_with_their_noise() -> None:
    noisy = _prepare(input_noise=0.3)
    assert abs(float(noisy.x_train.double().mean())) < 1e-5
    assert abs(float(noisy.x_train.double().std(unbiased=False)) - 1) < 1e-5


def test_validation_noise_leaves_training_images_to_the_bit() -> None:
    clean, noisy = _prepare(), _prepare(val_input_noise=0.1)
    assert torch.equal(clean.x_train, noisy.x_train)
    assert torch.equal(clean.mean, noisy.mean)
    noise = _unit(noisy, "val") - _unit(clean, "val")
    assert abs(noise.std() - 0.1) < 3 * 0.1 / np.sqrt(2 * noise.size)


def test_an_image_has_the_same_noise_in_every_set_and_a_larger_sigma_the_same_direction() -> None:
    small, large = _prepare(input_noise=0.1, train_size=50), _prepare(input_noise=0.1, train_size=400)
    np.testing.assert_allclose(_unit(small, "train"), _unit(large, "train")[:50], atol=1e-5)
    raw = load_images("digits", NOWHERE).x.numpy()[large.train_index.numpy()]
    triple = _unit(_prepare(input_noise=0.3, train_size=400), "train") - raw
    np.testing.assert_allclose(triple, 3 * (_unit(large, "train") - raw), atol=1e-5)
    other = _unit(_prepare(input_noise=0.1, train_size=50, seed=1), "train")
    assert np.abs(other - _unit(small, "train")).max() > 0.1


def test_chosen_images_are_the_noisy_ones_and_the_shared_images_stay_clean() -> None:
    before = load_images("digits", NOWHERE).x.clone()
    spec = DataSpec(input_noise=0.2, val_input_noise=0.4)
    chosen, split = choose(spec, NOWHERE), prepare(spec, NOWHERE)
    for part, places in (("train", chosen.train), ("val", chosen.val)):
        np.testing.assert_allclose(chosen.pixels(part, places), _unit(split, part), atol=1e-5)  # type: ignore[arg-type]
    assert torch.equal(load_images("digits", NOWHERE).x, before)


@pytest.mark.parametrize("sigma", [0.0, 0.5])
def test_noise_follows_from_seed_and_place_alone(sigma: float) -> None:
    zeros = np.zeros((3, 1, 2, 2), np.float32)
    one = add_noise(zeros.copy(), [7, 8, 9], sigma, 5)
    other = add_noise(zeros[:1].copy(), [9], sigma, 5)
    assert np.array_equal(one[2], other[0])
    assert bool(one.any()) == bool(sigma)
