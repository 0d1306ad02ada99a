"""What a piece of advice is, and what the checks know beyond the spec."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any, Literal, TypeAlias

from reglab.spec import RunSpec


@dataclass(frozen=True)
class Advice:
    """A sentence or two, and in Markdown the ``rule`` behind them: a formula with the numbers of this spec.

    ``level``: a warning if the run will not do what its settings say, info if it is worth knowing.
    ``remedy``: dotted key → the value named in ``text`` that silences this advice; empty if it only informs.
    """

    text: str
    rule: str
    level: Literal["info", "warning"] = "warning"
    remedy: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Facts:
    """What the checks need beyond the spec; None if not known.

    ``acting``: tensors on which a λ above 0 acts. ``pool``: images of the dataset outside its test part.
    """

    n_train: int | None = None
    n_val: int | None = None
    batch_norm: bool = False
    acting: int | None = None
    pool: int | None = None

    def steps(self, spec: RunSpec) -> int | None:
        """Optimizer steps in an epoch: ⌈n / batch⌉."""
        return None if self.n_train is None else math.ceil(self.n_train / spec.train.batch_size)


Check: TypeAlias = Callable[[RunSpec, Facts], Advice | None]


def below(value: float) -> float:
    """The largest number of one significant digit that is at most ``value``: 0.0333 → 0.03."""
    return _one_digit(value, ROUND_FLOOR)


def above(value: float) -> float:
    """The smallest number of one significant digit that is at least ``value``: 0.0333 → 0.04."""
    return _one_digit(value, ROUND_CEILING)


def _one_digit(value: float, rounding: str) -> float:
    exact = Decimal(f"{value:.12g}")  # 0.3 / 3 is 0.1, not a little less
    return float(exact.quantize(Decimal(1).scaleb(exact.adjusted()), rounding=rounding))
