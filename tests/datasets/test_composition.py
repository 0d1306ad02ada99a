"""Absent and rare classes and a majority are named; a usual data set is not remarked on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.datasets.files import IMAGES, LABELS, idx, write_idx_pair

from reglab.datasets import DATASETS, label_remarks, load_images, recorded_remarks
from reglab.errors import DataError

LETTERS = tuple("abcdefghij")


def test_training_images_that_are_uneven_on_purpose_are_named_and_validation_images_decide_the_rest() -> None:
    tail, even = [400, 200, 100, 50, 20, 10, 5, 4, 3, 2], [60] * 10
    sentence = "Training images are uneven on purpose: 400 of 0 to 2 of 9."
    assert recorded_remarks("digits", tail, even, uneven=True) == [sentence]
    assert recorded_remarks("digits", [20] * 10, even, uneven=True) == []
    few = [60] * 9 + [1]
    rare = "Few images show 9 (1): the accuracy hardly depends on them."
    assert recorded_remarks("digits", tail, few, uneven=True) == [rare, sentence]


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ([10] * 10, []),
        ([19, 14, 12, 10, 9, 8, 8, 7, 6, 7], []),
        ([0, *[10] * 9], ["No image shows a."]),
        ([0, 0, *[10] * 8], ["No image shows a or b."]),
        ([*[0] * 5, *[10] * 5], ["No image shows a, b, c or 2 other classes."]),
        ([1, *[11] * 9], ["Few images show a (1): the accuracy hardly depends on them."]),
        (
            [60, *[5] * 8, 0],
            [
                "No image shows j.",
                "60 % of the images show a: always answering that is 60 % accurate.",
            ],
        ),
        ([0] * 10, []),
    ],
)
def test_remarks_by_hand(counts: list[int], expected: list[str]) -> None:
    assert label_remarks(counts, LETTERS) == expected


def test_one_of_two_classes_is_named_above_three_fifths() -> None:
    assert label_remarks([501, 499], ("a", "b")) == label_remarks([600, 400], ("a", "b")) == []
    assert label_remarks([601, 399], ("a", "b")) == [
        "60 % of the images show a: always answering that is 60 % accurate."
    ]


def test_a_run_names_the_part_and_an_older_one_says_nothing() -> None:
    assert recorded_remarks("digits", [0, *[10] * 9], [0, *[5] * 9]) == ["No image shows 0."]
    assert recorded_remarks("digits", [0, *[10] * 9], [5] * 10) == ["No training image shows 0."]
    assert recorded_remarks("digits", [10] * 10, [0, *[5] * 9]) == ["No validation image shows 0."]
    assert recorded_remarks("digits", (), ()) == []
    assert recorded_remarks("gone", [0, 1], [1, 0]) == []


@pytest.mark.parametrize(
    "name", [name for name, entry in DATASETS.entries.items() if not entry.find and not entry.extra]
)
def test_the_data_sets_that_come_with_reglab_are_usual(name: str, tmp_path: Path) -> None:
    entry = DATASETS.get(name)
    counts = np.bincount(load_images(name, tmp_path).y, minlength=len(entry.classes))
    assert label_remarks(counts.tolist(), entry.classes) == []


def test_local_labels_are_counted_without_their_images(tmp_path: Path) -> None:
    counts = DATASETS.get("mnist").counts
    assert counts is not None
    assert counts(tmp_path) is None
    write_idx_pair(tmp_path, zipped=False)
    (tmp_path / IMAGES).write_bytes(b"not read")
    assert counts(tmp_path) == (20,) * 10
    (tmp_path / LABELS).write_bytes(idx(np.array([0] * 150 + [3] * 50, np.uint8)))
    assert counts(tmp_path) == (150, 0, 0, 50, 0, 0, 0, 0, 0, 0)
    (tmp_path / LABELS).write_bytes(b"damaged")
    with pytest.raises(DataError, match="is not an idx file"):
        counts(tmp_path)
