"""The Runs page without a browser: its table, ticks and charts, and three runs to show."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest
from tests.factories import add_run, spec
from tests.pages.browsing import again

from reglab.store import Run, Store
from reglab.ui.runs.state import RunsState

CHARTS = ["runs_loss", "runs_gap", "runs_weights"]


def runs_page() -> None:
    """The page alone, without the frame."""
    from reglab.ui.runs.page import runs_page

    runs_page()


def state(app: AppTest) -> RunsState:
    found = app.session_state["runs_page"]
    assert isinstance(found, RunsState)
    return found


def select(app: AppTest, rows: list[int], columns: tuple[str, ...] = ()) -> AppTest:
    """Tick these rows of the table, and click on the heads of these columns."""
    app.session_state[state(app).key] = {"selection": {"rows": rows, "columns": list(columns), "cells": []}}
    return again(app)


def names(app: AppTest) -> list[str]:
    """The names in the table, from the top."""
    return list(app.dataframe[0].value["name"]) if app.dataframe else []


def three(store: Store) -> tuple[Run, Run, Run]:
    return (
        add_run(store, spec(penalty__l2=0.0), name="none", tags=["talk"]),
        add_run(store, spec(penalty__l2=0.03), name="weak", seed=1),
        add_run(store, spec(penalty__l2=0.1, data__name="mnist"), name="strong", state="cancelled", note="too much"),
    )
