"""Names of runs behind a sample of their line, as HTML: the same key for every chart on a page."""

from __future__ import annotations

import html
from collections.abc import Iterable

from reglab.charts import RunStyle

_HEIGHT = "7.2em"  # about five lines of names; more scroll


def legend_html(styles: Iterable[RunStyle]) -> str:
    """Colours, strokes and names of runs, in as many lines as they need, up to five."""
    entries = "".join(
        f'<span style="white-space:nowrap">{sample(style.colour, style.dash)} {html.escape(style.label)}</span>'
        for style in styles
    )
    look = f"display:flex;flex-wrap:wrap;gap:0.1rem 1.2rem;font-size:0.9em;max-height:{_HEIGHT};overflow-y:auto"
    return f'<div style="{look}">{entries}</div>'


def sample(colour: str, dash: str = "solid") -> str:
    """A short piece of a line."""
    stroke = "" if dash == "solid" else f' stroke-dasharray="{dash.replace("px", "")}"'
    line = f'<line x1="0" y1="5" x2="30" y2="5" stroke="{colour}" stroke-width="4"{stroke}/>'
    return f'<svg width="30" height="10" aria-hidden="true" style="vertical-align:0.05em">{line}</svg>'
