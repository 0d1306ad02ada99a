"""Execution of several lanes: one after another (:class:`Sequential`), or all fused (:class:`.stack.Stack`)."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from reglab.errors import SpecError
from reglab.events import EpochMetrics, LayerStats
from reglab.models import Shape
from reglab.training.fused_lanes import FusedLanes
from reglab.training.lane import Lane


@dataclass(frozen=True)
class ExecutionMode:
    """How lanes advance: fused or one by one, and whether fused ones are evaluated fused too. It decides last bits."""

    fused: bool
    fused_evaluation: bool = False


SEQUENTIAL = ExecutionMode(fused=False)


class Execution(Protocol):
    """Lanes that take each step together."""

    @property
    def lanes(self) -> Sequence[Lane]: ...

    def step(self) -> None:
        """One optimizer step of every lane that goes on."""

    def evaluate(self) -> Generator[None]:
        """Evaluate the epoch whose last step is done; the caller may stop at each yield."""
        ...

    def close_epoch(self) -> Iterator[tuple[Lane, EpochMetrics, tuple[LayerStats, ...]]]:
        """Go on to the next epoch: the figures of every lane that goes on."""
        ...


class Sequential:
    """Each lane computes by itself, as it would alone, bit for bit; a single run is one lane."""

    def __init__(self, lanes: Sequence[Lane]) -> None:
        self.lanes = lanes
        going = [lane for lane in lanes if not lane.ended]
        if len({(lane.epochs, lane.at.epoch, lane.at.step, lane.steps) for lane in going}) > 1:
            raise SpecError("Runs trained side by side need the same epochs, training images, batch size and progress.")

    def step(self) -> None:
        for lane in self._going():
            lane.step()

    def evaluate(self) -> Generator[None]:
        for lane in self._going():
            yield from lane.evaluate()

    def close_epoch(self) -> Iterator[tuple[Lane, EpochMetrics, tuple[LayerStats, ...]]]:
        for lane in self._going():
            yield lane, *lane.close_epoch()

    def _going(self) -> list[Lane]:
        return [lane for lane in self.lanes if not lane.ended]


def execution_of(lanes: Sequence[Lane], shape: Shape, how: ExecutionMode) -> Execution:
    """The lanes, from where they stand, as ``how`` says."""
    return FusedLanes(lanes, shape, fused_evaluation=how.fused_evaluation) if how.fused else Sequential(lanes)
