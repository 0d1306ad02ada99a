"""Execution of several lanes: one after another (:class:`Sequential`), or in one set of operations."""

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
    """Fused or sequential, and whether fused lanes are evaluated fused, too. It determines the last bits.

    ``wide_evaluation``: in chunks of more images than in plans of earlier versions.
    """

    fused: bool
    fused_evaluation: bool = False
    wide_evaluation: bool = False


SEQUENTIAL = ExecutionMode(fused=False)


class Execution(Protocol):
    """Lanes that take each step together."""

    @property
    def lanes(self) -> Sequence[Lane]: ...

    def step(self) -> None:
        """One optimizer step of every lane that has not ended."""

    def evaluate(self) -> Generator[None]:
        """Evaluate the completed epoch; the caller may stop at each yield."""
        ...

    def close_epoch(self) -> Iterator[tuple[Lane, EpochMetrics, tuple[LayerStats, ...]]]:
        """Begin the next epoch; the figures of every lane that has not ended."""
        ...


class Sequential:
    """One lane after another, each bit for bit as a run of its own."""

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
    """The lanes, from their present state, executed as ``how``."""
    if not how.fused:
        return Sequential(lanes)
    return FusedLanes(lanes, shape, fused_evaluation=how.fused_evaluation, wide_evaluation=how.wide_evaluation)
