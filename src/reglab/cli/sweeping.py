"""Training a sweep in this process, for the commands that do: telling how far it is, and checkpointing on a signal."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from reglab.cli.output import Output
from reglab.cli.working import signals
from reglab.jobs import SweepWorker, sweep_result
from reglab.jobs.sweep_part import SweepPartWorker
from reglab.number_format import exact, percent, short
from reglab.settings import Settings
from reglab.store import Store, Sweep

_COLUMNS = ("lambda", "l1", "l2", "n", "train_acc", "val_acc", "val_acc_se", "val_loss", "gap_loss", "regime")


def work_sweep(store: Store, settings: Settings, sweep: Sweep, output: Output) -> int:
    """Train ``sweep`` to its end, or until a signal asks to end: it then checkpoints first. The exit status."""
    output.print({"sweep": sweep.id, "status": sweep.state}, f"sweep {sweep.id}  {sweep.name}")
    with signals() as received:
        worker = SweepWorker(store, settings, sweep, closing=lambda: bool(received))
        worker.listen = Teller(store, worker, output).hear
        worker.work()
        ended = worker.patience(store.sweep, sweep.id)
        worker.patience(tell, store, ended, output)
    if received:
        return 128 + received[0]
    return 0 if ended.state == "finished" else 1


def tell(store: Store, sweep: Sweep, output: Output) -> None:
    """The sweep's result object, or its table."""
    found = sweep_result(store, sweep)
    output.print(found, "\n".join(lines(sweep, found)))


@dataclass
class Teller:
    """A line each time that the lanes furthest behind have done another epoch."""

    store: Store
    worker: SweepWorker
    output: Output
    told: int = 0
    lock: Lock = field(default_factory=Lock)

    def hear(self, _stack: SweepPartWorker) -> None:
        """One stack has gone on."""
        with self.lock:
            now = self.worker.patience(self.store.sweep, self.worker.sweep.id)
            if now.epoch <= self.told:
                return
            self.told = now.epoch
        seconds = self.worker.seconds
        left = seconds / now.share * (1 - now.share) if now.share else 0.0
        record = {"epoch": now.epoch, "epochs": now.epochs, "share": now.share, "seconds": seconds}
        width = len(str(now.epochs))
        self.output.print(record, f"epoch {now.epoch:>{width}}/{now.epochs}  {now.size} runs  about {left:.0f} s left")


def lines(sweep: Sweep, found: dict[str, Any]) -> list[str]:
    """The table and what it says, for people."""
    several = len(sweep.spec.applies) > 1
    names = ("apply", *_COLUMNS) if several else _COLUMNS
    rows = [names, *(tuple(_cell(row.get(name)) for name in names) for row in found["table"])]
    widths = [max(len(row[i]) for row in rows) for i in range(len(names))]
    table = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    said = [f"{sweep.name} ({sweep.id}): {sweep.state}", *table]
    for key, words in (("best", "best"), ("one_se", "simplest within one standard error")):
        if found[key]:
            row = found[key]
            accuracy = f"validation accuracy {percent(row['val_acc'], 2)}"
            mode = f"{row['apply']}, " if several else ""
            said.append(f"{words}: {mode}λ₁ {exact(row['l1'])}, λ₂ {exact(row['l2'])} ({accuracy})")
    if found["why_no_best"]:
        said.append(f"best λ: none. {found['why_no_best']}")
    said += [f"  data        {remark}" for remark in found["data_remarks"]]
    return [*said, f"  seconds     {sweep.seconds:.1f}", *([f"  error       {sweep.error}"] if sweep.error else [])]


def _cell(value: Any) -> str:
    return short(value) if value is None or isinstance(value, float) else str(value)
