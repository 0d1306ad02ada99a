"""The λ path page: the form, or the live view of the sweep that the address names."""

from __future__ import annotations

import streamlit as st

from reglab.datasets import DATASETS
from reglab.models import MODELS
from reglab.spec import RunSpec
from reglab.ui.shared.query import unique
from reglab.ui.sweep import query as addresses
from reglab.ui.sweep.form_page import form_page
from reglab.ui.sweep.live import sweep_view
from reglab.ui.sweep.state import QUERY


def sweep_page() -> None:
    """Draw the page that the address asks for."""
    QUERY.sync()
    query, repeated = unique(st.query_params, addresses.SETTINGS)
    address = addresses.read(query, _known, repeated)
    if address.sweep is not None:
        sweep_view(address)
    else:
        form_page(address)


def _known(spec: RunSpec) -> None:
    """Raise :class:`reglab.errors.UnknownName` where the data set or the CNN is not one of ours."""
    DATASETS.get(spec.data.name)
    MODELS.get(spec.model.name)
