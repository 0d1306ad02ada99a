"""Where on the path the network overfits, underfits, and learns nothing, in one sentence. Pure text."""

from __future__ import annotations

from collections.abc import Sequence

from reglab.analysis import Chance, SweepVerdict
from reglab.charts.lambda_axis import lambda_text
from reglab.sweep import Point, SweepSpec

_MOST = 4  # λ in a list


def sentence(spec: SweepSpec, verdict: SweepVerdict, chance: Chance | None) -> str:
    """For example "Below λ₂ = 0.003 the network overfits; at 0.1 it stays at chance (10 %)."; empty: neither."""
    every = [point for point, _ in verdict.regimes]
    over, under, fallen = (verdict.of_regime(regime) for regime in ("overfits", "underfits", "at chance"))
    accuracy = f" ({chance.text})" if chance is not None else ""
    if spec.kind == "grid":
        return _counted(len(every), len(over), len(under), len(fallen))
    parts = [
        (_where(over, every, low=True), "overfits"),
        (_where(under, every, low=False), "underfits"),
        (_where(fallen, every, low=False), f"stays at chance{accuracy}"),
    ]
    said = [(where, what) for where, what in parts if where]
    clauses = [
        f"{where.format(f'{spec.symbol} = ' if i == 0 else '')} {'the network' if i == 0 else 'it'} {what}"
        for i, (where, what) in enumerate(said)
    ]
    whole = "; ".join(clauses)
    return f"{whole[0].upper()}{whole[1:]}." if whole else ""


def listed(spec: SweepSpec, points: Sequence[Point]) -> str:
    """For example "0.001, 0.003 and 0.01", of a grid "(0, 0.1) and (0.01, 0.1)"; long lists are cut short."""
    if spec.kind == "grid":
        return _list([f"({lambda_text(point.l1)}, {lambda_text(point.l2)})" for point in points])
    return _list([lambda_text(point.value) for point in points])


def _list(texts: Sequence[str]) -> str:
    if len(texts) > _MOST:
        return f"{', '.join(texts[:_MOST])} and {len(texts) - _MOST} more λ"
    return f"{', '.join(texts[:-1])} and {texts[-1]}" if len(texts) > 1 else texts[0]


def _where(points: Sequence[Point], every: Sequence[Point], *, low: bool) -> str:
    """Which λ these are: "below …" for all from the lowest on, "from … on" up to the highest, else a list.

    ``{}`` stands before the first number, for the symbol.
    """
    if not points:
        return ""
    count = len(points)
    if low and 1 < count < len(every) and list(points) == list(every[:count]):
        return f"below {{}}{lambda_text(every[count].value)}"
    if not low and count > 1 and list(points) == list(every[-count:]):
        return f"from {{}}{lambda_text(points[0].value)} on"
    return f"at {{}}{_list([lambda_text(point.value) for point in points])}"


def _counted(every: int, over: int, under: int, fallen: int) -> str:
    """Of a grid, how many pairs do what."""
    counts = ((over, "overfit"), (every - over - under - fallen, "fit"), (under, "underfit"),
              (fallen, "stay at chance"))  # fmt: skip
    said = ", ".join(f"{count} {what}" for count, what in counts if count)
    return f"Of {every} pairs {said}."
