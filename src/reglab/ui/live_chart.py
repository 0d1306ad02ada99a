"""A Plotly figure that can be redrawn every second without losing its place.

``st.plotly_chart`` makes a new DOM node for every changed figure, so zoom is lost on each tick. This component hands
figures to ``Plotly.react`` on one node instead. The chart library is the copy inside the installed plotly package,
served by :func:`plotly_route` of the same process, so nothing comes from elsewhere.
"""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path

import orjson
import plotly
import plotly.graph_objects as go
import streamlit as st
from starlette.responses import FileResponse, Response
from starlette.routing import Route

_LIBRARY = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
_YEAR = 365 * 24 * 3600

_component = st.components.v2.component(
    "reglab_live_chart", js=Path(__file__).with_name("live_chart.js").read_text("utf-8"), isolate_styles=False
)


def live_chart(figure: go.Figure, *, key: str, height: int) -> None:
    """``figure`` as wide as its column and ``height`` pixels high; the same ``key`` updates the same chart.

    Colours of text, grid and hover follow the page's theme, unless the figure sets them itself. The node carries
    ``data-reglab-chart=key``, ``data-mounts`` (1 while it has never been replaced) and ``data-updates``.
    """
    _component(data=message(figure, key=key, height=height), key=key, height=height)


def message(figure: go.Figure, *, key: str, height: int) -> bytes:
    """What the browser gets, as JSON: the figure, and ``version``, equal for equal figures."""
    drawn: bytes = figure.to_json(engine="orjson", remove_uids=False).encode()
    version = blake2b(drawn, digest_size=8).hexdigest()
    facts = orjson.dumps({"key": key, "height": height, "plotly": library_url(), "version": version})
    return facts[:-1] + b',"figure":' + drawn + b"}"


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
