"""Training a run or sweep in this process: a line for each epoch, and a checkpoint when a signal asks to end."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from types import FrameType
from typing import Any

from reglab.cli.output import Output
from reglab.jobs import SweepWorker, Worker, result, sweep_result
from reglab.jobs.sweep_part import SweepPartWorker
from reglab.number_format import exact, percent, short
from reglab.settings import Settings, load_settings
from reglab.store import Run, Store, Sweep
from reglab.training import choose_device

_ENDING = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")  # Windows has no SIGHUP, and only Windows has SIGBREAK
_COLUMNS = ("lambda", "l1", "l2", "n", "train_acc", "val_acc", "val_acc_se", "val_loss", "gap_loss", "regime")


def training_settings() -> Settings:
    """The settings of a command that trains, checked before a run exists.

    :raises RegLabError: a setting is wrong, or this machine lacks the device.
    """
    settings = load_settings()
    choose_device(settings.device)
    return settings


def train_run(store: Store, settings: Settings, run: Run, output: Output) -> int:
    """Train ``run`` to its end, or to a checkpoint on a signal; the exit status."""
    with signals() as received:
        output.print({"run": run.id, "status": run.state}, f"run {run.id}  {run.name}")
        worker = Worker(store, settings, run, closing=lambda: bool(received), listen=output.listen)
        worker.work()
    ended = worker.patience(store.get, run.id)
    output.result(worker.patience(result, store, ended))
    return _status(ended, received)


def train_sweep(store: Store, settings: Settings, sweep: Sweep, output: Output) -> int:
    """Train ``sweep`` to its end, or to a checkpoint on a signal; the exit status."""
    output.print({"sweep": sweep.id, "status": sweep.state}, f"sweep {sweep.id}  {sweep.name}")
    with signals() as received:
        worker = SweepWorker(store, settings, sweep, closing=lambda: bool(received))
        worker.listen = Progress(store, worker, output).report
        worker.work()
        ended = worker.patience(store.sweep, sweep.id)
        worker.patience(print_sweep, store, ended, output)
    return _status(ended, received)


def _status(ended: Run | Sweep, received: list[int]) -> int:
    return 128 + received[0] if received else int(ended.state != "finished")


@contextmanager
def signals() -> Iterator[list[int]]:
    """Collect the ending signals instead of dying from them; those that nohup ignores stay ignored."""
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


@dataclass
class Progress:
    """A line each time that the lanes furthest behind have completed another epoch."""

    store: Store
    worker: SweepWorker
    output: Output
    epoch: int = 0
    lock: Lock = field(default_factory=Lock)

    def report(self, _part: SweepPartWorker) -> None:
        with self.lock:
            now = self.worker.patience(self.store.sweep, self.worker.sweep.id)
            if now.epoch <= self.epoch:
                return
            self.epoch = now.epoch
        seconds = self.worker.seconds
        left = seconds / now.share * (1 - now.share) if now.share else 0.0
        record = {"epoch": now.epoch, "epochs": now.epochs, "share": now.share, "seconds": seconds}
        width = len(str(now.epochs))
        self.output.print(record, f"epoch {now.epoch:>{width}}/{now.epochs}  {now.size} runs  about {left:.0f} s left")


def print_sweep(store: Store, sweep: Sweep, output: Output) -> None:
    """The sweep's result object, or its table, best λ and 1-SE choice."""
    found = sweep_result(store, sweep)
    several = len(sweep.spec.applies) > 1
    names = ("apply", *_COLUMNS) if several else _COLUMNS
    rows = [names, *(tuple(_cell(row.get(name)) for name in names) for row in found["table"])]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [f"{sweep.name} ({sweep.id}): {sweep.label}"]
    lines += ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    for key, label in (("best", "best"), ("one_se", "1-SE choice")):
        if row := found[key]:
            mode = f"{row['apply']}, " if several else ""
            accuracy = f"validation accuracy {percent(row['val_acc'], 2)}"
            lines.append(f"{label}: {mode}λ₁ {exact(row['l1'])}, λ₂ {exact(row['l2'])} ({accuracy})")
    if found["why_no_best"]:
        lines.append(f"best λ: none. {found['why_no_best']}")
    lines += [f"  data        {remark}" for remark in found["data_remarks"]]
    lines.append(f"  seconds     {sweep.seconds:.1f}")
    lines += [f"  error       {sweep.error}"] if sweep.error else []
    output.print(found, "\n".join(lines))


def _cell(value: Any) -> str:
    return short(value) if value is None or isinstance(value, float) else str(value)
