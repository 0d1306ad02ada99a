"""The table of runs in the browser: groups that open, ticked rows on top, heads that sort; for mouse and keyboard.

Up and Down move between rows, Right and Left open and close a group, Space ticks, Enter opens. What is pressed arrives
as numbered events; the browser repeats them until Python says that it has seen them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import streamlit as st

_SCRIPT, _STYLE = (Path(__file__).with_suffix(suffix).read_text("utf-8") for suffix in (".js", ".css"))
_component = st.components.v2.component("reglab_run_grid", js=_SCRIPT, css=_STYLE, isolate_styles=False)

_MOST, _LONGEST = 200, 5_000  # events of one message, and characters of a group's key

Cell = str | dict[str, Any]
"""A text, ``{"state", "text"}``, ``{"tags"}`` or ``{"curve", "text"}``."""


@dataclass(frozen=True)
class GridColumn:
    """A column: ``key`` is what a click on its head sorts by."""

    key: str
    label: str
    help: str = ""
    align: Literal["left", "right"] = "left"
    sort: Literal["", "ascending", "descending"] = ""
    sortable: bool = True


@dataclass(frozen=True)
class GridRow:
    """A row: ``key`` tells rows apart, ``id`` names its run or group in events.

    ``tick``: 0, 1, or 2 for some of a group. ``dot`` is the run's colour. A row of the kind ``more`` has a name alone.
    """

    key: str
    id: str
    name: str
    cells: Sequence[Cell] = ()
    kind: Literal["run", "group", "more"] = "run"
    level: int = 1
    tick: int = 0
    open: bool = False
    dot: str = ""
    beside: str = ""


@dataclass(frozen=True)
class Event:
    """What was pressed: a tick of a run or group, a group's opening, a column's head, or every box of the page."""

    number: int
    kind: Literal["tick", "open", "sort", "all"]
    id: str
    on: bool


def run_grid(
    columns: Sequence[GridColumn],
    rows: Sequence[GridRow],
    pinned: Sequence[GridRow],
    *,
    key: str,
    seen: int,
    below: str,
    on_events: Callable[[Sequence[Event]], None],
) -> None:
    """Draw the table, ``below`` (a length of CSS) above the window's end; events after ``seen`` go to ``on_events``."""

    def pressed() -> None:
        on_events(read(st.session_state[key].get("events"), seen))

    facts: dict[str, Any] = {
        "key": key,
        "label": "Runs with their settings and results",
        "columns": [asdict(column) for column in columns],
        "rows": [asdict(row) for row in rows],
        "pinned": [asdict(row) for row in pinned],
        "count": len(rows) + len(pinned) + 1,
        "seen": seen,
        "below": below,
    }
    _component(data=facts, key=key, height="content", on_events_change=pressed)


def read(sent: object, seen: int) -> list[Event]:
    """The events after number ``seen`` in what the browser sent; anything that is no event is left out."""
    items = sent.get("events") if isinstance(sent, Mapping) else None
    found = [_event(item) for item in items[-_MOST:]] if isinstance(items, list | tuple) else []
    return sorted((event for event in found if event and event.number > seen), key=lambda event: event.number)


def _event(item: object) -> Event | None:
    if not isinstance(item, list | tuple) or len(item) != 3:
        return None
    number, kind, value = item
    if isinstance(number, bool) or not isinstance(number, int | float) or not 0 < number < 1e15:
        return None
    match kind, value:
        case (("tick" | "open"), {"id": str(name), "on": bool(on)}) if len(name) <= _LONGEST:
            return Event(int(number), kind, name, on)
        case "sort", str(name) if len(name) <= _LONGEST:
            return Event(int(number), "sort", name, True)
        case "all", bool(on):
            return Event(int(number), "all", "", on)
    return None
