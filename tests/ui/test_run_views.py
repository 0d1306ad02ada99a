"""Saved views of the Runs page: what a browser kept is read with care."""

from __future__ import annotations

import json

import pytest

from reglab.store import run_table_columns as t
from reglab.ui.runs.columns import COLUMNS, DEFAULT
from reglab.ui.runs.state import RunsState
from reglab.ui.runs.views import LONGEST, MOST_VIEWS, read_kept


def test_views_and_columns_come_back() -> None:
    kept = {"columns": [t.GAP, t.STATE, "gone"], "views": {"talk": {"find": "x", "group": "lambda"}}}
    assert read_kept(json.dumps(kept)) == ({"talk": {"find": "x", "group": "lambda"}}, (t.STATE, t.GAP))


@pytest.mark.parametrize(
    "text", [None, 3, "", "{", "[]", "3", '{"views": 3, "columns": 3}', "x" * 60_000, "[" * 20_000]
)
def test_anything_else_is_nothing(text: object) -> None:
    assert read_kept(text) == ({}, ())


def test_a_browser_keeps_so_many_views_and_no_longer_names() -> None:
    kept: dict[str, object] = {"views": {f"{'n' * 100}{i}": {} for i in range(50)} | {"odd": 3}}
    views, _ = read_kept(json.dumps({"views": {f"{i}": {} for i in range(50)}}))
    assert len(views) == MOST_VIEWS
    assert all(len(name) <= LONGEST for name in read_kept(json.dumps(kept))[0])


def test_every_parameter_of_the_link_comes_back() -> None:
    state = RunsState()
    for name, value in {"sort": "-gap_loss", "group": "cnn", "columns": "state,gap_loss", "open": "a;b"}.items():
        state.follow(name, value)
        assert state.parameters()[name] == value
    state.follow("columns", "")
    assert state.columns == DEFAULT
    assert set(DEFAULT) < set(COLUMNS)
    assert not state.remarks
