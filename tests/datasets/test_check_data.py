"""A data specification that does not fit is refused in one sentence, before anything is loaded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from reglab.datasets import DATASETS, Images, Progress, Sizes, check_data
from reglab.errors import SpecError, UnknownName
from reglab.spec import DataSpec


def _refuse(folder: Path, progress: Progress) -> Images:
    raise AssertionError("loaded")


@pytest.fixture(autouse=True)
def _nothing_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = {name: replace(entry, load=_refuse) for name, entry in DATASETS.entries.items()}
    monkeypatch.setitem(DATASETS.__dict__, "entries", entries)


@pytest.mark.parametrize(
    ("values", "sizes"),
    [
        ({"name": "digits"}, Sizes(539, 539, 1258, 400)),
        ({"name": "digits", "train_size": None}, Sizes(539, 539, 1258, 1258)),
        ({"name": "digits", "train_size": 1258, "val_size": 10}, Sizes(539, 10, 1258, 1258)),
        ({"name": "cifar100", "val_fraction": 0.2, "val_size": 1000}, Sizes(10_000, 1000, 40_000, 400)),
    ],
)
def test_sizes_that_fit_are_told(values: dict[str, object], sizes: Sizes) -> None:
    assert check_data(DataSpec.model_validate(values)) == sizes


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (
            {"train_size": 1259},
            "data.train_size 1,259 is more than there are: data.val_fraction 0.3 leaves 1,258 images of Digits (8×8).",
        ),
        ({"train_size": 9}, "data.train_size 9 is too small: each of the 10 classes of Digits (8×8) needs one."),
        (
            {"val_size": 540},
            "data.val_size 540 is more than there are: data.val_fraction 0.3 sets 539 images of Digits (8×8) apart.",
        ),
        ({"val_size": 9}, "data.val_size 9 is too small: each of the 10 classes of Digits (8×8) needs one."),
        (
            {"name": "cifar100", "train_size": 99},
            "data.train_size 99 is too small: each of the 100 classes of CIFAR-100 needs one.",
        ),
    ],
)
def test_sizes_that_do_not_fit_are_refused(values: dict[str, object], sentence: str) -> None:
    with pytest.raises(SpecError) as refusal:
        check_data(DataSpec.model_validate(values))
    assert str(refusal.value) == sentence


@pytest.mark.parametrize(
    ("fraction", "sentence"),
    [
        (0.05, "sets 5 of the 100 images of Digits (8×8) apart for validation; there must be at least 10"),
        (0.95, "leaves 5 images of Digits (8×8) to train on; there must be at least 10."),
    ],
)
def test_a_share_without_an_image_of_each_class_is_refused(
    fraction: float, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(DATASETS.entries, "digits", replace(DATASETS.get("digits"), size=100))
    with pytest.raises(SpecError) as refusal:
        check_data(DataSpec(name="digits", val_fraction=fraction))
    assert sentence in str(refusal.value)


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"Unknown dataset 'digit' \(did you mean 'digits'\?\)"):
        check_data(DataSpec(name="digit"))
