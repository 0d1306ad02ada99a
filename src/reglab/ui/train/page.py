"""The Train page: the form, or the live view of the runs that the address names."""

from __future__ import annotations

import streamlit as st

from reglab.datasets import DATASETS
from reglab.models import MODELS
from reglab.spec import RunSpec
from reglab.ui.shared.query import MAX_RUNS, Link, read_link, unique
from reglab.ui.shared.services import services
from reglab.ui.shared.tables import ACTIVE
from reglab.ui.train.demo import demo_again, offer_demo
from reglab.ui.train.form import spec_form
from reglab.ui.train.mask import mask_card
from reglab.ui.train.preview import notes, preview
from reglab.ui.train.run_view import run_view
from reglab.ui.train.state import QUERY, keep, open_or_follow, show_runs


def train_page() -> None:
    """Draw the page that the address asks for."""
    QUERY.sync()
    query, repeated = unique(st.query_params)
    address = read_link(query, _known, repeated)
    if address.runs:
        run_view(address.runs)
    else:
        _form(address)


def _form(address: Link) -> None:
    state = open_or_follow(address)
    offered = offer_demo()
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.header(
            "Train a CNN", anchor=False, width="content",
            help="Choose data, network and penalty; Start trains in the background, however long it takes.",
        )  # fmt: skip
        with st.container(horizontal=True, width="content", gap="small"):
            if not offered:
                demo_again()
            _training_now()
    left, right = st.columns([8, 5], gap="small")
    with left:
        spec_form()
    with right:
        spec = preview(state)
    if spec is not None:
        notes(spec)
    mask_card(spec)
    keep(state, spec)


def _training_now() -> None:
    """The way back to what trains while the form is open."""
    runs = services().store.runs(states=ACTIVE, limit=MAX_RUNS)
    if runs:
        text = "1 run is training" if len(runs) == 1 else f"{len(runs)} runs are training"
        ids = [run.id for run in reversed(runs)]
        st.button(text, icon=":material/monitoring:", key="training_now", on_click=show_runs, args=(ids,))


def _known(spec: RunSpec) -> None:
    """Raise :class:`reglab.errors.UnknownName` where the data set or the CNN is not one of ours."""
    DATASETS.get(spec.data.name)
    MODELS.get(spec.model.name)
