"""The swept axis: position = log₁₀ λ; λ = 0, which has no logarithm, is set apart at the left behind a break.

Positions are plain numbers on a linear axis, so that zero has one too and colours can run along the axis. An axis of
another setting is the same, or linear where its values span less than a decade: position = value.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reglab.charts.base import Draft
from reglab.charts.style import GREY, HIGHEST, LOWEST, colour_of
from reglab.number_format import exact, short
from reglab.sweep_axes import Axis

TOP = 66
"""Pixels above the plot, with room for text between it and the subtitle."""

_GAP = 0.15  # between zero and the smallest λ, as a share of the decades that the others span
_PAD = 0.05  # beyond the outermost points
_MANY = 6  # labelled ticks at most, beside the zero

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class LambdaAxis:
    """Where each λ lies; ``lambdas`` ascending, each once, all that will ever be drawn: so the axis stands still.

    ``swept`` is the setting where it is not λ: it decides the scale, and colours run from one end to the other.
    """

    lambdas: tuple[float, ...]
    swept: Axis | None = None

    @classmethod
    def of(cls, values: Iterable[float], swept: Axis | None = None) -> LambdaAxis:
        """The axis on which all ``values`` have a place."""
        other = swept if swept is not None and not swept.setting.is_lambda else None
        return cls(tuple(sorted({float(value) for value in values if math.isfinite(value) and value >= 0})), other)

    @property
    def log(self) -> bool:
        """Whether positions are logarithms."""
        return self.swept is None or self.swept.log

    @cached_property
    def positive(self) -> tuple[float, ...]:
        """The values on the scale: λ > 0; on a linear axis all."""
        return tuple(value for value in self.lambdas if self.on_scale(value))

    def on_scale(self, values: Any) -> Any:
        """Which ``values`` have a place on the scale itself, not behind the break."""
        return values > 0 if self.log else values >= 0

    @cached_property
    def ends(self) -> tuple[float, float]:
        """Positions of the smallest and the largest value on the scale; (0, 0) where there is none."""
        low, *_, high = (*self.positive, *self.positive) or (1.0, 1.0)
        return (math.log10(low), math.log10(high)) if self.log else (low, high) if self.positive else (0.0, 0.0)

    @cached_property
    def zero(self) -> float:
        """The position of λ = 0."""
        low, high = self.ends
        if not self.log:
            return 0.0
        return low - _GAP * max(high - low, 2.0) if self.positive else 0.0

    @cached_property
    def crowding(self) -> float:
        """The factor by which points shrink so that many λ do not hide their line."""
        return float(np.clip((20 / max(len(self.lambdas), 1)) ** 0.5, 0.58, 1))

    @property
    def break_at(self) -> float | None:
        """The position of the break between zero and the others; ``None`` where one of them is missing."""
        return (self.zero + self.ends[0]) / 2 if self.log and self.positive and 0.0 in self.lambdas else None

    @cached_property
    def range(self) -> tuple[float, float]:
        """Both ends of the axis."""
        low, high = self.ends
        low = self.zero if 0.0 in self.lambdas else low
        pad = _PAD * (max(high - low, 0.5) if self.log else (high - low or abs(high) or 1.0))
        return low - pad, high + pad

    def at(self, values: ArrayLike) -> Floats:
        """The position of each λ."""
        numbers = np.asarray(values, dtype=np.float64)
        if not self.log:
            return numbers.astype(np.float32)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(numbers > 0, np.log10(numbers), self.zero).astype(np.float32)

    def share(self, value: float) -> float:
        """How far to the right the λ lies, from 0 to 1."""
        low, high = self.range
        return float((self.at([value])[0] - low) / (high - low))

    def colour(self, value: float) -> str:
        """The colour of λ; of another setting the same colours from its smallest to its largest value."""
        return colour_of(value) if self.swept is None else self.colour_at(float(self.at([value])[0]))

    def colour_at(self, position: float) -> str:
        """The colour at a position on the scale; grey behind the break."""
        low, high = self.ends
        if self.swept is None:
            return colour_of(10**position)
        if self.log and position < low - 1e-6:
            return GREY
        share = (position - low) / (high - low) if high > low else 0.5
        return colour_of(LOWEST * (HIGHEST / LOWEST) ** float(np.clip(share, 0, 1)))

    def ticks(self) -> list[float]:
        """The λ to be labelled: 0, and powers of ten, with 3 (or 2 and 5) between where there is room.

        On a linear axis all values, or an even choice of many.
        """
        if not self.log:
            return list(self.lambdas[:: -(-len(self.lambdas) // _MANY)])
        zero = [0.0] if 0.0 in self.lambdas else []
        return zero + (_steps(*self.ends) or [*self.positive[:1], *self.positive[1:][-1:]] if self.positive else [])


def lambda_axis(made: Draft, axis: LambdaAxis, symbol: str) -> None:
    """Give the x axis of ``made`` its places, labels and break; small ticks show each value."""
    title = symbol if axis.swept is None else axis.swept.title
    ticks = axis.ticks()
    minor = {"tickmode": "array", "tickvals": axis.at(axis.lambdas).tolist(), "ticks": "outside", "ticklen": 2.5}
    labels = {"tickvals": axis.at(ticks).tolist(), "ticktext": [lambda_text(value) for value in ticks]}
    made.update_xaxes(range=list(axis.range), title={"text": title}, tickmode="array", zeroline=False)
    made.update_xaxes(minor=minor, **labels)
    made.update_layout(meta={"x": {"at": axis.at(axis.lambdas).tolist(), "values": list(axis.lambdas), "name": title}})
    if axis.break_at is not None:
        line = {"color": GREY, "width": 1.2, "dash": "1.5px,3px"}
        ends = {"x0": axis.break_at, "x1": axis.break_at, "y0": -0.035, "y1": 1, "yref": "paper"}
        made.add_shape(type="line", layer="below", line=line, **ends)


def lambda_text(value: float, digits: int = 3) -> str:
    """λ as people read it, to so many digits: "0", "0.03", "3e-5"; whole numbers exactly: "1234"."""
    return exact(value) if value == round(value) else short(value, digits)


def _steps(low: float, high: float) -> list[float]:
    """Round λ from 10^low to 10^high, as many as fit; none where not even two are round."""
    for digits, every in (((1, 2, 5), 1), ((1, 3), 1), ((1,), 1), ((1,), 2), ((1,), 3), ((1,), 5)):
        powers = range(math.floor(low), math.ceil(high) + 1)
        values = [digit * 10.0**power for power in powers if power % every == 0 for digit in digits]
        inside = [value for value in values if low - 1e-6 <= math.log10(value) <= high + 1e-6]
        if 2 <= len(inside) <= _MANY:
            return [float(f"{value:.3g}") for value in inside]
    return []
