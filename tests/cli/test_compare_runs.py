"""``reglab compare RUN…``: what runs differ in, as lines and as an object."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.factories import add_run, metrics, spec

from reglab.cli import main
from reglab.settings import load_settings
from reglab.store import open_store
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
