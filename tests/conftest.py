"""What all tests share: fixed random draws, and stores on SQLite and on a PostgreSQL server of our own."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch

import hypothesis
import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.scriptrunner import script_runner
from streamlit.testing.v1 import local_script_runner
from tests.store.postgres import Server, server

from reglab.settings import Settings, load_settings
from reglab.store import Store, open_store

if TYPE_CHECKING:
    from reglab.jobs import Runner  # which loads torch: 1 s that the process that hands out tests does not need

hypothesis.settings.register_profile("reglab", deadline=None, derandomize=True)
hypothesis.settings.load_profile("reglab")

QUIET = {"REGLAB_RUNNER": "thread", "REGLAB_THREADS": "1"}

DATABASES = [pytest.param("sqlite"), pytest.param("postgresql", marks=pytest.mark.postgres)]


def pytest_collection_finish() -> None:
    """Leave what the tests have imported, a million objects, out of every later collection of garbage: 0.7 s each."""
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def signals_are_heard() -> None:
    """Under nohup SIGHUP is ignored, and in a shell's background SIGINT, by every child too; tests send both."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(scope="session", autouse=True)
def runs_are_quiet() -> None:
    """No worker processes, unless a test says so, and one thread a run: tests share the cores, and compare bits."""
    os.environ |= QUIET


@pytest.fixture(scope="session", autouse=True)
def components_are_searched_once() -> Iterator[None]:
    """Streamlit's AppTest reads the metadata of every installed package, 0.3 s, before the first run of each page."""
    found = cache(manifest_scanner.scan_component_manifests)
    with patch.object(manifest_scanner, "scan_component_manifests", found):
        yield


@pytest.fixture(scope="session", autouse=True)
def keras_is_left_alone() -> Iterator[None]:
    """After each run of a page Streamlit resets Keras where it is loaded, 0.5 s; ours loads it for other tests only."""
    with patch.object(script_runner, "_clean_problem_modules", lambda: None):
        yield


@pytest.fixture(scope="session", autouse=True)
def pages_are_awaited() -> Iterator[None]:
    """AppTest looks every millisecond whether a page is drawn, and takes the interpreter from the thread that draws."""
    look = local_script_runner.require_widgets_deltas

    def wait(runner: local_script_runner.LocalScriptRunner, timeout: float = 3) -> None:
        assert runner._script_thread is not None
        runner._script_thread.join(timeout)
        look(runner, 0 if runner._script_thread.is_alive() else timeout)

    with patch.object(local_script_runner, "require_widgets_deltas", wait):
        yield


@pytest.fixture(autouse=True)
def own_main_module() -> Iterator[None]:
    """Streamlit's AppTest leaves its script as ``__main__``, which processes forked later would run again."""
    before = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = before


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home folder that does not exist yet."""
    return tmp_path / "home"


@pytest.fixture
def settings(home: Path) -> Settings:
    """Settings with everything under ``home`` and the default store, whatever the environment says."""
    return load_settings({"REGLAB_HOME": str(home), **QUIET})


@pytest.fixture
def store(settings: Settings, empty_store_file: Path) -> Iterator[Store]:
    """An open, empty SQLite store."""
    settings.home.mkdir()
    shutil.copy(empty_store_file, settings.home)
    with open_store(settings) as opened:
        yield opened


@pytest.fixture
def runner(store: Store, settings: Settings) -> Iterator[Runner]:
    """A runner that trains what is queued in ``store``; it is closed at the end."""
    from reglab.jobs import Runner

    with closing(Runner(store, settings)) as opened:
        yield opened


@pytest.fixture
def fused_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every sweep of this process is fused, whatever a timing would say, and without one."""
    from tests.jobs.sweeping import plan_of

    from reglab.jobs import sweep_work

    monkeypatch.setattr(sweep_work, "make_plan", lambda spec, settings, workers: plan_of(spec, workers=workers))


@pytest.fixture(scope="session")
def empty_store_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file: copying it is faster than migrating one for every test."""
    home = tmp_path_factory.mktemp("empty")
    open_store(load_settings({"REGLAB_HOME": str(home)})).close()
    return home / "reglab.sqlite"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """A PostgreSQL server for the whole session; skips where PostgreSQL is not installed."""
    with server() as running:
        yield running


@pytest.fixture(scope="session")
def migrated_database(postgres_server: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a migrated PostgreSQL database that tests share one after another, emptied for each."""
    url = postgres_server.new_database()
    home = tmp_path_factory.mktemp("empty")
    open_store(load_settings({"REGLAB_HOME": str(home), "REGLAB_STORE": url})).close()
    return url


@pytest.fixture(params=DATABASES)
def new_settings(request: pytest.FixtureRequest, settings: Settings) -> Settings:
    """Settings for a store that nobody has opened yet, on SQLite and on PostgreSQL in turn."""
    if request.param == "sqlite":
        return settings
    running: Server = request.getfixturevalue("postgres_server")
    return replace(settings, store=running.new_database())


@pytest.fixture(params=DATABASES)
def any_settings(request: pytest.FixtureRequest, settings: Settings) -> Settings:
    """Settings for an empty store, on SQLite and on PostgreSQL in turn."""
    if request.param == "sqlite":
        settings.home.mkdir()
        shutil.copy(request.getfixturevalue("empty_store_file"), settings.home)
        return settings
    url: str = request.getfixturevalue("migrated_database")
    running: Server = request.getfixturevalue("postgres_server")
    running.execute(url.rpartition("/")[2], "TRUNCATE sweeps, runs, openings, audit CASCADE")
    return replace(settings, store=url)


@pytest.fixture
def any_store(any_settings: Settings) -> Iterator[Store]:
    """An open, empty store, on SQLite and on PostgreSQL in turn."""
    with open_store(any_settings) as opened:
        yield opened
