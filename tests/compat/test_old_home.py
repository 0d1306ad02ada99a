"""A home made by an earlier version still opens, shows the same figures, resumes to the same bits, and exports.

The home is that of commit eb6ce4a: finished, stopped, killed, diverged and failed runs, a finished sweep, and one that
was stopped half way. make_home.py made it; the JSON beside it says what that version showed, and got on resuming.
"""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import json
import math
import tarfile
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from tests.compat.arithmetic import machine
from tests.exports.running import FIGURES, run_scripts

from reglab import RunSpec
from reglab.cli import main
from reglab.sweep import SweepSpec
from reglab.ui.sweep.query import read

HERE = Path(__file__).parent
ARCHIVE = HERE / "home-eb6ce4a.tar.xz"
EXPECTED: dict[str, Any] = json.loads((HERE / "home-eb6ce4a.json").read_text(encoding="utf-8"))
RUNS: dict[str, dict[str, Any]] = EXPECTED["runs"]
SWEEPS: dict[str, dict[str, Any]] = EXPECTED["sweeps"]
NAMED = {record["name"]: record for record in (*RUNS.values(), *SWEEPS.values())}
FINISHED = ("adam coupled", "sgd proximal", "adamw decoupled")
LOOSE = 0.02
"""How far losses and accuracies may be apart on machines whose kernels round differently."""


class OldHome:
    """The unpacked home, and today's commands on it."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.path, self._capsys = folder, folder / "home", capsys

    def reglab(self, *arguments: str) -> list[dict[str, Any]]:
        """The JSON lines that a command prints; it must succeed, and say nothing on stderr."""
        status = main([*arguments, "--json"])
        out, err = self._capsys.readouterr()
        assert (status, err) == (0, "")
        return [json.loads(line) for line in out.splitlines()]


@pytest.fixture
def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> OldHome:
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(tmp_path, filter="data")
    for name in ("REGLAB_STORE", "REGLAB_DATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in (("HOME", str(tmp_path / "home")), ("DEVICE", "cpu"), ("SLOTS", "1"), ("THREADS", "1")):
        monkeypatch.setenv(f"REGLAB_{name}", value)
    return OldHome(tmp_path, capsys)


def assert_same(found: dict[str, Any], expected: dict[str, Any], home: Path) -> None:
    """Every field that the old version showed has the value that it had; new ones may stand beside it."""
    if expected.get("weights"):
        expected = {**expected, "weights": str(home / expected["weights"])}
    if "metrics" in expected:
        assert_same(found["metrics"], expected["metrics"], home)
        expected = without(expected, "metrics")
    assert {key: found.get(key) for key in expected} == expected


def query(link: str) -> dict[str, str]:
    return dict(parse_qsl(link, keep_blank_values=True))


def test_the_archive_is_the_one_that_the_expectations_belong_to() -> None:
    assert hashlib.sha256(ARCHIVE.read_bytes()).hexdigest() == EXPECTED["archive_sha256"]


def test_runs_lists_every_run_in_order_with_the_same_figures(old: OldHome) -> None:
    listed = old.reglab("runs")
    assert [run["run"] for run in listed] == list(RUNS)
    for run in listed:
        assert_same(run, RUNS[run["run"]], old.path)


def test_show_finds_runs_by_id_and_name_with_the_same_figures(old: OldHome) -> None:
    for run_id, expected in RUNS.items():
        assert_same(old.reglab("show", run_id)[-1], expected, old.path)
        assert old.reglab("show", expected["name"])[-1]["run"] == run_id


def test_show_gives_sweeps_with_the_same_figures(old: OldHome) -> None:
    """What is concluded from them (best λ, regimes, intervals) may be judged by better rules."""
    for sweep_id, expected in SWEEPS.items():
        found = old.reglab("show", sweep_id)[-1]
        for row, old_row in zip(found["table"], expected["table"], strict=True):
            assert_same(row, without(old_row, "regime", "low", "high"), old.path)
        assert_same(found, without(expected, "table", "best", "one_se"), old.path)


def without(record: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in record.items() if key not in keys}


def test_the_database_and_every_file_are_whole(old: OldHome) -> None:
    assert old.reglab("check") == [{"problems": 0, "strangers": 0}]


@pytest.mark.parametrize("name", ["stopped", "killed", "stopped sweep"])
def test_resume_goes_on_to_what_the_old_version_got(old: OldHome, name: str) -> None:
    assert NAMED[name]["status"] == "interrupted"
    old.reglab("resume", name)
    listed = {run["run"]: run for run in old.reglab("runs")}
    for run_id in NAMED[name].get("runs") or [NAMED[name]["run"]]:
        assert_resumed(listed[run_id], EXPECTED["resumed"][run_id])


def assert_resumed(found: dict[str, Any], expected: dict[str, Any]) -> None:
    """Equal to the last bit where this machine computes as the one that made the expectations, close elsewhere."""
    assert (found["name"], found["status"]) == (expected["name"], "finished")
    if machine() == EXPECTED["machine"]:
        assert_same(found, expected, Path())
    assert found["metrics"]["epochs"] == expected["metrics"]["epochs"]
    for figure in FIGURES:
        assert found["metrics"][figure] == pytest.approx(expected["metrics"][figure], abs=LOOSE), figure


def test_exported_pytorch_scripts_repeat_the_old_runs(old: OldHome) -> None:
    scripts = [old.folder / name / "train.py" for name in FINISHED]
    for name, script in zip(FINISHED, scripts, strict=True):
        old.reglab("export", name, "--to", "pytorch", "--out", str(script))
    for name, printed in zip(FINISHED, run_scripts(scripts), strict=True):
        found, expected = json.loads(printed[-1]), NAMED[name]["metrics"]
        assert found == pytest.approx({figure: expected[figure] for figure in FIGURES}, abs=1e-4), name


def test_exported_csv_has_the_figures_of_every_old_epoch(old: OldHome) -> None:
    target = old.folder / "today.csv"
    old.reglab("export", *RUNS, "--to", "csv", "--out", str(target))
    found, expected = read_csv(target), read_csv(old.folder / "epochs.csv")
    assert len(found) == len(expected) == sum(run["metrics"]["epochs"] for run in RUNS.values())
    for row, old_row in zip(found, expected, strict=True):
        assert {key: value_of(row[key]) for key in old_row} == {key: value_of(text) for key, text in old_row.items()}


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def value_of(text: str) -> float | str:
    """The number that a cell holds, however it is written; NaN, which equals nothing, and other texts as they are."""
    try:
        number = float(text)
    except ValueError:
        return text
    return text.lower() if math.isnan(number) else number


def test_exported_yaml_is_the_spec_of_the_old_run(old: OldHome) -> None:
    for name in FINISHED:
        target = old.folder / f"{name}.yaml"
        old.reglab("export", name, "--to", "yaml", "--out", str(target))
        assert RunSpec.from_yaml(target.read_text(encoding="utf-8")).model_dump() == NAMED[name]["spec"]


@pytest.mark.parametrize("name", EXPECTED["specs"])
def test_old_yaml_is_read_as_it_was(name: str) -> None:
    record = EXPECTED["specs"][name]
    assert RunSpec.from_yaml(record["yaml"]).model_dump() == record["spec"]


@pytest.mark.parametrize("record", EXPECTED["links"]["train"], ids=lambda record: record["link"])
def test_old_links_to_train_are_read_as_they_were(record: dict[str, Any]) -> None:
    assert RunSpec.from_query(query(record["link"])).model_dump() == record["spec"]


@pytest.mark.parametrize("record", EXPECTED["links"]["path"], ids=lambda record: record["link"])
def test_old_links_to_the_path_are_read_as_they_were(record: dict[str, Any]) -> None:
    """But for the measure: where a link names none, the page opens on the one that it shows first, now the loss."""
    link = query(record["link"])
    address = read(link)
    assert address.problem is None
    view = dataclasses.asdict(address.view)
    assert (address.sweep, view["measure"]) == (record["sweep"], link.get("measure", "loss"))
    assert {key: view[key] for key in record["look"]} == {**record["look"], "measure": view["measure"]}
    assert address.form == (record["form"] and SweepSpec.parse(record["form"]))
