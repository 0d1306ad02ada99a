"""Class sizes on purpose: equal, or a long tail, to the image; nested, seeded, and validation left alone."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reglab.datasets import Split, check_class_sizes, check_data, load_images, prepare
from reglab.datasets.class_sizes import class_weights_of, most_images, order_by_size
from reglab.errors import SpecError
from reglab.spec import DataSpec, RunSpec

NOWHERE = Path("/nonexistent")


def _prepare(**values: object) -> Split:
    return prepare(DataSpec.model_validate({"name": "digits", "train_size": None, **values}), NOWHERE)


def _weights(factor: float, classes: int) -> np.ndarray:
    return np.array([factor ** (-c / (classes - 1)) for c in range(classes)])


def test_a_long_tail_of_5000_images_a_class_is_that_of_cifar_10_lt() -> None:
    """The published sizes of CIFAR-10-LT with ρ = 100 (Cao et al. 2019), which are 12,406 images in all."""
    groups = [np.arange(c * 5000, (c + 1) * 5000) for c in range(10)]
    weights = class_weights_of(DataSpec(imbalance=100), 10)
    assert weights is not None
    order = order_by_size(groups, np.arange(10), weights)
    sizes = np.bincount(order // 5000, minlength=10)
    assert sizes.tolist() == [5000, 2997, 1796, 1077, 645, 387, 232, 139, 83, 50]
    assert most_images(np.full(10, 5000), weights) == len(order) == 12_406


@settings(max_examples=60)
@given(
    counts=st.lists(st.integers(1, 300), min_size=2, max_size=8),
    factor=st.floats(1, 500),
    seed=st.integers(0, 1000),
)
def test_every_beginning_has_the_sizes_of_the_formula(counts: list[int], factor: float, seed: int) -> None:
    classes, rng = len(counts), np.random.default_rng(seed)
    starts = np.cumsum([0, *counts])
    groups = [rng.permutation(np.arange(a, b)) for a, b in pairwise(starts)]
    weights = _weights(factor, classes)
    order = order_by_size(groups, rng.permutation(classes), weights)
    of = np.searchsorted(starts, order, side="right") - 1
    assert len(set(order.tolist())) == len(order) == most_images(np.array(counts), weights)
    for n in (classes, (classes + len(order)) // 2, len(order)):
        sizes = np.bincount(of[:n], minlength=classes)
        largest = max((sizes / weights)[sizes > 1], default=1.0)  # m: the key of the last image, if it is not a first
        lowest, highest = np.floor(largest * (1 - 1e-9) * weights), np.floor(largest * (1 + 1e-9) * weights)
        assert (np.maximum(1, lowest - 1) <= sizes).all()
        assert (sizes <= np.maximum(1, highest)).all()
        later = np.array([(sizes[c] + 1) / weights[c] for c in range(classes)])
        assert (later >= largest * (1 - 1e-9)).all()  # no class could have had one more at this m
    used = [int((of == c).sum()) for c in range(classes)]
    assert any(have == there for have, there in zip(used, counts, strict=True))  # a class is used up


def test_the_sizes_of_a_run_are_those_of_its_spec_and_smaller_sets_are_beginnings() -> None:
    whole = _prepare(imbalance=20)
    sizes = np.array(whole.counts(whole.true_y_train))
    left = np.bincount(load_images("digits", NOWHERE).y) - np.bincount(whole.y_val, minlength=10)
    most = (left / _weights(20, 10)).min()
    assert sizes.tolist() == np.maximum(1, np.floor(most * (1 + 1e-9) * _weights(20, 10))).astype(int).tolist()
    for n in (50, 200):
        assert _prepare(imbalance=20, train_size=n).train_index.tolist() == whole.train_index[:n].tolist()
    half = _prepare(imbalance=20, train_size=None, train_share=0.5)
    assert len(half.train_index) == round(0.5 * len(whole.train_index))
    assert half.train_index.tolist() == whole.train_index[: len(half.train_index)].tolist()


@given(st.integers(10, 1000))
@settings(max_examples=8)
def test_equal_classes_differ_by_one_image_at_most(n: int) -> None:
    split = _prepare(train_balance="equal", train_size=n)
    sizes = split.counts(split.true_y_train)
    assert sum(sizes) == n
    assert max(sizes) - min(sizes) <= 1


def test_equal_classes_without_a_number_have_as_many_images_as_the_smallest_class() -> None:
    split, every = _prepare(train_balance="equal"), _prepare()
    smallest = min(every.counts(every.true_y_train))
    assert split.counts(split.true_y_train) == (smallest,) * 10


@pytest.mark.parametrize("knobs", [{"imbalance": 50}, {"train_balance": "equal"}, {"train_share": 0.3}])
@pytest.mark.parametrize("blocks", [None, 2])
def test_validation_images_stay_the_same_and_the_seed_decides_the_rest(
    knobs: dict[str, object], blocks: int | None
) -> None:
    shared = {"blocks": blocks, "block": blocks and 1, "seed": 4}
    shared = {key: value for key, value in shared.items() if value is not None}
    plain, one, again = (_prepare(**shared, **own) for own in ({}, knobs, knobs))
    assert plain.val_index.tolist() == one.val_index.tolist()
    assert one.train_index.tolist() == again.train_index.tolist()
    assert set(one.train_index.tolist()) <= set(plain.train_index.tolist())
    assert _prepare(**{**shared, "seed": 5}, **knobs).train_index.tolist() != one.train_index.tolist()


@pytest.mark.parametrize(("share", "n"), [(0.25, 314), (0.5, 629), (1.0, 1258), (0.01, 13)])
def test_a_share_is_rounded_to_whole_images_of_what_the_split_leaves(share: float, n: int) -> None:
    split = _prepare(train_share=share)
    assert len(split.train_index) == n == round(share * 1258) == check_data(DataSpec(train_share=share)).train
    assert split.train_index.tolist() == _prepare().train_index[:n].tolist()


def test_a_share_beside_folds_counts_what_a_fold_leaves() -> None:
    split = _prepare(train_share=0.5, folds=4)
    assert len(split.train_index) == round(0.5 * (1797 * 3 // 4))


def test_sizes_are_known_before_the_images_where_classes_are_equal() -> None:
    spec = DataSpec(name="synthetic", train_size=None, imbalance=10, val_fraction=0.2)
    assert check_data(spec).train == len(prepare(spec, NOWHERE).train_index)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"imbalance": 30, "train_size": 1000}, "data.train_size 1,000 is more than there are: with data.imbalance 30"),
        ({"train_balance": "equal", "train_size": 1255}, "with data.train_balance equal, at most 1,2"),
        ({"imbalance": 30, "train_share": 0.02}, "data.train_share 0.02, that is 8 is too small"),
        ({"train_share": 0.005}, "data.train_share 0.005, that is 6 is too small"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_would(values: dict[str, object], sentence: str) -> None:
    with pytest.raises(SpecError) as caught:
        _prepare(**values)
    assert sentence in str(caught.value)
    if {"imbalance", "train_balance"} & set(values):
        spec = DataSpec.model_validate({"name": "digits", "train_size": None, **values})
        with pytest.raises(SpecError, match=re.escape(str(caught.value))):  # before anything is queued
            check_class_sizes(spec, NOWHERE)


def test_what_fits_to_the_last_image_is_not_refused(tmp_path: Path) -> None:
    most = len(_prepare(imbalance=30).train_index)
    check_class_sizes(DataSpec(name="digits", imbalance=30, train_size=most), NOWHERE)
    with pytest.raises(SpecError, match=f"at most {most} training images"):
        check_class_sizes(DataSpec(name="digits", imbalance=30, train_size=most + 1), NOWHERE)


def test_images_elsewhere_are_not_fetched_to_check_class_sizes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("reglab.datasets.split.load_images", None)
    check_class_sizes(DataSpec(name="cifar10", imbalance=1000), tmp_path)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"train_size": 100, "train_share": 0.5}, "data.train_share and data.train_size exclude each other"),
        (
            {"imbalance": 2, "train_balance": "equal"},
            "data.imbalance above 1 and data.train_balance equal exclude each other",
        ),
        ({"imbalance": 2, "folds": 5}, "chosen class sizes and folds exclude each other"),
        ({"imbalance": 0.5}, "data.imbalance should be greater than or equal to 1"),
        ({"train_share": 0}, "data.train_share should be greater than 0"),
    ],
)
def test_knobs_that_exclude_each_other_are_refused(values: dict[str, object], sentence: str) -> None:
    with pytest.raises(SpecError) as caught:
        RunSpec.parse({"data": values})
    assert sentence in str(caught.value)


def test_a_share_replaces_the_number_and_a_number_the_share() -> None:
    half = RunSpec.parse({"data": {"train_share": 0.5}})
    assert (half.data.train_size, half.data.train_share) == (None, 0.5)
    assert RunSpec().with_changes({"data.train_share": "0.5"}) == half
    back = half.with_changes({"data.train_size": 400})
    assert back == RunSpec()
    assert RunSpec.from_query(half.to_query()) == half
    with pytest.raises(SpecError, match="exclude each other"):
        RunSpec().with_changes({"data.train_size": 100, "data.train_share": 0.5})
