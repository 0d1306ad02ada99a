"""A server and its worker processes come to their end: no process stays, and every run can be resumed."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from tests.jobs.processes import (
    LONG,
    begun,
    busy,
    planned,
    process_settings,
    server,
    wait_for_run,
    wait_until_gone,
    workers_of,
)
from tests.jobs.running import SMALL, resume, settings_in, wait_until, work
from tests.jobs.sweeping import resume_sweep

from reglab.jobs import Runner
from reglab.settings import Settings
from reglab.store import Store, open_store


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return process_settings(tmp_path / "home")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> str | None:
    """The hash of the long run's weights, trained undisturbed in this process."""
    settings = settings_in(tmp_path_factory.mktemp("whole") / "home")
    with open_store(settings) as store:
        return work(store, settings, LONG).weights_sha256


def test_a_killed_servers_worker_checkpoints_and_leaves(store: Store, settings: Settings, whole: str | None) -> None:
    with server(settings.home) as process:
        run_id = store.create(LONG).id
        wait_until(lambda: store.get(run_id).epoch > 0, "an epoch")
        workers = workers_of(process.pid)
        assert workers
        process.kill()
        wait_until_gone(workers)
    assert store.recover() == []  # the worker has recorded the end, and no one took it for dead
    run = store.get(run_id)
    assert (run.state, run.error) == ("interrupted", None)
    assert resume(store, settings, run_id).weights_sha256 == whole


def test_closing_checkpoints_and_leaves_no_process(store: Store, settings: Settings, whole: str | None) -> None:
    with closing(Runner(store, settings)) as runner:
        run_id, worker = begun(runner, store)
        runner.close()
        wait_until_gone([worker])
        run = store.get(run_id)
        assert (run.state, run.error) == ("interrupted", None)
    assert resume(store, settings, run_id).weights_sha256 == whole


@pytest.mark.parametrize("what", ["run", "sweep"])
def test_a_worker_that_cannot_leave_is_killed(store: Store, settings: Settings, what: str) -> None:
    ask: dict[str, Callable[[Runner], str]] = {
        "run": lambda runner: begun(runner, store)[0],
        "sweep": lambda runner: planned(runner, store),
    }
    with closing(Runner(store, settings)) as runner:
        job_id = ask[what](runner)
        wait_until(lambda: store.find(job_id).epoch > 0, "an epoch")
        workers = busy(runner)
        for worker in workers:
            os.kill(worker, signal.SIGSTOP)
        runner.close(timeout=0.5)
        wait_until_gone(workers)
        assert store.find(job_id).state == "interrupted"
    error = store.get(job_id).error if what == "run" else store.sweep_runs(job_id)[0].error
    assert "did not leave in time and was killed" in (error or "")
    finished = resume(store, settings, job_id) if what == "run" else resume_sweep(store, settings, job_id)
    assert finished.state == "finished"


def test_where_no_worker_can_start_the_queue_waits_and_health_says_why(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(Runner(store, settings)) as runner, monkeypatch.context() as patch:
        patch.setattr("sys.executable", "/nowhere/python")
        first = runner.submit(SMALL).id
        sentence = "A worker process could not be started: No such file or directory."
        assert wait_for_run(store, first, "interrupted").error == sentence
        second = runner.submit(SMALL).id
        wait_until(lambda: sentence in (runner.trouble() or ""), "the runner to tell")
        assert store.get(second).state == "queued"
        patch.undo()
        monkeypatch.setattr("reglab.jobs.runner._RECOVER", 0.0)
        wait_for_run(store, second, "finished")
        assert runner.trouble() is None
