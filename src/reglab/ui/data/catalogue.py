"""The catalogue: a card for each dataset, with thumbnails of those that are at hand."""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st

from reglab.charts.pixels import image_pixels
from reglab.content.dataset_text import disk_text, size_text, test_text
from reglab.datasets.catalogue import Listed, catalogue
from reglab.datasets.thumbnails import strip
from reglab.datasets.usual import usual_for
from reglab.errors import RegLabError
from reglab.spec import RunSpec
from reglab.ui.data.data import version_of
from reglab.ui.data.state import show_view
from reglab.ui.data.transfer import transfer
from reglab.ui.shared.image_grid import png
from reglab.ui.shared.memo import Memo
from reglab.ui.shared.query import RUNS_PAGE, TRAIN_PAGE
from reglab.ui.shared.services import services
from reglab.ui.shared.text import count_of, literal
from reglab.ui.train.state import form_query

STRIPS: Memo[bytes] = Memo(most=4 * 2**20, size=len)
"""One picture a dataset, made once for all sessions."""

_BADGES: Mapping[str, tuple[str, str]] = {
    "ready": ("Ready", "green"),
    "download": ("Not downloaded", "gray"),
    "missing": ("Not here", "orange"),
}


def catalogue_view() -> RunSpec | None:
    """Draw every card, and then the thumbnails, since images may have to be decoded for them."""
    settings, uses = services().settings, services().store.count_datasets()
    cards = catalogue(settings.data, settings.cache)
    places = {}
    with st.grid(3, min_column_width=330, gap="small", key="datasets"):
        for one in cards:
            with st.container(border=True, height="stretch", gap="xsmall", key=f"card_{one.entry.name}"):
                places[one.entry.name] = _card(one, uses.get(one.entry.name, 0))
    for one in cards:
        if one.status.state == "ready" and not one.problem:
            with places[one.entry.name]:
                _strip(one)
    return None


def _card(one: Listed, runs: int) -> st.delta_generator.DeltaGenerator:
    """Draw the facts and buttons; the place of the thumbnails."""
    entry = one.entry
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f"**{literal(entry.label)}**", width="content")
        text, colour = _BADGES[one.status.state]
        st.badge(text, color=colour)  # type: ignore[arg-type]
    place = st.container()
    if one.status.state != "ready":
        place.caption(literal(f"{one.status.sentence}."))
    if one.problem:
        st.caption(f":material/error: {literal(one.problem)}")
    st.markdown(f":small[{literal(size_text(one))}. {literal(test_text(one))}.]")
    st.caption(literal(entry.about))
    st.caption(f"Source: {literal(entry.source or 'not given')}. Licence: {literal(entry.licence or 'not given')}.")
    if one.place is not None:
        disk = f": {disk_text(one)}" if disk_text(one) else ""
        st.caption(f"{literal(str(one.place))}{disk}.")
    _buttons(one, runs)
    transfer(one, runs)
    return place


def _buttons(one: Listed, runs: int) -> None:
    name, idle = one.entry.name, one.status.state != "ready"
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        look: dict[str, Any] = {"type": "tertiary", "on_click": show_view, "disabled": idle}
        st.button("Preview", key=f"preview_{name}", icon=":material/grid_view:", args=("preview", name), **look)
        st.button("Health", key=f"health_{name}", icon=":material/stethoscope:", args=("health", name), **look)
        if st.button("Train", key=f"train_{name}", icon=":material/play_circle:", type="tertiary"):
            st.switch_page(TRAIN_PAGE, query_params=form_query(usual_for(name)))
        if runs and st.button(count_of(runs, "run"), key=f"runs_{name}", icon=":material/table_rows:", type="tertiary"):
            st.switch_page(RUNS_PAGE, query_params={"datasets": name, "lessons": "true"})


def _strip(one: Listed) -> None:
    try:
        picture = STRIPS.get(version_of(one.entry.name), lambda: _picture(one))
    except RegLabError as error:
        st.caption(f":material/error: {literal(str(error))}")
        return
    source, alt = base64.b64encode(picture).decode(), html.escape(f"Images of {one.entry.label}", quote=True)
    look = "width:100%;height:44px;object-fit:cover;object-position:left;image-rendering:pixelated;border-radius:3px"
    st.html(f'<img src="data:image/png;base64,{source}" alt="{alt}" style="{look};display:block">')


def _picture(one: Listed) -> bytes:
    pixels = image_pixels(strip(one.entry.name, services().settings.data))
    return png(np.ascontiguousarray(pixels))
