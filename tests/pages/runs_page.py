"""The Runs page without a browser: its table, what is pressed in it, its charts, and three runs to show."""

from __future__ import annotations

import json
from typing import Any

from streamlit.testing.v1 import AppTest
from tests.factories import add_run, spec
from tests.pages import browsing
from tests.pages.browsing import again

from reglab.store import Run, Store
from reglab.ui.runs.run_grid import read
from reglab.ui.runs.state import RunsState

CHARTS = ["runs_loss", "runs_gap", "runs_weights"]
GRID = "runs_table"


def runs_page() -> None:
    """The page alone, without the frame."""
    from reglab.ui.runs.page import runs_page

    runs_page()


def state(app: AppTest) -> RunsState:
    found = app.session_state["runs_page"]
    assert isinstance(found, RunsState)
    return found


def grid(app: AppTest) -> dict[str, Any]:
    """What the browser gets of the table; nothing where there is none."""
    found = [element for element in app.get("bidi_component") if element.key == GRID]
    return json.loads(found[0].proto.json) if found else {"columns": [], "rows": [], "pinned": []}


def names(app: AppTest) -> list[str]:
    """The names in the table, from the top, without the ticked runs above it."""
    return [row["name"] for row in grid(app)["rows"]]


def pinned(app: AppTest) -> list[str]:
    return [row["name"] for row in grid(app)["pinned"]]


def heads(app: AppTest) -> list[str]:
    return [column["label"] for column in grid(app)["columns"]]


def row(app: AppTest, name: str) -> dict[str, Any]:
    """The cells of the run or group with this name, by the heads of their columns."""
    (found,) = (row for row in grid(app)["rows"] if row["name"] == name)
    return dict(zip(heads(app)[1:], found["cells"], strict=True))


def charts(app: AppTest) -> list[str]:
    """Keys of the charts."""
    return [key for key in browsing.charts(app) if key not in (GRID, "runs_kept")]


def push(app: AppTest, *events: tuple[str, Any]) -> AppTest:
    """Press what ``events`` (kind, value) say in the table."""
    seen = state(app).seen
    sent = [[seen + number, kind, value] for number, (kind, value) in enumerate(events, start=1)]
    state(app).take(read({"events": sent}, seen))
    return again(app)


def select(app: AppTest, rows: list[int], columns: tuple[str, ...] = ()) -> AppTest:
    """Tick these rows of the table, and no others of it, and click on the heads of these columns."""
    ticks = [("tick", {"id": row["id"], "on": place in rows}) for place, row in enumerate(grid(app)["rows"])]
    return push(app, *ticks, *(("sort", column) for column in columns))


def three(store: Store) -> tuple[Run, Run, Run]:
    return (
        add_run(store, spec(penalty__l2=0.0), name="none", tags=["talk"]),
        add_run(store, spec(penalty__l2=0.03), name="weak", seed=1),
        add_run(store, spec(penalty__l2=0.1, data__name="mnist"), name="strong", state="cancelled", note="too much"),
    )
