"""What the charts have in common: layout, empty figures, and taking one run's rows out of a frame."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from textwrap import wrap
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from reglab import columns
from reglab.charts.draft import Draft
from reglab.charts.style import RunStyle

WIDTHS = {"val": 2.2, "train": 1.6, "total": 1.6}
DASHES = {"val": "solid", "train": "5px,3px", "total": "1.5px,2.5px"}
_SMALL = 11
_FEW = 7  # epochs of which each has its tick; Plotly's own would fall between them and name some twice


def figure(title: str, subtitle: str, *, x: str = "epoch") -> go.Figure:
    """An empty figure with the common layout; text and grid colours come from the page."""
    return draft(title, subtitle, x=x).figure()


def draft(title: str, subtitle: str, *, x: str = "epoch") -> Draft:
    """The same as :func:`figure`, for charts that are drawn again and again.

    The margins hold title, subtitle, ticks and one row of legend, so that charts side by side have level axes.
    """
    return Draft(
        layout={
            "template": "none",  # the default one adds 6 kB to every figure, and colours of its own
            "title": {"text": f'{title}<br><span style="font-size:{_SMALL}px">{subtitle or " "}</span>',
                      "x": 0.015, "y": 0.97, "xanchor": "left", "yanchor": "top", "xref": "container"},
            "margin": {"l": 42, "r": 12, "t": 54, "b": 62},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "legend": {"orientation": "h", "xref": "container", "x": 0, "yref": "container", "y": 0,
                       "yanchor": "bottom", "itemwidth": 30, "tracegroupgap": 0, "font": {"size": _SMALL},
                       "bgcolor": "rgba(0,0,0,0)"},
            "xaxis": {"title": {"text": x, "standoff": 2, "font": {"size": _SMALL}}, "showgrid": False,
                      "showline": True, "ticks": "outside", "ticklen": 4, "tickangle": 0, "showspikes": False},
            "yaxis": {"showgrid": True, "zeroline": False, "nticks": 6},
            "hovermode": "closest",
        }
    )  # fmt: skip


def empty(title: str, subtitle: str, hint: str) -> go.Figure:
    """A figure that shows its title and, in its middle, what will fill it."""
    return hinted(title, subtitle, hint).figure()


def hinted(title: str, subtitle: str, hint: str) -> Draft:
    """The draft of :func:`empty`."""
    made = draft(title, subtitle)
    made.update_layout(margin={"l": 12}, xaxis={"visible": False}, yaxis={"visible": False})
    add_hint(made, hint)
    return made


def add_hint(made: Draft, hint: str) -> None:
    """Say in the middle of the plot what will fill it."""
    made.add_annotation(
        text="<br>".join(wrap(hint, 22)), x=0.5, y=0.5, xref="paper", yref="paper", showarrow=False, opacity=0.75
    )


def uid_of(*parts: object) -> str:
    """A trace's uid: parts joined by "-", of letters, digits, - and _ only.

    When a trace goes, Plotly looks it up by the CSS selector ``.cb`` + uid, and any other character is an error there.
    """
    text = unicodedata.normalize("NFKC", "-".join(str(part) for part in parts))  # ₁ becomes 1
    text = text.replace("+", "").replace(" ", "-")
    return re.sub(r"[^A-Za-z0-9_-]", "_", text)


def each_run(frame: pd.DataFrame, styles: Mapping[str, RunStyle]) -> Iterator[tuple[RunStyle, pd.DataFrame]]:
    """Each styled run that has rows, with its rows, in the order of ``styles``."""
    if frame.empty:
        return
    rows = {str(run): part for run, part in frame.groupby(columns.RUN, sort=False)}
    for run, style in styles.items():
        if run in rows:
            yield style, rows[run]


def epochs_of(rows: pd.DataFrame) -> NDArray[np.signedinteger[Any]]:
    """The epochs as small integers, because they cross the network with every update."""
    epochs = rows[columns.EPOCH].to_numpy()
    return np.asarray(epochs, dtype=np.int16 if epochs.max(initial=0) < 2**15 else np.int32)


def values_of(rows: pd.DataFrame, column: str) -> NDArray[np.float32]:
    """The column as float32; what is not finite becomes NaN, which is drawn as a break in the line."""
    with np.errstate(over="ignore"):
        values = rows[column].to_numpy(dtype=np.float64).astype(np.float32)
    values[~np.isfinite(values)] = np.nan
    return values


def epoch_axis(made: Draft, last: int, planned: int | None) -> None:
    """From epoch 1 to the planned last one, so that the axis stands still while the curves grow."""
    end = max(planned or 0, last, 2)
    made.update_xaxes(range=[1 - 0.02 * (end - 1), end + 0.03 * (end - 1)], tickformat="d", nticks=7)
    made.update_xaxes(unifiedhovertitle={"text": "epoch %{x}"}, dtick=1 if end <= _FEW else None)


def log_ticks(made: Draft) -> float | str:
    """Ticks at 1, 2 and 5 where the curves span few decades, at powers of ten where they span many."""
    values = np.concatenate([np.empty(0), *(trace["y"] for trace in made.data)])
    positive = values[values > 0]
    decades = np.log10(positive.max() / positive.min()) if len(positive) else 0.0
    return "D2" if decades < 2.5 else float(np.ceil(decades / 6))
