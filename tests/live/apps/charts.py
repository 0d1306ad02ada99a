"""Charts of the live component: one that grows on every tick and one that stays empty; at ?click, one to click on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from reglab.ui.shared.live_chart import live_chart, plotly_route
from reglab.ui.shared.ticks import tick_every

TICK = 0.2


def growing() -> None:
    """Every tick adds a point to both curves."""
    n = st.session_state.n = st.session_state.get("n", 1) + 1
    x = np.arange(n, dtype=np.int16)
    figure = go.Figure(layout={"title": {"text": "Grows"}, "hovermode": "x"})
    figure.add_scatter(x=x, y=np.exp(-x / 20), name="falling", line_color="#586edd")
    figure.add_scatter(x=x, y=1 - np.exp(-x / 20), name="rising", line_color="#ac495b")
    figure.update_yaxes(range=[0, 1 + n / 1000])  # charts with a range of their own widen it as data come
    live_chart(figure, key="grows", height=300)
    st.caption(f"below the chart: {n}")


def clicked() -> None:
    """Two points that tell which one was clicked, and one that tells nothing, and moves on every tick."""
    n = st.session_state.ticks = st.session_state.get("ticks", 0) + 1
    figure = go.Figure(layout={"title": {"text": "Click"}, "hovermode": "closest", "showlegend": False})
    figure.add_scatter(
        x=[0, 1, 2], y=[1, 2, 1 + n % 2], mode="markers", marker_size=14, uid="points",
        customdata=[["coupled", 0.0, 0.0], ["coupled", 0.0, 0.03], None],
    )  # fmt: skip
    live_chart(figure, key="click", height=300, on_click=_remember)
    st.caption(f"clicked: {st.session_state.get('clicked', [])}")


def _remember(point: list[str | int | float]) -> None:
    st.session_state.clicked = [*st.session_state.get("clicked", []), point]


def main() -> None:
    """The page, which ticks as those of RegLab do; the growing chart is drawn last, as there."""
    st.set_page_config(layout="wide")
    if "click" in st.query_params:
        tick_every(TICK, clicked)
        return
    left, right = st.columns(2)
    with right:
        if st.checkbox("Show the empty chart", value=True):
            live_chart(go.Figure(layout={"title": {"text": "Nothing yet"}}), key="empty", height=300)
    with left:
        tick_every(TICK, growing)


if __name__ == "__main__":
    main()
else:
    app = st.App(Path(__file__), routes=[plotly_route()])
