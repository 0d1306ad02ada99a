"""Weight histograms, now over initial, on the bins that all runs share.

Density = count / (all weights · bin width): bins that differ in width, and networks that differ in size, can be laid
over each other. The axis is logarithmic, because a penalty piles most weights up in a narrow peak. Exact zeros have no
width and are in no bin; their share is written out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from reglab import columns
from reglab.bins import EDGES
from reglab.charts.base import Draft, draft, each_run, empty, round_below, uid_of
from reglab.charts.style import GREY, RunStyle, rgba
from reglab.number_format import percent

_KEPT = 0.995  # share of the weights that the w axis shows at least
DECADES = 3.5
"""Height of the density axis."""

_WIDTHS = np.diff(EDGES)
_X = EDGES.astype(np.float32)


@dataclass(frozen=True)
class Histogram:
    """Counts over the shared bins, the number of weights (exact zeros included), and the number of exact zeros."""

    counts: NDArray[np.int64]
    size: int
    zeros: int

    @property
    def density(self) -> NDArray[np.float64]:
        """counts / (size · width), per bin."""
        return np.asarray(self.counts / (max(self.size, 1) * _WIDTHS))

    @property
    def zero_share(self) -> float:
        """Share of weights that are exactly 0."""
        return self.zeros / max(self.size, 1)


def weights_chart(layers: pd.DataFrame, styles: Mapping[str, RunStyle], layer: str | None = None) -> go.Figure:
    """Histograms at each run's last epoch in ``layers`` (:data:`columns.LAYER_COLUMNS`), over those at its first.

    ``layer``: a weight tensor's name; ``None`` sums all of them. One run is filled, several are outlines. Initial
    weights are a dotted grey area, drawn once where runs share them.
    """
    title = f"Weights of {layer or 'all layers'}"
    chosen = layers if layer is None or layers.empty else layers[layers[columns.LAYER] == layer]
    drawn = [(style, *_first_and_last(rows)) for style, rows in each_run(chosen, styles)]
    if not drawn:
        return empty(title, "density, log scale", "Histograms appear when training starts.")
    alone = len(drawn) == 1
    made = draft(title, f"density, log scale; {_zeros(drawn[0][2])}" if alone else "density, log scale", x="w")
    top = _axes(made, [histogram for _, *both in drawn for histogram in both])
    floor = 10 ** (top - 2 * DECADES)
    made.update_layout(xaxis={"uirevision": title}, yaxis={"uirevision": title})
    _add_initial(made, [first for _, first, _ in drawn], floor)
    for style, _, now in drawn:
        _add_now(made, style, now, floor, alone=alone)
    return made.figure()


def _first_and_last(rows: pd.DataFrame) -> tuple[Histogram, Histogram]:
    epochs = rows[columns.EPOCH]
    return _sum(rows[epochs == epochs.min()]), _sum(rows[epochs == epochs.max()])


def _sum(rows: pd.DataFrame) -> Histogram:
    counts: NDArray[np.int64] = np.stack(rows[columns.COUNTS].to_list()).sum(axis=0, dtype=np.int64)
    return Histogram(counts, int(rows[columns.SIZE].sum()), int(rows[columns.ZEROS].sum()))


def _axes(made: Draft, histograms: list[Histogram]) -> float:
    """Both axes; the density's upper end, as a power."""
    reach, top = extent(histograms)
    made.update_xaxes(range=[-reach, reach], tickformat="~g", tick0=0, dtick=round_below(reach, (1, 2, 5)))
    made.update_yaxes(type="log", range=[top - DECADES, top], dtick=1, tickformat="~g")
    return top


def extent(histograms: Sequence[Histogram]) -> tuple[float, float]:
    """±w that hold nearly all weights, and the power of ten above all densities, in steps of √10: they rarely move."""
    peak = max(float(histogram.density.max()) for histogram in histograms)
    top = float(np.ceil(2 * np.log10(1.1 * peak)) / 2) if peak > 0 else 0.0
    return max(_reach(histogram) for histogram in histograms), top


def _reach(histogram: Histogram) -> float:
    """A round number, at most half too large, so that all but 1 − _KEPT of the weights lie below it."""
    magnitudes = np.maximum(np.abs(EDGES[:-1]), np.abs(EDGES[1:]))
    order = np.argsort(magnitudes, kind="stable")
    covered = histogram.zeros + np.cumsum(histogram.counts[order])
    needed = magnitudes[order][int(np.searchsorted(covered, _KEPT * covered[-1]))]
    return 1.5 * round_below(float(needed), (1, 1.5, 2, 3, 4, 5, 7))


def _add_initial(made: Draft, initial: list[Histogram], floor: float) -> None:
    """A dotted grey area for each different histogram of initial weights; one legend entry for all."""
    different = {histogram.counts.tobytes(): histogram for histogram in initial}
    for i, histogram in enumerate(different.values()):
        line = {"color": GREY, "width": 1.3, "dash": "2px,2px"}
        grouped = {"legendgroup": "initial", "showlegend": i == 0, "uid": uid_of("initial", i)}
        _add_steps(made, histogram, floor, "initial", line=line, fillcolor=rgba(GREY, 0.14), fill="tozeroy", **grouped)


def _add_now(made: Draft, style: RunStyle, now: Histogram, floor: float, *, alone: bool) -> None:
    line = {"color": style.colour, "width": 1.8, "dash": style.dash}
    if alone:
        area = {"fill": "tozeroy", "fillcolor": rgba(style.colour, 0.28)}
        _add_steps(made, now, floor, "now", line=line, uid=uid_of(style.run), **area)
    else:
        share = f", {percent(now.zero_share, 0)} zeros" if now.zero_share >= 0.01 else ""
        _add_steps(made, now, floor, f"{style.text}{share}", line=line, uid=uid_of(style.run))


def _add_steps(
    made: Draft, histogram: Histogram, floor: float, name: str, *, line: dict[str, Any], **look: Any
) -> None:
    """A line that stays at each bin's density from its lower to its upper edge; empty bins lie below the axis."""
    density = np.maximum(histogram.density, floor).astype(np.float32)
    made.add_scatter(
        x=_X,
        y=np.append(density, np.float32(floor)),
        name=name,
        meta={"zero": floor},
        mode="lines",
        line={**line, "shape": "hv"},
        hoveron="points",
        hovertemplate=f"{name}<br>w from %{{x:.4g}}: density %{{y:.4g}}<extra></extra>",
        **look,
    )


def _zeros(histogram: Histogram) -> str:
    return f"exact zeros: {percent(histogram.zero_share)}" if histogram.zeros else "no exact zeros"
