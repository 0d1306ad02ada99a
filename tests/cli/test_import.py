"""``reglab export --to archive`` and ``reglab import``: from home to home, and one sentence for every mistake."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.archive.archiving import opened_home
from tests.factories import add_run, add_sweep

from reglab.cli import main


def test_a_sweep_and_a_run_go_from_one_home_to_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with opened_home(tmp_path / "a") as store:
        run, sweep = add_run(store, name="mine"), add_sweep(store, epochs=1)
    file = tmp_path / "new" / "x.reglab.zip"
    monkeypatch.setenv("REGLAB_HOME", str(tmp_path / "a"))
    argv = ["export", "mine", sweep.id, "--to", "archive", "--checkpoints", "--out", str(file), "--json"]
    assert main(argv) == 0
    done = json.loads(capsys.readouterr().out)
    assert done["files"] == [str(file)]
    assert done["notes"] == [
        f"Run {run.id} has no checkpoint, so it cannot go on where the archive is imported.",
        f"Sweep {sweep.id} has no checkpoint, so it cannot go on where the archive is imported.",
    ]
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    monkeypatch.setenv("REGLAB_HOME", str(tmp_path / "b"))
    assert main(["import", str(file)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines == [f"Run {run.id} is imported.", f"Sweep {sweep.id} is imported."]
    assert main(["import", str(file), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert [(one["id"], one["here"], one["outcome"]) for one in result["imported"]] == [
        (run.id, run.id, "there"), (sweep.id, sweep.id, "there"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("nowhere.zip", "no such file"), (".", "is a directory"), ("a\0b", "no path"), ("text.zip", "no archive of")],
)
def test_what_is_no_archive_is_one_sentence(
    name: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text.zip").write_text("hello " * 30)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REGLAB_HOME", str(tmp_path / "home"))
    assert main(["import", name]) == 2
    error = capsys.readouterr().err
    assert sentence in error
    assert error.count("\n") == 1
