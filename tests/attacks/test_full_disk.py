"""A disk that is full under a run: training waits, says so once, and goes on; a real small file system is filled."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from tests.attacks.outages import LONG, errors, health, training, wait_for_state, wait_for_trouble
from tests.jobs.running import assert_same_figures, figures, settings_in, wait_until, work
from tests.patience import PATIENCE

from reglab.errors import StoreUnavailable
from reglab.jobs import patience
from reglab.settings import Settings
from reglab.store import Store, open_store

SIZE = "32m"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"a small file system cannot be mounted here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def settings(disk: Path) -> Settings:
    return settings_in(disk / "home", REGLAB_SLOTS="1")


def fill(descriptor: int, block: int) -> None:
    while True:
        os.write(descriptor, bytes(block))


@contextmanager
def filled(disk: Path) -> Iterator[None]:
    """The disk has no byte left during the block."""
    path = disk / "filling"
    with path.open("wb", buffering=0) as file:
        for block in (2**20, 2**12, 1):
            with pytest.raises(OSError, match="No space left"):
                fill(file.fileno(), block)
    try:
        yield
    finally:
        path.unlink()


def test_training_waits_for_space_says_so_once_and_goes_on_to_the_same_bits(
    disk: Path, store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with training(store, settings) as (runner, run):
        with filled(disk):
            assert "full" in wait_for_trouble(runner, "Training waits.")
            assert health(monkeypatch, store, runner) == 503
            done = store.get(run.id).epoch
        wait_for_state(store, run.id, "finished")
        wait_until(lambda: runner.trouble() is None, "the runner to be well")
        assert health(monkeypatch, store, runner) == 200
    assert done < LONG.train.epochs
    [line] = errors(caplog)
    assert "full" in line
    assert "traceback" not in line
    finished = store.get(run.id)
    whole = work(store, settings, LONG)
    assert finished.weights_sha256 == whole.weights_sha256
    assert_same_figures(store, finished, figures(store, whole))


def test_a_run_that_has_waited_long_enough_ends_and_the_page_says_that_this_cannot_be_recorded(
    disk: Path, store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(patience, "LONGEST", 0.2)
    with training(store, settings) as (runner, run):
        with filled(disk):
            reason = wait_for_trouble(runner, "has ended, but this cannot be recorded.")
            assert reason.startswith(f"Run {run.id} has ended")
            assert store.get(run.id).state == "running"
            assert health(monkeypatch, store, runner) == 503
        wait_for_state(store, run.id, "failed")
        wait_until(lambda: runner.trouble() is None, "the runner to be well")
        assert "full" in (store.get(run.id).error or "")
        assert len(errors(caplog)) == 1
        runner.resume(run.id)
        wait_for_state(store, run.id, "finished")


def test_a_full_disk_is_noticed_while_nothing_is_trained(disk: Path, store: Store) -> None:
    store.check()
    with filled(disk), pytest.raises(StoreUnavailable, match=r"The disk that holds .* is full"):
        store.check()
    store.check()


def test_sqlite_itself_says_that_it_is_full(store: Store, settings: Settings) -> None:
    """The same where nothing can be mounted: a database that may not grow by a page."""
    store.check()
    with open_store(settings) as other:
        with other._database.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 1")  # SQLite sets it to the present size
        with pytest.raises(StoreUnavailable, match="the disk is full"):
            grow(other)


def grow(store: Store) -> None:
    for _ in range(200):
        store.set_note(store.create(LONG).id, "x" * 9_000)


def test_every_page_shows_the_banner_until_there_is_space(
    disk: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reglab.ui.shared.services import close_services, services

    monkeypatch.setenv("REGLAB_HOME", str(settings.home))
    monkeypatch.delenv("REGLAB_STORE", raising=False)
    close_services()
    try:
        app = AppTest.from_file(str(Path(__file__).parents[2] / "app.py"), default_timeout=PATIENCE).run()
        assert not app.error
        with filled(disk):
            wait_for_trouble(services().runner, "full")
            banner, *_ = app.run().error  # the form may add that a run does not fit
            assert "is full; free some space" in banner.value
        wait_until(lambda: services().runner.trouble() is None, "the runner to be well")
        assert not app.run().error
    finally:
        close_services()
