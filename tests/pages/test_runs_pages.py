"""The pages of the Runs table: order, filter and ticks span all of them, and one look reads one page."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from streamlit.testing.v1 import AppTest
from tests.factories import add_many
from tests.pages.browsing import again, press, visit
from tests.pages.runs_page import CHARTS, charts, names, pinned, select, state
from tests.pages.runs_page import runs_page as page

from reglab.store import Run, Store

__all__ = ["page"]  # which the fixture ``app`` runs


def turn(app: AppTest, number: int) -> AppTest:
    """Go to another page of the table."""
    app.session_state["page"] = number
    return again(app)


def fill(store: Store) -> list[str]:
    """250 runs, newest first; the best accuracy grows with the age, and one in ten is about MNIST."""
    ids = add_many(store, 250, 2)
    with store._database.write() as connection:
        connection.exec_driver_sql("UPDATE runs SET best_val_acc = 1 - substr(id, 2) / 1000.0")
        connection.exec_driver_sql("UPDATE runs SET dataset = 'mnist' WHERE id LIKE '%0'")
    return ids


def test_the_table_has_pages_of_a_hundred_and_sorts_over_all_of_them(app: AppTest, store: Store) -> None:
    fill(store)
    visit(app, group="none")
    assert names(app) == [f"run {i}" for i in range(249, 149, -1)]
    whole, part = (caption.value for caption in app.caption)
    assert (whole, part) == ("250 runs · select runs to compare them", "1–100 of 250 runs")
    assert names(turn(app, 3)) == [f"run {i}" for i in range(49, -1, -1)]
    assert app.caption[1].value == "201–250 of 250 runs"
    select(app, [], ("best_val_acc",))
    assert names(app) == [f"run {i}" for i in range(100)]
    assert app.caption[1].value == "1–100 of 250 runs"


def test_a_filter_looks_at_every_page_and_starts_at_the_first(app: AppTest, store: Store) -> None:
    fill(store)
    turn(visit(app), 2)
    app.multiselect(key="datasets").set_value(["mnist"])
    assert names(again(app)) == [f"run {i}" for i in range(240, -1, -10)]
    assert app.caption[0].value == "250 runs · 25 match the filter · select runs to compare them"
    app.multiselect(key="datasets").set_value([])
    assert names(again(app))[0] == "run 249"


def test_ticks_are_kept_from_page_to_page(app: AppTest, store: Store) -> None:
    ids = fill(store)
    select(visit(app), [3])
    turn(app, 2)
    assert (state(app).ticked, pinned(app)) == ((ids[3],), ["run 246"])
    assert "1 selected" in app.caption[0].value
    select(app, [0, 5])
    assert state(app).ticked == (ids[3], ids[100], ids[105])
    assert app.query_params["runs"] == ",".join(state(app).ticked)
    turn(app, 1)
    assert charts(app) == CHARTS
    select(app, [])
    assert state(app).ticked == (ids[100], ids[105])


def test_a_link_selects_runs_of_other_pages(app: AppTest, store: Store) -> None:
    ids = fill(store)
    visit(app, runs=f"{ids[240]},{ids[7]}")
    assert (state(app).ticked, pinned(app)) == ((ids[240], ids[7]), ["run 9", "run 242"])
    assert not app.warning
    assert charts(app) == CHARTS
    app.session_state["delete_runs"] = True
    press(again(app), "confirm_delete")
    assert app.caption[0].value.startswith("248 runs")


def test_a_page_that_is_gone_gives_way_to_the_last_one(app: AppTest, store: Store) -> None:
    ids = fill(store)
    turn(visit(app), 3)
    store.delete(ids[200:])
    assert names(again(app)) == [f"run {i}" for i in range(149, 49, -1)]
    store.delete(ids[:150])
    assert len(names(again(app))) == 50
    assert [caption.value for caption in app.caption] == ["50 runs · select runs to compare them"]


def test_a_look_at_the_store_reads_only_the_page(app: AppTest, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(store)
    read: list[int] = []
    real = Store.sparklines

    def noted(self: Store, run_ids: Sequence[str], column: str, points: int = 40) -> dict[str, list[float]]:
        read.append(len(run_ids))
        return real(self, run_ids, column, points)

    def refused(*_: object, **__: object) -> list[Run]:
        raise AssertionError("every run is read")

    monkeypatch.setattr(Store, "sparklines", noted)
    monkeypatch.setattr(Store, "runs", refused)
    again(visit(app))
    assert read == [100, 0]  # once; later looks read what has grown
