"""``REGLAB_READ_ONLY=1``: every public function of the store is tried; what writes is refused, and no byte changes."""

from __future__ import annotations

import errno
import hashlib
import inspect
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.factories import add_run, add_sweep

from reglab import RunSpec
from reglab.errors import StoreError, StoreUnavailable
from reglab.events import Checkpoint
from reglab.jobs import ReadOnlyRunner
from reglab.settings import Settings
from reglab.store import Ending, RunFiles, Store, open_store, read_only_file
from reglab.store.open import READ_ONLY
from reglab.store.owners import Owner
from reglab.store.prediction_file import Layout
from reglab.sweep import SweepSpec

NOBODY: Any = Owner("nobody", lock=None)  # type: ignore[arg-type]
ARRAYS = {"w": np.zeros(2, dtype=np.float32)}

WRITES: dict[str, Callable[[Store, str], object]] = {
    "owner": lambda store, run: store.owner(),
    "join": lambda store, run: store.join("someone"),
    "announce": lambda store, run: store.announce("here"),
    "create": lambda store, run: store.create(RunSpec()),
    "claim": lambda store, run: store.claim(run, NOBODY),
    "request_stop": lambda store, run: store.request_stop(run),
    "requeue": lambda store, run: store.requeue(run),
    "extend": lambda store, run: store.extend(run, 100),
    "take_over": lambda store, run: store.take_over(run, NOBODY),
    "finish": lambda store, run: store.finish([Ending(run, "failed")]),
    "delete": lambda store, run: store.delete([run]),
    "restore": lambda store, run: store.restore([run]),
    "say": lambda store, run: store.say(run, "words"),
    "progress": lambda store, run: store.progress(run, {}),
    "set_plan": lambda store, run: store.set_plan(run, {}),
    "open_test": lambda store, run: store.open_test(run, "digits", "0" * 64, 1),
    "note_data": lambda store, run: store.note_data("import data", "cells"),
    "began": lambda store, run: store.began({}),
    "check_may_add": lambda store, run: store.check_may_add(),
    "add_ended": lambda store, run: store.add_ended([], lambda: None),
    "add_epochs": lambda store, run: store.add_epochs([]),
    "add_initial_layers": lambda store, run: store.add_initial_layers({}),
    "drop_epochs_after": lambda store, run: store.drop_epochs_after({run: 0}),
    "change_tags": lambda store, run: store.change_tags([run], add=["t"]),
    "rename": lambda store, run: store.rename(run, "other"),
    "set_tags": lambda store, run: store.set_tags(run, ["t"]),
    "set_note": lambda store, run: store.set_note(run, "n"),
    "set_colour": lambda store, run: store.set_colour(run, 1),
    "purge": lambda store, run: store.purge(timedelta(0)),
    "drop_second_checkpoints": lambda store, run: store.drop_second_checkpoints(),
}
READS: dict[str, Callable[[Store, str], object]] = {
    "recover": lambda store, run: store.recover(),
    "leftovers": lambda store, run: store.leftovers(timedelta(0)),
    "problems": lambda store, run: list(store.problems()),
    "audit_log": lambda store, run: store.audit_log(10),
    "history": lambda store, run: store.history(store.get(run)),
    "why_barred": lambda store, run: store.why_barred("start"),
    "strangers": lambda store, run: store.strangers(),
    "back_up": lambda store, run: store.back_up(store.home.with_name("copy of the home")),
}
ELSEWHERE = {"close", "wait_until_gone", "acting_for"}  # which every test calls; PostgreSQL's; see test_people

FILE_WRITES: dict[str, Callable[[RunFiles], object]] = {
    "save_checkpoint": lambda files: files.save_checkpoint(Checkpoint(ARRAYS, {})),
    "save_end": lambda files: files.save_end(Checkpoint(ARRAYS, {}), {}),
    "save_predictions": lambda files: files.save_predictions(Layout(np.zeros(1, dtype=np.int64), 2), {}),
    "save_weights": lambda files: files.save_weights(ARRAYS),
    "save_encoded": lambda files: files.save_encoded(b"weights"),
    "link_weights": lambda files: files.link_weights(f"{files.id}/initial.safetensors", "best"),
    "drop_second_checkpoint": lambda files: files.drop_second_checkpoint(),
    "drop_checkpoints": lambda files: files.drop_checkpoints(),
}
FILE_READS = {
    "load_checkpoint", "load_scores", "check_predictions", "load_probabilities", "named", "has", "size_of",
    "load_weights", "load_array", "find",
}  # fmt: skip


def methods(of: type) -> set[str]:
    """The public methods that the class itself defines: what a new one does has to be said here."""
    return {name for name, found in vars(of).items() if inspect.isfunction(found) and not name.startswith("_")}


def hashes(folder: Path) -> dict[str, str]:
    """Each file in ``folder`` and the SHA-256 of its bytes."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture
def filled(store: Store, settings: Settings) -> Settings:
    """A home with a finished run and an interrupted sweep; settings under which it is only read."""
    run = add_run(store, name="a run")
    store.files(run.id).save_weights(ARRAYS, "initial")
    store.files(run.id).save_checkpoint(Checkpoint(ARRAYS, {}))
    store.files(run.id).save_checkpoint(Checkpoint(ARRAYS, {}))
    add_sweep(store, name="a sweep", state="interrupted")
    store.close()
    return replace(settings, read_only=True)


def test_every_function_that_writes_is_refused_and_no_byte_changes(filled: Settings) -> None:
    assert methods(Store) == WRITES.keys() | READS.keys() | ELSEWHERE
    before = hashes(filled.home)
    with open_store(filled) as store:
        run = store.get("a run").id
        for name, call in WRITES.items():
            with pytest.raises(StoreError) as refused:
                call(store, run)
            assert str(refused.value) == READ_ONLY, name
            assert hashes(filled.home) == before, name
        for read in READS.values():
            read(store, run)
        assert [one.name for one in store.sweeps()] == ["a sweep"]
        assert not store.epochs([run]).empty
        store.check()
    assert hashes(filled.home) == before


def test_files_of_runs_are_read_and_not_written(filled: Settings) -> None:
    assert methods(RunFiles) == FILE_WRITES.keys() | FILE_READS
    before = hashes(filled.home)
    with open_store(filled) as store:
        sweep, run = store.sweep("a sweep").id, store.get("a run").id
        for files in (store.files(run), store.sweep_files(sweep, 0)):
            for name, call in FILE_WRITES.items():
                with pytest.raises(StoreError) as refused:
                    call(files)
                assert str(refused.value) == READ_ONLY, name
        assert store.files(run).load_weights(f"{run}/initial.safetensors").keys() == ARRAYS.keys()
    assert hashes(filled.home) == before


def test_the_runner_refuses_every_order_and_is_well(filled: Settings) -> None:
    before = hashes(filled.home)
    with open_store(filled) as store:
        runner = ReadOnlyRunner(store, filled)
        run, sweep = store.get("a run").id, store.sweep("a sweep").id
        orders: list[Callable[[], object]] = [
            lambda: runner.submit(RunSpec()),
            lambda: runner.submit(SweepSpec(run=RunSpec(), l2=(0.0,), seeds=2)),
            lambda: runner.stop(run),
            lambda: runner.resume(sweep),
            lambda: runner.extend(run, 100),
        ]
        for order in orders:
            with pytest.raises(StoreError, match="read-only"):
                order()
        assert (runner.alive(), runner.trouble(), runner.position(run)) == (True, None, None)
        runner.close()
    assert hashes(filled.home) == before


def test_nothing_is_created_where_nothing_is(settings: Settings) -> None:
    with pytest.raises(StoreError, match="is not there, and RegLab is read-only"):
        open_store(replace(settings, read_only=True))
    assert not settings.home.exists()
    settings.home.mkdir()
    with pytest.raises(StoreError, match="read-only"):
        open_store(replace(settings, read_only=True))
    assert list(settings.home.iterdir()) == []


# Rows in the write-ahead log


@pytest.fixture
def with_log(store: Store, settings: Settings, tmp_path: Path) -> Settings:
    """A home as a killed process leaves it: the newest rows are in the log alone, without an index beside it."""
    add_run(store, name="in the log")
    home = tmp_path / "left behind"
    home.mkdir()
    for name in ("reglab.sqlite", "reglab.sqlite-wal"):
        shutil.copy(settings.home / name, home)
    return replace(settings, home=home, store=f"sqlite:///{home / 'reglab.sqlite'}", read_only=True)


def names(store: Store) -> list[str]:
    return [run.name for run in store.runs()]


def test_rows_of_a_log_without_an_index_are_read(with_log: Settings) -> None:
    before = hashes(with_log.home)
    with sqlite3.connect(f"file:{with_log.home / 'reglab.sqlite'}?immutable=1", uri=True) as immutable:
        assert immutable.execute("SELECT count(*) FROM runs").fetchone() == (0,)  # what it would show without the log
    immutable.close()
    with open_store(with_log) as store:
        assert names(store) == ["in the log"]
        [copy] = store._database._file_read._folder.glob("*.sqlite")  # type: ignore[union-attr]
        assert copy.parent.stat().st_mode & 0o777 == 0o700
    assert hashes(with_log.home) == before


def test_what_another_process_adds_is_seen_from_beginning_to_end(store: Store, settings: Settings) -> None:
    store.close()
    with open_store(replace(settings, read_only=True)) as reader:
        assert names(reader) == []  # no log: the file alone
        with open_store(settings) as writer:
            add_run(writer, name="one")
            assert names(reader) == ["one"]  # in place, with the log
            add_run(writer, name="two")
            assert names(reader) == ["two", "one"]
        assert names(reader) == ["two", "one"]  # the log has been folded into the file
        with open_store(settings) as writer:
            writer.rename(writer.get("one").id, "three")
        assert names(reader) == ["two", "three"]


def test_a_copy_is_made_anew_when_the_file_changes(with_log: Settings) -> None:
    with open_store(with_log) as reader:
        assert names(reader) == ["in the log"]
        with open_store(replace(with_log, read_only=False)) as writer:
            add_run(writer, name="later")
            assert names(reader) == ["later", "in the log"]


def test_a_copy_without_room_is_one_sentence_and_leaves_nothing(
    with_log: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The log is the second of the two, so half of the copy is there when the disk is full."""
    copyfile = shutil.copyfile

    def full(source: Path, target: Path) -> None:
        if str(source).endswith("-wal"):
            raise OSError(errno.ENOSPC, "No space left on device")
        copyfile(source, target)

    monkeypatch.setattr(shutil, "copyfile", full)
    (copies := tmp_path / "copies").mkdir()
    monkeypatch.setattr(read_only_file, "private_folder", lambda: copies)
    with pytest.raises(StoreUnavailable, match=r"^The disk is full: .*; free some space in .* and try again\.$"):
        open_store(with_log)
    assert not list(copies.iterdir())


def test_an_older_store_says_that_it_cannot_be_upgraded(settings: Settings, store: Store) -> None:
    with store._database.write() as connection:
        connection.exec_driver_sql("UPDATE reglab_version SET version_num = '0001'")
    store.close()
    with pytest.raises(StoreError, match="it cannot be upgraded: RegLab is read-only"):
        open_store(replace(settings, read_only=True))
