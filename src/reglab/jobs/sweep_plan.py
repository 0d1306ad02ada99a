"""The execution plan of a sweep: its lanes in groups, each fused or one by one, and how many groups at a time.

A plan is made once and kept with the sweep, because the last bits of fused lanes depend on it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from reglab.datasets import check_data
from reglab.errors import StoreError
from reglab.jobs.capacity import check_sweep
from reglab.jobs.timing_file import TimingFile
from reglab.machine import available_cores
from reglab.settings import Settings
from reglab.spec import RunSpec
from reglab.sweep import SweepSpec
from reglab.training import ExecutionMode, choose, free_memory

LANE_THREADS = 1
"""Intra-op threads of the lanes of a sweep, whatever ``REGLAB_THREADS`` says: its workers share the cores."""


@dataclass(frozen=True)
class Plan:
    """``stacks``: groups of lanes (numbers in :meth:`SweepSpec.lanes`); ``together`` groups advance at a time.

    ``speedup`` is measured against one by one; ``seconds`` estimates the whole sweep; ``reason`` says why lanes
    cannot be fused.
    """

    stacks: tuple[tuple[int, ...], ...]
    how: ExecutionMode
    together: int
    workers: int
    speedup: float
    difference: float | None
    seconds: float
    reason: str | None = None

    def facts(self) -> dict[str, Any]:
        """The plan as JSON values."""
        return asdict(self)

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Plan:
        """The plan with these :meth:`facts`.

        :raises StoreError: a newer version wrote them.
        """
        try:
            groups = tuple(map(tuple, facts["stacks"]))
            return cls(**{**facts, "stacks": groups, "how": ExecutionMode(**facts["how"])})
        except (KeyError, TypeError):
            by = "The plan of this sweep was written by another version of RegLab"
            raise StoreError(f"{by}; duplicate the sweep to train it here.") from None

    @property
    def widest(self) -> int:
        """Lanes of the largest group."""
        return max(map(len, self.stacks))


def make_plan(spec: SweepSpec, settings: Settings, workers: int) -> Plan:
    """Time both executions on copies of the lanes, and group the lanes for ``workers`` threads and the free memory.

    Lanes that differ in more than λ and the penalty mode are in different groups; the kind of group with the most work
    is timed, once for all, unless the home has the timings of its shape on this machine.
    """
    size, lanes, alike = check_sweep(spec, settings), spec.lanes(), groups_of(spec)
    timings = TimingFile(settings.home)
    timed = [lanes[number].run for number in max(alike, key=lambda group: _work(lanes[group[0]].run))]
    fitting = max(1, free_memory(settings.device) // size.memory)
    widest = math.ceil(len(timed) / max(1, math.ceil(workers / len(alike))))
    beside = min(workers, available_cores()) if settings.on_ray else workers  # workers that share this memory
    width = min(widest, max(1, fitting // beside))
    choice = choose(timed[:width], device=settings.device, threads=LANE_THREADS, folder=settings.data, memory=timings)
    groups = share_out(spec, width if choice.how.fused else 1)
    together = max(1, min(len(groups), fitting // max(map(len, groups))))
    epochs = sum(_work(lane.run) for lane in lanes) / _work(timed[0]) * timed[0].train.epochs
    seconds = choice.seconds * epochs / workers
    return Plan(groups, choice.how, together, workers, choice.speedup, choice.difference, seconds, choice.reason)


def share_out(spec: SweepSpec, width: int) -> tuple[tuple[int, ...], ...]:
    """Groups of lanes that differ in λ and penalty mode alone: as few as ``width`` allows, in λ's order.

    Those that share repeat and settings are equal in size to within one lane.
    """
    groups = []
    for numbers in groups_of(spec):
        count = math.ceil(len(numbers) / width)
        groups += [numbers[start::count] for start in range(count)]
    return tuple(groups)


def groups_of(spec: SweepSpec) -> list[tuple[int, ...]]:
    """The lanes of each repeat that differ in λ and penalty mode alone, by number."""
    groups: dict[tuple[int, tuple[float, ...]], list[int]] = {}
    for number, lane in enumerate(spec.lanes()):
        groups.setdefault((lane.repeat, spec.structure(lane.point)), []).append(number)
    return [tuple(numbers) for numbers in groups.values()]


def _work(run: RunSpec) -> int:
    """Images that a run trains on in all."""
    return run.train.epochs * check_data(run.data).train
