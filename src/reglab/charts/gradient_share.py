"""Penalty-to-data gradient ratio over epochs: ‖∇P‖₂ / ‖ḡ‖₂, both as defined in :mod:`reglab.columns`.

Over several layers, each norm is the root of the sum of squares. Below 1 the data gradient is the larger, above 1 the
penalty gradient; at 1 they are equal, and cancel where the weights are at rest. The axis is logarithmic: a ratio of
exactly 0 (λ = 0) has a labelled place of its own at the lower edge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from reglab import columns
from reglab.charts.base import WIDTHS, Draft, draft, each_run, empty, last_epoch_axis, layer_text, small_epochs, uid_of
from reglab.charts.style import GREY, RAMP, RunStyle, rgba
from reglab.number_format import short

SUBTITLE = "‖∇penalty‖ / ‖∇data‖, log scale"
AT_REST = "at rest: the two<br>gradients cancel"
EQUAL = "1: the two gradients<br>are equally large"

MOST = len(RAMP)
"""Layers of a run up to which each has its line; of more, only their range is drawn."""

_LONGEST = 16  # characters of a layer's name in a legend
_ZERO = 0.08  # of the decades shown, from the lowest one down to the place of 0
_DECADES = 6  # height of the axis, at most

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Line:
    """Ratios over epochs, and how they are drawn."""

    uid: str
    name: str
    colour: str
    epochs: NDArray[np.int64] = field(repr=False)
    share: Floats = field(repr=False)
    width: float = 1.6
    dash: str = "solid"

    @property
    def nothing(self) -> bool:
        """Whether there is no penalty: every known ratio is 0."""
        known = self.share[np.isfinite(self.share)]
        return bool(len(known)) and not known.any()


def gradient_share_chart(
    gradients: pd.DataFrame,
    styles: Mapping[str, RunStyle],
    layer: str | None = None,
    *,
    planned: int | None = None,
    rests: bool = True,
) -> go.Figure:
    """The ratio of every styled run in ``gradients`` (:data:`columns.GRADIENT_COLUMNS`), for one layer or all together.

    A single run also shows its layers, up to MOST of them. ``rests``: whether equal gradients mean rest for these runs,
    which :mod:`reglab.training.gradient_ratio` explains.
    """
    title = f"Gradient ratio, {layer.removesuffix('.weight') if layer else columns.ALL_WEIGHTS}"
    drawn = list(each_run(gradients[gradients[columns.EPOCH] > 0] if len(gradients) else gradients, styles))
    if not drawn:
        return empty(title, SUBTITLE, "The gradients are known after the first epoch.")
    if len(drawn) == 1:
        lines = _lines_alone(*drawn[0], layer)
    else:
        lines = [
            Line(
                uid_of(style.run),
                style.text,
                style.colour,
                *total_share(_of_layer(rows, layer)),
                WIDTHS["val"],
                style.dash,
            )
            for style, rows in drawn
        ]
    if not any(np.isfinite(line.share).any() for line in lines):
        return empty(title, SUBTITLE, "Not recorded for this choice: only newer runs store their gradients.")
    span = _span_of(drawn[0][1]) if len(drawn) == 1 and layer is None else []
    made = draft(title, SUBTITLE)
    floor = _axis(made, [*lines, *span], title)
    for line in span:
        _add_edge(made, line, filled=line is span[-1])
    for line in lines:
        _add_line(made, line, floor)
    _add_reference(made, AT_REST if rests else EQUAL, [line.share for line in lines])
    last_epoch_axis(made, max(int(line.epochs.max()) for line in lines), planned)
    made.update_layout(hovermode="closest")
    return made.figure()


def total_share(rows: pd.DataFrame) -> tuple[NDArray[np.int64], Floats]:
    """(epochs, √Σ‖∇P‖² / √Σ‖ḡ‖² over the layers in ``rows``) of one run; NaN where not recorded or 0 / 0."""
    rows = rows.sort_values(columns.EPOCH, kind="stable")
    epochs, starts = np.unique(rows[columns.EPOCH].to_numpy(np.int64), return_index=True)
    penalty, data = (
        np.sqrt(np.add.reduceat(np.square(rows[name].to_numpy(np.float64)), starts)) if len(rows) else np.empty(0)
        for name in (columns.PENALTY_GRAD, columns.DATA_GRAD)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        share = penalty / data
    return epochs, np.where(np.isfinite(share), share, np.nan)


def _of_layer(rows: pd.DataFrame, layer: str | None) -> pd.DataFrame:
    return rows if layer is None else rows[rows[columns.LAYER] == layer]


def _lines_alone(style: RunStyle, rows: pd.DataFrame, layer: str | None) -> list[Line]:
    """A single run: all weights together, and the chosen layer or each of a few."""
    names = list(dict.fromkeys(rows[columns.LAYER])) if layer is None else [layer]
    many = layer is None and len(names) > MOST
    colour, width = (style.colour, 2.4) if many else (GREY, 3)
    together = Line(uid_of(style.run, "all"), columns.ALL_WEIGHTS, colour, *total_share(rows), width)
    if many:
        return [together]
    places = np.linspace(0, MOST - 1, len(names)).round().astype(int) if len(names) > 1 else [0]
    colours = [RAMP[place] for place in places] if layer is None else [style.colour]
    each = [
        Line(uid_of(style.run, name), layer_text(name, _LONGEST), colour, *total_share(_of_layer(rows, name)), 1.8)
        for name, colour in zip(names, colours, strict=True)
    ]
    return each if layer is None and len(names) == 1 else [together, *each]


def _axis(made: Draft, lines: list[Line], title: str) -> float:
    """A logarithmic axis in whole decades that include 1, so that it rarely moves; returns the height of ratio 0.

    0 has no place on such an axis: it gets one of its own below a break, with a tick of its own.
    """
    known = np.concatenate([line.share[line.share > 0] for line in lines])
    top = float(np.ceil(np.log10(max(1.2 * known.max(initial=0), 1.5))))
    low = max(float(np.floor(np.log10(min(known.min(initial=1) / 1.2, 0.3)))), top - _DECADES)
    zero, fine = low - _ZERO * (top - low), top - low <= 2
    made.update_yaxes(type="log", range=[low, top], dtick="D2" if fine else 1, tickformat="~g")
    made.update_layout(xaxis={"uirevision": title}, yaxis={"uirevision": title})
    if any(line.nothing for line in lines):
        factors = (1, 2, 5) if fine else (1,)
        ticks = [factor * 10.0**power for power in range(int(low), int(top) + 1) for factor in factors]
        ticks = [tick for tick in ticks if tick <= 10**top * 1.001]
        made.update_yaxes(range=[1.5 * zero - 0.5 * low, top], tickmode="array")
        made.update_yaxes(tickvals=[10**zero, *ticks], ticktext=["0", *map(short, ticks)])
        line = {"color": GREY, "width": 1.2, "dash": "1.5px,3px"}
        made.add_hline(10 ** (0.5 * (zero + low)), line=line, layer="below")
    return float(10**zero)


def _add_line(made: Draft, line: Line, floor: float) -> None:
    share = np.full_like(line.share, floor) if line.nothing else np.where(line.share > 0, line.share, np.nan)
    value = "0" if line.nothing else "%{y:.3g}"
    made.add_scatter(
        x=small_epochs(line.epochs),
        y=share.astype(np.float32),
        uid=line.uid,
        name=line.name,
        meta={"zero": floor} if line.nothing else None,
        mode="lines+markers" if len(share) == 1 else "lines",
        line={"color": line.colour, "width": line.width, "dash": line.dash},
        hovertemplate=f"{line.name}<br>epoch %{{x}}: {value}<extra></extra>",
    )
    if line.nothing:
        place = {"x": 0.99, "xref": "paper", "xanchor": "right", "y": float(np.log10(floor)), "yanchor": "bottom"}
        made.add_text("0: no penalty gradient", opacity=0.8, **place)


def _span_of(rows: pd.DataFrame) -> list[Line]:
    """The lowest and the highest ratio of any layer, where the layers are too many for lines; else nothing."""
    if rows[columns.LAYER].nunique() <= MOST:
        return []
    layers = [total_share(part) for _, part in rows.groupby(columns.LAYER, sort=False)]
    shares = pd.concat([pd.Series(share, index=epochs) for epochs, share in layers], axis=1).sort_index()
    epochs = shares.index.to_numpy(np.int64)
    both = {"lowest layer": shares.min(axis=1), "highest layer": shares.max(axis=1)}
    return [Line(uid_of(name), name, GREY, epochs, share.to_numpy(np.float64)) for name, share in both.items()]


def _add_edge(made: Draft, line: Line, *, filled: bool) -> None:
    """One edge of the span; the second is filled down to the first."""
    area = {"fill": "tonexty", "fillcolor": rgba(line.colour, 0.2)} if filled else {}
    made.add_scatter(
        x=line.epochs.astype(np.int32),
        y=np.where(line.share > 0, line.share, np.nan).astype(np.float32),
        uid=line.uid,
        name="lowest to highest layer",
        meta={"name": line.name},
        legendgroup="span",
        showlegend=filled,
        mode="lines+markers" if len(line.share) == 1 else "lines",
        line={"color": line.colour, "width": 0.8},
        hovertemplate=f"{line.name}<br>epoch %{{x}}: %{{y:.3g}}<extra></extra>",
        **area,
    )


def _add_reference(made: Draft, text: str, shares: list[Floats]) -> None:
    """The line at 1; its text is on the side where fewer of the last ratios are."""
    last = [share[np.isfinite(share)][-1:] for share in shares]
    above = np.median(np.concatenate(last)) > 1
    made.add_hline(1, line={"color": GREY, "width": 1.5}, layer="below")
    side = {"yanchor": "top" if above else "bottom", "align": "right", "opacity": 0.8}
    made.add_text(text, x=0.99, xref="paper", xanchor="right", y=0, **side)
