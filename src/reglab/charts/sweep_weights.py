"""Weight histograms as small multiples over λ: the same bins and axes in every panel, so only λ differs.

Density = count / (all weights · bin width), on a logarithmic axis; exact zeros are in no bin, their share is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from reglab import columns
from reglab.bins import EDGES
from reglab.charts.base import draft, empty, uid_of
from reglab.charts.draft import Draft
from reglab.charts.lambda_axis import lambda_text
from reglab.charts.style import colour_of, rgba
from reglab.charts.sweep_panels import ZEROS, Grid, add_axes, grid_of
from reglab.charts.sweep_parts import Mode, each_mode
from reglab.charts.weights import Histogram
from reglab.number_format import percent

PANELS = 12
"""So many λ are shown at most; of more, an even choice with the first and the last."""


def sweep_weights_chart(
    histograms: pd.DataFrame, *, layer: str | None = None, symbol: str = "λ₂", lambdas: Iterable[float] = ()
) -> go.Figure:
    """``histograms``: POINT, COUNTS, SIZE and ZEROS, one row a point; ``layer`` is what they are of, for the title.

    The first mode of applying λ is filled, further ones are outlines in the same panels. ``lambdas``: all λ of the
    sweep, so that those that are not there yet have their panels too.
    """
    title = f"Weights of {layer or 'all kernels'}"
    drawn = _known(histograms)
    if drawn.empty:
        return empty(title, f"density, log scale; a panel for each {symbol}", "Histograms appear when training starts.")
    modes = each_mode(drawn)
    values = _evenly(sorted({float(value) for value in (*drawn[columns.LAMBDA], *lambdas)}))
    made = draft(title, f"density, log scale; {_looks(modes, symbol)}", x="w")
    grid = grid_of(len(values), [_histogram(row) for _, row in drawn.iterrows()])
    made.update_layout(showlegend=False, margin={"l": 46, "t": 50, "b": 26})
    for number, value in enumerate(values):
        own = [(mode, row) for mode, rows in modes for _, row in rows[rows[columns.LAMBDA] == value].iterrows()]
        add_axes(made, grid, number)
        for mode, row in own:
            _add_steps(made, grid, number, mode, row, symbol, filled=mode is modes[0][0])
        _add_text(made, grid, number, value, [_histogram(row) for _, row in own])
    return made.figure()


def _known(histograms: pd.DataFrame) -> pd.DataFrame:
    """The rows that have counts."""
    if histograms.empty:
        return histograms
    return histograms[[isinstance(counts, np.ndarray) for counts in histograms[columns.COUNTS]]]


def _looks(modes: Sequence[tuple[Mode, pd.DataFrame]], symbol: str) -> str:
    names = [mode.apply for mode, _ in modes]
    return f"filled: {names[0]}, line: {', '.join(names[1:])}" if len(names) > 1 else f"a panel for each {symbol}"


def _evenly(values: list[float]) -> list[float]:
    """At most PANELS of them, the first and the last included."""
    places = np.unique(np.linspace(0, len(values) - 1, min(len(values), PANELS)).round().astype(int))
    return [values[place] for place in places]


def _histogram(row: pd.Series) -> Histogram:
    return Histogram(np.asarray(row[columns.COUNTS], np.int64), int(row[columns.SIZE]), int(row[columns.ZEROS]))


def _add_steps(made: Draft, grid: Grid, number: int, mode: Mode, row: pd.Series, symbol: str, *, filled: bool) -> None:
    """Each bin's density from its lower to its upper edge, only where the axis reaches."""
    floor, colour = 10 ** (grid.low - 1), colour_of(float(row[columns.LAMBDA]))
    inside = (EDGES[:-1] <= grid.reach) & (EDGES[1:] >= -grid.reach)
    density = np.maximum(_histogram(row).density, floor)[inside].astype(np.float32)
    area = {"fill": "tozeroy", "fillcolor": rgba(colour, 0.35)} if filled else {}
    made.add_scatter(
        x=np.append(EDGES[:-1][inside], EDGES[1:][inside][-1]).astype(np.float32),
        y=np.append(density, density[-1]), xaxis=f"x{grid.axis(number)}", yaxis=f"y{grid.axis(number)}", mode="lines",
        line={"color": colour, "width": 1.5, "shape": "hv", "dash": "solid" if filled else mode.val}, hoveron="points",
        uid=uid_of(*(row[name] for name in columns.POINT)), name=mode.apply,
        hovertemplate=f"{symbol} = {lambda_text(float(row[columns.LAMBDA]))}, {mode.apply}<br>w from %{{x:.3g}}: "
        "density %{y:.3g}<extra></extra>",
        **area,
    )  # fmt: skip


def _add_text(made: Draft, grid: Grid, number: int, value: float, histograms: list[Histogram]) -> None:
    """λ, and the share of exact zeros where there is one worth saying."""
    zeros = [percent(histogram.zero_share, 0) for histogram in histograms if histogram.zero_share >= ZEROS]
    made.add_annotation(
        text=f"<b>{lambda_text(value, 2)}</b>" + (f"<br>{', '.join(zeros)} zeros" if zeros else ""), x=0.03, y=0.99,
        xref=f"x{grid.axis(number)} domain", yref=f"y{grid.axis(number)} domain", xanchor="left", yanchor="top",
        align="left", showarrow=False, font={"size": 11}, borderpad=0,
    )  # fmt: skip
