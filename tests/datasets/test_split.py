"""The split: exact, stratified, seeded, nested, and normalised from the training images alone."""

from __future__ import annotations

from pathlib import Path
from weakref import WeakKeyDictionary

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor

from reglab.datasets import Images, Split, load_images, prepare, split
from reglab.datasets.split import channel_moments, split_indices
from reglab.errors import SpecError
from reglab.spec import DataSpec

NOWHERE = Path("/nonexistent")


def _prepare(**values: object) -> Split:
    return prepare(DataSpec.model_validate({"name": "digits", **values}), NOWHERE)


def _raw(name: str = "digits") -> Images:
    return load_images(name, NOWHERE)


@settings(max_examples=40)
@given(
    train_size=st.none() | st.integers(10, 1000),
    label_noise=st.floats(0, 0.95),
    val_fraction=st.floats(0.05, 0.4),
    val_size=st.none() | st.integers(10, 80),
    seed=st.integers(0, 2**32 - 1),
)
def test_every_valid_spec_gives_exact_sizes_of_all_classes(
    train_size: int | None, label_noise: float, val_fraction: float, val_size: int | None, seed: int
) -> None:
    split = _prepare(
        train_size=train_size, label_noise=label_noise, val_fraction=val_fraction, val_size=val_size, seed=seed
    )
    share = round(1797 * val_fraction)
    n_train, n_val = train_size or 1797 - share, val_size or share
    assert split.x_train.shape == (n_train, 1, 8, 8)
    assert split.x_val.shape == (n_val, 1, 8, 8)
    train, val, y = split.train_index, split.val_index, _raw().y
    assert len(set(train.tolist()) | set(val.tolist())) == n_train + n_val
    assert torch.equal(split.true_y_train, y[train])
    assert torch.equal(split.y_val, y[val])
    assert set(split.true_y_train.tolist()) == set(split.y_val.tolist()) == set(range(10))
    assert torch.equal(split.flipped, split.y_train != split.true_y_train)
    assert int(split.flipped.sum()) == round(label_noise * n_train)


def test_types_are_those_that_training_expects() -> None:
    split = _prepare(label_noise=0.1)
    assert {split.x_train.dtype, split.x_val.dtype, split.mean.dtype, split.std.dtype} == {torch.float32}
    labels = (split.y_train, split.y_val, split.true_y_train, split.train_index, split.val_index)
    assert {tensor.dtype for tensor in labels} == {torch.int64}
    assert split.flipped.dtype == torch.bool
    assert split.x_train.is_contiguous()
    assert split.shape == (1, 8, 8)
    assert split.classes == tuple("0123456789")


@pytest.mark.parametrize("name", ["digits", "synthetic"])
def test_shares_of_the_classes_are_those_of_the_pool(name: str) -> None:
    split, y = _prepare(name=name, train_size=400), _raw(name).y.numpy()
    pool = np.bincount(y) / len(y)
    for labels in (split.true_y_train.numpy(), split.y_val.numpy()):
        assert np.abs(np.bincount(labels) - len(labels) * pool).max() < 1.5


@pytest.mark.parametrize("name", ["digits", "synthetic"])
def test_pixels_are_normalised_by_the_training_images_alone(name: str) -> None:
    split, raw = _prepare(name=name, train_size=100, seed=3), _raw(name)
    unit = raw.x.numpy().astype(np.float64) / (255 if raw.x.dtype == torch.uint8 else 1)
    train, val = unit[split.train_index.numpy()], unit[split.val_index.numpy()]
    mean, std = train.mean(axis=(0, 2, 3)), train.std(axis=(0, 2, 3))
    np.testing.assert_allclose(split.mean, mean, rtol=1e-6)
    np.testing.assert_allclose(split.std, std, rtol=1e-6)
    np.testing.assert_allclose(split.x_train, (train - mean) / std, rtol=0, atol=1e-5)
    np.testing.assert_allclose(split.x_val, (val - mean) / std, rtol=0, atol=1e-5)


@given(st.integers(1, 3000), st.integers(1, 3), st.sampled_from([torch.uint8, torch.float32]))
@settings(max_examples=15)
def test_moments_of_any_channels_agree_with_numpy(n: int, channels: int, dtype: torch.dtype) -> None:
    x = torch.from_numpy(np.random.default_rng(n).integers(0, 256, (n, channels, 2, 2), dtype=np.uint8))
    x = x if dtype == torch.uint8 else x.float() / 255
    mean, std = channel_moments(Images(x, torch.zeros(n, dtype=torch.int64)), np.arange(n))
    unit = x.numpy().astype(np.float64) / (255 if dtype == torch.uint8 else 1)
    np.testing.assert_allclose(mean, unit.mean(axis=(0, 2, 3)), rtol=1e-6)
    np.testing.assert_allclose(std, unit.std(axis=(0, 2, 3)), rtol=1e-5)


@pytest.mark.parametrize("level", [0, 77, 255])
def test_a_constant_channel_becomes_zero_and_finite(level: int) -> None:
    x = torch.full((50, 2, 4, 4), level, dtype=torch.uint8)
    x[:, 1] = torch.arange(16, dtype=torch.uint8).reshape(4, 4)
    mean, std = channel_moments(Images(x, torch.zeros(50, dtype=torch.int64)), np.arange(50))
    assert std[0] == 1
    assert std[1] != 1
    np.testing.assert_allclose(mean[0], level / 255, rtol=1e-6)


def test_a_small_training_set_is_the_beginning_of_a_large_one() -> None:
    whole = _prepare(train_size=None)
    for n in (10, 100, 400, 1000):
        assert torch.equal(_prepare(train_size=n).train_index, whole.train_index[:n])


def test_validation_images_depend_neither_on_training_size_nor_on_noise() -> None:
    first = _prepare(train_size=100)
    for other in (_prepare(train_size=None), _prepare(train_size=100, label_noise=0.5)):
        assert torch.equal(first.val_index, other.val_index)
        assert torch.equal(first.y_val, other.y_val)


def test_a_cut_validation_set_is_the_beginning_of_the_share_and_leaves_training_alone() -> None:
    whole, cut = _prepare(train_size=None), _prepare(train_size=None, val_size=50)
    assert torch.equal(cut.val_index, whole.val_index[:50])
    assert torch.equal(cut.train_index, whole.train_index)


def test_noise_changes_labels_only_and_nests() -> None:
    clean, some, more = (_prepare(label_noise=share) for share in (0.0, 0.2, 0.4))
    assert torch.equal(clean.y_train, clean.true_y_train)
    assert torch.equal(clean.x_train, more.x_train)
    assert not (some.flipped & ~more.flipped).any()
    assert torch.equal(some.y_train[some.flipped], more.y_train[some.flipped])


def test_the_same_seed_gives_the_same_split_whatever_happened_before() -> None:
    first = _prepare(label_noise=0.3, seed=7)
    np.random.seed(99)
    torch.manual_seed(99)
    second = _prepare(label_noise=0.3, seed=7)
    assert all(torch.equal(getattr(first, k), getattr(second, k)) for k in ("x_train", "y_train", "x_val", "y_val"))
    other = _prepare(label_noise=0.3, seed=8)
    assert not torch.equal(first.val_index, other.val_index)
    assert not torch.equal(first.flipped, other.flipped)


def test_no_global_random_state_is_read_or_moved() -> None:
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state(legacy=False)
    _prepare(label_noise=0.3)
    assert torch.equal(torch.get_rng_state(), torch_state)
    assert repr(np.random.get_state(legacy=False)) == repr(numpy_state)


def test_the_pool_in_memory_is_not_changed() -> None:
    before = _raw().x.clone(), _raw().y.clone()
    split = _prepare(label_noise=0.5, train_size=None)
    split.x_train.zero_()
    split.y_train.zero_()
    assert torch.equal(_raw().x, before[0])
    assert torch.equal(_raw().y, before[1])


def test_the_split_stays_what_it_was_when_runs_were_saved() -> None:
    """A changed split would silently change the meaning of every saved run."""
    split = _prepare(train_size=20, seed=0, label_noise=0.5)
    assert split.train_index[:8].tolist() == [696, 1038, 753, 880, 1340, 162, 616, 469]
    assert split.val_index[:8].tolist() == [1437, 1658, 1546, 1701, 544, 163, 1411, 799]
    assert split.y_train[:8].tolist() == [3, 9, 1, 6, 7, 0, 6, 3]


@given(st.lists(st.integers(2, 40), min_size=2, max_size=6), st.integers(0, 1000), st.data())
def test_any_pool_is_divided_without_loss(counts: list[int], seed: int, data: st.DataObject) -> None:
    y = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts))
    n_val = data.draw(st.integers(len(counts), len(y) - len(counts)))
    train, val = split_indices(y, len(counts), n_val, seed)
    assert len(val) == n_val
    assert sorted([*train, *val]) == list(range(len(y)))
    assert set(y[val]) == set(range(len(counts)))


def test_a_spec_that_does_not_fit_is_refused() -> None:
    with pytest.raises(SpecError, match="train_size"):
        _prepare(train_size=5)


def test_the_moments_of_images_are_measured_once_for_all_runs_that_train_on_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    measured: list[int] = []

    def counted(images: Images, index: NDArray[np.int64], spec: DataSpec | None = None) -> tuple[Tensor, Tensor]:
        measured.append(len(index))
        return channel_moments(images, index, spec)

    monkeypatch.setattr(split, "channel_moments", counted)
    monkeypatch.setattr(split, "_MOMENTS", WeakKeyDictionary())
    first = _prepare(train_size=123)
    assert _prepare(train_size=123, label_noise=0.3).mean is first.mean
    assert _prepare(train_size=124).mean is not first.mean
    noisy = _prepare(train_size=123, input_noise=0.5)
    assert noisy.std > first.std
    assert _prepare(train_size=123, input_noise=0.5).std is noisy.std
    assert _prepare(train_size=123, seed=7).mean is not first.mean
    assert measured == [123, 124, 123, 123]
