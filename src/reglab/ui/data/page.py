"""The Data page: the catalogue, a preview of what training sees, and the health of a dataset."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from reglab.spec import RunSpec
from reglab.ui.data.catalogue import catalogue_view
from reglab.ui.data.health import health_view
from reglab.ui.data.import_wizard import import_wizard
from reglab.ui.data.preview import preview_view
from reglab.ui.data.query import DATASET, VIEW, View, read
from reglab.ui.data.state import FORM, QUERY, VIEW_KEY, keep, view_now
from reglab.ui.shared.fields import segments
from reglab.ui.shared.query import unique
from reglab.ui.shared.text import literal
from reglab.ui.shared.trouble import button_problem

VIEWS: Mapping[View, tuple[str, Callable[[], RunSpec | None]]] = {
    "catalogue": ("Catalogue", catalogue_view),
    "preview": ("Preview", preview_view),
    "health": ("Health", health_view),
}
"""Every view: its name, and what draws it and returns the spec that the query names, None where there is none."""

_ABOUT = (
    "Every dataset that runs can train on: what it holds, what training would see of it, and what is wrong with it."
)


def data_page() -> None:
    """Draw the view that the query asks for."""
    QUERY.sync()
    query, repeated = unique(st.query_params, (VIEW, DATASET))
    state = FORM.open(*read(query, repeated))
    st.title("Data", anchor=False, help=_ABOUT)
    segments("View", {name: label for name, (label, _) in VIEWS.items()}, VIEW_KEY, default=None)
    button_problem()
    if state.link_problem:
        st.warning(f"The link: {literal(state.link_problem)}", icon=":material/link_off:")
    if view_now() == "catalogue":
        import_wizard()
    keep(view_now(), VIEWS[view_now()][1]())
