"""How the lanes of a sweep advance: in which stacks, fused or one by one, how many stacks at a time.

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
from reglab.training import Choice, ExecutionMode, choose, free_memory


@dataclass(frozen=True)
class Plan:
    """``stacks``: the lanes (numbers in :meth:`SweepSpec.lanes`) that advance together; ``together`` of them at a time.

    ``speedup`` is against one by one, measured; ``seconds`` an estimate for the whole sweep; ``reason`` says why lanes
    are not fused where that was not possible.
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
        """The plan as JSON-able facts."""
        return asdict(self)

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Plan:
        """What :meth:`facts` gave.

        :raises StoreError: where it is something else, as a newer version may write.
        """
        try:
            stacks = tuple(tuple(stack) for stack in facts["stacks"])
            return cls(**{**facts, "stacks": stacks, "how": ExecutionMode(**facts["how"])})
        except (KeyError, TypeError):
            raise StoreError(
                "The plan of this sweep was written by another version of RegLab; duplicate the sweep to train it here."
            ) from None

    @property
    def widest(self) -> int:
        """Lanes of the largest stack."""
        return max(map(len, self.stacks))


def make_plan(spec: SweepSpec, settings: Settings, workers: int) -> Plan:
    """Time both ways on copies of the lanes, and share the lanes out among ``workers`` threads and the free memory."""
    size, lanes = check_sweep(spec, settings), spec.lanes()
    first = [lane.run for lane in lanes if lane.repeat == 0]
    fitting = max(1, free_memory(settings.device) // size.memory)
    widest = math.ceil(len(first) / max(1, math.ceil(workers / spec.repeats)))
    width = min(widest, max(1, fitting // workers))
    choice = choose(first[:width], device=settings.device, threads=settings.threads, folder=settings.data)
    stacks = share_out(spec, width if choice.how.fused else 1)
    together = max(1, min(len(stacks), fitting // max(map(len, stacks))))
    return Plan(
        stacks, choice.how, together, workers, choice.speedup, choice.difference, _seconds(spec, choice, workers),
        choice.reason,
    )  # fmt: skip


def share_out(spec: SweepSpec, width: int) -> tuple[tuple[int, ...], ...]:
    """Lanes of one repeat in as few stacks as ``width`` allows, of equal sizes (but for one lane), in λ's order."""
    per_repeat = spec.size // spec.repeats
    count = math.ceil(per_repeat / width)
    stacks = []
    for repeat in range(spec.repeats):
        numbers = range(repeat * per_repeat, (repeat + 1) * per_repeat)
        stacks += [tuple(numbers[start::count]) for start in range(count)]
    return tuple(stacks)


def _seconds(spec: SweepSpec, choice: Choice, workers: int) -> float:
    return choice.seconds * spec.size * spec.run.train.epochs / workers
