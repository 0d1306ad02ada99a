"""Weight histograms of one run through its training: as a heat map, as a ridge, and at one epoch.

Density = count / (all weights · bin width), on a logarithmic scale of :data:`DECADES` decades below the highest of any
epoch: the scale stands still from epoch to epoch. Exact zeros have no width: their share has an axis of its own.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from reglab import columns
from reglab.bins import EDGES
from reglab.charts.base import SMALL, Draft, Floats, draft, empty, round_below, small_epochs, uid_of
from reglab.charts.style import GREY, RAMP, rgba
from reglab.charts.weights import DECADES, Histogram, extent
from reglab.number_format import PERCENT, percent, short

RIDGES = 12
"""Epochs of a ridge at most: an even choice of more, always with the first and the last."""

COLOUR = RAMP[0]
_HINT = "Histograms appear when training starts."
_OVERLAP = 1.3  # height of a ridge, in the distance between two
_ZEROS = 0.17  # of the plot's height


class History(NamedTuple):
    """The histograms of one run: ``epochs`` (E,), one ``histogram`` each, and the axes that hold all of them."""

    epochs: NDArray[np.int64]
    histograms: list[Histogram]
    reach: float
    top: float

    @property
    def inside(self) -> slice:
        """The bins between ±reach."""
        kept = np.flatnonzero((EDGES[:-1] < self.reach) & (EDGES[1:] > -self.reach))
        return slice(int(kept[0]), int(kept[-1]) + 1)

    def edges(self) -> Floats:
        """The edges of the bins between ±reach."""
        return EDGES[self.inside.start : self.inside.stop + 1].astype(np.float32)

    def heights(self, place: int) -> NDArray[np.float64]:
        """Densities from 0, DECADES below the top or less, to 1 at the top, of the bins between ±reach."""
        density = self.histograms[place].density[self.inside]
        powers = np.log10(np.maximum(density, 10 ** (self.top - 2 * DECADES)))
        return np.clip((powers - self.top) / DECADES + 1, 0, 1)

    @property
    def zero_shares(self) -> Floats:
        """The share of exact zeros at each epoch."""
        return np.array([histogram.zero_share for histogram in self.histograms], dtype=np.float32)


def _extracted(history: pd.DataFrame) -> History | None:
    if history.empty:
        return None
    rows = zip(*(history[name] for name in (columns.COUNTS, columns.SIZE, columns.ZEROS)), strict=True)
    histograms = [Histogram(np.asarray(counts, np.int64), int(size), int(zeros)) for counts, size, zeros in rows]
    return History(history[columns.EPOCH].to_numpy(np.int64), histograms, *extent(histograms))


def _title(layer: str | None) -> str:
    return f"Weights of {layer or columns.ALL_WEIGHTS} through training"


def weight_heat_map_chart(
    history: pd.DataFrame, *, layer: str | None = None, best_epoch: int | None = None
) -> go.Figure:
    """Epoch to the right, weight value up, colour the density; the share of exact zeros below, where there are any.

    ``history``: EPOCH, COUNTS, SIZE and ZEROS of one run, one row an epoch.
    """
    own = _extracted(history)
    if own is None:
        return empty(_title(layer), "density, log scale", _HINT)
    zeros = bool(own.zero_shares.any())
    made = draft(_title(layer), "colour: density, log scale" + ("" if zeros else "; no exact zeros"), x="epoch")
    _heat_axes(made, own, zeros=zeros)
    _add_cells(made, own)
    if zeros:
        _add_zeros(made, own)
    if best_epoch is not None and own.epochs.min() < best_epoch < own.epochs.max():
        _add_best(made, best_epoch, left=best_epoch > float(own.epochs.mean()))
    return made.figure()


def _heat_axes(made: Draft, own: History, *, zeros: bool) -> None:
    first, last = int(own.epochs.min()), int(own.epochs.max())
    made.update_layout(margin={"l": 52, "b": 40}, showlegend=False)
    made.update_xaxes(range=[first - 0.5, max(last, first + 1) + 0.5], tickformat="d", nticks=9, zeroline=False)
    tick = round_below(own.reach, (1, 2, 5))
    y = {"title": {"text": "w", "standoff": 2, "font": {"size": SMALL}}, "range": [-own.reach, own.reach]}
    made.update_yaxes(**y, showgrid=False, tick0=0, dtick=tick / 2, tickformat="~g")
    if zeros:
        title = {"text": "zeros", "standoff": 2, "font": {"size": SMALL}}
        below = {"domain": [0, _ZEROS], "anchor": "x", "rangemode": "tozero", "nticks": 4, "title": title}
        made.update_yaxes(domain=[_ZEROS + 0.07, 1])
        made.update_xaxes(anchor="y2")
        made.update_layout(yaxis2={**below, "tickformat": "~g", "ticksuffix": PERCENT, "zeroline": False})


def _add_cells(made: Draft, own: History) -> None:
    """A cell for each bin and epoch; bins without a weight have none."""
    counts = np.stack([histogram.counts[own.inside] for histogram in own.histograms], axis=1)
    heights = np.stack([own.heights(place) for place in range(len(own.epochs))], axis=1)
    density = np.stack([histogram.density[own.inside] for histogram in own.histograms], axis=1)
    powers = np.arange(np.ceil(own.top - DECADES), np.floor(own.top) + 1)
    bar = {"thickness": 12, "len": 0.82, "y": 1, "yanchor": "top", "outlinewidth": 0, "tickfont": {"size": SMALL}}
    bar |= {"tickvals": list((powers - own.top) / DECADES + 1), "ticktext": [short(10.0**power) for power in powers]}
    made.add_heatmap(
        x=small_epochs(own.epochs),
        y=own.edges(),
        z=np.where(counts > 0, np.maximum(heights, 1e-3), np.nan).astype(np.float32),
        customdata=density.astype(np.float32),
        meta={"z": "customdata"},
        zmin=0,
        zmax=1,
        colorscale=[[0, rgba(COLOUR, 0.06)], [0.5, rgba(COLOUR, 0.45)], [1, rgba(COLOUR, 1)]],
        colorbar={**bar, "title": {"text": "density", "font": {"size": SMALL}}},
        hoverongaps=False,
        uid=uid_of("cells"),
        hovertemplate="epoch %{x}, w %{y:.3g}: density %{customdata:.3g}<extra></extra>",
    )


def _add_zeros(made: Draft, own: History) -> None:
    made.add_scatter(
        x=small_epochs(own.epochs),
        y=100 * own.zero_shares,
        yaxis="y2",
        mode="lines+markers" if len(own.epochs) == 1 else "lines",
        fill="tozeroy",
        fillcolor=rgba(COLOUR, 0.25),
        line={"color": COLOUR, "width": 1.8},
        uid=uid_of("zeros"),
        name="exact zeros",
        hovertemplate="epoch %{x}: %{y:.3g}% exact zeros<extra></extra>",
    )


def _add_best(made: Draft, epoch: int, *, left: bool) -> None:
    line = {"color": GREY, "width": 1.5, "dash": "3px,3px"}
    made.add_shape(type="line", x0=epoch, x1=epoch, xref="x", y0=0, y1=1, yref="paper", line=line)
    side = {"xanchor": "right", "xshift": -4} if left else {"xanchor": "left", "xshift": 4}
    made.add_text("best epoch", x=epoch, xref="x", y=1, yref="paper", yanchor="top", **side)


def weight_ridge_chart(history: pd.DataFrame, *, layer: str | None = None) -> go.Figure:
    """One histogram above the other, the first epoch at the top, up to :data:`RIDGES` of them; exact zeros beside."""
    own = _extracted(history)
    if own is None:
        return empty(_title(layer), "density, log scale", _HINT)
    made = draft(_title(layer), f"density, log scale of {DECADES:g} decades; an epoch a row", x="w")
    places = np.unique(np.linspace(0, len(own.epochs) - 1, min(len(own.epochs), RIDGES)).round().astype(int))
    tick = round_below(own.reach, (1, 2, 5))
    made.update_layout(margin={"l": 52, "b": 40, "r": 70}, showlegend=False)
    made.update_xaxes(range=[-own.reach, own.reach], tickformat="~g", tick0=0, dtick=tick / 2)
    rows = {"tickmode": "array", "tickvals": [-row for row in range(len(places))], "showgrid": False}
    names = [str(own.epochs[place]) for place in places]
    title = {"text": "epoch", "standoff": 2, "font": {"size": SMALL}}
    made.update_yaxes(**rows, ticktext=names, range=[-len(places) + 0.8, _OVERLAP + 0.1], title=title)
    for row, place in enumerate(places):
        _add_ridge(made, own, row, int(place), share=row / max(len(places) - 1, 1))
    return made.figure()


def _add_ridge(made: Draft, own: History, row: int, place: int, *, share: float) -> None:
    edges, heights, epoch = own.edges(), own.heights(place) * _OVERLAP, int(own.epochs[place])
    colour, zeros = GREY if epoch == 0 else COLOUR, own.histograms[place].zero_share
    outline = np.concatenate([[0.0], np.repeat(heights, 2), [0.0]])
    density = np.full(len(outline), np.nan, dtype=np.float32)
    density[1:-1:2] = own.histograms[place].density[own.inside]  # where each bin begins
    made.add_scatter(
        x=np.concatenate([edges[:1], np.repeat(edges, 2)[1:-1], edges[-1:]]).astype(np.float32),
        y=(outline - row).astype(np.float32),
        customdata=density,
        meta={"y": "customdata"},
        mode="lines",
        fill="toself",
        fillcolor=rgba(colour, 0.3 + 0.35 * share),
        line={"color": colour, "width": 1.2},
        hoveron="points",
        uid=uid_of("epoch", epoch),
        name=f"epoch {epoch}",
        hovertemplate=f"epoch {epoch}<br>w %{{x:.3g}}<extra></extra>",
    )
    if zeros:
        place_text = {"x": 1.005, "xref": "paper", "xanchor": "left", "y": -row, "yref": "y", "yanchor": "bottom"}
        made.add_text(f"{percent(zeros, 0)} zeros", borderpad=0, **place_text)


def weight_epoch_chart(history: pd.DataFrame, epoch: int, *, layer: str | None = None) -> go.Figure:
    """The histogram at ``epoch`` over that of the first epoch, on axes that hold those of every epoch."""
    own = _extracted(history)
    title = f"Weights of {layer or columns.ALL_WEIGHTS} at epoch {epoch}"
    if own is None or epoch not in own.epochs:
        return empty(title, "density, log scale", _HINT)
    now = own.histograms[int(np.searchsorted(own.epochs, epoch))]
    zeros = f"exact zeros: {percent(now.zero_share)}" if now.zeros else "no exact zeros"
    made = draft(title, f"density, log scale; {zeros}", x="w")
    tick = round_below(own.reach, (1, 2, 5))
    made.update_xaxes(range=[-own.reach, own.reach], tickformat="~g", tick0=0, dtick=tick / 2)
    made.update_yaxes(type="log", range=[own.top - DECADES, own.top], dtick=1, tickformat="~g")
    made.update_layout(xaxis={"uirevision": "history"}, yaxis={"uirevision": "history"})
    if epoch != own.epochs[0]:
        dotted = {"color": GREY, "width": 1.3, "dash": "2px,2px"}
        _add_steps(made, own, own.histograms[0], f"epoch {own.epochs[0]}", dotted, rgba(GREY, 0.14))
    _add_steps(made, own, now, f"epoch {epoch}", {"color": COLOUR, "width": 1.8}, rgba(COLOUR, 0.28))
    return made.figure()


def _add_steps(made: Draft, own: History, histogram: Histogram, name: str, line: dict[str, object], fill: str) -> None:
    floor = 10 ** (own.top - 2 * DECADES)
    density = np.maximum(histogram.density[own.inside], floor)
    made.add_scatter(
        x=own.edges(),
        y=np.append(density, floor).astype(np.float32),
        name=name,
        meta={"zero": floor},
        mode="lines",
        line={**line, "shape": "hv"},
        fill="tozeroy",
        fillcolor=fill,
        hoveron="points",
        uid=uid_of(name),
        hovertemplate=f"{name}<br>w from %{{x:.4g}}: density %{{y:.4g}}<extra></extra>",
    )
