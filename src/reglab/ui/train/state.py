"""The Train page's part of the query, and its form."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from reglab.spec import RunSpec
from reglab.ui.shared.query import NAME, SWEEP_PAGE, Form, Query, run_query
from reglab.ui.shared.spec_fields import WIDGETS, to_values

RUN_NAME = "run_name"
"""Key of the field for the run's name."""

SWEEP_ICON = ":material/ssid_chart:"

_SWEEP = frozenset({"sweep", "view", "measure", "epoch", "layer", "role", "what"})  # a link may still have them

QUERY = Query("train", lambda key: "." in key or key in {"run", "runs", NAME} | _SWEEP)
"""The settings of the form, or the runs on screen."""

USUAL = RunSpec.fresh()
"""The form without a query."""


def form_query(spec: RunSpec) -> dict[str, str]:
    """The query of a form with ``spec``; empty for the usual one.

    An absent setting has the spec's default in it, which for the test part is 0 and not what the form has.
    """
    return {} if spec == USUAL else spec.to_query() or {"data.test_fraction": "0"}


FORM = Form("train_form", "start", QUERY, WIDGETS.values(), USUAL, to_values, form_query)


def show_runs(ids: Iterable[str]) -> None:
    """Go to the live view of these runs."""
    QUERY.write(run_query(ids))


def see_sweeps() -> None:
    """Open the sweep page; a callback."""
    st.switch_page(SWEEP_PAGE)


def sweep_page_query(spec: RunSpec) -> dict[str, str]:
    """The query of a sweep's form with the settings of ``spec``.

    It always names the dataset: the sweep page has other defaults, which an empty query would bring. A query without
    "by" is one of an earlier version, which chose λ by accuracy.
    """
    return {"data.name": spec.data.name, **spec.to_query(), "by": "loss"}
