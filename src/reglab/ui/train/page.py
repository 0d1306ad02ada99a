"""The Train page: the form, or the live view of the runs that the query names."""

from __future__ import annotations

import streamlit as st

from reglab.datasets import DATASETS
from reglab.models import MODELS
from reglab.spec import RunSpec
from reglab.ui.shared.query import MAX_RUNS, Link, read_link, unique
from reglab.ui.shared.services import services
from reglab.ui.shared.tables import ACTIVE
from reglab.ui.shared.text import count_of
from reglab.ui.train.demo import demo_again, offer_demo
from reglab.ui.train.form import spec_form
from reglab.ui.train.mask import mask_card
from reglab.ui.train.preview import notes, preview
from reglab.ui.train.run_view import run_view
from reglab.ui.train.state import QUERY, keep, open_or_follow, show_runs


def train_page() -> None:
    """Draw the page that the query asks for."""
    QUERY.sync()
    query, repeated = unique(st.query_params)
    link = read_link(query, _known, repeated)
    if link.runs:
        run_view(link.runs)
    else:
        _form(link)


def _form(link: Link) -> None:
    state = open_or_follow(link)
    offered = offer_demo()
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        about = "Choose data, network and penalty. Runs train in the background, also while you visit other pages."
        st.header("Train a CNN", anchor=False, width="content", help=about)
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
    """A button that leads from the form to the runs that are training."""
    runs = services().store.runs(states=ACTIVE, limit=MAX_RUNS)
    if runs:
        text = f"{count_of(len(runs), 'run')} {'is' if len(runs) == 1 else 'are'} training"
        ids = [run.id for run in reversed(runs)]
        st.button(text, icon=":material/monitoring:", key="training_now", on_click=show_runs, args=(ids,))


def _known(spec: RunSpec) -> None:
    """Raise :class:`reglab.errors.UnknownName` if no registry has the dataset or the CNN."""
    DATASETS.get(spec.data.name)
    MODELS.get(spec.model.name)
