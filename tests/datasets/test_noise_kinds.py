"""Asymmetric and per-class label noise: exact to the label in every class, seeded, and nested."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reglab.datasets import DATASETS, Split, check_data, prepare
from reglab.datasets.label_noise import confusion_map, noisy_labels
from reglab.errors import SpecError
from reglab.spec import DataSpec, RunSpec

NOWHERE = Path("/nonexistent")
DIGITS = DATASETS.get("digits")


def _prepare(**values: object) -> Split:
    return prepare(DataSpec.model_validate({"name": "digits", **values}), NOWHERE)


def _noisy(spec: DataSpec, y: np.ndarray, index: np.ndarray, classes: int) -> tuple[np.ndarray, np.ndarray]:
    entry = replace(DIGITS, classes=tuple("abcdefghij"[:classes]), confusions=())
    return noisy_labels(spec, entry, y, index, np.random.default_rng(spec.seed))


@settings(max_examples=40)
@given(data=st.data(), classes=st.integers(2, 8), n=st.integers(1, 120), seed=st.integers(0, 10_000))
def test_every_class_has_exactly_its_share(data: st.DataObject, classes: int, n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    y, index = rng.integers(0, classes, n + 30), rng.permutation(n + 30)[:n]
    shares = data.draw(st.lists(st.floats(0, 1), min_size=classes, max_size=classes))
    by_class = dict(zip("abcdefghij", shares, strict=False))
    labels, flipped = _noisy(DataSpec(noise_kind="per_class", noise_by_class=by_class, seed=seed), y, index, classes)
    for c, share in enumerate(shares):
        own = y[index] == c
        assert (labels[own] != c).sum() == flipped[own].sum() == round(share * own.sum())
    share = data.draw(st.floats(0, 0.95))
    labels, flipped = _noisy(DataSpec(noise_kind="asymmetric", label_noise=share, seed=seed), y, index, classes)
    assert set(labels[flipped] - y[index][flipped]) <= {1, 1 - classes}  # c → c + 1
    assert np.array_equal(labels[~flipped], y[index][~flipped])
    for c in range(classes):
        assert flipped[y[index] == c].sum() == round(share * (y[index] == c).sum())


def test_digits_are_mistaken_as_in_the_literature_unless_a_map_is_given() -> None:
    split = _prepare(noise_kind="asymmetric", label_noise=0.4)
    pairs = set(zip(split.true_y_train[split.flipped].tolist(), split.y_train[split.flipped].tolist(), strict=True))
    assert pairs == {(2, 7), (3, 8), (5, 6), (6, 5), (7, 1)}
    counts = np.array(split.counts(split.true_y_train))
    flipped = np.bincount(split.true_y_train[split.flipped], minlength=10)
    assert flipped.tolist() == [round(0.4 * n) if c in (2, 3, 5, 6, 7) else 0 for c, n in enumerate(counts)]
    own = _prepare(noise_kind="asymmetric", label_noise=0.4, noise_map={1: 4})
    assert set(own.y_train[own.flipped].tolist()) == {4}


KINDS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"noise_kind": "asymmetric", "label_noise": 0.1}, {"noise_kind": "asymmetric", "label_noise": 0.5}),
    ({"noise_kind": "per_class", "label_noise": 0.1}, {"noise_kind": "per_class", "label_noise": 0.3}),
    (
        {"noise_kind": "per_class", "noise_by_class": {"3": 0.2}},
        {"noise_kind": "per_class", "noise_by_class": {"3": 0.6, "4": 1.0}},
    ),
]


@pytest.mark.parametrize(("less", "more"), KINDS, ids=["asymmetric", "per class", "single classes"])
def test_a_larger_share_flips_the_same_labels_in_the_same_way_and_more(
    less: dict[str, Any], more: dict[str, Any]
) -> None:
    few, many, clean = _prepare(seed=3, **less), _prepare(seed=3, **more), _prepare(seed=3)
    assert 0 < few.flipped.sum() < many.flipped.sum()
    assert not (few.flipped & ~many.flipped).any()
    assert few.y_train[few.flipped].tolist() == many.y_train[few.flipped].tolist()
    assert many.val_index.tolist() == clean.val_index.tolist()
    assert many.y_val.tolist() == clean.y_val.tolist()
    assert _prepare(seed=4, **more).flipped.tolist() != many.flipped.tolist()


def test_classes_that_are_not_named_have_the_label_noise() -> None:
    split = _prepare(noise_kind="per_class", label_noise=0.25, noise_by_class={"0": 0})
    counts, flipped = split.counts(split.true_y_train), np.bincount(split.true_y_train[split.flipped], minlength=10)
    assert flipped.tolist() == [0, *(round(0.25 * n) for n in counts[1:])]


def test_classes_have_names_or_numbers() -> None:
    entry = replace(DIGITS, classes=("cat", "dog", "0"), confusions=())
    spec = DataSpec(noise_kind="asymmetric", noise_map={"cat": "dog", "1": "0"})
    assert confusion_map(spec, entry) == {0: 1, 1: 2}  # a name comes first: "0" is the third class
    assert confusion_map(DataSpec(noise_kind="asymmetric"), entry) == {0: 1, 1: 2, 2: 0}


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"noise_map": {"x": 1}}, "data.noise_map names 'x', which is no class of Digits (8×8)"),
        ({"noise_map": {3: 10}}, "data.noise_map names '10' (did you mean '1'?), which is no class"),
        ({"noise_map": {3: 3}}, "data.noise_map maps '3' to itself"),
        ({"noise_kind": "per_class", "noise_by_class": {"1e9": 0.1}}, "data.noise_by_class names '1e9'"),
    ],
)
def test_unknown_classes_are_refused_before_anything_is_loaded(values: dict[str, Any], sentence: str) -> None:
    spec = DataSpec.model_validate({"noise_kind": "asymmetric", "label_noise": 0.1, **values})
    with pytest.raises(SpecError) as caught:
        check_data(spec)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"noise_map": {1: 2}}, "data.noise_map belongs to data.noise_kind asymmetric, not to symmetric"),
        ({"noise_by_class": {1: 0.2}}, "data.noise_by_class belongs to data.noise_kind per_class, not to symmetric"),
        ({"noise_kind": "per_class", "noise_by_class": {1: 1.5}}, "the share of wrong labels of '1' must be from 0"),
        ({"noise_kind": "asymmetric", "noise_map": {True: 1}}, "data.noise_map"),
    ],
)
def test_settings_of_another_kind_are_refused(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SpecError) as caught:
        RunSpec.parse({"data": values})
    assert sentence in str(caught.value)


def test_numbers_and_names_are_the_same_map_in_links_and_on_the_command_line() -> None:
    wanted = RunSpec.parse({"data": {"noise_kind": "asymmetric", "noise_map": {2: 7}}})
    assert wanted.data.noise_map == {"2": "7"}
    assert RunSpec.from_query(wanted.to_query()) == wanted
    assert RunSpec.from_yaml(wanted.to_yaml()) == wanted
    assert RunSpec().with_assignments(["data.noise_kind=asymmetric", "data.noise_map={2: 7}"]) == wanted
    assert hash(wanted.data) == hash(wanted.data.model_copy()) != hash(RunSpec().data)
