"""The distribution of pixels over the training images, a line a channel."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from reglab.charts.base import draft, empty, uid_of

CHANNEL, LOW, HIGH, SHARE = "channel", "low", "high", "share"
"""Columns of the frame: a row for each bin [low, high) of each channel; the shares of a channel sum to 1."""

TITLE = "Pixels of the training images"
SUBTITLE = "share of pixels per bin, not normalised"
COLOURS = {"grey": "#1799ee", "red": "#d2483f", "green": "#2f9e5b", "blue": "#586edd"}


class Channel(NamedTuple):
    """One channel: the edges of its bins (B + 1,) and their shares (B,)."""

    name: str
    edges: NDArray[np.float64]
    shares: NDArray[np.float64]


def channels_of(bins: pd.DataFrame) -> list[Channel]:
    """The channels, in the order of their first rows."""
    found = []
    for name, rows in bins.groupby(CHANNEL, sort=False) if len(bins) else ():
        edges = np.append(rows[LOW].to_numpy(), rows[HIGH].to_numpy()[-1])
        found.append(Channel(str(name), edges, rows[SHARE].to_numpy()))
    return found


def pixel_histogram_chart(bins: pd.DataFrame) -> go.Figure:
    """A step line a channel over pixel values from 0 (black) to 1 (white)."""
    channels = channels_of(bins)
    if not channels:
        return empty(TITLE, SUBTITLE, "The pixels appear when a dataset is chosen.")
    made = draft(TITLE, SUBTITLE, x="pixel, 0 is black, 1 is white")
    for name, edges, shares in channels:
        made.add_scatter(
            x=edges,
            y=np.append(shares, shares[-1]),
            uid=uid_of("pixels", name),
            name=name,
            mode="lines",
            line={"color": COLOURS.get(name, COLOURS["grey"]), "width": 1.8, "shape": "hv"},
            showlegend=len(channels) > 1,
            hovertemplate=f"{name} %{{x:.3f}}: %{{y:.2%}}<extra></extra>",
        )
    made.update_yaxes(rangemode="tozero", tickformat=".1%", nticks=5)
    made.update_layout(margin={"l": 52})
    return made.figure()
