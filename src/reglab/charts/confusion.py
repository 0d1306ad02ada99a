"""Confusion matrices: a row a true class, a column a predicted one, coloured by the share of the row.

The diagonal, which holds most images, is left uncoloured, so that the confusions have the whole scale. Beside it, the
difference of two: where the second network answers a class more often than the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from reglab.charts.base import SMALL, Draft, draft, empty, uid_of
from reglab.charts.style import GREY, RAMP, as_text, elided, rgba
from reglab.number_format import fixed, percent

HINT = "The matrix appears when the predictions of the run are known."

_MORE, _LESS = RAMP[3], RAMP[0]  # red and blue: the two ends of the ramp that every eye tells apart
_STRONGEST = 0.65  # opacity, so that the numbers stay legible on both themes
_LONGEST = 20  # letters of a class at the axes
_TEXTS = 12  # classes up to which each cell has its number


class Matrix(NamedTuple):
    """Class names and counts, (classes, classes), a row a true class."""

    names: list[str]
    counts: NDArray[np.int64]

    @property
    def totals(self) -> NDArray[np.float64]:
        """Images of each true class; NaN for none."""
        totals = self.counts.sum(axis=1).astype(np.float64)
        return np.where(totals > 0, totals, np.nan)


def matrix_of(counts: pd.DataFrame) -> Matrix:
    """The columns of ``counts``, once."""
    return Matrix([str(name) for name in counts.columns], counts.to_numpy(np.int64))


def confusion_chart(counts: pd.DataFrame, title: str = "Confusion matrix", subtitle: str = "") -> go.Figure:
    """``counts``: true classes × predicted classes, both named; colour is the share of the row off the diagonal."""
    if counts.empty:
        return empty(title, subtitle, HINT)
    matrix = matrix_of(counts)
    shares = matrix.counts / matrix.totals[:, None]
    np.fill_diagonal(shares, np.nan)
    top = max(float(np.nanmax(shares, initial=0.0)), 0.02)
    scale = [[0.0, rgba(_MORE, 0.0)], [1.0, rgba(_MORE, _STRONGEST)]]
    return _drawn(
        matrix,
        shares,
        [[str(n) if n else "" for n in row] for row in matrix.counts.tolist()],
        title,
        subtitle,
        scale,
        (0.0, top),
    )


def confusion_difference_chart(
    first: pd.DataFrame, second: pd.DataFrame, title: str = "Difference", subtitle: str = ""
) -> go.Figure:
    """Counts of ``second`` less those of ``first``, of the same images: red is more often, blue less often."""
    if first.empty or second.empty:
        return empty(title, subtitle, HINT)
    matrix, other = matrix_of(first), matrix_of(second)
    difference = other.counts - matrix.counts
    shares = difference / matrix.totals[:, None]
    top = max(float(np.nanmax(np.abs(shares), initial=0.0)), 0.02)
    scale = [[0.0, rgba(_LESS, _STRONGEST)], [0.5, rgba(GREY, 0.0)], [1.0, rgba(_MORE, _STRONGEST)]]
    texts = [[fixed(n, 0, sign=True) if n else "" for n in row] for row in difference.tolist()]
    return _drawn(matrix._replace(counts=difference), shares, texts, title, subtitle, scale, (-top, top))


def _drawn(
    matrix: Matrix,
    shares: NDArray[np.float64],
    texts: list[list[str]],
    title: str,
    subtitle: str,
    scale: list[list[Any]],
    ends: tuple[float, float],
) -> go.Figure:
    made = draft(title, subtitle, x="predicted")
    made.update_layout(margin={"l": 12, "r": 8, "t": 54, "b": 44}, showlegend=False)
    names, places = [as_text(name) for name in matrix.names], list(range(len(matrix.names)))
    hover = [
        [
            f"true {true}, predicted {predicted}<br>{_cell(matrix, row, column, shares)}"
            for column, predicted in enumerate(names)
        ]
        for row, true in enumerate(names)
    ]
    made.add_heatmap(
        x=places,
        y=places,
        z=shares.astype(np.float32),
        text=matrix.counts.tolist(),
        meta={"z": "text"},
        uid=uid_of("confusion"),
        zmin=ends[0],
        zmax=ends[1],
        colorscale=scale,
        showscale=False,
        xgap=1,
        ygap=1,
        hovertext=hover,
        hoverinfo="text",
        hoverongaps=False,
    )
    if len(names) <= _TEXTS:
        _add_texts(made, texts)
    _class_axes(made, [as_text(elided(name, _LONGEST)) for name in matrix.names])
    return made.figure()


def _class_axes(made: Draft, names: Sequence[str]) -> None:
    """The predicted class to the right, the true one downwards."""
    last, small = len(names) - 0.5, {"size": SMALL}
    ticks: dict[str, Any] = {"tickmode": "array", "tickvals": list(range(len(names))), "ticktext": list(names)}
    ticks |= {"automargin": True, "tickfont": small, "showgrid": False}
    made.update_xaxes(**ticks, zeroline=False, range=[-0.5, last])
    made.update_yaxes(**ticks, title={"text": "true", "font": small}, range=[last, -0.5])


def _add_texts(made: Draft, texts: list[list[str]]) -> None:
    """The number in each cell, in the page's own colour of text, which a heat map's texts do not take."""
    cells = [(column, row, text) for row, own in enumerate(texts) for column, text in enumerate(own) if text]
    x, y, text = zip(*cells, strict=True) if cells else ((), (), ())
    look = {"mode": "text", "textfont": {"size": SMALL}, "hoverinfo": "skip"}
    made.add_scatter(x=list(x), y=list(y), text=list(text), uid=uid_of("confusion", "texts"), **look)


def _cell(matrix: Matrix, row: int, column: int, shares: NDArray[np.float64]) -> str:
    count, share = int(matrix.counts[row, column]), float(shares[row, column])
    if np.isnan(share):
        return f"{count:,} images"
    return f"{count:,} images, {percent(share)} of the class"
