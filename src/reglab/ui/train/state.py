"""The spec that the form shows: it outlasts visits to other pages and stays in step with the query.

The query decides when the form opens and when the person goes Back or Forward. Otherwise the widgets decide, and the
query follows them.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from reglab.spec import RunSpec
from reglab.ui.shared.query import SWEEP_PAGE, FieldChanges, Link, Query, run_query
from reglab.ui.shared.spec_fields import WIDGETS, to_values

SWEEP_ICON = ":material/ssid_chart:"

_SWEEP = frozenset({"sweep", "view", "measure", "epoch", "layer", "role", "what"})  # a link may still have them

QUERY = Query("train", lambda key: "." in key or key in {"run", "runs"} | _SWEEP)
"""The page's part of the query: the settings of the form, or the runs on screen."""


@dataclass
class FormState:
    """The form of this session. A second press of Start with the same ``key`` opens the run of the first.

    ``values`` are the widgets as last drawn, ``address`` the spec that the query stood for then. ``link_problem`` and
    ``start_problem`` are sentences that are shown until the next edit.
    """

    values: dict[str, Any] | None = None
    address: RunSpec = field(default_factory=RunSpec)
    changes: FieldChanges = field(default_factory=FieldChanges)
    key: str = ""
    link_problem: str | None = None
    start_problem: str | None = None


def form_state() -> FormState:
    """This session's form."""
    state: FormState = st.session_state.setdefault("train_form", FormState())
    return state


def current_values() -> dict[str, Any]:
    """The present value of every field, also of those behind a closed "More"."""
    return {key: st.session_state[key] for key in WIDGETS.values() if key in st.session_state}


def open_or_follow(link: Link) -> FormState:
    """Set the widgets before they are drawn, if the form has just opened or the query has moved."""
    state, wanted = form_state(), link.spec or RunSpec()
    state.changes.settle(behind=QUERY.behind())
    values = current_values()
    if "start" not in st.session_state:  # the previous script run did not draw the form: it opens
        _fill(state, to_values(link.spec) if link.spec else state.values or to_values(RunSpec()))
        state.key, state.start_problem, state.link_problem = uuid.uuid4().hex, None, link.problem
    elif values != state.values:
        state.start_problem = state.link_problem = None
    elif wanted != state.address:
        _fill(state, to_values(wanted))
        state.link_problem = link.problem
    state.address = wanted
    return state


def put(key: str, value: Any) -> None:
    """Change a field by code. Messages that the browser sent before it knew of the change do not undo it."""
    form_state().changes.put({key: value})


def chosen(key: str) -> Any:
    """The value that the person has just given a field; None if an old message of the browser brought it.

    For callbacks of fields that code changes as well: they run before the page has settled which values are old.
    """
    QUERY.read()
    return None if key in form_state().changes.settle(behind=QUERY.behind()) else st.session_state[key]


def keep(state: FormState, spec: RunSpec | None) -> None:
    """Remember the widgets, and let the query follow if they make a valid ``spec``."""
    state.values = current_values()
    if spec is not None and spec != state.address:
        state.address = spec
        QUERY.write(spec.to_query())
    state.changes.sent = True


def show_runs(ids: Iterable[str]) -> None:
    """Go to the live view of these runs."""
    QUERY.write(run_query(ids))


def prepare_form(spec: RunSpec | None = None) -> None:
    """Have the form open with ``spec``, or with the defaults; for other pages."""
    st.session_state["train_form"] = FormState(values=to_values(spec) if spec else None)


def show_form(spec: RunSpec | None = None) -> None:
    """Go to a new form with ``spec``, or with the defaults."""
    prepare_form(spec)
    QUERY.write(spec.to_query() if spec else {})


def see_sweeps() -> None:
    """Open the sweep page; a callback."""
    st.switch_page(SWEEP_PAGE)


def sweep_page_query(spec: RunSpec) -> dict[str, str]:
    """The query of a sweep's form with the settings of ``spec``; it always names the dataset.

    The sweep page has other defaults, which an empty query would bring.
    """
    return {"data.name": spec.data.name, **spec.to_query()}


def _fill(state: FormState, values: Mapping[str, Any]) -> None:
    """Set the widgets. This does not count as an edit, even if a further script run cuts this one off."""
    state.changes.put(values)
    state.values = current_values()
