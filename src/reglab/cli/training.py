"""Training a run here or a sweep in workers: a line for each epoch, and a checkpoint when a signal asks to end."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from threading import Lock
from types import FrameType
from typing import Any

from reglab.cli.judgement_lines import both_figures, judgement_lines, place_text, rate_check_lines, zero_text
from reglab.cli.output import Output
from reglab.columns import BALANCED_ACC
from reglab.jobs import (
    SweepWorker,
    Worker,
    ended_text,
    name_of,
    plan_confirmation,
    plan_rate_check,
    rate_check_name,
    result,
    sweep_result,
)
from reglab.jobs.patience import Patience
from reglab.jobs.sweep_part import SweepPartWorker
from reglab.jobs.worker_pool import WorkerPool, workers
from reglab.number_format import percent, points, short
from reglab.settings import Settings, load_settings
from reglab.states import FINAL
from reglab.store import Run, Store, Sweep
from reglab.training import choose_device

_ENDING = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")  # Windows has no SIGHUP, and only Windows has SIGBREAK
_COLUMNS = ("n", "val_loss", "val_loss_se", "gap_loss", "val_acc", "val_acc_se", "train_acc", "regime")


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


def train_sweep(
    store: Store,
    settings: Settings,
    sweep: Sweep,
    output: Output,
    *,
    check_lr: bool = False,
    seeds: int | None = None,
    measure: str | None = None,
) -> int:
    """Train ``sweep`` to its end, or to a checkpoint on a signal; the exit status.

    Then, unless no λ is best, the check of its learning rate and its confirmation on so many fresh ``seeds``, where
    they are asked for.
    """
    further: list[Callable[[Store, Sweep], Sweep]] = [_new_rate_check] * check_lr
    further += [partial(_new_confirmation, seeds)] if seeds is not None else []
    with signals() as received, _workers(store, settings, sweep, received) as pool:
        ended, patience = _train_sweep(store, settings, sweep, output, received, pool)
        last = ended
        for new in further:
            if last.state in FINAL and ended.state == "finished" and patience(sweep_result, store, ended)["best"]:
                last, patience = _train_sweep(store, settings, patience(new, store, ended), output, received, pool)
        patience(print_sweep, store, ended, output, measure)
    return _status(last, received)


def _workers(
    store: Store, settings: Settings, sweep: Sweep, received: list[int]
) -> AbstractContextManager[WorkerPool | None]:
    return workers(store, settings, lambda: bool(received), warm=sweep.size)


def _new_rate_check(store: Store, sweep: Sweep) -> Sweep:
    key, owner = store.next_rate_check(sweep.id), store.owner()
    return store.create(plan_rate_check(sweep), name=rate_check_name(sweep), key=key, owner=owner)


def _new_confirmation(seeds: int, store: Store, sweep: Sweep) -> Sweep:
    spec, confirmation = plan_confirmation(store, sweep, seeds)
    return store.create(spec, name=name_of(sweep), owner=store.owner(), confirmation=confirmation)


def _train_sweep(
    store: Store, settings: Settings, sweep: Sweep, output: Output, received: list[int], pool: WorkerPool | None
) -> tuple[Sweep, Patience]:
    """The sweep as it ends, after a line for each epoch; and the patience with which its store is read."""
    linked = {"confirms": sweep.confirms} if sweep.confirms else {}
    linked |= {"checks_lr_of": sweep.checks_rate_of} if sweep.checks_rate_of else {}
    output.print({"sweep": sweep.id, "status": sweep.state, **linked}, f"sweep {sweep.id}  {sweep.name}")
    worker = SweepWorker(store, settings, sweep, closing=lambda: bool(received), pool=pool)
    progress = Progress(store, worker, output)
    worker.listen, worker.tick = progress.report, progress.report if pool else worker.tick
    worker.work()
    progress.report()
    return worker.patience(store.sweep, sweep.id), worker.patience


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

    def report(self, _part: SweepPartWorker | None = None) -> None:
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


def print_sweep(store: Store, sweep: Sweep, output: Output, measure: str | None = None) -> None:
    """The sweep's result object, or its table, best λ and 1-SE choice, by ``measure`` or the one that it declares."""
    found = sweep_result(store, sweep, measure)
    several = len(sweep.spec.applies) > 1
    lambdas = () if sweep.spec.kind == "setting" else ("lambda", "l1", "l2")
    uneven = any(row.get(BALANCED_ACC) is not None for row in found["table"])
    names = (*(["apply"] * several), *lambdas, *sweep.spec.over, *_COLUMNS, *([BALANCED_ACC] * uneven))
    rows = [
        names,
        *(tuple(_cell({**row, **row.get("over", {})}.get(name)) for name in names) for row in found["table"]),
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [f"{sweep.name} ({sweep.id}): {sweep.label}"]
    lines += ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    unshown = found["difference"] and "better" not in found["difference"]["conclusion"]
    for key, label in (("best", "best on average" if unshown else "best"), ("one_se", "1-SE choice")):
        if row := found[key]:
            mode = f"{row['apply']}, " if several else ""
            lines.append(f"{label}: {mode}{place_text(row)} ({both_figures(row, found['measure'])})")
    judged = judgement_lines(found)
    if sweep.state in FINAL:  # the rule says at which epoch runs count; this, where they ended
        judged.insert(1, f"runs ended: {ended_text(sweep, found['ended_at'])}")
    lines += [*judged, *rate_check_lines(found)]
    if found["why_no_best"]:
        lines.append(f"best{' λ' if lambdas else ''}: none. {found['why_no_best']}")
    for confirmation in found["confirmations"]:
        lines += _confirm_lines(confirmation)
    shared = sweep.spec.run.model_copy(update={"data": sweep.spec.shared_data})
    lines += [f"  on purpose  {shared.on_purpose}"] if shared.on_purpose else []
    lines += [f"  data        {remark}" for remark in found["data_remarks"]]
    lines.append(f"  seconds     {sweep.seconds:.1f}")
    lines += [f"  error       {sweep.error}"] if sweep.error else []
    output.print(found, "\n".join(lines))


def _confirm_lines(found: dict[str, Any]) -> list[str]:
    """The figures of the test part, a line a point."""
    if not found["points"]:
        return ["confirmed: nothing, because no seed finished at every λ"]
    opened, of = found.get("opening"), found["openings"]
    when = f"opening {opened} of {of}" if of > 1 else "opened once"
    head = f"confirmed on {found['seeds']} fresh seeds, {found['points'][0]['n']:,} test images, {when}:"
    return [head, *(_confirm_line(point) for point in found["points"])]


def _confirm_line(point: dict[str, Any]) -> str:
    interval = f"[{percent(point['test_low'])}, {percent(point['test_high'])}]"
    figures = f"test {percent(point['test_acc'])} {interval}, validation {percent(point['val_acc'])}"
    line = f"  {place_text(point)}: {figures}"
    if (difference := point["difference"]) is None:
        return line
    low, high = (points(difference[end], sign=False) for end in ("low", "high"))
    return f"{line}; against {zero_text(point)}: {points(difference['value'])} points [{low}, {high}]"


def _cell(value: Any) -> str:
    return short(value) if value is None or isinstance(value, float) else str(value)
