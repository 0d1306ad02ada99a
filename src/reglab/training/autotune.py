"""Chooses fused or sequential execution by a short timing on the real network, batches and device."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from reglab.models import CannotFollow, Shape
from reglab.spec import Precision, RunSpec
from reglab.training.devices import use_threads
from reglab.training.execution import SEQUENTIAL, ExecutionMode
from reglab.training.fused_lanes import FusedLanes
from reglab.training.lane import Lane
from reglab.training.loop import build_lanes
from reglab.training.metrics import Score

AGREE: dict[Precision, float] = {"float32": 1e-4, "float64": 1e-10}
"""Largest ‖fused − alone‖ / ‖alone‖ of a batch's gradients: far above rounding, far below a mistake. (Not of weights:
Adam's first steps follow a gradient's sign, even where the gradient is mere rounding.)"""

_LONG, _FEWEST = 0.1, 3  # each timing: seconds, and repeats
_WEIGHTS = 30_000_000  # parameters of the trial's lanes together, at most


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
class _Times:
    """Seconds for one lane: of an optimizer step, and of scoring one image."""

    step: float
    score: float

    def epoch(self, lane: Lane) -> float:
        images = len(lane.arrays.evaluated.images) + len(lane.arrays.val.images)
        return self.step * lane.steps + self.score * images


def choose(specs: Sequence[RunSpec], *, device: str, threads: int | None, folder: Path) -> Choice:
    """The faster execution of lanes that differ only in λ and penalty mode, timed on copies of some of them."""
    count = use_threads(threads)

    def build(wanted: Sequence[RunSpec]) -> tuple[list[Lane], Shape]:
        lanes, _, shape = build_lanes(wanted, device, count, folder)
        return lanes, shape

    [solo], _ = build(specs[:1])
    alone = _time_alone(solo)
    few = specs[: max(2, _WEIGHTS // sum(p.numel() for p in solo.parameters.values()))]
    if len(few) < 2:
        return Choice(SEQUENTIAL, alone.epoch(solo))
    try:
        difference = _difference(build(few), build([few[0], few[-1]])[0])
        fused = _time_fused(FusedLanes(*build(few)))
    except CannotFollow as error:
        return Choice(SEQUENTIAL, alone.epoch(solo), reason=str(error))
    return _decide(solo, alone, fused, difference)


def _decide(solo: Lane, alone: _Times, fused: _Times, difference: float) -> Choice:
    together = _Times(fused.step, min(fused.score, alone.score)).epoch(solo)
    if not difference <= AGREE[solo.spec.train.precision]:
        reason = f"fused and alone, the gradients differ by {difference:.0e}"
        return Choice(SEQUENTIAL, alone.epoch(solo), together, difference, reason)
    how = ExecutionMode(True, fused.score < alone.score) if together < alone.epoch(solo) else SEQUENTIAL
    return Choice(how, alone.epoch(solo), together, difference)


def _difference(built: tuple[list[Lane], Shape], ends: Sequence[Lane]) -> float:
    """The larger difference of the first and the last lane's fused gradients from those of each alone."""
    fused = FusedLanes(*built)
    fused.step()
    for lane in ends:
        lane.step()
    pairs = zip((fused.lanes[0], fused.lanes[-1]), ends, strict=True)
    return max(_distance(mine, alone) for mine, alone in pairs)


@torch.no_grad()
def _distance(lane: Lane, alone: Lane) -> float:
    mine, theirs = (torch.cat([g.double().flatten() for g in one.gradients.sums.values()]) for one in (lane, alone))
    return float((mine - theirs).norm() / theirs.norm())


def _time_alone(lane: Lane) -> _Times:
    lane.model.train()
    step = _seconds(_stepping(lane))
    lane.model.eval()
    return _Times(step, _score_seconds(lane.score, lane.arrays.val.images[: lane.chunk]))


def _time_fused(fused: FusedLanes) -> _Times:
    k, images = len(fused.lanes), fused.arrays.val.images[: fused.chunk]
    return _Times(_seconds(_stepping(fused)) / k, _score_seconds(fused.score, images) / k)


def _stepping(execution: Lane | FusedLanes) -> Callable[[], None]:
    """A step that restarts the epoch at its end."""
    lanes = execution.lanes if isinstance(execution, FusedLanes) else (execution,)

    def step() -> None:
        if lanes[0].at.step >= lanes[0].steps:
            for lane in lanes:
                lane.at.step = 0
        execution.step()

    return step


def _score_seconds(score: Score, images: Tensor) -> float:
    def run() -> None:
        with torch.inference_mode():
            score(images)

    return _seconds(run) / len(images)


def _seconds(work: Callable[[], None]) -> float:
    """The shortest time of a few runs of ``work``, after one warm-up."""
    work()
    times: list[float] = []
    while len(times) < _FEWEST or sum(times) < _LONG:
        _wait()
        start = time.perf_counter()
        work()
        _wait()
        times.append(time.perf_counter() - start)
    return min(times)


def _wait() -> None:
    """Until the GPU has finished."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
