"""Names of runs behind a sample of their line, as HTML: the same key for every chart on a page."""

from __future__ import annotations

import html
from collections.abc import Iterable

from reglab.charts import RunStyle

_HEIGHT = "9.6em"  # about six lines of names; more scroll


def legend_html(styles: Iterable[RunStyle]) -> str:
    """Colours, strokes and names of runs, in as many lines as they need, up to six."""
    entries = "".join(
        f'<span style="white-space:nowrap">{sample(style.colour, style.dash)} {html.escape(style.label)}</span>'
        for style in styles
    )
    look = f"display:flex;flex-wrap:wrap;gap:0.1rem 1.2rem;font-size:0.9em;max-height:{_HEIGHT};overflow-y:auto"
    return f'<div class="reglab-legend" style="{look}">{entries}</div>'


def sample(colour: str, dash: str = "solid") -> str:
    """A short piece of a line, as a background: Streamlit takes drawings out of HTML."""
    look = f"display:inline-block;width:30px;height:4px;vertical-align:0.25em;background:{_background(colour, dash)}"
    return f'<span style="{look}"></span>'


def _background(colour: str, dash: str) -> str:
    """The strokes of ``dash``, lengths of ink and of gaps in turn, over and over."""
    if dash == "solid":
        return colour
    stops, at = [], 0
    for number, length in enumerate(int(part.removesuffix("px")) for part in dash.split(",")):
        ink = "transparent" if number % 2 else colour
        stops.append(f"{ink} {at}px {at + length}px")
        at += length
    return f"repeating-linear-gradient(90deg,{','.join(stops)})"
