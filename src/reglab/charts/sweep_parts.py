"""What the charts over λ are drawn with: the modes of applying λ, lines, bands of ± one standard error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reglab import columns
from reglab.charts.base import DASHES, values_of
from reglab.charts.draft import Draft
from reglab.charts.lambda_axis import LambdaAxis
from reglab.charts.style import GREY, colour_of, rgba

_FEW = 25  # points whose error bars have caps
_STOPS = 12  # of a gradient
BAND = 0.30  # opacity


@dataclass(frozen=True)
class Mode:
    """How λ is applied, told from the others by the points' ``symbol`` and the strokes."""

    apply: str
    symbol: str
    size: float
    val: str
    train: str
    glyph: str


_LOOKS = (
    ("circle", 9.0, "solid", DASHES["train"], "━"),
    ("diamond", 9.5, "7px,2px,2px,2px", "2px,3px", "╍"),
    ("triangle-up", 10.0, "2px,2px", "1px,4px", "┈"),
)


def each_mode(frame: pd.DataFrame) -> list[tuple[Mode, pd.DataFrame]]:
    """Each mode of applying λ with its rows, λ ascending; the looks go by the modes' names, so charts agree."""
    parts = frame.groupby(columns.APPLY, sort=True)
    order = [columns.LAMBDA, columns.LAMBDA1, columns.LAMBDA2]
    return [
        (Mode(str(apply), *_LOOKS[number % len(_LOOKS)]), rows.sort_values(order, kind="stable"))
        for number, (apply, rows) in enumerate(parts)
    ]


def crowding(axis: LambdaAxis) -> float:
    """By how much points shrink so that many λ do not hide their line."""
    return float(np.clip((20 / max(len(axis.lambdas), 1)) ** 0.5, 0.58, 1))


def colours_of(rows: pd.DataFrame) -> list[str]:
    """The colour of each row's λ."""
    return [colour_of(value) for value in rows[columns.LAMBDA]]


def lambdas_of(rows: pd.DataFrame) -> NDArray[np.float64]:
    """Each row's place on the path."""
    return rows[columns.LAMBDA].to_numpy(dtype=np.float64)


def points_of(rows: pd.DataFrame) -> list[list[Any]]:
    """What a click on each row's point tells: apply, λ₁, λ₂."""
    names = (columns.APPLY, columns.LAMBDA1, columns.LAMBDA2)
    return [[str(apply), float(l1), float(l2)] for apply, l1, l2 in zip(*(rows[name] for name in names), strict=True)]


def errors_of(rows: pd.DataFrame, column: str) -> NDArray[np.float32]:
    """The standard error of each row's mean in ``column``; NaN where there is none."""
    return values_of(rows, column + columns.SE)


def error_bars(errors: NDArray[np.float32]) -> dict[str, Any] | None:
    """± one standard error, as thin bars; nothing where no point has one. Many bars have no caps."""
    if not np.isfinite(errors).any():
        return None
    return {"type": "data", "array": errors, "color": GREY, "thickness": 1.2, "width": 3 if len(errors) <= _FEW else 0}


def add_line(
    made: Draft, axis: LambdaAxis, mode: Mode, rows: pd.DataFrame, values: NDArray[np.float32], texts: Sequence[str], *,
    uid: str, line: dict[str, Any], errors: NDArray[np.float32] | None = None, scale: float = 1.0, **how: Any,
) -> None:  # fmt: skip
    """A point at each λ in its colour, joined by a calm grey line that pauses between λ = 0 and the others.

    A point's customdata is what a click on it tells; the pause has none.
    """
    at, zeros = axis.at(lambdas_of(rows)), _zeros(axis, rows)
    pause = [zeros] if zeros else []
    bars = None if errors is None else error_bars(np.insert(errors, pause, np.float32(np.nan)))
    made.add_scatter(
        x=np.insert(at, pause, np.float32(axis.break_at or 0)), y=np.insert(values, pause, np.float32(np.nan)),
        mode="lines+markers", uid=uid, line={"color": GREY, **line}, error_y=bars,
        marker={"symbol": mode.symbol, "size": scale * mode.size, "opacity": 1, "line": {"width": 0},
                "color": _with_pause(colours_of(rows), pause, GREY)},
        customdata=_with_pause(points_of(rows), pause, None), hovertext=_with_pause(list(texts), pause, ""),
        hoverinfo="text", **how,
    )  # fmt: skip


def _with_pause(items: list[Any], pause: list[int], filler: Any) -> list[Any]:
    return [*items[: pause[0]], filler, *items[pause[0] :]] if pause else items


def _zeros(axis: LambdaAxis, rows: pd.DataFrame) -> int:
    """How many rows lie before the break; 0 where there is nothing on one of its sides."""
    zeros = int((lambdas_of(rows) == 0).sum())
    return zeros if axis.break_at is not None and zeros < len(rows) else 0


def add_bridge(
    made: Draft, axis: LambdaAxis, rows: pd.DataFrame, values: NDArray[np.float32], uid: str, **how: Any
) -> None:
    """A faint dotted line over the break, from λ = 0 to the smallest other one."""
    zeros = _zeros(axis, rows)
    if not zeros:
        return
    both = slice(zeros - 1, zeros + 1)
    made.add_scatter(
        x=axis.at(lambdas_of(rows)[both]), y=values[both], mode="lines", uid=uid, showlegend=False, hoverinfo="skip",
        line={"color": GREY, "width": 1.1, "dash": "1px,4px"}, **how,
    )  # fmt: skip


def add_band(
    made: Draft, axis: LambdaAxis, rows: pd.DataFrame, low: NDArray[np.float32], high: NDArray[np.float32], uid: str,
    **how: Any,
) -> None:  # fmt: skip
    """The area from ``low`` to ``high`` over λ > 0, in the colours of λ; it pauses where either is not known."""
    at = axis.at(lambdas_of(rows))
    known = np.isfinite(low) & np.isfinite(high) & (lambdas_of(rows) > 0)
    pieces = [piece for piece in _runs(known) if len(piece) > 1]
    if not pieces:
        return
    gap = np.array([np.nan], dtype=np.float32)
    outline = [(np.append(at[p], at[p][::-1]), np.append(high[p], low[p][::-1])) for p in pieces]
    x, y = (np.concatenate([part for piece in outline for part in (piece[i], gap)][:-1]) for i in (0, 1))
    made.add_scatter(
        x=x, y=y, mode="lines", line={"width": 0, "color": GREY}, fill="toself", fillgradient=gradient(axis, BAND),
        uid=uid, showlegend=False, hoverinfo="skip", **how,
    )  # fmt: skip


def gradient(axis: LambdaAxis, alpha: float) -> dict[str, Any]:
    """The colours of λ along the axis."""
    low, high = axis.ends
    high = high if high > low else low + 1e-3
    stops = np.linspace(0, 1, _STOPS)
    scale = [[float(f"{stop:.3f}"), rgba(colour_of(10 ** (low + stop * (high - low))), alpha)] for stop in stops]
    return {"type": "horizontal", "start": low, "stop": high, "colorscale": scale}


def _runs(known: NDArray[np.bool_]) -> Sequence[NDArray[np.int64]]:
    """The stretches of consecutive True."""
    places = np.flatnonzero(known)
    return np.split(places, np.flatnonzero(np.diff(places) > 1) + 1) if len(places) else []
