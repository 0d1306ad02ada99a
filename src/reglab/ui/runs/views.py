"""Saved views of the table of runs (filter, grouping, columns and order under a name), and the choice of columns.

A link carries all of it, and the name. The browser keeps the views and the columns for its next visit: they belong to
the person, and not to the server.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import streamlit as st

from reglab.ui.runs.columns import COLUMNS, DEFAULT
from reglab.ui.runs.filter import filter_values, set_filter
from reglab.ui.runs.state import RunsState, runs_state
from reglab.ui.shared.text import literal
from reglab.ui.shared.trouble import redrawn

MOST_VIEWS, LONGEST, _LONGEST_TEXT = 30, 60, 50_000
"""Views that a browser keeps, and characters of a name."""

NAME, COLUMNS_FIELD = "view_name", "runs_columns"
"""Keys of two fields."""

PANEL = "views_panel"
"""Name of the panel with the views."""

_STATE, _KEY, _WIDTH = "runs_views", "runs_kept", 340
_CARRIED = ("sort", "group", "columns")
_component = st.components.v2.component(
    "reglab_kept", js=Path(__file__).with_name("kept.js").read_text("utf-8"), isolate_styles=False
)


@dataclass
class Views:
    """``saved``: name → what the view chooses. ``number`` counts what the browser is to keep; 0: nothing new."""

    saved: dict[str, dict[str, Any]] = field(default_factory=dict)
    number: int = 0


def views() -> Views:
    """Those of this session."""
    found: Views = st.session_state.setdefault(_STATE, Views())
    return found


def keep_views(state: RunsState) -> None:
    """Exchange views and columns with the browser; what it kept arrives once, before anything is changed here."""

    def arrived() -> None:
        saved, columns = read_kept(st.session_state[_KEY].get("kept"))
        views().saved = {**saved, **views().saved}
        if columns and "columns" not in st.query_params and state.columns == DEFAULT:
            state.columns = columns

    text = json.dumps({"columns": list(state.columns), "views": views().saved})
    facts = {"name": "reglab-runs", "number": views().number, "text": text}
    _component(data=facts, key=_KEY, height=1, on_kept_change=arrived)


def read_kept(text: object) -> tuple[dict[str, dict[str, Any]], tuple[str, ...]]:
    """The views and columns in what the browser kept, none in anything else."""
    if not isinstance(text, str) or len(text) > _LONGEST_TEXT:
        return {}, ()
    try:
        kept = json.loads(text)
    except (ValueError, RecursionError):
        return {}, ()
    if not isinstance(kept, Mapping):
        return {}, ()
    saved, columns = kept.get("views"), kept.get("columns")
    named = list(saved.items())[:MOST_VIEWS] if isinstance(saved, Mapping) else []
    known = tuple(key for key in COLUMNS if key in columns) if isinstance(columns, list) else ()
    return {name[:LONGEST]: dict(view) for name, view in named if isinstance(view, Mapping)}, known


def view_now(state: RunsState) -> dict[str, Any]:
    """What a view of the table as it is would choose."""
    now = state.parameters()
    return filter_values() | {name: now[name] for name in _CARRIED if now[name]}


def views_panel(state: RunsState) -> None:
    """The saved views, and the field that saves this one; a view that was changed is no longer shown as chosen."""
    saved = views().saved
    state.view = state.view if state.view not in saved or saved[state.view] == view_now(state) else ""
    label = state.view if state.view in saved else "Views"
    panel = st.popover(literal(label), icon=":material/bookmark:", key=state.panel(PANEL), on_change="rerun")
    if not panel.open:
        return
    with panel, st.container(width=_WIDTH, gap="small"):
        st.caption("A view is the filter, the grouping, the columns and the order. This browser keeps its name.")
        for name in saved:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.button(literal(name), key=f"view_{name}", on_click=_apply, args=(name,), width="stretch")
                about = f"Forget the view {literal(name)}"
                st.button(
                    about,
                    key=f"forget_{name}",
                    icon=":material/delete:",
                    on_click=_forget,
                    args=(name,),
                    type="tertiary",
                )
        with st.form("save_view", border=False, clear_on_submit=False):
            st.text_input("Name", value=state.view, key=NAME, max_chars=LONGEST, placeholder="Name of this view")
            st.form_submit_button("Save this view", key="save_view_button", width="stretch", on_click=_save)


def columns_panel(state: RunsState) -> None:
    """Choose the columns; the browser keeps the choice."""
    panel = st.popover("Columns", icon=":material/view_column:", key="columns_panel", on_change="rerun")
    if not panel.open:
        return
    st.session_state[COLUMNS_FIELD] = list(state.columns)
    with panel, st.container(width=_WIDTH, gap="small"):
        labels = {key: column.label for key, column in COLUMNS.items()}
        st.pills(
            "Columns",
            list(COLUMNS),
            format_func=labels.__getitem__,
            selection_mode="multi",
            key=COLUMNS_FIELD,
            on_change=_choose,
        )
        st.caption("Columns that no run on the page needs, such as the test accuracy, stay out of the way.")
        st.button("Usual columns", key="usual_columns", on_click=_usual, disabled=state.columns == DEFAULT)


# Callbacks


@redrawn
def _choose() -> None:
    wanted = st.session_state[COLUMNS_FIELD]
    runs_state().columns = tuple(key for key in COLUMNS if key in wanted) or DEFAULT
    views().number += 1


@redrawn
def _usual() -> None:
    runs_state().columns = DEFAULT
    views().number += 1


@redrawn
def _apply(name: str) -> None:
    view, state = views().saved[name], runs_state()
    set_filter(view)
    for parameter in _CARRIED:
        state.follow(parameter, str(view.get(parameter, "")))
    state.view, state.opened = name, ()


@redrawn
def _save() -> None:
    """Under the name in the field; a view of this name is replaced, and beyond MOST_VIEWS the oldest one goes."""
    state, name = runs_state(), " ".join(st.session_state[NAME].split())[:LONGEST]
    if not name:
        return
    saved = {**{key: view for key, view in views().saved.items() if key != name}, name: view_now(state)}
    views().saved = dict(list(saved.items())[-MOST_VIEWS:])
    views().number += 1
    state.view = name
    state.close_panel(PANEL)


@redrawn
def _forget(name: str) -> None:
    views().saved.pop(name, None)
    views().number += 1
