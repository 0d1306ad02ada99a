"""mean ± t₀.₉₇₅(n−1)·s/√n over seeds, and the tests that turn such an interval into holds, fails or undecided.

Every test is symmetric in what it may find: figures exist that make it hold and figures that make it fail.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from reglab.number_format import PERCENT, fixed, short

Outcome = bool | None
"""holds, fails, or undecided."""


@dataclass(frozen=True)
class Interval:
    """Mean of ``n`` values and its 95 % interval (Student 1908)."""

    mean: float
    low: float
    high: float
    n: int


def interval(values: Sequence[float]) -> Interval:
    """The interval of ``values``; infinitely wide for fewer than two, NaN where a value is not finite."""
    x = np.asarray(values, dtype=np.float64)
    if not len(x) or not np.isfinite(x).all():
        return Interval(math.nan, math.nan, math.nan, len(x))
    if len(x) == 1:
        return Interval(float(x[0]), -math.inf, math.inf, 1)
    half = _t975(len(x) - 1) * float(x.std(ddof=1)) / math.sqrt(len(x))
    return Interval(float(x.mean()), float(x.mean()) - half, float(x.mean()) + half, len(x))


@dataclass(frozen=True)
class Unit:
    """How a figure is read: times ``scale``, with so many digits, followed by ``name``; ``log`` for distances."""

    name: str
    scale: float = 1.0
    digits: int = 1
    log: bool = False
    signed: bool = True

    def bare(self, value: float) -> str:
        """``value`` in this unit, without its name, e.g. "−38.2"."""
        if not math.isfinite(value):
            return "not finite"
        if self.log:
            return short(value * self.scale, self.digits)
        return fixed(value * self.scale, self.digits, sign=self.signed)

    def show(self, value: float) -> str:
        """``value`` with the unit's name."""
        return f"{self.bare(value)}{self._suffix}"

    def limit(self, value: float) -> str:
        """A rule's limit, without digits that say nothing: "−10 %", "1e-9"."""
        plus = "+" if self.signed and value > 0 else ""
        return f"{plus}{short(value * self.scale, 6)}{self._suffix}"

    @property
    def _suffix(self) -> str:
        return PERCENT if self.name == "%" else f" {self.name}".rstrip()


class Rule(Protocol):
    """What a part of a claim says of the values over seeds."""

    @property
    def lines(self) -> tuple[float, ...]:
        """Where it draws the line."""
        ...

    def decide(self, values: Sequence[float]) -> Outcome: ...
    def words(self, unit: Unit) -> str: ...


@dataclass(frozen=True)
class More:
    """The values lie above 0, and by ``by`` or more in the mean."""

    by: float

    @property
    def lines(self) -> tuple[float, ...]:
        return (self.by,)

    def decide(self, values: Sequence[float]) -> Outcome:
        found = interval(values)
        if found.low > 0 and found.mean >= self.by:
            return True
        return False if found.high < self.by else None

    def words(self, unit: Unit) -> str:
        by = unit.limit(self.by)
        return f"holds if the 95 % interval lies above 0 and the mean is {by} or more; fails if it ends below {by}"


@dataclass(frozen=True)
class Less:
    """The values lie below 0, and by ``by`` or more in the mean."""

    by: float

    @property
    def lines(self) -> tuple[float, ...]:
        return (-self.by,)

    def decide(self, values: Sequence[float]) -> Outcome:
        return More(self.by).decide([-value for value in values])

    def words(self, unit: Unit) -> str:
        by = unit.limit(-self.by)
        return f"holds if the 95 % interval lies below 0 and the mean is {by} or lower; fails if it begins above {by}"


@dataclass(frozen=True)
class Within:
    """The mean is closer to 0 than ``margin``: equivalence (Schuirmann 1987), not a failure to find a difference."""

    margin: float

    @property
    def lines(self) -> tuple[float, ...]:
        return (-self.margin, self.margin)

    def decide(self, values: Sequence[float]) -> Outcome:
        found = interval(values)
        if -self.margin < found.low and found.high < self.margin:
            return True
        return False if found.low >= self.margin or found.high <= -self.margin else None

    def words(self, unit: Unit) -> str:
        edge = unit.limit(self.margin).lstrip("+")
        return f"holds if the whole 95 % interval is within ±{edge}; fails if it lies wholly outside"


@dataclass(frozen=True)
class AllBelow:
    """Every value is below ``limit``: for what must be so with every seed, not on average."""

    limit: float

    @property
    def lines(self) -> tuple[float, ...]:
        return (self.limit,)

    def decide(self, values: Sequence[float]) -> Outcome:
        return None if not len(values) else all(value < self.limit for value in values)

    def words(self, unit: Unit) -> str:
        return f"holds if it is below {unit.show(self.limit).lstrip('+')} with every seed, else fails"


@dataclass(frozen=True)
class AllAbove:
    """Every value is above ``limit``."""

    limit: float

    @property
    def lines(self) -> tuple[float, ...]:
        return (self.limit,)

    def decide(self, values: Sequence[float]) -> Outcome:
        return None if not len(values) else all(value > self.limit for value in values)

    def words(self, unit: Unit) -> str:
        return f"holds if it is above {unit.show(self.limit).lstrip('+')} with every seed, else fails"


def together(outcomes: Sequence[Outcome]) -> Outcome:
    """A claim holds if all its parts do, and fails if one does."""
    if any(outcome is False for outcome in outcomes):
        return False
    return True if outcomes and all(outcomes) else None


def _t975(degrees: int) -> float:
    from scipy.special import stdtrit  # type: ignore[import-untyped]  # comes with scikit-learn; slow to import

    return float(stdtrit(degrees, 0.975))
