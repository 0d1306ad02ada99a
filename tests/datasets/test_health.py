"""The health of a data set: each finding with its count, its images and what to do."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from reglab.cli import main
from reglab.datasets.copies import Pictures
from reglab.datasets.health import Finding, Health, Kind, Place, dataset_health, health
from reglab.spec import DataSpec

CLASSES = ("cat", "dog", "<b>cow</b>")


def report(x: NDArray[np.generic], y: NDArray[np.int64], sizes: tuple[int, ...] = (30, 20, 10)) -> Health:
    cuts = np.split(np.arange(len(x)), np.cumsum(sizes)[:-1])
    names = ("training", "validation", "test")
    return health([Pictures(name, x, y, places) for name, places in zip(names, cuts, strict=False)], CLASSES)


def clean() -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    return np.random.default_rng(0).integers(0, 256, (60, 1, 8, 8), dtype=np.uint8), np.arange(60) % 3


def only(found: Health, kind: Kind) -> Finding:
    (finding,) = (one for one in found.findings if one.kind == kind)
    return finding


def test_a_clean_set_has_no_findings() -> None:
    found = report(*clean())
    assert found.findings == ()
    assert found.images == {"training": 30, "validation": 20, "test": 10}
    assert found.counts["test"] == (3, 3, 4)
    assert (found.majority[0], round(found.majority[1], 3)) == ("cat", 0.333)


def test_leaks_are_counted_for_each_later_part() -> None:
    x, y = clean()
    x[33], x[36], x[51], x[54] = x[3], x[6], x[3], x[42]
    x[39] = np.clip(x[9].astype(int) + 1, 0, 255)
    found = report(x, y)
    leaks = [(one.count, one.sentence.split(":")[0]) for one in found.findings if one.kind == "leak"]
    assert leaks == [
        (2, "2 of 20 validation images (10.0\u202f%) are equal to a training image"),
        (2, "2 of 10 test images (20.0\u202f%) are equal to a training or validation image"),
    ]
    assert found.findings[0].examples[0] == (
        Place("training", 3, 0),
        Place("validation", 33, 0),
        Place("test", 51, 0),
    )
    near = only(found, "near_leak")
    assert (near.count, near.examples) == (1, ((Place("training", 9, 0), Place("validation", 39, 0)),))


def test_equal_images_with_different_labels_conflict() -> None:
    x, y = clean()
    x[4] = x[8] = x[0]  # classes 1, 2 and 0
    x[6] = x[3]  # both of class 0
    conflict = only(report(x, y), "conflict")
    assert (conflict.level, conflict.count) == ("problem", 3)
    assert conflict.examples == ((Place("training", 0, 0), Place("training", 4, 1), Place("training", 8, 2)),)
    repeated = only(report(x, y), "repeated")
    assert (repeated.level, repeated.count) == ("note", 3)


def test_constant_and_black_images_are_apart() -> None:
    x, y = clean()
    x[5], x[40], x[7] = 0, 0, 9
    found = report(x, y)
    assert (only(found, "black").count, only(found, "constant").count) == (2, 1)
    assert only(found, "constant").examples == ((Place("training", 7, 1),),)


def test_classes_that_are_absent_rare_or_most_of_all() -> None:
    x, _ = clean()
    y = np.where(np.arange(60) < 57, 0, 1)
    found = report(x, y)
    assert [one.sentence for one in found.findings if one.kind in ("absent", "few", "majority")] == [
        "No image shows <b>cow</b>.",
        "No training image shows dog.",
        "Fewer than 5 images show dog: its accuracy says little.",
        "95\u202f% of the images show cat: always answering that is 95\u202f% accurate.",
    ]


def test_the_report_is_of_the_split_that_runs_have(tmp_path: Path) -> None:
    found = dataset_health("digits", tmp_path, spec=DataSpec(train_size=50, label_noise=0.4, val_fraction=0.4))
    assert found.images == {"training": 1078, "validation": 719}
    assert sum(map(sum, found.counts.values())) == 1797


def test_the_command_prints_the_same_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "check", "digits", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record == {"dataset": "digits", **json.loads(json.dumps(dataset_health("digits", tmp_path).record()))}
    assert main(["data", "check", "digits"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("1,007 training, 431 validation, 359 test images; the largest class is 3, 10.2")
    assert len(lines) == 2 + len(record["findings"])
    assert main(["data", "check", "mnist"]) == 2
    assert "`reglab data download mnist`" in capsys.readouterr().err
    assert main(["data", "check"]) == 2
    assert "reglab data check digits" in capsys.readouterr().err
