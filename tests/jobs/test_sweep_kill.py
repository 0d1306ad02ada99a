"""kill −9 at any moment of a sweep of two fused stacks: files open, it reads interrupted, it resumes to the same."""

from __future__ import annotations

import random
import threading
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from tests.jobs.killing import check_files, forkserver, kill_after
from tests.jobs.running import settings_in, wait_until
from tests.jobs.sweeping import (
    SMALL,
    STEPS,
    assert_same_lanes,
    lanes_of,
    new_sweep,
    plan_of,
    resume_sweep,
    tell_events,
    train_sweep,
)

from reglab import RunSpec
from reglab.events import EpochDone, Event
from reglab.jobs import SweepWorker, pace
from reglab.store import Store, open_store

TIMES = 5
EPOCHS, LANES = SMALL.run.train.epochs, 3
EVENTS = 2 * (LANES + EPOCHS * (STEPS + LANES) - (LANES - 1))  # of both stacks, until each waits in the last epoch


def train_telling(home: Path, pipe: Connection) -> None:
    """Train in a process of its own, telling of every event; checkpoints and looks at the store at every step."""
    pace.TICK = pace._OVERHEAD = pace._SHORTEST = 0.0
    settings, turn = settings_in(home), threading.Lock()
    with open_store(settings) as store, pytest.MonkeyPatch.context() as patch:
        sweep = new_sweep(store)

        def tell(event: Event, _specs: tuple[RunSpec, ...]) -> None:
            with turn:
                pipe.send(sweep.id)
            if isinstance(event, EpochDone) and event.metrics.epoch == EPOCHS:
                wait_until(lambda: False, "the kill")  # however late it is, it finds a sweep that has not ended

        tell_events(patch, tell)
        SweepWorker(store, settings, sweep).work()


def test_a_killed_sweep_resumes_to_the_same_bits(tmp_path: Path) -> None:
    processes = forkserver()
    settings, chance = settings_in(tmp_path / "home"), random.Random(0)
    with open_store(settings) as store:
        expected = lanes_of(store, train_sweep(store, settings, plan=plan_of(SMALL)))
        for _ in range(TIMES):
            events = chance.randrange(1, EVENTS + 1)
            sweep_id = kill_after(processes, train_telling, settings.home, events, chance.random() * 0.01)
            check_files(store)
            check_checkpoints(store, sweep_id)
            assert len(store.recover()) == SMALL.size
            interrupted = store.sweep(sweep_id)
            assert (interrupted.state, interrupted.counts["interrupted"]) == ("interrupted", SMALL.size)
            assert interrupted.resumable
            assert_same_lanes(lanes_of(store, resume_sweep(store, settings, sweep_id)), expected)


def check_checkpoints(store: Store, sweep_id: str) -> None:
    """Each stack's checkpoint is whole, and at most an epoch ahead of what the store has of its lanes."""
    for number, lanes in enumerate((range(LANES), range(LANES, 2 * LANES))):
        checkpoint = store.sweep_files(sweep_id, number).load_checkpoint()
        if checkpoint is not None:
            [epoch] = {lane["epoch"] for lane in checkpoint.facts["lanes"]}
            runs = store.sweep_runs(sweep_id)
            assert {runs[lane].epoch for lane in lanes} <= {epoch, epoch + 1}
