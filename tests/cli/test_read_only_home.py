"""A home that another user owns: its runs can be listed, shown, exported and backed up, and nothing is trained."""

from __future__ import annotations

import codecs
import importlib
import io
import json
import multiprocessing
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
from tests.factories import add_run, add_sweep

from reglab import RunSpec
from reglab.cli import main
from reglab.settings import load_settings
from reglab.store import Store, open_store

NOBODY = 65534
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["pytest", "reglab.store", "alembic.command"])

Ended = tuple[int, str, str]
"""Status, output and errors of a command."""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user may enter, unlike pytest's own."""
    path = Path(tempfile.mkdtemp(prefix="reglab-"))
    path.chmod(0o755)
    yield path
    for one in (path, *path.rglob("*")):
        if one.is_dir() and not one.is_symlink():
            one.chmod(0o755)
    shutil.rmtree(path)


@pytest.fixture
def home(folder: Path) -> Path:
    return folder / "home"


@pytest.fixture
def filled(home: Path) -> Iterator[Store]:
    """A store with a finished run, whose weights are there, and a sweep."""
    with open_store(load_settings({"REGLAB_HOME": str(home)})) as store:
        run = add_run(store, name="theirs")
        store.files(run.id).save_weights({}, "initial")
        add_sweep(store, name="their sweep")
        yield store


def as_another_user(home: Path, *commands: list[str], home_rights: int = 0o555, run_rights: int = 0o555) -> list[Ended]:
    """What each command does for a user who may write nowhere in ``home``."""
    for path in home.iterdir():
        path.chmod(run_rights if path.is_dir() else 0o444)
    home.chmod(home_rights)
    here, there = _processes.Pipe()
    process = _processes.Process(target=_run_all, args=(there, str(home), commands))
    process.start()
    there.close()
    ended: list[Ended] = here.recv()
    process.join()
    here.close()
    return ended


def _run_all(line: Connection[Any, Any], home: str, commands: Sequence[list[str]]) -> None:
    """The other process: it imports what commands need, which that user may not read, and then becomes that user."""
    for name in ("jobs", "exports", "report", "cli.training", "store.open"):
        importlib.import_module(f"reglab.{name}")
    codecs.lookup("unicode-escape")  # Jinja2 looks it up when it reads a template
    if ["train"] in commands:
        importlib.import_module("reglab.training").lane_size(RunSpec())  # torch imports much of itself late
    os.environ |= {"REGLAB_HOME": home}
    load_settings()  # reads files of the system, for which Python looks up codecs
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    line.send([_run(argv) for argv in commands])


def _run(argv: list[str]) -> Ended:
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
        status = main(argv)
    return status, out.getvalue(), err.getvalue()


@pytest.mark.parametrize("open_elsewhere", [False, True], ids=["closed", "open elsewhere"])
def test_it_is_listed_shown_exported_checked_and_backed_up(
    filled: Store, home: Path, folder: Path, open_elsewhere: bool
) -> None:
    out = folder / "theirs-to-write"
    out.mkdir()
    out.chmod(0o777)
    if not open_elsewhere:
        filled.close()
    results = as_another_user(
        home,
        ["runs", "--json"],
        ["show", "theirs", "--json"],
        ["show", "their sweep", "--json"],
        ["export", "theirs", "--to", "csv", "--out", str(out / "run.csv")],
        ["report", "theirs", "their sweep", "--out", str(out / "report.html")],
        ["backup", str(out / "copy")],
        ["gc", "--dry-run", "--json"],
        ["data", "cache", "--json"],
    )
    assert [(status, err) for status, _, err in results] == [(0, "")] * len(results)
    assert "theirs" in [json.loads(line)["name"] for line in results[0][1].splitlines()]
    assert json.loads(results[1][1])["name"] == "theirs"
    assert json.loads(results[2][1])["name"] == "their sweep"
    assert (out / "run.csv").is_file()
    with open_store(load_settings({"REGLAB_HOME": str(out / "copy")})) as copy:
        assert "theirs" in [run.name for run in copy.runs()]


def test_a_backup_names_what_it_could_not_read(filled: Store, home: Path, folder: Path) -> None:
    out, run = folder / "theirs-to-write", filled.get("theirs")
    out.mkdir()
    out.chmod(0o777)
    filled.close()
    [(status, told, err)] = as_another_user(home, ["backup", str(out / "copy"), "--json"], run_rights=0o000)
    assert (status, err) == (1, "")
    assert str(home / run.id) in json.loads(told)["left_out"]


def test_whatever_writes_is_refused_in_one_sentence(filled: Store, home: Path) -> None:
    filled.close()
    for status, out, err in as_another_user(home, ["train"], ["gc"], ["sweep", "--l2", "0,1", "--seeds", "1"]):
        assert (status, out) == (2, "")
        assert err == f"reglab: {home} may not be written by this user; check its rights, or those of REGLAB_HOME.\n"


def test_decoded_images_are_shown_and_stay(filled: Store, home: Path) -> None:
    filled.close()
    entry = home / "cache" / f"digits-pool-{'0' * 32}.images"
    entry.parent.mkdir()
    entry.write_bytes(b"some")
    shown, cleared = as_another_user(home, ["data", "cache", "--json"], ["data", "cache", "--clear"])
    assert json.loads(shown[1].splitlines()[-1])["bytes"] == 4
    assert cleared[0] == 2
    assert cleared[2] == f"reglab: {home} may not be written by this user; check its rights, or those of REGLAB_HOME.\n"
    assert entry.exists()


def test_a_home_that_may_not_be_entered_says_so(filled: Store, home: Path) -> None:
    filled.close()
    [(status, out, err)] = as_another_user(home, ["runs"], home_rights=0o000)
    assert (status, out) == (2, "")
    assert err == f"reglab: REGLAB_HOME {home} may not be read by this user; check its rights.\n"


def test_a_run_whose_folder_may_not_be_entered_is_listed_and_says_so(filled: Store, home: Path) -> None:
    run = filled.get("theirs")
    filled.close()
    listed, shown = as_another_user(home, ["runs", "--json"], ["show", run.id, "--json"], run_rights=0o000)
    assert (listed[0], shown[0]) == (0, 0)
    assert "the folder" in json.loads(shown[1])["missing"]
    assert "cannot be read (permission denied)" in json.loads(shown[1])["missing"]
