"""Training a run in this process, for the commands that do: telling of every epoch, and checkpointing on a signal."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from reglab.cli.output import Output
from reglab.jobs import Worker, result
from reglab.settings import Settings
from reglab.store import Run, Store


def work(store: Store, settings: Settings, run: Run, output: Output) -> int:
    """Train ``run`` to its end, or until a signal asks to end: it then checkpoints first. The exit status."""
    output.began(run)
    with signals() as received:
        Worker(store, settings, run, closing=lambda: bool(received), listen=output.listen).work()
    ended = store.get(run.id)
    output.result(result(store, ended))
    if received:
        return 128 + received[0]
    return 0 if ended.state == "finished" else 1


@contextmanager
def signals() -> Iterator[list[int]]:
    """The ending signals received meanwhile, instead of dying from them."""
    received: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        received.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
