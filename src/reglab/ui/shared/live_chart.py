"""A Plotly figure that can be redrawn every second without losing its place.

``st.plotly_chart`` makes a new DOM node for every changed figure, so zoom is lost on each tick. This component hands
figures to ``Plotly.react`` on one node instead. The chart library is the copy inside the installed plotly package,
served by :func:`plotly_route` of the same process, so nothing comes from elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from html import escape
from pathlib import Path
from typing import Any, Literal, NamedTuple

import orjson
import plotly
import plotly.graph_objects as go
import streamlit as st
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from reglab.ui.shared import chart_table
from reglab.ui.shared.memo import Drawn, drawn

_LIBRARY = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
_YEAR = 365 * 24 * 3600
_LONGEST, _WIDEST = 16, 200  # items of a click, and characters of each

Scalar = str | int | float

_OWN, _TOOLS = (Path(__file__).with_name(f"{name}.js").read_text("utf-8") for name in ("live_chart", "chart_toolbar"))
_STYLE = f"{Path(__file__).with_suffix('.css').read_text('utf-8')}\n{chart_table.STYLE}"
_component = st.components.v2.component(
    "reglab_live_chart", js=f"{_OWN}\n{chart_table.SCRIPT}\n{_TOOLS}", css=_STYLE, isolate_styles=False
)


class Described(NamedTuple):
    """What charts of a page show: ``facts`` in one line (data, CNN, λ), and the beginning of file names."""

    facts: str = ""
    file: str = ""


_NOTHING = Described()
_DESCRIBED: ContextVar[Described] = ContextVar("described", default=_NOTHING)


@contextmanager
def described(facts: str, file: str) -> Iterator[None]:
    """Let pictures of the charts drawn inside say ``facts``, and their files begin with ``file``: "sweep-s1a2b"."""
    token = _DESCRIBED.set(Described(facts, file))
    try:
        yield
    finally:
        _DESCRIBED.reset(token)


def live_chart(
    figure: go.Figure | Drawn,
    *,
    key: str,
    height: int | str,
    name: str = "",
    on_click: Callable[[list[Scalar]], None] | None = None,
    presented: bool = False,
) -> None:
    """``figure`` as wide as its column and ``height`` high; the same ``key`` updates the same chart.

    ``height``: pixels, or a length of CSS that follows the window. ``name``: what assistive technology calls the chart
    where it has no title of its own. ``presented``: text, lines and markers are large, to be seen from afar.

    Colours of text, grid and hover follow the page's theme, unless the figure sets them itself. The node carries
    ``data-reglab-chart=key``, ``data-mounts`` (1 while it has never been replaced) and ``data-updates``.

    A button in its corner, seen on hovering and by the keyboard, opens the chart's figures as a table.

    A click on a point that has customdata, a list, calls ``on_click`` with it before the rerun. It comes from the
    browser, so it may be any short list of numbers and words: look it up, do not trust it.
    """
    shown = figure if isinstance(figure, Drawn) else drawn(figure)
    table = chart_table.answer(shown, key)
    how: dict[str, Any] = {"name": name, "table": table, "presented": presented}
    sent = message(shown, key=key, height=height, clickable=on_click is not None, **how)
    tall: int | Literal["content"] = height if isinstance(height, int) else "content"
    asked = chart_table.ask(key)
    if on_click is None:
        _component(data=sent, key=key, height=tall, on_table_change=asked)
        return

    def clicked() -> None:
        point = read_click(st.session_state[key].get("click"))
        if point is not None:
            on_click(point)

    _component(data=sent, key=key, height=tall, on_table_change=asked, on_click_change=clicked)


def read_click(sent: object) -> list[Scalar] | None:
    """The customdata that the browser sent; ``None`` for anything but a short list of numbers and words."""
    if not isinstance(sent, list | tuple) or not 0 < len(sent) <= _LONGEST:
        return None
    if not all(isinstance(item, str | int | float) and len(str(item)) <= _WIDEST for item in sent):
        return None
    return list(sent)


def message(
    figure: go.Figure | Drawn,
    *,
    key: str,
    height: int | str,
    clickable: bool = False,
    name: str = "",
    table: dict[str, Any] | None = None,
    presented: bool = False,
) -> bytes:
    """What the browser gets, as JSON: the figure, and ``version``, equal for equal figures."""
    sent = figure if isinstance(figure, Drawn) else drawn(figure)
    facts: dict[str, Any] = {
        "key": key,
        "height": height,
        "plotly": library_url(),
        "version": sent.version,
        "clickable": clickable,
    }
    facts |= {"name": name} if name else {}
    facts |= {"table": table} if table else {}
    facts |= {"presented": True} if presented else {}
    about = _DESCRIBED.get()
    facts |= {"facts": escape(about.facts, quote=False), "file": about.file} if about.file else {}
    return orjson.dumps(facts)[:-1] + b',"figure":' + sent.json + b"}"


def library_url() -> str:
    """Where this process serves the chart library; the version in the name lets browsers keep it for good."""
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"{'/' if base else ''}{base}/api/plotly-{plotly.__version__}.min.js"


def plotly_route() -> Route:
    """The route that serves the chart library."""

    def serve(_: object) -> Response:
        headers = {"Cache-Control": f"public, max-age={_YEAR}, immutable"}
        return FileResponse(_LIBRARY, media_type="text/javascript", headers=headers)

    return Route(library_url(), serve)
