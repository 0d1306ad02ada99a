"""A sweep in which nothing is learnt has no best λ: by the command, its JSON, the stored path and the page's words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits
from tests.datasets.files import IMAGES, LABELS, idx

from reglab.analysis import judge_sweep, runs_table
from reglab.cli import main
from reglab.content.epoch_view import EpochView
from reglab.content.verdict_text import verdict_text
from reglab.jobs import chance_of
from reglab.settings import load_settings
from reglab.store import open_store

SHARES = (19, 14, 12, 10, 9, 8, 8, 7, 6, 7)


pytestmark = pytest.mark.usefixtures("fused_plan")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("REGLAB_STORE", raising=False)
    monkeypatch.setenv("REGLAB_DEVICE", "cpu")
    monkeypatch.setenv("REGLAB_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("REGLAB_DATA", str(tmp_path / "data"))
    return tmp_path


def sweep(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main(["sweep", *arguments, "--json"]) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert isinstance(found, dict)
    return found


def page_text(sweep_id: str) -> list[str]:
    """The page's verdict on a stored sweep."""
    with open_store(load_settings()) as store:
        kept, runs = store.sweep(sweep_id), store.sweep_runs(sweep_id)
        chance = chance_of(runs)
        lanes, epochs = runs_table(kept.spec.lanes(), runs), store.epochs([run.id for run in runs])
        judgement = judge_sweep(kept.spec, lanes, epochs, overlap=0.0, chance=chance)
        view = EpochView(kept.spec, judgement, judgement.declared, kept.epochs, kept.epochs)
        return [line.text for line in verdict_text(view)]


def write_uneven(place: Path) -> None:
    """About 900 digits of 28 × 28 pixels with SHARES, as MNIST's pair of idx files."""
    digits = load_digits()
    rows = np.concatenate([np.flatnonzero(digits.target == c)[: 9 * share] for c, share in enumerate(SHARES)])
    pixels = np.kron(digits.images[rows], np.ones((3, 3)))  # 24 × 24
    images = np.pad(pixels * 255 / 16, ((0, 0), (2, 2), (2, 2))).astype(np.uint8)
    place.mkdir()
    (place / IMAGES).write_bytes(idx(images))
    (place / LABELS).write_bytes(idx(digits.target[rows].astype(np.uint8)))


def test_penalties_that_crush_everything_leave_no_best(capsys: pytest.CaptureFixture[str]) -> None:
    found = sweep(
        capsys, "--set", "train.epochs=5", "--set", "data.train_size=100", "--l2", "10,100,1000", "--seeds", "2"
    )
    assert (found["best"], found["one_se"]) == (None, None)
    assert [row["regime"] for row in found["table"]] == ["at chance"] * 3
    assert not any(row["best"] or row["one_se"] for row in found["table"])
    assert found["chance"]["images"] == 431  # of the 1,438 outside the test part
    assert max(row["val_acc"] for row in found["table"]) < found["chance"]["bound"] < 0.13
    assert main(["show", found["sweep"]]) == 0
    said = capsys.readouterr().out
    assert "best λ: none. No λ has learnt anything: all are at chance, 10 %." in said
    assert "simplest" not in said
    assert page_text(found["sweep"])[0].startswith("**No λ has learnt anything**: all are at chance, 10 %.")


def test_always_answering_the_most_frequent_class_is_chance(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    write_uneven(home / "data")
    found = sweep(
        capsys, "--set", "data.name=mnist", "--set", "model.name=small_cnn", "--set", "train.epochs=2",
        "--l2", "3,10,100", "--seeds", "2",
    )  # fmt: skip
    assert found["chance"]["accuracy"] == pytest.approx(0.19, abs=0.01)
    assert max(row["val_acc"] for row in found["table"]) > 0.15  # above the bound for ten equally frequent classes
    assert found["best"] is None
    assert max(row["balanced_acc"] for row in found["table"]) < 0.19  # one class of ten, however frequent: 0.1
    assert {row["regime"] for row in found["table"]} == {"at chance"}
    assert "19 %, the share of the most frequent class" in page_text(found["sweep"])[0]
    assert main(["show", found["sweep"]]) == 0
    assert capsys.readouterr().out.splitlines()[1].endswith("balanced_acc")


def test_a_network_at_chance_does_not_overfit(capsys: pytest.CaptureFixture[str]) -> None:
    found = sweep(
        capsys, "--set", "optim.name=sgd", "--set", "optim.lr=1", "--set", "data.train_size=100",
        "--set", "train.epochs=2", "--l2", "0,0.1,10", "--seeds", "2",
    )  # fmt: skip
    fallen = [row for row in found["table"] if (row["val_acc"] or 1) < found["chance"]["bound"]]
    assert fallen
    assert {row["regime"] for row in fallen} <= {"at chance", "diverged"}
    assert found["best"] not in fallen
    assert "overfits" not in {row["regime"] for row in fallen}


def test_a_run_that_learns_nothing_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    settings = ["--set", "data.train_size=60", "--set", "model.name=dense_784", "--set", "train.epochs=2"]
    assert main(["train", *settings, "--set", "penalty.l2=1000", "--json"]) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (found["learnt"], found["chance"]["images"]) == (False, 431)
    assert main(["show", found["run"]]) == 0
    shown = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["learnt", "nothing:", "validation", "accuracy", "is", "at", "chance,", "10", "%"] in shown
    with open_store(load_settings()) as store:
        run = store.get(found["run"])
    assert run.environment is not None
    assert (sum(run.environment["train_labels"]), sum(run.environment["val_labels"])) == (60, 431)
