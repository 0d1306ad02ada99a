"""A point of a path and its figures, as sentences name them. Pure text."""

from __future__ import annotations

from reglab import columns
from reglab.charts.lambda_axis import lambda_text
from reglab.number_format import PERCENT, fixed, points
from reglab.sweep import Point, SweepSpec


def named_point(spec: SweepSpec, point: Point) -> str:
    """The λ of a point, for example "λ₂ = 0.03"; of a grid both."""
    if spec.kind == "grid":
        return f"λ₁ = {lambda_text(point.l1)}, λ₂ = {lambda_text(point.l2)}"
    return f"{spec.symbol} = {lambda_text(point.value)}"


def figure(value: float, error: float | None, measure: str) -> str:
    """For example "92.3 ± 0.8 %", "0.312 ± 0.012"."""
    if measure == columns.VAL_ACC:
        return f"{points(value, sign=False)}{'' if error is None else f' ± {points(error, sign=False)}'}{PERCENT}"
    return f"{fixed(value, 3)}{'' if error is None else f' ± {fixed(error, 3)}'}"


def signed(value: float, measure: str) -> str:
    """A difference: "+6.8 points", "−0.210"."""
    return f"{points(value)} points" if measure == columns.VAL_ACC else fixed(value, 3, sign=True)


def bare(value: float, measure: str) -> str:
    """The same without its unit: "6.8", "−0.210"."""
    return points(value, sign=False) if measure == columns.VAL_ACC else fixed(value, 3)
