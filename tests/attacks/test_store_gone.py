"""A database file that is deleted or replaced, and a home that is moved, under a runner that trains."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from tests.attacks.outages import LONG, errors, health, training, wait_for_state, wait_for_trouble
from tests.jobs.running import settings_in, wait_until, work

from reglab.errors import StoreUnavailable
from reglab.jobs import patience
from reglab.settings import Settings
from reglab.store import Store, open_store


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path / "home", REGLAB_SLOTS="1")


def test_a_deleted_database_is_reported_once_and_never_made_anew(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(patience, "LONGEST", 0.2)
    path = settings.home / "reglab.sqlite"
    with training(store, settings) as (runner, _run):
        path.unlink()
        reason = wait_for_trouble(runner, "has ended, but this cannot be recorded.")
        assert reason.endswith(f"The store {path} is no longer there: its file was deleted or moved; "
                               "put it back, or restart RegLab.")  # fmt: skip
        assert health(monkeypatch, store, runner) == 503
        for call in (store.runs, store.check, lambda: store.create(LONG)):
            with pytest.raises(StoreUnavailable, match="no longer there"):
                call()
    assert not path.exists()
    assert len(errors(caplog)) == 1
    with open_store(settings) as anew:  # a restart begins with an empty store
        assert anew.runs() == []


def test_a_home_that_is_moved_away_and_back_costs_no_run(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    away = settings.home.with_name("away")
    with training(store, settings) as (runner, run):
        settings.home.rename(away)
        wait_for_trouble(runner, "no longer there")
        assert health(monkeypatch, store, runner) == 503
        wait_until(lambda: len(errors(caplog)) > 0, "a line in the log")
        assert not settings.home.exists()
        away.rename(settings.home)
        wait_for_state(store, run.id, "finished")
        wait_until(lambda: runner.trouble() is None, "the runner to be well")
    assert len(errors(caplog)) == 1
    assert store.get(run.id).weights_sha256 == work(store, settings, LONG).weights_sha256


def test_another_file_in_the_place_of_the_database_is_not_written_to(
    store: Store, settings: Settings, empty_store_file: Path
) -> None:
    path = settings.home / "reglab.sqlite"
    store.create(LONG)
    path.rename(path.with_name("old.sqlite"))
    shutil.copy(empty_store_file, path)
    before = path.read_bytes()
    with pytest.raises(StoreUnavailable, match="was replaced by another file; restart RegLab"):
        store.create(LONG)
    assert path.read_bytes() == before


def test_files_are_not_written_to_a_home_that_is_gone(store: Store, settings: Settings) -> None:
    run = store.create(LONG)
    settings.home.rename(settings.home.with_name("away"))
    with pytest.raises(StoreUnavailable, match="no longer there"):
        store.files(run.id).save_weights({})
    assert not settings.home.exists()


@pytest.mark.parametrize("place", ["reglab.sqlite.lock", "owners"])
def test_a_home_that_is_moved_just_before_a_lock_is_not_made_anew(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    away = settings.home.with_name("away")
    for path in (store.owner().lock.lock_file, settings.home / "owners" / "other.lock"):
        Path(path).touch()
    acquire = FileLock.acquire

    def late(lock: FileLock, *args: Any, **values: Any) -> Any:
        if place in str(lock.lock_file) and settings.home.exists():
            settings.home.rename(away)
        return acquire(lock, *args, **values)

    monkeypatch.setattr(FileLock, "acquire", late)
    with pytest.raises(StoreUnavailable, match=r"no longer there|No such file"):
        store.recover()
    assert not settings.home.exists()
    away.rename(settings.home)
    assert store.runs() == []
