"""``reglab claims``: listed, tested for real, and every mistake in one sentence."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from reglab.cli import main
from reglab.datasets import DATASETS
from reglab.lessons.catalog import every, find
from reglab.lessons.claim import GROUP
from reglab.lessons.record import fingerprint, load, read
from reglab.settings import load_settings
from reglab.store import open_store

FACTOR_TWO = find("factor-two")


@pytest.fixture(autouse=True)
def two_slots(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGLAB_SLOTS", "2")


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_without_names_the_claims_are_listed(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    assert main(["claims"]) == 0
    text = capsys.readouterr().out
    assert len(text.splitlines()) == len(every()) == 17
    for claim in every().values():
        assert f"{claim.name} " in text
        assert claim.label in text
    assert not home.exists()  # nothing was trained or opened


def test_the_list_as_json_has_rule_and_caveat(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["claims", "--json"]) == 0
    found = lines(capsys)
    assert [one["claim"] for one in found] == list(every())
    assert [one["source"] is not None for one in found] == [False] * 11 + [True] * 6
    assert {one["recorded"]["verdict"] for one in found} <= {"holds", "fails", "undecided"}
    assert all(one["rule"] and one["caveat"] and one["label"] for one in found)


def test_the_factor_of_two_holds_for_real(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    assert main(["claims", "factor-two", "--json"]) == 0
    *progress, verdict = lines(capsys)
    assert (verdict["claim"], verdict["verdict"], verdict["holds"]) == ("factor-two", "holds", True)
    assert [figure["seeds"] for figure in verdict["figures"]] == [3, 3, 3]
    assert verdict["figures"][0]["mean"] < 1e-12
    assert verdict["figures"][2]["mean"] > 1e-2
    assert [line["status"] for line in progress if "run" in line] == ["finished"] * 6
    with open_store(load_settings()) as store:
        assert {run.id for run in store.runs(group=GROUP)} == set(verdict["runs"])
    assert main(["claims", "factor-two", "--json"]) == 0  # from the store this time
    first, again = lines(capsys)
    assert first == {"claim": "factor-two"}
    assert again == verdict


def test_verdicts_of_worker_processes_are_recorded_and_read_back(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGLAB_RUNNER", "process")
    monkeypatch.setattr("reglab.cli.claim_runs.Worker", None)  # nothing trains in this process
    path = tmp_path / "recorded.json"
    assert main(["claims", "factor-two", "--record", str(path)]) == 0
    (found,) = load(path).values()
    assert (found["verdict"], found["seeds"], found["fingerprint"]) == ("holds", [0, 1, 2], fingerprint(FACTOR_TWO))
    assert "HOLDS" in capsys.readouterr().out
    assert read(FACTOR_TWO, found).verdict.holds is True
    assert not psutil.Process().children()


def test_a_result_whose_package_is_missing_is_undecided_with_the_reason(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = replace(DATASETS.get("mnist_5k"), extra="no_such_package")
    monkeypatch.setitem(DATASETS.entries, "mnist_5k", entry)
    assert main(["claims", "nielsen", "--json"]) == 0
    _, verdict = lines(capsys)
    assert verdict["verdict"] == "undecided"
    assert verdict["sentence"] == "Not tested. Needs the package no_such_package: pip install no_such_package."
    assert verdict["source"]["paper"] == "M. Nielsen, Neural Networks and Deep Learning, 2015"


def test_weights_are_measured_for_real_and_shared_between_claims(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["claims", "shrinks", "small-not-zero", "--seeds", "3"]) == 0
    text = capsys.readouterr().out
    assert text.count("  finished ") == 6  # the second claim needed no run of its own
    assert text.count("Rule: ") == text.count("Caveat: ") == 2
    assert text.count("3 seeds") >= 2
    assert "HOLDS  λ₂ = 0.03 changes the norm ‖w‖₂ of the weights by −" in text


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["shrink"], "Unknown claim 'shrink' (did you mean 'shrinks'?)"),
        (["shrinks", "--seeds", "2"], "--seeds must be a whole number from 3 to 50, not 2."),
        (["shrinks", "--seeds", "51"], "--seeds must be a whole number from 3 to 50, not 51."),
        (["shrinks", "--seeds", "many"], "--seeds must be a whole number from 3 to 50, not many."),
        (["--seeds", "-1"], "--seeds"),
        (["shrinks", "--seeds", "3", "--record", "x.json"], "--record takes every claim's own number of seeds"),
    ],
)
def test_a_mistake_is_one_sentence(
    capsys: pytest.CaptureFixture[str], home: Path, arguments: list[str], sentence: str
) -> None:
    assert main(["claims", *arguments]) == 2
    told = capsys.readouterr()
    assert sentence in told.err
    assert told.err.count("\n") == 1
    assert told.out == ""
    assert not home.exists()
