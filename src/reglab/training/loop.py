"""The training loop, the only one: ``for event in train(spec): ...``."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Sequence
from functools import partial
from pathlib import Path

import torch

from reglab.datasets import Split, prepare
from reglab.errors import SpecError
from reglab.events import (
    Checkpoint,
    Ended,
    Environment,
    EpochDone,
    EpochMetrics,
    Evaluating,
    Event,
    LayerStats,
    Reason,
    Started,
    StepDone,
)
from reglab.machine import processor
from reglab.models import Shape
from reglab.settings import load_settings
from reglab.spec import DataSpec, Precision, RunSpec
from reglab.training.arrays import Arrays, place
from reglab.training.check import check
from reglab.training.checkpoint import restore, snapshot
from reglab.training.devices import choose_device, describe, use_threads, versions
from reglab.training.execution import SEQUENTIAL, Execution, ExecutionMode, execution_of
from reglab.training.lane import Lane
from reglab.training.memory import keep_freed_memory

Report = Callable[[str, float], None]
Snapshots = tuple[Callable[[], Checkpoint], ...]


def _silent(text: str, share: float) -> None:
    """No-op progress callback."""


def train(
    *specs: RunSpec,
    device: str = "auto",
    threads: int | None = None,
    folder: Path | None = None,
    resume: Sequence[Checkpoint | None] = (),
    report: Report = _silent,
    how: ExecutionMode = SEQUENTIAL,
) -> Generator[Event]:
    """Minimise J(w) = mean data loss + λ₁ Σ|w| + (λ₂/2) Σw² for one spec, or for K specs side by side.

    Several specs must agree in epochs and in the steps of an epoch. Each advances bit for bit as it would alone, or
    fused with the others, which differs by rounding.

    :param device: "auto" takes a GPU where there is one.
    :param threads: intra-op threads; ``None`` keeps torch's setting. The count is part of the run's record.
    :param folder: where datasets are; default: the setting ``REGLAB_DATA``.
    :param resume: for each spec the checkpoint to continue from, or ``None``.
    :param report: called with (text, share done) while data are loaded.
    :param how: fused execution needs specs that differ only in λ and in the penalty mode.
    :returns: events, computed on demand; closing the iterator cancels the training.
    :raises SpecError: at once, if a spec cannot be trained.
    """
    if not specs:
        raise SpecError("There is nothing to train: give at least one spec.")
    for spec in specs:
        check(spec)
    resume = resume or [None] * len(specs)
    return _train(specs, device, threads, folder or load_settings().data, resume, report, how)


def _train(
    specs: Sequence[RunSpec],
    device: str,
    threads: int | None,
    folder: Path,
    resume: Sequence[Checkpoint | None],
    report: Report,
    how: ExecutionMode,
) -> Generator[Event]:
    keep_freed_memory()
    lanes, environments, shape = build_lanes(specs, device, use_threads(threads), folder, report)
    for lane, checkpoint in zip(lanes, resume, strict=True):
        if checkpoint is not None:
            restore(lane, checkpoint)
    execution = execution_of(lanes, shape, how)
    for lane, environment in zip(lanes, environments, strict=True):
        yield _started(lane, environment)
        yield from _end_if_due(lane)
    snapshots = tuple(partial(snapshot, lane) for lane in lanes)
    while not all(lane.ended for lane in lanes):
        yield from _train_epoch(execution, snapshots)
        yield from _evaluate(execution, snapshots)
        for lane, metrics, layers in execution.close_epoch():
            yield from _close_epoch(lane, metrics, layers)


def _train_epoch(execution: Execution, snapshots: Snapshots) -> Generator[Event]:
    """The rest of the current epoch, step by step."""
    first = _first(execution)
    epoch, steps = first.at.epoch + 1, first.steps
    while first.at.step < steps:
        execution.step()
        yield StepDone(epoch, first.epochs, first.at.step, steps, snapshots)


def _evaluate(execution: Execution, snapshots: Snapshots) -> Generator[Event]:
    """The evaluation at the epoch's end, in pieces; the listener may stop between them."""
    first = _first(execution)
    for _ in execution.evaluate():
        yield Evaluating(first.at.epoch + 1, first.epochs, first.steps, snapshots)


def _first(execution: Execution) -> Lane:
    """The first lane that has not ended; all of them are at the same step."""
    return next(lane for lane in execution.lanes if not lane.ended)


def _close_epoch(lane: Lane, metrics: EpochMetrics, layers: tuple[LayerStats, ...]) -> Generator[Event]:
    """The evaluated epoch, and the end of the lane if it was the last."""
    scores = lane.evaluated[1].scores
    yield EpochDone(lane.index, metrics, layers, lane.at.best_epoch, partial(snapshot, lane), scores)
    if all(map(math.isfinite, (metrics.train_loss, metrics.val_loss, metrics.running_loss, metrics.total))):
        yield from _end_if_due(lane)
    else:
        yield _ended(lane, "diverged")


def _end_if_due(lane: Lane) -> Generator[Event]:
    """The end, if all epochs are done or early stopping is due; also after a resume from the last epoch."""
    patience, since_best = lane.spec.train.patience, lane.at.epoch - lane.at.best_epoch
    if lane.at.ended is not None:
        yield _ended(lane, lane.at.ended)
    elif lane.at.epoch >= lane.epochs:
        yield _ended(lane, "completed")
    elif patience and lane.at.step == 0 and since_best >= patience:
        yield _ended(lane, "stopped_early")


def build_lanes(
    specs: Sequence[RunSpec], device: str, threads: int, folder: Path, report: Report = _silent
) -> tuple[list[Lane], list[Environment], Shape]:
    """A lane for each spec, its environment, and the images' shape; specs with equal data share the arrays."""
    at = choose_device(device)
    splits: dict[DataSpec, Split] = {}
    arrays: dict[tuple[DataSpec, int, Precision], Arrays] = {}
    lanes, environments = [], []
    for index, spec in enumerate(specs):
        key = (spec.data, spec.train.seed, spec.train.precision)
        split = splits[spec.data] = splits.get(spec.data) or prepare(spec.data, folder, report)
        data = arrays[key] = arrays.get(key) or place(split, spec.train.seed, spec.train.precision, at)
        lane = Lane(index, spec, data, split.shape, len(split.classes))
        lanes.append(lane)
        environments.append(_environment(lane, split, describe(at), threads))
    return lanes, environments, split.shape


def _environment(lane: Lane, split: Split, device: str, threads: int) -> Environment:
    return Environment(
        device,
        threads,
        versions(),
        parameters=sum(parameter.numel() for parameter in lane.parameters.values()),
        n_train=len(split.y_train),
        n_val=len(split.y_val),
        train_labels=split.counts(split.true_y_train),
        val_labels=split.counts(split.y_val),
        n_pool=len(split.test.pool),
        n_test=len(split.test.index),
        test_sha256=split.test.sha256,
        test_source=split.test.source,
        cpu=processor(),
        cpu_capability=torch.backends.cpu.get_cpu_capability(),
    )


def _started(lane: Lane, environment: Environment) -> Started:
    at, layers = lane.at, lane.layers()
    counts = (at.epoch, lane.epochs, at.step, lane.steps)
    return Started(
        lane.index, environment, *counts, layers, partial(snapshot, lane), lane.arrays.val_index, lane.classes
    )


def _ended(lane: Lane, reason: Reason) -> Ended:
    lane.at.ended = reason
    kept = (lane.weights, lane.best_weights, lane.probabilities, partial(snapshot, lane))
    return Ended(lane.index, reason, lane.at.epoch, lane.at.best_epoch, *kept)
