"""Weight histograms as small multiples over λ: the same bins and axes in every panel, so only λ differs.

Density = count / (all weights · bin width), on a logarithmic axis; exact zeros are in no bin, their share is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from reglab import columns
from reglab.bins import EDGES
from reglab.charts.base import SMALL, Draft, draft, empty, round_below, uid_of
from reglab.charts.lambda_axis import LambdaAxis, lambda_text
from reglab.charts.style import rgba
from reglab.charts.sweep_points import Mode, each_mode
from reglab.charts.weights import DECADES, Histogram, extent
from reglab.number_format import percent, short
from reglab.sweep_axes import Axis

PANELS = 12
"""λ shown at most; of more, an even choice with the first and the last."""

ZEROS = 0.01
"""Share of exact zeros from which it is written into a panel."""

_GAPS = 0.02, 0.06  # between panels, as shares of the plot
_BELOW_PEAK = 1.5  # decades that the flattest histogram shows at least


@dataclass(frozen=True)
class Grid:
    """Panels in rows, and their common axes."""

    panels: int
    reach: float
    low: float
    top: float

    @property
    def columns(self) -> int:
        """Panels side by side."""
        return {1: 1, 2: 2, 3: 3, 4: 2, 5: 3, 6: 3, 9: 3}.get(self.panels, 4)

    def axis(self, number: int) -> str:
        """The suffix of the panel's axes."""
        return "" if number == 0 else str(number + 1)

    def domains(self, number: int) -> tuple[list[float], list[float]]:
        """Where the panel lies, across and up, as shares of the plot."""
        row, column = divmod(number, self.columns)
        rows = -(-self.panels // self.columns)
        (gap_x, gap_y), width, height = _GAPS, 1 / self.columns, 1 / rows
        return (
            [column * width + gap_x / 2, (column + 1) * width - gap_x / 2],
            [1 - (row + 1) * height + gap_y / 2, 1 - row * height - gap_y / 2],
        )


class Drawn(NamedTuple):
    """One histogram to draw: its point and its penalty mode, with the histogram extracted once."""

    mode: Mode
    point: tuple[object, ...]
    value: float
    histogram: Histogram


def sweep_weights_chart(
    histograms: pd.DataFrame,
    *,
    layer: str | None = None,
    symbol: str = "λ₂",
    swept: Axis | None = None,
    lambdas: Iterable[float] = (),
) -> go.Figure:
    """``histograms``: POINT, COUNTS, SIZE and ZEROS, one row a point; ``layer`` names their layer in the title.

    The first penalty mode is filled, further ones are outlines in the same panels. ``lambdas``: all λ of the sweep, so
    that those that are not trained yet have their panels too.
    """
    title = f"Weights of {layer or 'all layers'}"
    drawn = _extracted(histograms)
    if not drawn:
        return empty(title, f"density, log scale; a panel for each {symbol}", "Histograms appear when training starts.")
    names = list(dict.fromkeys(one.mode.apply for one in drawn))
    looks = f"filled: {names[0]}, line: {', '.join(names[1:])}" if len(names) > 1 else f"a panel for each {symbol}"
    made = draft(title, f"density, log scale; {looks}", x="w")
    made.update_layout(showlegend=False, margin={"l": 46, "t": 50, "b": 26})
    values = sorted({*(one.value for one in drawn), *map(float, lambdas)})
    axis = LambdaAxis.of(values, swept)
    places = np.unique(np.linspace(0, len(values) - 1, min(len(values), PANELS)).round().astype(int))
    grid = _grid(len(places), [one.histogram for one in drawn])
    for number, value in enumerate(values[place] for place in places):
        own = [one for one in drawn if one.value == value]
        _add_axes(made, grid, number)
        for one in own:
            _add_steps(made, grid, number, one, symbol, axis.colour(value), filled=one.mode.apply == names[0])
        zeros = [percent(one.histogram.zero_share, 0) for one in own if one.histogram.zero_share >= ZEROS]
        text = f"<b>{lambda_text(value, 2)}</b>" + (f"<br>{', '.join(zeros)} zeros" if zeros else "")
        place = {"xref": f"x{grid.axis(number)} domain", "yref": f"y{grid.axis(number)} domain", "align": "left"}
        made.add_text(text, x=0.03, y=0.99, xanchor="left", yanchor="top", borderpad=0, **place)
    return made.figure()


def _extracted(frame: pd.DataFrame) -> list[Drawn]:
    """The rows with counts, by penalty mode and λ."""
    if frame.empty:
        return []
    known = frame[[isinstance(counts, np.ndarray) for counts in frame[columns.COUNTS]]]
    names = (*columns.point_columns(known), columns.COUNTS, columns.SIZE, columns.ZEROS)
    return [
        Drawn(mode, tuple(point), float(point[1]), Histogram(np.asarray(counts, np.int64), int(size), int(zeros)))
        for mode, rows in each_mode(known)
        for *point, counts, size, zeros in zip(*(rows[name] for name in names), strict=True)
    ]


def _grid(panels: int, histograms: Sequence[Histogram]) -> Grid:
    """Axes on which all ``histograms`` can be seen, the flattest too, with room for text above them."""
    reach, top = extent(histograms)
    peaks = [peak for histogram in histograms if (peak := float(histogram.density.max())) > 0]
    flattest = np.floor(np.log10(min(peaks, default=1.0)) - _BELOW_PEAK)
    low = float(min(top - DECADES, flattest))
    with_zeros = any(histogram.zero_share >= ZEROS for histogram in histograms)
    return Grid(panels, reach, low, top + (0.45 if with_zeros else 0.12) * (top - low))


def _add_axes(made: Draft, grid: Grid, number: int) -> None:
    """Give the panel its axes: tick labels at the left and below only, and the same zoom in all panels."""
    axis, (across, up) = grid.axis(number), grid.domains(number)
    tick = round_below(0.75 * grid.reach, (1, 2, 5))
    common = {"zeroline": False, "tickfont": {"size": SMALL}}
    lines = {"showgrid": False, "showline": True, "ticks": "outside", "ticklen": 3, "tickangle": 0, "title": None}
    ticks = {"tickmode": "array", "tickvals": [-tick, 0, tick], "ticktext": [short(-tick), "", short(tick)]}
    x = {"anchor": f"y{axis}", "domain": across, "range": [-grid.reach, grid.reach], **lines, **ticks, **common}
    x["showticklabels"] = number + grid.columns >= grid.panels
    y = {"anchor": f"x{axis}", "domain": up, "range": [grid.low, grid.top], "type": "log", "showgrid": True, **common}
    y |= {"dtick": 2, "tickformat": "~g", "showticklabels": number % grid.columns == 0}
    if number:
        x, y = x | {"matches": "x"}, y | {"matches": "y"}
    made.update_layout({f"xaxis{axis}": x, f"yaxis{axis}": y})


def _add_steps(made: Draft, grid: Grid, number: int, one: Drawn, symbol: str, colour: str, *, filled: bool) -> None:
    """Each bin's density from its lower to its upper edge, only within the axis."""
    floor = 10 ** (grid.low - 1)
    inside = (EDGES[:-1] <= grid.reach) & (EDGES[1:] >= -grid.reach)
    density = np.maximum(one.histogram.density, floor)[inside].astype(np.float32)
    area = {"fill": "tozeroy", "fillcolor": rgba(colour, 0.35)} if filled else {}
    header = f"{symbol} = {lambda_text(one.value)}, {one.mode.apply}"
    made.add_scatter(
        x=np.append(EDGES[:-1][inside], EDGES[1:][inside][-1]).astype(np.float32),
        y=np.append(density, density[-1]),
        xaxis=f"x{grid.axis(number)}",
        yaxis=f"y{grid.axis(number)}",
        mode="lines",
        line={"color": colour, "width": 1.5, "shape": "hv", "dash": "solid" if filled else one.mode.val},
        hoveron="points",
        uid=uid_of(*one.point),
        name=one.mode.apply,
        meta={"name": header, "zero": floor},
        hovertemplate=f"{header}<br>w from %{{x:.3g}}: density %{{y:.3g}}<extra></extra>",
        **area,
    )
