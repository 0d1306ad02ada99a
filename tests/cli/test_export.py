"""``reglab export``: files where PATH says, the result object, and one sentence for every mistake."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.exports.running import run_scripts

from reglab import RunSpec
from reglab.cli import main
from reglab.columns import EPOCH_COLUMNS
from reglab.exports import EXPORTS
from reglab.settings import load_settings
from reglab.store import open_store

TINY = ["--set", "data.train_size=60", "--set", "data.val_fraction=0.1", "--set", "model.name=dense_784"]
SMALL = [*TINY, "--set", "train.epochs=2"]

pytestmark = pytest.mark.usefixtures("own_home")


@pytest.fixture
def runs(home: Path, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Two runs, called "one" and "two"."""
    found = []
    for name, change in (("one", "penalty.l2=0.01"), ("two", "data.val_size=20")):
        assert main(["train", *SMALL, "--set", change, "--name", name, "--json"]) == 0
        found.append(result(capsys))
    return found


def result(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    last: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return last


def test_a_script_named_py_has_its_files_beside_it_and_repeats_the_run(
    runs: list[dict[str, Any]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new" / "mine.py"
    assert main(["export", "one", "--to", "pytorch", "--out", str(out), "--json"]) == 0
    beside = [out, out.with_name("mine_data.npz"), out.with_name("mine_initial.safetensors")]
    assert result(capsys) == {"to": "pytorch", "files": [str(path) for path in beside], "inexact": [], "notes": []}
    printed = json.loads(run_scripts([out])[0][-1])
    for name, value in printed.items():
        assert value == pytest.approx(runs[0]["metrics"][name], abs=1e-5)


def test_several_scripts_have_a_folder_each(
    runs: list[dict[str, Any]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", "one", "two", "one", "--to", "keras", "--out", str(tmp_path / "out"), "--json"]) == 0
    found = result(capsys)
    names = ("train.py", "data.npz", "initial.safetensors")
    assert found["files"] == [str(tmp_path / "out" / run["run"] / name) for run in runs for name in names]
    assert all(Path(path).is_file() for path in found["files"])
    assert len(found["inexact"]) == 1
    assert "Adam" in found["inexact"][0]


def test_people_read_the_files_and_what_is_not_exact(
    runs: list[dict[str, Any]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", "one", "--to", "keras", "--out", str(tmp_path / "out")]) == 0
    *files, note = capsys.readouterr().out.splitlines()
    assert files[0] == str(tmp_path / "out" / "train.py")
    assert note.startswith("Not exact: Adam divides")


@pytest.mark.parametrize("name", ["csv", "parquet"])
def test_a_table_has_every_epoch_of_every_run_at_full_precision(
    name: str, runs: list[dict[str, Any]], tmp_path: Path
) -> None:
    out = tmp_path / f"table.{name}"
    assert main(["export", "two", "one", "--to", name, "--out", str(out)]) == 0
    table = pd.read_csv(out, dtype_backend="numpy_nullable") if name == "csv" else pd.read_parquet(out)
    assert tuple(table.columns[: len(EPOCH_COLUMNS)]) == EPOCH_COLUMNS
    assert list(table["run"]) == [runs[1]["run"]] * 2 + [runs[0]["run"]] * 2
    assert list(table["name"]) == ["two", "two", "one", "one"]
    assert table["penalty.l2"].tolist() == [0.01] * 4
    assert table["data.val_size"].tolist()[:2] == [20, 20]
    assert table["data.val_size"].isna().tolist() == [False, False, True, True]
    with open_store(load_settings()) as store:
        expected = store.epochs([runs[1]["run"], runs[0]["run"]])
    for column in EPOCH_COLUMNS[1:]:
        found = table[column].astype("float64").to_numpy()
        np.testing.assert_array_equal(found, expected[column].to_numpy("float64"), column)


def test_nan_survives_a_table(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wild = ["--set", "train.epochs=9", "--set", "optim.name=sgd", "--set", "optim.lr=10", "--set", "penalty.l2=100"]
    assert main(["train", *TINY, *wild, "--name", "wild"]) == 1
    for name, read in (("csv", pd.read_csv), ("parquet", pd.read_parquet)):
        assert main(["export", "wild", "--to", name, "--out", str(tmp_path / f"t.{name}")]) == 0
        assert not pd.Series(read(tmp_path / f"t.{name}")["total"].iloc[-1:]).map(lambda x: abs(x) < 1e300).any()
    line = (tmp_path / "t.csv").read_text().splitlines()[-1]
    assert "nan" in line or "inf" in line


def test_a_spec_is_read_back_equal(runs: list[dict[str, Any]], tmp_path: Path) -> None:
    assert main(["export", "one", "--to", "yaml", "--out", str(tmp_path / "s.yaml")]) == 0
    assert RunSpec.from_yaml((tmp_path / "s.yaml").read_text()).model_dump() == runs[0]["spec"]
    assert main(["export", "one", "two", "--to", "yaml", "--out", str(tmp_path / "all")]) == 0
    for run in runs:
        text = (tmp_path / "all" / run["run"] / "spec.yaml").read_text()
        assert RunSpec.from_yaml(text).model_dump() == run["spec"]


@pytest.mark.parametrize("name", [entry.name for entry in EXPORTS.entries.values() if entry.make is not None])
def test_only_force_replaces_what_no_export_wrote(
    name: str, runs: list[dict[str, Any]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / f"mine{EXPORTS.get(name).suffix}"
    out.write_text("my own work")
    command = ["export", "one", "--to", name, "--out", str(out)]
    assert main(command) == 2
    assert capsys.readouterr().err == (
        f"reglab: {out} exists and was not written by this export; choose another place, or add --force.\n"
    )
    assert out.read_text() == "my own work"
    assert main([*command, "--force"]) == 0
    written = out.read_bytes()
    assert main(command) == 0  # its own files are replaced
    assert out.read_bytes() == written != b"my own work"


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (["nope", "--to", "csv", "--out", "x"], "There is no run 'nope'."),
        (["one", "--to", "cvs", "--out", "x"], "Unknown export 'cvs' (did you mean 'csv'?)."),
        (["one", "two", "--to", "pytorch", "--out", "x.py"], "2 runs make more than the one file x.py;"),
        (["one", "--to", "csv", "--out", "FILE/x.csv"], "cannot be used"),
        (["one", "--to", "pytorch", "--out", "FILE"], "cannot be used"),
        (["--to", "csv", "--out", "x"], "RUN"),
        (["one", "--out", "x"], "--to"),
        (["one", "--to", "csv"], "--out"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_status_2(
    argv: list[str], sentence: str, runs: list[dict[str, Any]], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    (tmp_path / "FILE").write_text("a file")
    assert main(["export", *argv]) == 2
    captured = capsys.readouterr()
    assert sentence in captured.err
    assert captured.err.startswith("reglab: ")
    assert captured.err.count("\n") == 1
    assert captured.out == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["FILE", "home"]


def test_missing_initial_weights_and_missing_data_are_sentences(
    runs: list[dict[str, Any]], home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / runs[0]["run"] / "initial.safetensors").unlink()
    assert main(["export", "one", "--to", "pytorch", "--out", str(tmp_path / "x")]) == 2
    assert "The initial weights of run" in capsys.readouterr().err
    with open_store(load_settings()) as store:
        far = store.create(RunSpec().with_changes({"data.name": "cifar10"}), name="far")
        store.files(far.id).save_weights({}, "initial")
    assert main(["export", "far", "--to", "keras", "--out", str(tmp_path / "x")]) == 2
    assert "CIFAR-10 is not at hand" in capsys.readouterr().err
    assert not (tmp_path / "x").exists()
