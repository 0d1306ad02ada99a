"""A chart of the pages as a chart of a report: its text at least 14 pixels high, its figure as JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape
from typing import Any

import orjson
import plotly.graph_objects as go

from reglab.charts.base import MOST_NAMED, SMALL
from reglab.charts.style import RunStyle
from reglab.report.document import Chart

TEXT = 14
"""Pixels of the smallest text."""

HEIGHT, TALL = 380, 440
_WITHOUT_LEGEND = 40  # pixels below a plot
_EDGES = ("margin", "pad")
_SIZE = re.compile(r"font-size:([\d.]+)px")
_MARKUP = re.compile(r"<[^>]*>")


def chart(key: str, figure: go.Figure, condition: str, *, height: int = HEIGHT) -> Chart:
    """``figure`` as JSON, with its own title as the title."""
    title = (figure.layout.title.text or "").partition("<br>")[0]
    content = orjson.loads(figure.to_json(engine="orjson", remove_uids=False))
    content["layout"].pop("template", None)  # the page has the theme
    if figure.layout.showlegend is False:
        content["layout"]["margin"]["b"] = _WITHOUT_LEGEND
    return Chart(key, unescape(_MARKUP.sub("", title)), condition, orjson.dumps(enlarged(content)).decode(), height)


def without_legend(figure: go.Figure, styles: Mapping[str, RunStyle]) -> go.Figure:
    """``figure`` without its runs in the legend, where there are so many that the report names them itself."""
    if len(styles) > MOST_NAMED:
        names = {style.text for style in styles.values()}
        figure.for_each_trace(lambda trace: trace.update(showlegend=False) if trace.name in names else None)
    return figure


def enlarged(value: Any, inside: str = "") -> Any:
    """A copy with every font and margin enlarged, so that text of SMALL pixels has TEXT."""
    factor = TEXT / SMALL
    if isinstance(value, list):
        return [enlarged(item) if isinstance(item, dict | str) else item for item in value]
    if isinstance(value, str):
        return (
            _SIZE.sub(lambda found: f"font-size:{float(found[1]) * factor:g}px", value)
            if "font-size" in value
            else value
        )
    if not isinstance(value, dict):
        return value
    grows = inside in _EDGES or inside.endswith("font")
    return {
        name: item * factor
        if isinstance(item, int | float) and (inside in _EDGES or (grows and name == "size"))
        else enlarged(item, name)
        for name, item in value.items()
    }
