"""mean ± t₀.₉₇₅(n−1)·s/√n over seeds, and the rules that turn such an interval into holds, fails or undecided.

Every rule is symmetric: some figures make it hold, and some make it fail. The units of the figures come last.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from reglab.number_format import PERCENT as PERCENT_SIGN
from reglab.number_format import fixed, short

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
    from scipy.special import stdtrit  # type: ignore[import-untyped]  # comes with scikit-learn; slow to import

    half = float(stdtrit(len(x) - 1, 0.975)) * float(x.std(ddof=1)) / math.sqrt(len(x))
    return Interval(float(x.mean()), float(x.mean()) - half, float(x.mean()) + half, len(x))


@dataclass(frozen=True)
class Unit:
    """How a figure is written: times ``scale``, with ``digits`` decimals (significant digits if ``log``), and
    ``name``.
    """

    name: str
    scale: float = 1.0
    digits: int = 1
    log: bool = False
    signed: bool = True

    def bare(self, value: float) -> str:
        """``value`` in this unit without its name, e.g. "−38.2"."""
        if not math.isfinite(value):
            return "not finite"
        if self.log:
            return short(value * self.scale, self.digits)
        return fixed(value * self.scale, self.digits, sign=self.signed)

    def show(self, value: float) -> str:
        """``value`` with the unit's name."""
        return f"{self.bare(value)}{self._suffix}"

    def limit(self, value: float) -> str:
        """The limit of a rule, without trailing zeros: "−10 %", "1e-9"."""
        return f"{self.bare_limit(value)}{self._suffix}"

    def bare_limit(self, value: float) -> str:
        """:meth:`limit` without the unit's name."""
        plus = "+" if self.signed and value > 0 else ""
        return f"{plus}{short(value * self.scale, 6)}"

    @property
    def _suffix(self) -> str:
        return PERCENT_SIGN if self.name == "%" else f" {self.name}".rstrip()


@dataclass(frozen=True)
class Rule(ABC):
    """A test of the values over seeds against ``limit``; ``every_seed``: of each value, not of the mean."""

    limit: float
    every_seed: ClassVar[bool] = False

    @property
    def lines(self) -> tuple[float, ...]:
        """The limits to draw."""
        return (self.limit,)

    @abstractmethod
    def decide(self, values: Sequence[float]) -> Outcome: ...

    @abstractmethod
    def text(self, unit: Unit) -> str:
        """A clause that begins with "holds if"."""


class More(Rule):
    """The 95 % interval lies above 0, and the mean is ``limit`` or more."""

    def decide(self, values: Sequence[float]) -> Outcome:
        found = interval(values)
        if found.low > 0 and found.mean >= self.limit:
            return True
        return False if found.high < self.limit else None

    def text(self, unit: Unit) -> str:
        by = unit.limit(self.limit)
        return f"holds if the 95 % interval lies above 0 and the mean is {by} or more; fails if it ends below {by}"


class Less(Rule):
    """The 95 % interval lies below 0, and the mean is −``limit`` or less."""

    @property
    def lines(self) -> tuple[float, ...]:
        return (-self.limit,)

    def decide(self, values: Sequence[float]) -> Outcome:
        return More(self.limit).decide([-value for value in values])

    def text(self, unit: Unit) -> str:
        by = unit.limit(-self.limit)
        return f"holds if the 95 % interval lies below 0 and the mean is {by} or lower; fails if it begins above {by}"


@dataclass(frozen=True)
class Within(Rule):
    """The mean is closer to ``centre`` than ``limit``: equivalence (Schuirmann 1987), more than no difference found."""

    centre: float = 0.0

    @property
    def lines(self) -> tuple[float, ...]:
        return (self.centre - self.limit, self.centre + self.limit)

    def decide(self, values: Sequence[float]) -> Outcome:
        found, (low, high) = interval(values), self.lines
        if low < found.low and found.high < high:
            return True
        return False if found.low >= high or found.high <= low else None

    def text(self, unit: Unit) -> str:
        edge = f"within ±{unit.limit(self.limit).lstrip('+')}"
        if self.centre:
            edge = f"between {unit.bare_limit(self.lines[0])} and {unit.limit(self.lines[1])}"
        return f"holds if the whole 95 % interval is {edge}; fails if it lies wholly outside"


class EverySeed(Rule):
    """Every value is on one side of ``limit``: for what must be true of every seed, not on average."""

    every_seed = True
    side: ClassVar[Literal["below", "above"]]

    def decide(self, values: Sequence[float]) -> Outcome:
        beyond = (value < self.limit if self.side == "below" else value > self.limit for value in values)
        return all(beyond) if len(values) else None

    def text(self, unit: Unit) -> str:
        return f"holds if it is {self.side} {unit.show(self.limit).lstrip('+')} for every seed, else fails"


class AllBelow(EverySeed):
    """Every value is below ``limit``."""

    side = "below"


class AllAbove(EverySeed):
    """Every value is above ``limit``."""

    side = "above"


def together(outcomes: Sequence[Outcome]) -> Outcome:
    """A claim holds if all its parts do, and fails if one does."""
    if any(outcome is False for outcome in outcomes):
        return False
    return True if outcomes and all(outcomes) else None


POINTS = Unit("points", 100, 1)  # of a share, e.g. of accuracy
PERCENT = Unit("%", 100, 1)  # a change relative to the reference
SHARE = Unit("%", 100, 2, signed=False)
NATS = Unit("nats", 1, 3)
DISTANCE = Unit("", 1, 2, log=True, signed=False)  # ‖a − b‖ / ‖b‖
EXPONENT = Unit("", 1, 2)  # the slope of one logarithm on another
APART = Unit("%", 100, 1, signed=False)  # the same as a share of the norm
