"""``reglab compare RUN…``: what runs differ in, as lines and as an object."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest
from tests.factories import add_run, add_sweep, metrics, spec

from reglab.cli import main
from reglab.jobs import noise
from reglab.jobs.noise import SIGMAS
from reglab.predictions import NoiseCurve
from reglab.settings import load_settings
from reglab.store import derived, open_store
from reglab.sweep import SweepSpec


@pytest.fixture(autouse=True, name="ids")
def _ids(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two runs, another one on another data set, and a sweep."""
    for name in ("REGLAB_STORE", "REGLAB_DATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("REGLAB_HOME", str(tmp_path / "home"))
    with open_store(load_settings()) as store:
        runs = [
            add_run(store, spec(penalty__l2=0.0), epochs=[metrics(1, val_acc=0.5)], name="none"),
            add_run(store, spec(penalty__l2=0.01), epochs=[metrics(1, val_acc=0.625)], name="weak"),
            add_run(store, spec(data__name="mnist"), state="queued", name="waiting"),
        ]
        return [*(run.id for run in runs), store.create(SweepSpec(l2=(0.0, 0.1))).id]


def test_settings_that_differ_and_figures_against_the_first(ids: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", *ids[:2], "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["baseline"], found["settings"], found["caveats"]) == (ids[0], ["penalty.l2"], [])
    first, second = found["runs"]
    assert (second["run"], second["name"], second["status"]) == (ids[1], "weak", "finished")
    assert (first["settings"], second["settings"]) == ({"penalty.l2": 0.0}, {"penalty.l2": 0.01})
    assert (second["figures"]["val_acc"], second["changes"]["val_acc"]) == (0.625, 0.125)
    assert first["changes"]["val_acc"] is None
    assert main(["compare", *ids[:2], "--baseline", "weak"]) == 0
    lines = capsys.readouterr().out.replace("\u202f", " ").splitlines()
    assert lines[0].startswith(f"against {ids[1]};")
    assert next(line for line in lines if line.startswith("penalty.l2")).split() == ["penalty.l2", "0", "0.01"]
    assert "50.00 % (−12.50)" in next(line for line in lines if line.startswith("val_acc"))


def test_what_cannot_be_compared_is_said_and_what_is_missing_has_no_figure(
    ids: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", ids[0], ids[2], "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["caveats"][0].startswith("Different data sets (Digits (8×8), MNIST): ")
    assert found["runs"][1]["figures"]["val_acc"] is None
    assert found["runs"][1]["changes"]["val_acc"] is None


@pytest.mark.parametrize(
    ("places", "sentence"),
    [((0,), "There is nothing to compare: give two runs or more."), ((0, 3), "compare takes runs, with a baseline")],
)
def test_one_run_and_runs_beside_sweeps_are_refused(
    ids: list[str], capsys: pytest.CaptureFixture[str], places: tuple[int, ...], sentence: str
) -> None:
    assert main(["compare", *(ids[place] for place in places)]) == 2
    assert sentence in capsys.readouterr().err


def test_a_measure_of_runs_is_that_of_their_figures(ids: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", *ids[:2], "--measure", "accuracy", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["figures"] == ["val_acc", "train_acc", "gap_acc", "best.epoch", "best.val_acc", "epochs", "seconds"]
    assert all(list(one["changes"]) == found["figures"] for one in found["runs"])
    assert main(["compare", *ids[:2], "--measure", "loss"]) == 0
    assert "val_acc" not in capsys.readouterr().out


def test_noise_is_measured_of_one_run_too_and_says_why_of_others(
    ids: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with open_store(load_settings()) as store:
        run = store.get(ids[0])
        store.files(run.id).folder.mkdir()
        own = NoiseCurve(1, 100, SIGMAS, (90, *range(9)))
        derived.write(store.files(run.id), "noise-last", noise._key(run, "last"), asdict(own))
    assert main(["compare", ids[0], ids[2], "--measure", "noise", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    first, second = found["runs"]
    assert found["unit"] == "standard deviation, pixels from 0 to 1"
    assert [one["sigma"] for one in first["accuracy"]] == list(SIGMAS)
    assert (first["images"], first["accuracy"][0]["value"], first["problem"]) == (100, 0.9, None)
    assert (second["accuracy"], second["problem"]) == ([], "It has not ended: a run keeps its weights when it ends.")
    assert main(["compare", ids[0], ids[2], "--measure", "noise"]) == 0
    lines = capsys.readouterr().out.replace("\u202f", " ").splitlines()
    assert lines[1].split() == ["σ", ids[0]]
    assert lines[3].split(maxsplit=1) == ["0", "90.0 % (82.6 % to 94.5 %)"]
    assert lines[-1] == f"{ids[2]}: It has not ended: a run keeps its weights when it ends."


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("{2}", "--measure", "noise"), "No run has an accuracy under noise. It has not ended"),
        (("{3}", "--measure", "noise"), "The accuracy under noise is that of runs"),
        (("{0}", "--measure", "noise", "--baseline", "{1}"), "compares with no baseline"),
        (("{0}", "--measure", "loss"), "There is nothing to compare: give two runs or more."),
        (("{0}", "{4}"), "'gone' ({4}) is deleted; restore it in the dashboard"),
        (("{0}", "{1}", "--baseline", "{4}"), "'gone' ({4}) is deleted"),
        (("{4}", "--measure", "noise"), "'gone' ({4}) is deleted"),
        (("{5}",), "'old' ({5}) is deleted"),
    ],
)
def test_deleted_runs_and_measures_without_sense_are_refused(
    ids: list[str], capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], sentence: str
) -> None:
    with open_store(load_settings()) as store:
        ids += [add_run(store, name="gone").id, add_sweep(store, name="old").id]
        store.delete(ids[4:])
    assert main(["compare", *(one.format(*ids) for one in arguments)]) == 2
    assert sentence.format(*ids) in capsys.readouterr().err
