"""The pieces that verdicts are made of: a line with its rule, points, figures and differences as text. Pure text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from reglab import columns
from reglab.analysis import PairedDifference
from reglab.charts.lambda_axis import lambda_text
from reglab.number_format import PERCENT, fixed, points, short
from reglab.sweep import EpochRule, Point, SweepSpec

RULES: Mapping[EpochRule, str] = {"last": "last epoch", "best": "best epoch", "common": "common epoch"}

_LISTED = 4  # λ of a list that are written out
_SURE = 1e-3  # an adjusted p below it is written as such


class Line(NamedTuple):
    """One idea in Markdown, and the rule behind its numbers."""

    text: str
    help: str = ""


def named_point(spec: SweepSpec, point: Point) -> str:
    """The values of a point: "λ₂ = 0.03", "λ₂ = 0.03, learning rate = 0.001"."""
    return ", ".join(f"{axis.symbol} = {lambda_text(value)}" for axis, value in spec.place(point))


def short_point(spec: SweepSpec, point: Point) -> str:
    """A point without the names of its axes: "0.03", "(0.03, 0.001)"."""
    place = ", ".join(lambda_text(value) for _, value in spec.place(point))
    return f"({place})" if spec.is_map else place


def zero_text(spec: SweepSpec) -> str:
    """What every λ is compared with: "λ₂ = 0", "λ₁ = λ₂ = 0"."""
    if spec.kind == "grid":
        return "λ₁ = λ₂ = 0"
    return f"{spec.symbol} = 0" + (f" at the same {spec.axes[1].symbol}" if spec.is_map else "")


def figure(value: float, error: float | None, measure: str) -> str:
    """A mean ± its standard error: "92.3 ± 0.8 %", "0.312 ± 0.012"."""
    unit = PERCENT if measure == columns.VAL_ACC else ""
    return bare(value, measure) + ("" if error is None else f" ± {bare(error, measure)}") + unit


def difference_text(difference: PairedDifference) -> str:
    """Value, interval and adjusted p: "+1.8 points [0.4, 3.2], adjusted p 0.031"; no p where there is no interval."""
    measure = columns.VAL_ACC if difference.higher_is_better else columns.VAL_LOSS
    text = f"{signed(difference.value, measure)}{interval_text(difference)}"
    if difference.p_adjusted is None or difference.low is None:
        return text
    return f"{text}, adjusted p {p_text(difference.p_adjusted)}"


def interval_text(difference: PairedDifference) -> str:
    """ " [0.4, 3.2]", with a space before it; empty without an interval."""
    if difference.low is None or difference.high is None:
        return ""
    measure = columns.VAL_ACC if difference.higher_is_better else columns.VAL_LOSS
    return f" [{bare(difference.low, measure)}, {bare(difference.high, measure)}]"


def p_text(p: float) -> str:
    """A p to two significant digits, "< 0.001" below that."""
    return "< 0.001" if p < _SURE else short(p, 2)


def listed(spec: SweepSpec, chosen: Sequence[Point], notes: Sequence[str] = ()) -> str:
    """Several λ: "λ₂ = 0.001, 0.003 and 0.01", of a map "(λ₁, λ₂) = (0, 0.1) and (0.01, 0.1)"; cut after four.

    With ``notes``, one a λ in brackets, none is cut.
    """
    texts = [short_point(spec, point) for point in chosen]
    if notes:
        texts = [f"{text} ({note})" for text, note in zip(texts, notes, strict=True)]
    elif len(texts) > _LISTED:
        texts[_LISTED:] = [f"{len(texts) - _LISTED} more"]
    values = f"{', '.join(texts[:-1])} and {texts[-1]}" if len(texts) > 1 else texts[0]
    symbols = ", ".join(axis.symbol for axis in spec.axes)
    return f"{f'({symbols})' if spec.is_map else symbols} = {values}"


def signed(value: float, measure: str) -> str:
    """A difference with its sign: "+6.8 points", "−0.210"."""
    return f"{points(value)} points" if measure == columns.VAL_ACC else fixed(value, 3, sign=True)


def bare(value: float, measure: str) -> str:
    """A figure without sign and unit: "6.8", "−0.210"."""
    return points(value, sign=False) if measure == columns.VAL_ACC else fixed(value, 3)
