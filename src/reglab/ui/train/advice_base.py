"""What a piece of advice is, and what the checks know beyond the spec."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from reglab.spec import RunSpec


@dataclass(frozen=True)
class Advice:
    """A sentence or two for people, and in Markdown the ``rule`` behind it: a formula with this spec's numbers.

    ``level``: a warning where the run will not do what its settings say, info where it is worth knowing.
    """

    text: str
    rule: str
    level: Literal["info", "warning"] = "warning"


@dataclass(frozen=True)
class Facts:
    """What the checks need beyond the spec; None where it is not known. ``acting``: tensors with a factor above 0."""

    n_train: int | None = None
    n_val: int | None = None
    batch_norm: bool = False
    acting: int | None = None

    def steps(self, spec: RunSpec) -> int | None:
        """Optimizer steps in an epoch: ⌈n / batch⌉."""
        return None if self.n_train is None else math.ceil(self.n_train / spec.train.batch_size)


Check: TypeAlias = Callable[[RunSpec, Facts], Advice | None]
