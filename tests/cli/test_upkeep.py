"""``reglab gc``, ``check`` and ``backup``, and what ``show`` and ``resume`` say of a run whose folder is gone."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from tests.factories import add_run, add_sweep

from reglab.cli import main
from reglab.events import Checkpoint
from reglab.store import Store


@pytest.fixture(autouse=True)
def environment(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REGLAB_STORE", "REGLAB_DATA", "REGLAB_UNDO_DAYS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("REGLAB_HOME", str(store.home))


@pytest.fixture
def run(store: Store) -> str:
    """A finished run with initial weights and two checkpoints."""
    run = add_run(store, name="mine")
    store.files(run.id).save_weights({}, "initial")
    for step in (1, 2):
        store.files(run.id).save_checkpoint(Checkpoint({}, {"epoch": 6, "step": step}))
    return run.id


def ended(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, list[dict[str, Any]]]:
    """The exit status of a command, and its lines."""
    status = main([*argv, "--json"])
    return status, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def long_ago(store: Store, run: str) -> None:
    store.delete([run])
    with store._database.write() as connection:
        connection.execute(text("UPDATE runs SET deleted = '2020-01-01 00:00:00' WHERE id = :run").bindparams(run=run))


def test_gc_says_what_it_frees_and_a_dry_run_frees_nothing(
    store: Store, run: str, capsys: pytest.CaptureFixture[str]
) -> None:
    old = add_run(store)
    store.files(old.id).save_weights({}, "initial")
    size = store.files(old.id).size
    long_ago(store, old.id)
    for option in (["--dry-run"], []):
        status, lines = ended(capsys, "gc", *option)
        assert status == 0
        assert [(line["id"], line["kind"]) for line in lines[:-1]] == [(old.id, "deleted"), (run, "checkpoint")]
        total = lines[-1]
        assert (total["removed"], total["checkpoints"], total["undo_days"]) == ([old.id], 1, 30)
        assert total["bytes"] == sum(line["bytes"] for line in lines[:-1]) > size
        assert total["dry_run"] == bool(option)
        assert store.files(old.id).folder.exists() == bool(option)
    assert ended(capsys, "gc")[1][-1]["bytes"] == 0
    assert store.get(run).has_checkpoint


def test_gc_for_people(store: Store, run: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gc"]) == 0
    out = capsys.readouterr().out
    assert f"{run}  " in out
    assert "freed. Runs can be restored for 30 days after they were deleted (REGLAB_UNDO_DAYS)." in out


def test_check_exits_with_1_where_something_is_wrong(
    store: Store, run: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(capsys, "check") == (0, [{"problems": 0, "strangers": 0}])
    shutil.rmtree(store.files(run).folder)
    status, lines = ended(capsys, "check")
    assert (status, lines[-1]["problems"]) == (1, 1)
    assert (lines[0]["id"], lines[0]["kind"]) == (run, "file")
    assert "is gone" in lines[0]["problem"]


def test_backup_is_a_home(
    store: Store, run: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    status, [line] = ended(capsys, "backup", "copy")
    assert (status, line["backup"]) == (0, str(tmp_path / "copy"))
    assert line["files"] == 4
    assert main(["backup", "copy"]) == 2
    assert "is there already; name a new folder." in capsys.readouterr().err
    monkeypatch.setenv("REGLAB_HOME", str(tmp_path / "copy"))
    assert ended(capsys, "check")[0] == 0
    assert ended(capsys, "show", run)[1][-1]["name"] == "mine"


class TestFolderGone:
    def test_show_says_so_and_names_no_file(self, store: Store, run: str, capsys: pytest.CaptureFixture[str]) -> None:
        with store._database.write() as connection:
            connection.execute(text(f"UPDATE runs SET weights_path = '{run}/weights.safetensors'"))
        shutil.rmtree(store.files(run).folder)
        found = ended(capsys, "show", run)[1][-1]
        assert found["weights"] is None
        sentence = f"The weights of run {run} are not available: the folder {store.home / run} is gone."
        assert found["missing"] == sentence
        assert main(["show", run]) == 0
        assert sentence in capsys.readouterr().out

    @pytest.mark.parametrize("place", ["../../etc/passwd", "/etc/passwd"])
    def test_show_prints_no_path_outside_the_home(
        self, store: Store, run: str, place: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with store._database.write() as connection:
            connection.execute(text("UPDATE runs SET weights_path = :place").bindparams(place=place))
        for argv in (["show", run], ["show", run, "--json"], ["runs", "--json"]):
            assert main(argv) == 0
            assert "passwd" not in capsys.readouterr().out

    def test_resume_says_so(self, store: Store, capsys: pytest.CaptureFixture[str]) -> None:
        run, sweep = add_run(store, state="interrupted"), add_sweep(store, state="interrupted")
        for one in (run.id, sweep.id):
            assert main(["resume", one]) == 2
            assert capsys.readouterr().err.endswith(
                f"{one} has no checkpoint: the folder {store.home / one} is gone, so it cannot be resumed; "
                "duplicate it to train again.\n"
            )
