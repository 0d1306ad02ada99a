"""A figure under construction, as the plain dictionaries that Plotly's JSON consists of.

Plotly checks every property of every change to a ``go.Figure``, which takes five times as long as checking the finished
figure once. Live pages draw several figures a second, in a process whose training threads wait meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import plotly.graph_objects as go

SMALL = 11
"""Pixels of all text but titles."""

Properties = dict[str, Any]


@dataclass
class Draft:
    """Traces and layout so far. The methods are those of ``go.Figure``, without its ``outer_inner`` names."""

    layout: Properties
    data: list[Properties] = field(default_factory=list)

    def figure(self) -> go.Figure:
        """The finished figure, checked by Plotly."""
        return go.Figure(data=self.data, layout=self.layout)

    def add_scatter(self, **trace: Any) -> None:
        """Add a trace of points or lines."""
        self.data.append({"type": "scatter", **trace})

    def add_heatmap(self, **trace: Any) -> None:
        """Add a trace of coloured cells."""
        self.data.append({"type": "heatmap", **trace})

    def add_annotation(self, **annotation: Any) -> None:
        """Add text, with an arrow unless ``showarrow`` is False."""
        self.layout.setdefault("annotations", []).append(annotation)

    def add_text(self, text: str, **place: Any) -> None:
        """Add small text without an arrow."""
        self.add_annotation(text=text, showarrow=False, font={"size": SMALL}, **place)

    def add_shape(self, **shape: Any) -> None:
        """Add a line or an area."""
        self.layout.setdefault("shapes", []).append(shape)

    def add_hline(self, y: float, **look: Any) -> None:
        """Add a horizontal line as wide as the plot."""
        self.add_shape(type="line", x0=0, x1=1, xref="x domain", y0=y, y1=y, yref="y", **look)

    def add_vrect(self, x0: float, x1: float, **look: Any) -> None:
        """Add an area as high as the plot."""
        self.add_shape(type="rect", x0=x0, x1=x1, xref="x", y0=0, y1=1, yref="y domain", **look)

    def update_layout(self, properties: Mapping[str, Any] | None = None, **named: Any) -> None:
        """Change properties of the layout, nested ones one by one."""
        self.layout = _merged(self.layout, {**(properties or {}), **named})

    def update_xaxes(self, **properties: Any) -> None:
        """Change properties of the x axis."""
        self.update_layout(xaxis=properties)

    def update_yaxes(self, **properties: Any) -> None:
        """Change properties of the y axis."""
        self.update_layout(yaxis=properties)


def _merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> Properties:
    """A new dictionary; both arguments stay unchanged, since ``new`` may be a constant of a chart."""
    nested = {key: _merged(old[key], value) for key, value in new.items() if _both(old.get(key), value)}
    return {**old, **new, **nested}


def _both(old: object, new: object) -> bool:
    return isinstance(old, Mapping) and isinstance(new, Mapping)
