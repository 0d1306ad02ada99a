"""The execution plan of a sweep: its lanes in groups, each fused or one by one, and how many groups at a time.

A plan is made once and kept with the sweep, because the last bits of fused lanes depend on it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from reglab.errors import StoreError
from reglab.jobs.capacity import check_sweep
from reglab.settings import Settings
from reglab.sweep import SweepSpec
from reglab.training import ExecutionMode, choose, free_memory


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
    """Time both executions on copies of the lanes, and group the lanes for ``workers`` threads and the free memory."""
    size, lanes = check_sweep(spec, settings), spec.lanes()
    first = [lane.run for lane in lanes if lane.repeat == 0]
    fitting = max(1, free_memory(settings.device) // size.memory)
    widest = math.ceil(len(first) / max(1, math.ceil(workers / spec.repeats)))
    width = min(widest, max(1, fitting // workers))
    choice = choose(first[:width], device=settings.device, threads=settings.threads, folder=settings.data)
    groups = share_out(spec, width if choice.how.fused else 1)
    together = max(1, min(len(groups), fitting // max(map(len, groups))))
    seconds = choice.seconds * spec.size * spec.run.train.epochs / workers
    return Plan(groups, choice.how, together, workers, choice.speedup, choice.difference, seconds, choice.reason)


def share_out(spec: SweepSpec, width: int) -> tuple[tuple[int, ...], ...]:
    """Groups of one repeat each: as few as ``width`` allows, equal in size to within one lane, in λ's order."""
    per_repeat = spec.size // spec.repeats
    count = math.ceil(per_repeat / width)
    groups = []
    for repeat in range(spec.repeats):
        numbers = range(repeat * per_repeat, (repeat + 1) * per_repeat)
        groups += [tuple(numbers[start::count]) for start in range(count)]
    return tuple(groups)
