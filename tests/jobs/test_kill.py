"""kill −9 at any moment, twenty times: the store opens, the run reads interrupted, resuming gives the same bits."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import sqlite3
import time
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from tests.jobs.running import SMALL, assert_same_figures, figures, resume, settings_in, work

from reglab.events import EpochDone, Event
from reglab.jobs import pace
from reglab.store import Run, Store, open_store

TIMES = 20
STEPS = 7  # in an epoch
EVENTS = 1 + SMALL.train.epochs * (STEPS + 1)  # Started, then the steps and an epoch's end, four times


def train_telling(home: Path, pipe: Connection) -> None:
    """Train in a process of its own, telling of every event; checkpoints and looks at the store at every step."""
    pace.TICK, pace._OVERHEAD = 0.0, 0
    settings = settings_in(home)

    def tell(event: Event, run: Run) -> None:
        pipe.send(run.id)
        if isinstance(event, EpochDone) and event.metrics.epoch == SMALL.train.epochs:
            pipe.recv()  # nothing comes: however late the kill is, it finds a run that has not ended

    with open_store(settings) as store:
        work(store, settings, listen=tell)


@pytest.fixture(scope="module")
def processes() -> multiprocessing.context.ForkServerContext:
    """Children are forked from a server that has loaded torch but runs no thread."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pytest", "reglab.jobs", "sklearn.datasets", "torch._dynamo"])
    return context


def test_a_killed_run_resumes_to_the_same_bits(
    tmp_path: Path, processes: multiprocessing.context.ForkServerContext
) -> None:
    settings = settings_in(tmp_path / "home")
    chance = random.Random(0)
    with open_store(settings) as store:
        whole = work(store, settings)
        expected = figures(store, whole)
        for _ in range(TIMES):
            events = chance.randrange(1, EVENTS + 1)
            run_id = kill_after(processes, settings.home, events, chance.random() * 0.01)
            check_files(store)
            assert steps_kept(store, run_id) >= steps_among(events)
            assert store.recover() == [run_id]
            assert store.get(run_id).state == "interrupted"
            resumed = resume(store, settings, run_id)
            assert resumed.weights_sha256 == whole.weights_sha256
            assert_same_figures(store, resumed, expected)


def kill_after(context: multiprocessing.context.ForkServerContext, home: Path, events: int, seconds: float) -> str:
    """The id of a run whose process was killed ``seconds`` after its event number ``events``."""
    mine, theirs = context.Pipe()
    child = context.Process(target=train_telling, args=(home, theirs))
    child.start()
    theirs.close()
    run_id = [mine.recv() for _ in range(events)][-1]
    moment = time.perf_counter() + seconds
    while time.perf_counter() < moment:  # a wait shorter than a sleep can be
        pass
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    child.join()
    assert child.exitcode == -signal.SIGKILL
    return str(run_id)


def steps_among(events: int) -> int:
    """How many of the first ``events`` events are steps: Started, then the steps and the end of each epoch."""
    epochs, rest = divmod(events - 1, STEPS + 1)
    return epochs * STEPS + min(rest, STEPS)


def steps_kept(store: Store, run_id: str) -> int:
    """The steps that the checkpoint has behind it."""
    checkpoint = store.files(run_id).load_checkpoint()
    assert checkpoint is not None
    return int(checkpoint.facts["epoch"]) * STEPS + int(checkpoint.facts["step"])


def check_files(store: Store) -> None:
    """The database is whole, as SQLite itself sees it in a connection of its own."""
    connection = sqlite3.connect(store.home / "reglab.sqlite")
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    finally:
        connection.close()
