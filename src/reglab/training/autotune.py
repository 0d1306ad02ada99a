"""Chooses fused or sequential execution by a short timing on the real network, batches and device.

Timings are kept in a memory that the caller gives, by all that they depend on (:mod:`reglab.training.shape_key`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import torch
from torch import Tensor

from reglab.datasets import prepare
from reglab.models import CannotFollow
from reglab.spec import Precision, RunSpec
from reglab.training.devices import choose_device, use_threads
from reglab.training.execution import SEQUENTIAL, ExecutionMode
from reglab.training.fused_lanes import FusedLanes
from reglab.training.lane import Lane, split_batches
from reglab.training.loop import build_lanes
from reglab.training.metrics import Score
from reglab.training.shape_key import shape_key

AGREE: dict[Precision, float] = {"float32": 1e-4, "float64": 1e-10}
"""Largest ‖fused − alone‖ / ‖alone‖ of a batch's gradients: far above rounding, far below a mistake. (Not of weights:
Adam's first steps follow a gradient's sign, even where the gradient is mere rounding.)"""

_LONG, _FEWEST = 0.03, 2  # each timing: seconds, and repeats
_NEAR = 1.5  # ratio of a fused lane's step to one alone, either way, up to which both are timed once more
_WEIGHTS = 30_000_000  # parameters of the trial's lanes together, at most
_TRIAL = 0.02  # seconds of a trial's fused step on a CPU, if its lanes took as long as alone: at most, or 4 lanes
_SLOW = 0.03  # seconds of a step alone from which a CPU gains nothing by fusing: simple_cnn at 28 pixels loses a third

Memory: TypeAlias = MutableMapping[str, Mapping[str, Any]]
"""Key of a shape → :meth:`Timings.facts`."""


@dataclass(frozen=True)
class Choice:
    """The chosen execution, and seconds of an epoch for each lane, ``alone`` and ``fused``.

    ``difference`` is that of a batch's gradients between the two; ``reason`` says why lanes cannot be fused.
    """

    how: ExecutionMode
    alone: float
    fused: float | None = None
    difference: float | None = None
    reason: str | None = None

    @property
    def seconds(self) -> float:
        """Seconds of an epoch for each lane, by the chosen execution."""
        return self.fused if self.how.fused and self.fused else self.alone

    @property
    def speedup(self) -> float:
        """Speed relative to sequential execution."""
        return self.alone / self.seconds


@dataclass(frozen=True)
class Times:
    """Seconds for one lane: of an optimizer step, and of scoring one image."""

    step: float
    score: float

    def epoch(self, steps: int, images: int) -> float:
        """Seconds of an epoch with so many steps, after which so many images are scored."""
        return self.step * steps + self.score * images

    def least(self, other: Times) -> Times:
        """The shorter of each: what disturbs a timing makes it longer."""
        return Times(min(self.step, other.step), min(self.score, other.score))


@dataclass(frozen=True)
class Timings:
    """The times of a lane ``alone`` and ``fused``, and ``difference`` and ``reason`` as in :class:`Choice`."""

    alone: Times
    fused: Times | None = None
    difference: float | None = None
    reason: str | None = None

    def facts(self) -> dict[str, Any]:
        """The timings as JSON values."""
        return asdict(self)

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Timings:
        """Those with these :meth:`facts`."""
        fused = facts["fused"]
        both = {"alone": Times(**facts["alone"]), "fused": None if fused is None else Times(**fused)}
        return cls(**{**facts, **both})


def choose(
    specs: Sequence[RunSpec], *, device: str, threads: int | None, folder: Path, memory: Memory | None = None
) -> Choice:
    """The faster execution of lanes that differ only in λ and penalty mode, timed on copies of some of them.

    What is in ``memory`` is not timed again; what is timed is added to it.
    """
    count, memory = use_threads(threads), {} if memory is None else memory
    key = shape_key(specs, choose_device(device), count)
    if key not in memory:
        memory[key] = _timed(specs, device, count, folder).facts()
    return _decide(Timings.of(memory[key]), specs[0], folder)


def _decide(timings: Timings, spec: RunSpec, folder: Path) -> Choice:
    """The faster execution of an epoch on the data of ``spec``."""
    split = prepare(spec.data, folder)
    n, n_val = len(split.y_train), len(split.y_val)
    counts = len(split_batches(torch.arange(n), spec.train.batch_size)), min(n, n_val) + n_val
    alone, fused, difference = timings.alone.epoch(*counts), timings.fused, timings.difference
    if fused is None or difference is None:
        return Choice(SEQUENTIAL, alone, reason=timings.reason)
    together = Times(fused.step, min(fused.score, timings.alone.score)).epoch(*counts)
    if not difference <= AGREE[spec.train.precision]:
        reason = f"fused and alone, the gradients differ by {difference:.0e}"
        return Choice(SEQUENTIAL, alone, together, difference, reason)
    how = ExecutionMode(True, fused.score < timings.alone.score, True) if together < alone else SEQUENTIAL
    return Choice(how, alone, together, difference)


def _timed(specs: Sequence[RunSpec], device: str, threads: int, folder: Path) -> Timings:
    """The first and the last lane take a step alone; the first is timed. Then a fused step is held against both."""
    ends, _, shape = build_lanes(specs[:1] if len(specs) < 2 else [specs[0], specs[-1]], device, threads, folder)
    for lane in ends:
        lane.model.train()
        lane.step()
    expected = [_gradients(lane) for lane in ends]
    on_cpu = ends[0].arrays.train.images.device.type == "cpu"
    clock = partial(_seconds, time.thread_time if on_cpu and threads == 1 else time.perf_counter)
    alone = _time_alone(ends[0], clock)
    few = min(len(specs), max(2, _WEIGHTS // sum(p.numel() for p in ends[0].parameters.values())))
    few = min(few, max(4, int(_TRIAL / alone.step))) if on_cpu else few
    if few < 2 or (on_cpu and alone.step > _SLOW):
        return Timings(alone)
    lanes, _, shape = build_lanes([*specs[: few - 1], specs[-1]], device, threads, folder)
    try:
        fused = FusedLanes(lanes, shape, wide_evaluation=True)
    except CannotFollow as error:
        return Timings(alone, reason=str(error))
    fused.step()
    pairs = zip((lanes[0], lanes[-1]), expected, strict=True)
    difference = max(float((_gradients(lane) - sums).norm() / sums.norm()) for lane, sums in pairs)
    together = _time_fused(fused, clock)
    if 1 / _NEAR < together.step / alone.step < _NEAR:  # what is chosen now is kept for the shape
        alone, together = alone.least(_time_alone(ends[0], clock)), together.least(_time_fused(fused, clock))
    return Timings(alone, together, difference)


@torch.no_grad()
def _gradients(lane: Lane) -> Tensor:
    """The sum of the lane's gradients so far, of all weights, in float64."""
    return torch.cat([total.double().flatten() for total in lane.gradients.sums.values()])


Clock = Callable[[Callable[[], None]], float]
"""Seconds that a piece of work takes."""


def _time_alone(lane: Lane, clock: Clock) -> Times:
    lane.model.train()
    step = clock(_stepping(lane))
    lane.model.eval()
    return Times(step, _score_seconds(lane.score, lane.arrays.val.images[: lane.chunk], clock))


def _time_fused(fused: FusedLanes, clock: Clock) -> Times:
    k, images = len(fused.lanes), fused.arrays.val.images[: fused.chunk]
    return Times(clock(_stepping(fused)) / k, _score_seconds(fused.score, images, clock) / k)


def _stepping(execution: Lane | FusedLanes) -> Callable[[], None]:
    """A step that restarts the epoch at its end."""
    lanes = execution.lanes if isinstance(execution, FusedLanes) else (execution,)

    def step() -> None:
        if lanes[0].at.step >= lanes[0].steps:
            for lane in lanes:
                lane.at.step = 0
        execution.step()

    return step


def _score_seconds(score: Score, images: Tensor, clock: Clock) -> float:
    def run() -> None:
        with torch.inference_mode():
            score(images)

    run()
    return clock(run) / len(images)


def _seconds(clock: Callable[[], float], work: Callable[[], None]) -> float:
    """The shortest time of a few runs of ``work``, which has run before.

    Where this thread does all of the work, its own seconds are counted: others may keep the processor busy.
    """
    times: list[float] = []
    while len(times) < _FEWEST or sum(times) < _LONG:
        _wait()
        start = clock()
        work()
        _wait()
        times.append(clock() - start)
    return min(times)


def _wait() -> None:
    """Until the GPU has finished."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
