"""The panels of small multiples of weight histograms: where each lies, and the axes that all have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reglab.charts.draft import Draft
from reglab.charts.weights import DECADES, Histogram, extent, round_below
from reglab.number_format import short

ZEROS = 0.01
"""Share of exact zeros from which it is written into a panel."""

_GAPS = 0.02, 0.06  # between panels, as shares of the plot
_BELOW_PEAK = 1.5  # decades that the flattest histogram shows at least


@dataclass(frozen=True)
class Grid:
    """Panels in rows, and the axes that all have."""

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

    def is_lowest(self, number: int) -> bool:
        """Whether no panel lies below."""
        return number + self.columns >= self.panels


def grid_of(panels: int, histograms: Sequence[Histogram]) -> Grid:
    """Axes on which all ``histograms`` can be seen, the flattest too, with room for words above them."""
    reach, top = extent(histograms)
    peaks = [peak for histogram in histograms if (peak := float(histogram.density.max())) > 0]
    flattest = np.floor(np.log10(min(peaks, default=1.0)) - _BELOW_PEAK)
    low = float(min(top - DECADES, flattest))
    worded = any(histogram.zero_share >= ZEROS for histogram in histograms)
    return Grid(panels, reach, low, top + (0.45 if worded else 0.12) * (top - low))


def add_axes(made: Draft, grid: Grid, number: int) -> None:
    """Give the panel its axes: tick labels stand at the left and below only, and a zoom is everywhere the same."""
    axis, (across, up) = grid.axis(number), grid.domains(number)
    tick = round_below(0.75 * grid.reach, (1, 2, 5))
    x_as_first, y_as_first = ({"matches": name} if number else {} for name in "xy")
    made.update_layout(
        {
            f"xaxis{axis}": {
                "anchor": f"y{axis}", "domain": across, "range": [-grid.reach, grid.reach], "tickmode": "array",
                "tickvals": [-tick, 0, tick], "ticktext": [short(-tick), "", short(tick)], "title": None,
                "showticklabels": grid.is_lowest(number), "showgrid": False, "zeroline": False, "showline": True,
                "ticks": "outside", "ticklen": 3, "tickangle": 0, "tickfont": {"size": 11}, **x_as_first,
            },
            f"yaxis{axis}": {
                "anchor": f"x{axis}", "domain": up, "type": "log", "range": [grid.low, grid.top], "dtick": 2,
                "tickformat": "~g", "showticklabels": number % grid.columns == 0, "showgrid": True, "zeroline": False,
                "tickfont": {"size": 11}, **y_as_first,
            },
        }
    )  # fmt: skip
