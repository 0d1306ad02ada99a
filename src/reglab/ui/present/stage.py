"""The stage: draws all slides of a deck over the whole window; the browser shows one at a time.

Streamlit draws text and charts as on the page; the component moves between the steps, replays curves and keeps step and
titles in the link. It needs no server for that, so a presentation goes on while the server is busy.
"""

from __future__ import annotations

from pathlib import Path

import orjson
import streamlit as st

from reglab.ui.present import query
from reglab.ui.present.slide import LABELS, Deck, Slide
from reglab.ui.shared.live_chart import live_chart

_SCRIPT, _STYLE = (Path(__file__).with_suffix(suffix).read_text("utf-8") for suffix in (".js", ".css"))
_component = st.components.v2.component("reglab_stage", js=_SCRIPT, css=_STYLE, isolate_styles=False)

KEY = "present_stage"


def show(deck: Deck) -> None:
    """Draw the deck in place of the page."""
    _component(data=message(deck), key=KEY, height="content", on_leave_change=query.leave)
    for slide in deck.slides[1:]:  # the question is the title alone
        with st.container(key=f"present_{slide.step}", gap=None):
            _draw(slide)


def _draw(slide: Slide) -> None:
    if slide.lines:
        with st.container(key=f"present_{slide.step}_text", gap=None):
            for line in slide.lines:
                st.markdown(line)
    if slide.chart is not None:
        if slide.chart.legend:
            st.html(slide.chart.legend)
        height = f"var(--reglab-chart-{slide.step}, 60vh)"  # the stage sets it to what the text leaves
        live_chart(slide.chart.figure, key=slide.chart.name, height=height, presented=True)
    if slide.picture:
        st.html(slide.picture)


def message(deck: Deck) -> bytes:
    """What the browser gets, as JSON: the steps, the titles, and the frames of replays, once."""
    steps = [{"step": slide.step, "label": LABELS[slide.step]} for slide in deck.slides]
    titles = {
        "title": query.own_text(query.TITLE, deck.title),
        "subtitle": query.own_text(query.SUBTITLE, deck.subtitle),
    }
    facts = {
        "steps": steps,
        **titles,
        "defaults": {"title": deck.title, "subtitle": deck.subtitle},
        "longest": query.LONGEST,
    }
    replays = [
        orjson.dumps(
            {
                "step": slide.step,
                "chart": slide.chart.name,
                "epochs": slide.replay.epochs,
                "steady": slide.replay.steady,
            }
        )[:-1]
        + b',"frames":'
        + slide.replay.frames
        + b"}"
        for slide in deck.slides
        if slide.replay is not None and slide.chart is not None
    ]
    return orjson.dumps(facts)[:-1] + b',"replays":[' + b",".join(replays) + b"]}"
