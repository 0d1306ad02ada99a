"""K folds: the cut is scikit-learn's, every image validates once, and every fold trains on the same number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold

from reglab.datasets import DATASETS, Dataset, Images, Sizes, Split, check_data, load_images, prepare
from reglab.datasets.folds import Folds, fold_indices
from reglab.datasets.stratify import interleave, shuffled_groups
from reglab.errors import SpecError
from reglab.spec import DataSpec

NOWHERE = Path("/nonexistent")
DIGITS = load_images("digits", NOWHERE).y.numpy()


def _prepare(**values: object) -> Split:
    return prepare(DataSpec.model_validate({"name": "digits", **values}), NOWHERE)


def _order(y: NDArray[np.int64], classes: int, seed: int) -> NDArray[np.int64]:
    rng = np.random.default_rng([seed, 0])
    groups = shuffled_groups(y, classes, rng)
    return interleave(groups, rng.permutation(classes))


@settings(max_examples=30)
@given(
    n=st.none() | st.integers(100, 800),
    folds=st.integers(2, 10),
    val_size=st.none() | st.integers(10, 12),
    seed=st.integers(0, 2**32 - 1),
    noise=st.floats(0, 0.95),
)
def test_every_image_validates_once_and_every_fold_trains_on_the_same_number(
    n: int | None, folds: int, val_size: int | None, seed: int, noise: float
) -> None:
    splits = [
        _prepare(train_size=n, folds=folds, fold=k, val_size=val_size, seed=seed, label_noise=noise)
        for k in range(folds)
    ]
    size = n or 1797 * (folds - 1) // folds
    assert [len(split.y_train) for split in splits] == [size] * folds
    for split in splits:
        assert set(split.train_index.tolist()).isdisjoint(split.val_index.tolist())
        assert len(set(split.train_index.tolist())) == size
        assert int(split.flipped.sum()) == round(noise * size)
        assert torch.equal(split.y_val, torch.from_numpy(DIGITS)[split.val_index])
        assert set(split.y_val.tolist()) == set(split.true_y_train.tolist()) == set(range(10))
    held = [place for split in splits for place in split.val_index.tolist()]
    cut = -(-n * folds // (folds - 1)) if n else 1797
    assert len(set(held)) == len(held) == (cut if val_size is None else val_size * folds)


@pytest.mark.parametrize(("n", "folds"), [(400, 5), (401, 3), (None, 10), (None, 2), (36, 4)])
@pytest.mark.parametrize("seed", [0, 7])
def test_the_folds_are_those_that_scikit_learn_cuts(n: int | None, folds: int, seed: int) -> None:
    cut = 1797 if n is None else int(np.ceil(n * folds / (folds - 1)))
    used = _order(DIGITS, 10, seed)[:cut]
    oracle = StratifiedKFold(n_splits=folds, shuffle=True, random_state=seed).split(np.zeros(cut), DIGITS[used])
    for k, (train, val) in enumerate(oracle):
        split = _prepare(train_size=n, folds=folds, fold=k, seed=seed)
        assert set(split.val_index.tolist()) == set(used[val].tolist())
        assert set(split.train_index.tolist()) <= set(used[train].tolist())
        assert 0 <= len(train) - len(split.train_index) <= 1


def test_folds_and_their_beginnings_have_the_shares_of_the_classes() -> None:
    shares = np.bincount(DIGITS) / len(DIGITS)
    for k in range(5):
        split = _prepare(train_size=None, folds=5, fold=k)
        for labels in (split.y_val, split.true_y_train, split.y_val[:100], split.true_y_train[:100]):
            assert np.abs(np.bincount(labels) - len(labels) * shares).max() < 2


def test_a_cut_validation_set_is_a_beginning_and_leaves_training_alone() -> None:
    whole, cut = _prepare(folds=4, fold=2), _prepare(folds=4, fold=2, val_size=50)
    assert torch.equal(cut.val_index, whole.val_index[:50])
    assert torch.equal(cut.x_train, whole.x_train)


def test_folds_depend_neither_on_noise_nor_on_the_validation_share() -> None:
    clean = _prepare(folds=3, fold=1)
    for other in (_prepare(folds=3, fold=1, label_noise=0.4), _prepare(folds=3, fold=1, val_fraction=0.9)):
        assert torch.equal(clean.train_index, other.train_index)
        assert torch.equal(clean.val_index, other.val_index)
        assert torch.equal(clean.y_val, other.y_val)
    assert not torch.equal(clean.val_index, _prepare(folds=3, fold=1, seed=1).val_index)


def test_folds_are_normalised_by_their_own_training_images() -> None:
    split, x = _prepare(folds=5, fold=3), load_images("digits", NOWHERE).x.numpy().astype(np.float64)
    train, val = x[split.train_index.numpy()], x[split.val_index.numpy()]
    np.testing.assert_allclose(split.mean, [train.mean()], rtol=1e-6)
    np.testing.assert_allclose(split.x_val, (val - train.mean()) / train.std(), rtol=0, atol=1e-5)


def test_no_global_random_state_is_read_or_moved() -> None:
    before = repr(np.random.get_state(legacy=False))
    first = _prepare(folds=5, fold=0)
    assert repr(np.random.get_state(legacy=False)) == before
    np.random.seed(99)
    assert torch.equal(first.val_index, _prepare(folds=5, fold=0).val_index)


def test_folds_stay_what_they_were_when_runs_were_saved() -> None:
    """Changed folds would silently change the meaning of every saved run."""
    split = _prepare(train_size=40, folds=5, fold=1, label_noise=0.5)
    assert split.train_index[:8].tolist() == [1437, 1658, 387, 1701, 544, 163, 1411, 799]
    assert split.val_index[:8].tolist() == [1111, 275, 1546, 662, 332, 1784, 756, 1729]
    assert split.y_train[:8].tolist() == [7, 6, 1, 0, 8, 5, 9, 7]


@given(st.integers(2, 50), st.integers(2, 100_000))
def test_the_images_cut_leave_exactly_the_training_size(count: int, n: int) -> None:
    folds = Folds(count, 10**7, n)
    held = [folds.held(k) for k in range(count)]
    assert folds.left == n
    assert sum(held) == folds.cut()
    assert min(held) == folds.smallest
    assert 0 <= folds.cut() - max(held) - n < 1
    assert max(held) - min(held) <= 1


@pytest.mark.parametrize(
    ("values", "sizes"),
    [
        ({"folds": 5}, Sizes(100, 100, 400, 400)),
        ({"folds": 3, "fold": 2, "train_size": 401, "val_size": 20}, Sizes(200, 20, 402, 401)),
        ({"folds": 5, "fold": 0, "train_size": None}, Sizes(360, 360, 1437, 1437)),
        ({"folds": 5, "fold": 4, "train_size": None}, Sizes(359, 359, 1438, 1437)),
        ({"folds": 2, "val_fraction": 0.95}, Sizes(400, 400, 400, 400)),
    ],
)
def test_sizes_are_known_before_loading_and_kept(values: dict[str, object], sizes: Sizes) -> None:
    spec = DataSpec.model_validate({"name": "digits", **values})
    assert check_data(spec) == sizes
    split = prepare(spec, NOWHERE)
    assert (len(split.y_val), len(split.y_train)) == (sizes.val, sizes.train)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (
            {"folds": 5, "train_size": 1438},
            "data.train_size 1,438 is more than there are: 5 folds of the 1,797 images of Digits (8×8) leave 1,437 to "
            "train on.",
        ),
        (
            {"folds": 6, "train_size": 45},
            "data.folds 6 is too many: each fold needs an image of every class, and the smallest of the 10 classes of "
            "Digits (8×8) has no more than 5 among the 54 images used; at most 5 folds fit, or set data.train_size to "
            "50 or more.",
        ),
        (
            {"folds": 2, "train_size": 9},
            "data.folds 2 is too many: each fold needs an image of every class, and the smallest of the 10 classes of "
            "Digits (8×8) has no more than 1 among the 18 images used; set data.train_size to 10 or more.",
        ),
        (
            {"folds": 5, "val_size": 101},
            "data.val_size 101 is more than there are: each of the 5 folds has 100 images of Digits (8×8).",
        ),
        (
            {"folds": 3, "train_size": 401, "val_size": 201},
            "data.val_size 201 is more than there are: each of the 3 folds has 200 images of Digits (8×8).",
        ),
        (
            {"folds": 5, "val_size": 9},
            "data.val_size 9 is too small: each of the 10 classes of Digits (8×8) needs one.",
        ),
    ],
)
def test_folds_that_do_not_fit_are_refused_before_loading(
    values: dict[str, object], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reglab.datasets.split.load_images", None)
    with pytest.raises(SpecError) as refusal:
        _prepare(**values)
    assert str(refusal.value) == sentence


@pytest.fixture
def skewed(monkeypatch: pytest.MonkeyPatch) -> Callable[[list[int]], Dataset]:
    """Makes a data set "skewed" whose classes have so many images."""

    def make(counts: list[int]) -> Dataset:
        y = torch.from_numpy(np.repeat(np.arange(len(counts)), counts))
        images = Images(torch.arange(len(y), dtype=torch.uint8).reshape(-1, 1, 1, 1).repeat(1, 1, 8, 8), y)
        entry = replace(
            DATASETS.get("digits"),
            name="skewed",
            label="Skewed",
            size=len(y),
            classes=tuple("abc"[: len(counts)]),
            load=lambda folder, progress: images,
        )
        monkeypatch.setitem(DATASETS.entries, "skewed", entry)
        monkeypatch.setattr("reglab.datasets.split.load_images", lambda *_: images)
        return entry

    return make


def test_the_smallest_class_limits_the_folds(skewed: Callable[[list[int]], Dataset]) -> None:
    skewed([90, 60, 4])
    prepare(DataSpec(name="skewed", train_size=None, folds=4), NOWHERE)
    spec = DataSpec(name="skewed", train_size=None, folds=5)
    check_data(spec)  # how the classes share the images is not known yet
    with pytest.raises(SpecError) as refusal:
        prepare(spec, NOWHERE)
    assert str(refusal.value) == (
        "data.folds 5 is too many: each fold needs an image of every class, and the smallest of the 3 classes of "
        "Skewed has no more than 4 among the 154 images used; at most 4 folds fit."
    )


def test_what_the_refusal_offers_does_fit(skewed: Callable[[list[int]], Dataset]) -> None:
    skewed([90, 60, 6])
    with pytest.raises(SpecError, match=r"at most 3 folds fit, or set data\.train_size to 94 or more") as refusal:
        prepare(DataSpec(name="skewed", train_size=60, folds=5), NOWHERE)
    assert "has no more than 3 among the 75 images" in str(refusal.value)
    prepare(DataSpec(name="skewed", train_size=60, folds=3), NOWHERE)
    prepare(DataSpec(name="skewed", train_size=94, folds=5), NOWHERE)
    for values in ({"train_size": 60, "folds": 4}, {"train_size": 93, "folds": 5}):
        with pytest.raises(SpecError, match="too many"):
            prepare(DataSpec.model_validate({"name": "skewed", **values}), NOWHERE)


def test_where_no_folds_fit_the_refusal_says_so(skewed: Callable[[list[int]], Dataset]) -> None:
    skewed([90, 60, 1])
    with pytest.raises(SpecError, match="no more than 1 among the 151 images used; these images are too few for folds"):
        prepare(DataSpec(name="skewed", train_size=None, folds=3), NOWHERE)


@settings(max_examples=60)
@given(st.lists(st.integers(2, 40), min_size=2, max_size=4), st.integers(0, 1000), st.data())
def test_any_pool_is_cut_without_loss(counts: list[int], seed: int, data: st.DataObject) -> None:
    y = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts))
    entry = replace(DATASETS.get("digits"), classes=tuple("abcd"[: len(counts)]))
    folds = data.draw(st.integers(2, min(counts)))
    pairs = [
        fold_indices(y, entry, DataSpec(train_size=None, folds=folds, fold=k, seed=seed), np.random.default_rng(seed))
        for k in range(folds)
    ]
    assert sorted(np.concatenate([val for _, val in pairs])) == list(range(len(y)))
    for train, val in pairs:
        assert len(train) == len(y) * (folds - 1) // folds
        assert not set(train) & set(val)
        assert set(y[train]) == set(y[val]) == set(range(len(counts)))
