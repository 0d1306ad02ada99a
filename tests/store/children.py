"""Other processes for tests of the store, forked from one that has imported everything already.

Each says "ready" or its first result, then does as it is told over its line, or goes on until killed.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, TypeAlias

import numpy as np
from tests.factories import layer_stats, metrics

from reglab.events import Checkpoint
from reglab.settings import Settings
from reglab.spec import RunSpec
from reglab.store import Ending, Progress, Store, open_store
from reglab.sweep import SweepSpec

Line: TypeAlias = "Connection[Any, Any]"
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["pytest", "reglab.store", "alembic.command"])


@dataclass(frozen=True)
class Child:
    """A process, and the line to it."""

    process: BaseProcess
    line: Line

    def heard(self) -> Any:
        """The next thing that the process says."""
        return self.line.recv()

    def tell(self, word: str = "") -> None:
        """Send the process a word."""
        self.line.send(word)

    def kill(self) -> list[Any]:
        """Kill −9; what the process had still said."""
        self.process.kill()
        self.process.join()
        said = []
        while True:
            try:
                said.append(self.line.recv())
            except (EOFError, ConnectionResetError):
                return said


@contextmanager
def child(action: Callable[..., None], settings: Settings, *arguments: str) -> Iterator[Child]:
    """A process doing ``action(settings, line, *arguments)``; killed at the end if it still lives."""
    mine, its = _processes.Pipe()
    process = _processes.Process(target=action, args=(settings, its, *arguments))
    process.start()
    its.close()
    try:
        yield Child(process, mine)
    finally:
        process.kill()
        process.join()
        process.close()
        mine.close()


def open_new(settings: Settings, line: Line) -> None:
    """Open the store at a word, and say how many runs it has."""
    line.send("ready")
    line.recv()
    with open_store(settings) as store:
        line.send(len(store.runs()))


def create(settings: Settings, line: Line, key: str) -> None:
    """Create a run at a word, and say its id."""
    with open_store(settings) as store:
        line.send("ready")
        line.recv()
        line.send(store.create(RunSpec(), key=key).id)


def claim(settings: Settings, line: Line, run_id: str) -> None:
    """Claim a run at a word, and say whether that went well."""
    with open_store(settings) as store:
        owner = store.owner()
        line.send("ready")
        line.recv()
        line.send(store.claim(run_id, owner))


def create_sweep(settings: Settings, line: Line, key: str) -> None:
    """Create a sweep at a word, and say its id."""
    with open_store(settings) as store:
        line.send("ready")
        line.recv()
        line.send(store.create(SweepSpec(l2=(0.0, 0.03), seeds=2), key=key).id)


def own_sweep(settings: Settings, line: Line, sweep_id: str) -> None:
    """Train a sweep, its first lane to the end, and live on."""
    with open_store(settings) as store:
        assert store.claim(sweep_id, store.owner())
        lanes = [run.id for run in store.sweep_runs(sweep_id)]
        store.add_epochs([(lane, metrics(1), layer_stats(1), 1) for lane in lanes])
        store.finish([Ending(lanes[0], "finished")])
        store.say(sweep_id, "Training")
        line.send("ready")
        line.recv()


def own(settings: Settings, line: Line, run_id: str) -> None:
    """Train a run, and live on."""
    with open_store(settings) as store:
        assert store.claim(run_id, store.owner())
        store.add_epochs([(run_id, metrics(1), layer_stats(1), 1)])
        line.send("ready")
        line.recv()


def write(settings: Settings, line: Line) -> None:
    """Write runs, epochs and checkpoints without end, saying a line after each write."""
    with open_store(settings) as store:
        owner = store.owner()
        while True:
            run_id = store.create(RunSpec(), owner=owner).id
            line.send(run_id)
            store.add_initial_layers({run_id: layer_stats(0)})
            for epoch in range(1, 11):
                _write_epoch(store, run_id, epoch)
                line.send(epoch)
            store.finish([Ending(run_id, "finished")])


def _write_epoch(store: Store, run_id: str, epoch: int) -> None:
    store.add_epochs([(run_id, metrics(epoch), layer_stats(epoch), epoch)])
    weights = {"w": np.full(20_000, epoch, dtype=np.float32)}
    store.files(run_id).save_checkpoint(Checkpoint(weights, {"epoch": epoch}))
    store.progress(run_id, {run_id: Progress(epoch, 1, 13, 0.5 * epoch)})
