"""``reglab compare``: regularizers against none and in pairs, as lines and as an object."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import t as student  # type: ignore[import-untyped]
from tests.factories import add_sweep, metrics, spec

from reglab.cli import main
from reglab.events import Environment, EpochMetrics
from reglab.settings import load_settings
from reglab.store import open_store
from reglab.sweep import LaneSpec, SweepSpec

RUN = spec(train__epochs=2, penalty__l2=0.0)
L2 = SweepSpec(run=RUN, l2=(0.0, 0.01), seeds=6, measure="loss")
DROPOUT = SweepSpec(run=RUN, over={"model.dropout": (0.1, 0.3)}, seeds=6)
OTHER = SweepSpec(run=RUN.with_changes({"optim.lr": 0.5}), l2=(0.0, 0.01), seeds=6)
ENVIRONMENT = Environment("cpu", 1, {}, 100, 100, 60, n_pool=200)
LOSS = {0.0: 0.9, 0.01: 0.5, 0.1: 0.8, 0.3: 0.6}
R = 60 / 140


def figures(lane: LaneSpec, epoch: int) -> EpochMetrics:
    """Losses by value that wobble with seed and value."""
    loss = LOSS[lane.point.value] + 0.01 * (lane.repeat * (3 + int(100 * lane.point.value)) % 5)
    return metrics(epoch, val_loss=loss, val_acc=1 - loss)


@pytest.fixture(autouse=True, name="ids")
def _ids(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A home with sweeps of λ₂, of dropout, and of another learning rate."""
    for name in ("REGLAB_STORE", "REGLAB_DATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("REGLAB_HOME", str(tmp_path / "home"))
    with open_store(load_settings()) as store:
        return [add_sweep(store, one, figures=figures, environment=ENVIRONMENT).id for one in (L2, DROPOUT, OTHER)]


def compared(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main(["compare", *arguments, "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def losses(value: float) -> Any:
    return np.array([LOSS[value] + 0.01 * (repeat * (3 + int(100 * value)) % 5) for repeat in range(6)])


def test_each_choice_against_none_and_every_pair(ids: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    found = compared(capsys, *ids[:2])
    assert [one["sweep"] for one in found["sweeps"]] == ids[:2]
    assert (found["measure"], found["epoch_rule"], found["missing"]) == ("val_loss", "last", [])
    labels = [one["label"] for one in found["regularizers"]]
    assert labels == ["λ₂ = 0.01", "dropout 0.3", "early stopping alone"]
    assert found["none"]["value"] == pytest.approx(losses(0.0).mean())
    d = losses(0.01) - losses(0.0)
    half = student.ppf(1 - 0.05 / 6, 5) * d.std(ddof=1) * np.sqrt(1 / 6 + R)  # 3 comparisons with none
    first = found["regularizers"][0]["difference"]
    assert [first["value"], first["low"], first["high"]] == pytest.approx([d.mean(), d.mean() - half, d.mean() + half])
    assert (found["level"], found["pair_level"]) == pytest.approx((1 - 0.05 / 3, 1 - 0.05 / 3))
    assert [(pair["first"], pair["second"]) for pair in found["pairs"]] == [
        (labels[0], labels[1]), (labels[0], labels[2]), (labels[1], labels[2]),
    ]  # fmt: skip
    assert first["conclusion"] == "better"


def test_the_first_sweep_declares_the_measure(ids: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert compared(capsys, *ids[:2], "--measure", "accuracy")["measure"] == "val_acc"
    assert main(["compare", *ids[:2]]) == 0
    lines = capsys.readouterr().out.replace("\u202f", " ").splitlines()
    assert lines[0].startswith("validation loss, epoch rule last; without any regularizer 0.9")
    assert lines[1] == "against none (simultaneous intervals, 98.33 % each):"
    assert lines[2].startswith("  λ₂ = 0.01: −0.4")
    assert lines[2].endswith("better in 6 of 6 repeats: better")
    assert lines[6].startswith("  λ₂ = 0.01 less dropout 0.3: −0.1")


def test_what_cannot_be_compared_is_a_sentence(ids: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", ids[0], ids[2]]) == 2
    error = capsys.readouterr().err
    assert "” cannot be compared: its runs differ from the others in more than regularizers." in error
    assert main(["compare", ids[1]]) == 2
    assert "These sweeps cannot be compared: no sweep has runs without any regularizer" in capsys.readouterr().err
    with open_store(load_settings()) as store:
        waiting = store.create(L2).id
    assert main(["compare", waiting]) == 2
    assert "There is nothing to compare yet" in capsys.readouterr().err
