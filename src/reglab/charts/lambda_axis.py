"""The λ axis of a sweep: position = log₁₀ λ; λ = 0, which has no logarithm, is set apart at the left behind a break.

Positions are plain numbers on a linear axis, so that zero has one too and colours can run along the axis.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reglab.charts.base import Draft
from reglab.charts.style import GREY
from reglab.number_format import short

TOP = 66
"""Pixels above the plot, with room for text between it and the subtitle."""

_GAP = 0.15  # between zero and the smallest λ, as a share of the decades that the others span
_PAD = 0.05  # beyond the outermost points
_MANY = 6  # labelled ticks at most, beside the zero

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class LambdaAxis:
    """Where each λ lies; ``lambdas`` ascending, each once, all that will ever be drawn: so the axis stands still."""

    lambdas: tuple[float, ...]

    @classmethod
    def of(cls, values: Iterable[float]) -> LambdaAxis:
        """The axis on which all ``values`` have a place."""
        return cls(tuple(sorted({float(value) for value in values if math.isfinite(value) and value >= 0})))

    @cached_property
    def positive(self) -> tuple[float, ...]:
        """λ > 0."""
        return tuple(value for value in self.lambdas if value > 0)

    @cached_property
    def ends(self) -> tuple[float, float]:
        """Positions of the smallest and the largest λ > 0; (0, 0) where there is none."""
        return (math.log10(self.positive[0]), math.log10(self.positive[-1])) if self.positive else (0.0, 0.0)

    @cached_property
    def zero(self) -> float:
        """The position of λ = 0."""
        low, high = self.ends
        return low - _GAP * max(high - low, 2.0) if self.positive else 0.0

    @cached_property
    def crowding(self) -> float:
        """The factor by which points shrink so that many λ do not hide their line."""
        return float(np.clip((20 / max(len(self.lambdas), 1)) ** 0.5, 0.58, 1))

    @property
    def break_at(self) -> float | None:
        """The position of the break between zero and the others; ``None`` where one of them is missing."""
        return (self.zero + self.ends[0]) / 2 if self.positive and 0.0 in self.lambdas else None

    @cached_property
    def range(self) -> tuple[float, float]:
        """Both ends of the axis."""
        low, high = self.ends
        low = self.zero if 0.0 in self.lambdas else low
        pad = _PAD * max(high - low, 0.5)
        return low - pad, high + pad

    def at(self, values: ArrayLike) -> Floats:
        """The position of each λ."""
        numbers = np.asarray(values, dtype=np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(numbers > 0, np.log10(numbers), self.zero).astype(np.float32)

    def share(self, value: float) -> float:
        """How far to the right the λ lies, from 0 to 1."""
        low, high = self.range
        return float((self.at([value])[0] - low) / (high - low))

    def ticks(self) -> list[float]:
        """The λ to be labelled: 0, and powers of ten, with 3 (or 2 and 5) between where there is room."""
        zero = [0.0] if 0.0 in self.lambdas else []
        return zero + (_steps(*self.ends) or [*self.positive[:1], *self.positive[1:][-1:]] if self.positive else [])


def lambda_axis(made: Draft, axis: LambdaAxis, symbol: str) -> None:
    """Give the x axis of ``made`` its places, labels and break; small ticks show each λ."""
    ticks = axis.ticks()
    minor = {"tickmode": "array", "tickvals": axis.at(axis.lambdas).tolist(), "ticks": "outside", "ticklen": 2.5}
    labels = {"tickvals": axis.at(ticks).tolist(), "ticktext": [lambda_text(value) for value in ticks]}
    made.update_xaxes(range=list(axis.range), title={"text": symbol}, tickmode="array", zeroline=False)
    made.update_xaxes(minor=minor, **labels)
    if axis.break_at is not None:
        line = {"color": GREY, "width": 1.2, "dash": "1.5px,3px"}
        ends = {"x0": axis.break_at, "x1": axis.break_at, "y0": -0.035, "y1": 1, "yref": "paper"}
        made.add_shape(type="line", layer="below", line=line, **ends)


def lambda_text(value: float, digits: int = 3) -> str:
    """λ as people read it, to so many digits: "0", "0.03", "3e-5"."""
    return short(value, digits)


def _steps(low: float, high: float) -> list[float]:
    """Round λ from 10^low to 10^high, as many as fit; none where not even two are round."""
    for digits, every in (((1, 2, 5), 1), ((1, 3), 1), ((1,), 1), ((1,), 2), ((1,), 3), ((1,), 5)):
        powers = range(math.floor(low), math.ceil(high) + 1)
        values = [digit * 10.0**power for power in powers if power % every == 0 for digit in digits]
        inside = [value for value in values if low - 1e-6 <= math.log10(value) <= high + 1e-6]
        if 2 <= len(inside) <= _MANY:
            return [float(f"{value:.3g}") for value in inside]
    return []
