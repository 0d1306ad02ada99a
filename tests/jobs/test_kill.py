"""kill −9 at any moment, ten times: the store opens, the run reads interrupted, resuming gives the same bits."""

from __future__ import annotations

import random
from multiprocessing.connection import Connection
from pathlib import Path

from tests.jobs.killing import check_files, forkserver, kill_after
from tests.jobs.running import SMALL, assert_same_figures, figures, resume, settings_in, work

from reglab.events import EpochDone, Event
from reglab.jobs import pace
from reglab.store import Run, Store, open_store

TIMES = 10
STEPS = 7  # in an epoch
EVENTS = 1 + SMALL.train.epochs * (STEPS + 1)  # Started, then the steps and an epoch's end, four times


def train_telling(home: Path, pipe: Connection) -> None:
    """Train in a process of its own, telling of every event; checkpoints and looks at the store at every step."""
    pace.TICK = pace._OVERHEAD = pace._SHORTEST = 0.0
    settings = settings_in(home)

    def tell(event: Event, run: Run) -> None:
        pipe.send(run.id)
        if isinstance(event, EpochDone) and event.metrics.epoch == SMALL.train.epochs:
            pipe.recv()  # nothing comes: however late the kill is, it finds a run that has not ended

    with open_store(settings) as store:
        work(store, settings, listen=tell)


def test_a_killed_run_resumes_to_the_same_bits(tmp_path: Path) -> None:
    processes = forkserver()
    settings = settings_in(tmp_path / "home")
    chance = random.Random(0)
    with open_store(settings) as store:
        whole = work(store, settings)
        expected = figures(store, whole)
        for _ in range(TIMES):
            events = chance.randrange(1, EVENTS + 1)
            run_id = kill_after(processes, train_telling, settings.home, events, chance.random() * 0.01)
            check_files(store)
            assert steps_kept(store, run_id) >= steps_among(events)
            assert store.recover() == [run_id]
            assert store.get(run_id).state == "interrupted"
            resumed = resume(store, settings, run_id)
            assert resumed.weights_sha256 == whole.weights_sha256
            assert_same_figures(store, resumed, expected)


def steps_among(events: int) -> int:
    """How many of the first ``events`` events are steps: Started, then the steps and the end of each epoch."""
    epochs, rest = divmod(events - 1, STEPS + 1)
    return epochs * STEPS + min(rest, STEPS)


def steps_kept(store: Store, run_id: str) -> int:
    """The steps that the checkpoint has behind it."""
    checkpoint = store.files(run_id).load_checkpoint()
    assert checkpoint is not None
    return int(checkpoint.facts["epoch"]) * STEPS + int(checkpoint.facts["step"])
