"""The Train page: the form, or the live view of the runs that the address names."""

from __future__ import annotations

import streamlit as st

from reglab.datasets import DATASETS
from reglab.models import MODELS
from reglab.spec import RunSpec
from reglab.ui import urls
from reglab.ui.demo import offer_demo
from reglab.ui.form_state import keep, open_or_follow
from reglab.ui.preview import preview
from reglab.ui.run_view import run_view
from reglab.ui.spec_form import spec_form


def train_page() -> None:
    """Draw the page that the address asks for."""
    address = urls.read(st.query_params, _known)
    if address.runs:
        run_view(address.runs)
    else:
        _form(address)


def _form(address: urls.Address) -> None:
    state = open_or_follow(address)
    offer_demo()
    st.header(
        "Train a CNN", help="Choose data, network and penalty; Start trains in the background, however long it takes."
    )
    left, right = st.columns([3, 2], gap="medium")
    with left:
        spec_form()
    with right:
        spec = preview(state)
    keep(state, spec)


def _known(spec: RunSpec) -> None:
    """Raise :class:`reglab.errors.UnknownName` where the data set or the CNN is not one of ours."""
    DATASETS.get(spec.data.name)
    MODELS.get(spec.model.name)
