"""Training a run in this process, for the commands that do: a line for each epoch, and a checkpoint on a signal."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from reglab.cli.output import Output
from reglab.jobs import Worker, result
from reglab.settings import Settings, load_settings
from reglab.store import Run, Store
from reglab.training import choose_device

_ENDING = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")  # Windows has no SIGHUP, and only Windows has SIGBREAK


def training_settings() -> Settings:
    """The settings, for a command that trains.

    :raises RegLabError: for a wrong setting, or a device that is not here; no run exists yet that could fail of it.
    """
    settings = load_settings()
    choose_device(settings.device)
    return settings


def work(store: Store, settings: Settings, run: Run, output: Output) -> int:
    """Train ``run`` to its end, or until a signal asks to end: it then checkpoints first. The exit status."""
    with signals() as received:
        output.began(run)
        worker = Worker(store, settings, run, closing=lambda: bool(received), listen=output.listen)
        worker.work()
    ended = worker.patience(store.get, run.id)
    output.result(worker.patience(result, store, ended))
    if received:
        return 128 + received[0]
    return 0 if ended.state == "finished" else 1


@contextmanager
def signals() -> Iterator[list[int]]:
    """The ending signals received meanwhile, instead of dying from them; those that nohup ignores stay ignored."""
    received: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        received.append(number)

    numbers = [getattr(signal, name) for name in _ENDING if hasattr(signal, name)]
    taken = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, note) for number in taken}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
