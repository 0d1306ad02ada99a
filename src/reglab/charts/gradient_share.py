"""How hard the penalty pulls at the weights, in parts of the data's pull: ‖∇P‖₂ / ‖ḡ‖₂ over epochs.

:mod:`reglab.columns` says what the two are; over several kernels, each is the root of the sum of squares. Below 1 the
data have the upper hand, above 1 the penalty; at 1 the pulls are equal, and cancel where the weights rest. The axis is
logarithmic: a share of exactly 0 (λ = 0) lies at its lower edge and says so.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from reglab import columns
from reglab.charts.base import draft, each_run, empty, epoch_axis, uid_of
from reglab.charts.draft import Draft
from reglab.charts.shares import MOST, Line, line_of_run, lines_alone, total_share
from reglab.charts.style import GREY, RunStyle, rgba
from reglab.number_format import short

SUBTITLE = "‖∇penalty‖ / ‖∇data‖, log scale"
AT_REST = "at rest: the two<br>pulls cancel"
EQUAL = "1: the two pulls<br>are equal"

_ZERO = 0.08  # of the decades shown, from the lowest one down to the place of 0
_DECADES = 6  # height of the axis, at most


def gradient_share_chart(
    pulls: pd.DataFrame,
    styles: Mapping[str, RunStyle],
    layer: str | None = None,
    *,
    planned: int | None = None,
    rests: bool = True,
) -> go.Figure:
    """The share of every styled run in ``pulls`` (:data:`columns.GRADIENT_COLUMNS`), for one layer or all together.

    One run alone shows its kernels too, up to MOST of them. ``rests``: whether equal pulls mean rest for these runs,
    which :mod:`reglab.training.gradient_ratio` explains.
    """
    title = f"Pull of λ on {layer.removesuffix('.weight') if layer else 'all kernels'}"
    drawn = list(each_run(pulls[pulls[columns.EPOCH] > 0] if len(pulls) else pulls, styles))
    if not drawn:
        return empty(title, SUBTITLE, "The pulls are known after the first epoch.")
    lines = lines_alone(*drawn[0], layer) if len(drawn) == 1 else [line_of_run(*run, layer) for run in drawn]
    if not any(np.isfinite(line.share).any() for line in lines):
        return empty(title, SUBTITLE, "Not recorded for this choice: only newer runs keep their pulls.")
    span = _span_of(drawn[0][1]) if len(drawn) == 1 and layer is None else []
    made = draft(title, SUBTITLE)
    floor = _axis(made, [*lines, *span], title)
    for line in span:
        _add_edge(made, line, filled=line is span[-1])
    for line in lines:
        _add_line(made, line, floor)
    _add_reference(made, AT_REST if rests else EQUAL, [line.share for line in lines])
    epoch_axis(made, max(int(line.epochs.max()) for line in lines), planned)
    made.update_layout(hovermode="closest")
    return made.figure()


def _axis(made: Draft, lines: list[Line], title: str) -> float:
    """A logarithmic axis in whole decades with 1 in it, so that it rarely moves; the height at which 0 is drawn.

    0 has no place on such an axis: it gets one of its own below a break, with a tick of its own.
    """
    known = np.concatenate([line.share[line.share > 0] for line in lines])
    top = float(np.ceil(np.log10(max(1.2 * known.max(initial=0), 1.5))))
    low = float(np.floor(np.log10(min(known.min(initial=1) / 1.2, 0.3))))
    low = max(low, top - _DECADES)
    made.update_yaxes(type="log", range=[low, top], dtick="D2" if top - low <= 2 else 1, tickformat="~g")
    made.update_layout(xaxis={"uirevision": title}, yaxis={"uirevision": title})
    zero = low - _ZERO * (top - low)
    if any(line.nothing for line in lines):
        _add_zero(made, low, top, zero)
    return float(10**zero)


def _add_zero(made: Draft, low: float, top: float, zero: float) -> None:
    """A place for 0 below the decades from ``low`` to ``top``, behind a dotted break."""
    factors = (1, 2, 5) if top - low <= 2 else (1,)
    ticks = [factor * 10.0**power for power in range(int(low), int(top) + 1) for factor in factors]
    ticks = [tick for tick in ticks if tick <= 10**top * 1.001]
    made.update_yaxes(
        range=[1.5 * zero - 0.5 * low, top], tickmode="array", tickvals=[10**zero, *ticks],
        ticktext=["0", *map(short, ticks)],
    )  # fmt: skip
    broken = 10 ** (0.5 * (zero + low))
    made.add_hline(broken, line={"color": GREY, "width": 1.2, "dash": "1.5px,3px"}, layer="below")


def _add_line(made: Draft, line: Line, floor: float) -> None:
    share = np.full_like(line.share, floor) if line.nothing else np.where(line.share > 0, line.share, np.nan)
    said = "0" if line.nothing else "%{y:.3g}"
    made.add_scatter(
        x=line.epochs.astype(np.int16 if line.epochs.max(initial=0) < 2**15 else np.int32),
        y=share.astype(np.float32),
        uid=line.uid,
        name=line.name,
        mode="lines+markers" if len(share) == 1 else "lines",
        line={"color": line.colour, "width": line.width, "dash": line.dash},
        hovertemplate=f"{line.name}<br>epoch %{{x}}: {said}<extra></extra>",
    )
    if line.nothing:
        made.add_annotation(
            text="0: λ does not pull", x=0.99, xref="paper", xanchor="right", y=float(np.log10(floor)),
            yanchor="bottom", showarrow=False, font={"size": 11}, opacity=0.8,
        )  # fmt: skip


def _span_of(rows: pd.DataFrame) -> list[Line]:
    """The lowest and the highest share of any kernel, where the kernels are too many for lines; else nothing."""
    if rows[columns.LAYER].nunique() <= MOST:
        return []
    kernels = [total_share(part) for _, part in rows.groupby(columns.LAYER, sort=False)]
    shares = pd.concat([pd.Series(share, index=epochs) for epochs, share in kernels], axis=1).sort_index()
    epochs = shares.index.to_numpy(np.int64)
    both = {"lowest kernel": shares.min(axis=1), "highest kernel": shares.max(axis=1)}
    return [Line(uid_of(name), name, GREY, epochs, share.to_numpy(np.float64)) for name, share in both.items()]


def _add_edge(made: Draft, line: Line, *, filled: bool) -> None:
    """One edge of the span; the second is filled down to the first."""
    made.add_scatter(
        x=line.epochs.astype(np.int32), y=np.where(line.share > 0, line.share, np.nan).astype(np.float32),
        uid=line.uid, name="lowest to highest kernel", legendgroup="span", showlegend=filled,
        mode="lines+markers" if len(line.share) == 1 else "lines", line={"color": line.colour, "width": 0.8},
        fill="tonexty" if filled else None, fillcolor=rgba(line.colour, 0.2) if filled else None,
        hovertemplate=f"{line.name}<br>epoch %{{x}}: %{{y:.3g}}<extra></extra>",
    )  # fmt: skip


def _add_reference(made: Draft, text: str, shares: list[NDArray[np.float64]]) -> None:
    """The line at 1; its words stand on that side of it where fewer of the last shares are."""
    last = [share[np.isfinite(share)][-1:] for share in shares]
    above = np.median(np.concatenate(last)) > 1
    made.add_hline(1, line={"color": GREY, "width": 1.5}, layer="below")
    made.add_annotation(
        text=text, x=0.99, xref="paper", xanchor="right", y=0, yanchor="top" if above else "bottom", align="right",
        showarrow=False, font={"size": 11}, opacity=0.8,
    )  # fmt: skip
