"""The Runs page, without a browser: every filter, every action, and what a link restores."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import orjson
import pytest
from sqlalchemy import text
from streamlit.testing.v1 import AppTest
from tests.factories import add_many, add_run, metrics, spec
from tests.pages.browsing import plain

from reglab.store import Ending, Run, Store
from reglab.ui.runs.state import RunsState
from reglab.ui.shared.query import MAX_RUNS

CHARTS = ("runs_loss", "runs_gap", "runs_weights")


def page() -> None:
    """The page alone, without the frame."""
    from reglab.ui.runs.page import runs_page

    runs_page()


def visit(app: AppTest, **query: str) -> AppTest:
    """Open the page with these parameters."""
    for key, value in query.items():
        app.query_params[key] = value
    return again(app)


def again(app: AppTest) -> AppTest:
    """Run the page again; nothing on it may have failed."""
    app.run()
    assert not app.exception
    return app


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


def charts(app: AppTest) -> set[str]:
    """Keys of the charts on the page."""
    return {element.key for element in app.get("bidi_component") if element.key}


def traces(chart: Any) -> list[dict[str, Any]]:
    """The traces that the browser gets."""
    return list(orjson.loads(chart.proto.bytes)["figure"]["data"])


def click(app: AppTest, key: str) -> AppTest:
    app.button(key=key).click()
    return again(app)


def three(store: Store) -> tuple[Run, Run, Run]:
    return (
        add_run(store, spec(penalty__l2=0.0), name="none", tags=["talk"]),
        add_run(store, spec(penalty__l2=0.03), name="weak", seed=1),
        add_run(store, spec(penalty__l2=0.1, data__name="mnist"), name="strong", state="cancelled", note="too much"),
    )


def test_without_runs_there_is_one_sentence_and_the_way_to_start_one(app: AppTest) -> None:
    visit(app)
    assert "No runs yet" in app.markdown[0].value
    assert app.button(key="first_run").label == "Train a CNN"
    assert not app.dataframe


def test_the_table_shows_every_run_newest_first_with_its_figures(app: AppTest, store: Store) -> None:
    three(store)
    shown = visit(app).dataframe[0].value
    assert list(shown["name"]) == ["strong", "weak", "none"]
    weak = shown.loc[1]
    assert weak["state"] == ["finished"]
    assert (weak["dataset"], weak["model"], weak["penalty"], weak["lambda2"]) == (
        "Digits (8×8)",
        "Simple CNN",
        "L2",
        "0.03",
    )
    assert weak["best_val_acc"] == "90.0 %"  # metrics(4) has 0.9
    assert weak["best_val_acc_epoch"] == 4
    assert weak["gap_loss"] == f"{1.02 - 2 / 6:.3f}"
    assert weak["val_loss_curve"] == pytest.approx([1.0 + 0.02 * (epoch - 5) ** 2 for epoch in range(1, 7)])
    assert weak["epoch"] == "6 / 30"
    assert weak["seconds"].total_seconds() == 3
    assert app.caption[0].value.startswith("3 runs · select runs")


def test_figures_that_are_no_numbers_are_left_out(app: AppTest, store: Store) -> None:
    bad = metrics(2, val_loss=math.nan, train_loss=math.inf, gap_loss=math.nan, total=math.inf)
    add_run(store, epochs=[metrics(1), bad], state="diverged")
    add_run(store, epochs=0, state="failed")
    shown = visit(app).dataframe[0].value
    assert shown["gap_loss"].tolist() == ["–", "–"]
    assert shown["state"].tolist() == [["failed"], ["diverged"]]
    assert [len(curve) for curve in shown["val_loss_curve"]] == [0, 1]
    select(app, [0, 1])
    assert charts(app) == set(CHARTS)


def test_a_running_run_says_how_far_it_is(app: AppTest, store: Store) -> None:
    add_run(store, spec(train__epochs=8), state="running", epochs=2)
    add_run(store, state="queued")
    visit(app)
    assert app.dataframe[0].value["state"].tolist() == [["queued"], ["running 25 %"]]
    assert app.caption[0].value.startswith("2 runs · 1 training · 1 waiting")


@pytest.mark.parametrize(
    ("key", "value", "found"),
    [
        ("states", ["cancelled"], ["strong"]),
        ("datasets", ["mnist"], ["strong"]),
        ("models", ["simple_cnn"], ["strong", "weak", "none"]),
        ("penalties", ["none"], ["none"]),
        ("tags", ["talk"], ["none"]),
    ],
)
def test_filters_leave_the_runs_that_match(
    app: AppTest, store: Store, key: str, value: list[str], found: list[str]
) -> None:
    three(store)
    visit(app).multiselect(key=key).set_value(value)
    assert names(again(app)) == found


def test_the_search_looks_into_notes_and_can_be_cleared(app: AppTest, store: Store) -> None:
    three(store)
    visit(app).text_input(key="find").set_value("too much")
    assert names(again(app)) == ["strong"]
    assert "1 match the filter" in app.caption[0].value
    app.text_input(key="find").set_value("nobody wrote this")
    again(app)
    assert not app.dataframe
    click(app, "clear_filter")
    assert names(app) == ["strong", "weak", "none"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"states": "cancelled"}, ["strong"]),
        ({"find": "weak"}, ["weak"]),
        ({"penalties": "none", "datasets": "digits", "models": "simple_cnn"}, ["none"]),
        ({"states": "no such state"}, ["strong", "weak", "none"]),
    ],
)
def test_a_link_restores_the_filter(app: AppTest, store: Store, query: dict[str, str], found: list[str]) -> None:
    three(store)
    assert names(visit(app, **query)) == found


def test_ticks_draw_three_charts_and_are_in_the_address(app: AppTest, store: Store) -> None:
    none, weak, _ = three(store)
    select(visit(app), [1, 2])
    assert charts(app) == set(CHARTS)
    assert app.query_params["runs"] == f"{weak.id},{none.id}"
    select(app, [])
    assert charts(app) == set()
    assert "runs" not in app.query_params


def test_the_overlay_shows_the_parts_of_the_objective_and_the_gradient_ratio(app: AppTest, store: Store) -> None:
    none, weak, _ = three(store)
    visit(app, runs=f"{none.id},{weak.id}")
    app.segmented_control(key="runs_loss_view").set_value("split")
    app.segmented_control(key="runs_weight_view").set_value("ratio")
    assert charts(again(app)) == {"runs_split", "runs_gap", "runs_ratio"}
    ratios = next(chart for chart in app.get("bidi_component") if chart.key == "runs_ratio")
    assert len({trace["line"]["color"] for trace in traces(ratios)}) == 2
    drawn = [trace for chart in app.get("bidi_component") if chart.key for trace in traces(chart)]
    assert not any(trace["showlegend"] for trace in drawn if trace["name"] != "initial")


def test_the_table_takes_the_objective_apart(app: AppTest, store: Store) -> None:
    add_run(store, epochs=[metrics(1, l1=0.25, l2=0.5, total=2.75)])
    shown = visit(app).dataframe[0].value.loc[0]
    assert [shown[name] for name in ("train_loss", "l1", "l2", "total")] == ["2.000", "0.250", "0.500", "2.750"]
    select(app, [], ("total",))
    assert app.query_params["sort"] == "total"


def test_a_link_restores_the_ticks(app: AppTest, store: Store) -> None:
    none, weak, _ = three(store)
    visit(app, runs=f"{none.id},{weak.id}")
    assert state(app).ticked == (none.id, weak.id)
    assert state(app).preset == (1, 2)
    assert charts(app) == set(CHARTS)
    assert not app.warning


def test_a_link_to_runs_that_are_gone_says_so_until_something_is_ticked(app: AppTest, store: Store) -> None:
    run, *_ = three(store)
    visit(app, runs=f"{run.id},nowhere,*bold*")
    assert app.warning[0].value == (
        r"The link names a run that does not exist: nowhere, \*bold\*. It may have been deleted."
    )
    assert state(app).ticked == (run.id,)
    select(app, [])
    assert not app.warning


def test_ticks_stay_with_their_runs_while_rows_come_go_and_hide(app: AppTest, store: Store) -> None:
    none, weak, strong = three(store)
    select(visit(app), [1])
    newer = add_run(store, name="newer")
    again(app)
    assert (state(app).ticked, state(app).preset) == ((weak.id,), (2,))
    app.multiselect(key="states").set_value(["cancelled"])
    again(app)
    assert names(app) == ["strong"]
    select(app, [0])
    assert state(app).ticked == (weak.id, strong.id)
    app.multiselect(key="states").set_value([])
    again(app)
    assert state(app).preset == (1, 2)
    store.delete([weak.id])
    assert state(again(app)).ticked == (strong.id,)
    assert names(app) == ["newer", "strong", "none"]
    assert state(app).shown == (newer.id, strong.id, none.id)


def test_a_click_on_a_columns_head_sorts_and_keeps_the_ticks(app: AppTest, store: Store) -> None:
    _, weak, _ = three(store)
    select(visit(app), [1])
    select(app, [1], ("lambda2",))
    assert names(app) == ["none", "weak", "strong"]
    assert app.query_params["sort"] == "lambda2"
    assert (state(app).ticked, state(app).preset) == ((weak.id,), (1,))
    select(app, [1], ("lambda2",))
    assert names(app) == ["strong", "weak", "none"]
    assert app.query_params["sort"] == "-lambda2"
    select(app, [1], ("lambda2",))
    assert "sort" not in app.query_params


def test_a_link_restores_the_order_and_passes_over_one_that_is_unknown(app: AppTest, store: Store) -> None:
    three(store)
    assert names(visit(app, sort="lambda2")) == ["none", "weak", "strong"]
    app.session_state["runs_page"] = RunsState()
    assert names(visit(app, sort="nonsense")) == ["strong", "weak", "none"]


def test_rows_stand_still_while_runs_train_on(app: AppTest, store: Store) -> None:
    slow = add_run(store, name="slow", state="running", epochs=[metrics(1, val_acc=0.5)])
    add_run(store, name="fast", state="running", epochs=[metrics(1, val_acc=0.6)])
    visit(app, sort="-best_val_acc")
    assert names(app) == ["fast", "slow"]
    before = state(app).key
    store.add_epochs([(slow.id, metrics(2, val_acc=0.9), [], 2)])
    again(app)
    assert names(app) == ["fast", "slow"]
    assert app.dataframe[0].value["best_val_acc"].tolist() == ["60.0 %", "90.0 %"]
    assert state(app).key == before
    store.finish([Ending(slow.id, "finished")])
    again(app)
    assert names(app) == ["slow", "fast"]
    assert state(app).key != before


def test_more_runs_than_colours_can_tell_apart_get_a_sentence(app: AppTest, store: Store) -> None:
    ids = add_many(store, MAX_RUNS + 2, 3)
    visit(app, runs=",".join(ids))
    assert app.info[0].value == "The charts show the first 8 of 10 ticked runs; untick some to see others."
    assert charts(app) == set(CHARTS)
    assert app.button(key="open_runs").disabled


def test_renaming_tagging_and_a_note(app: AppTest, store: Store) -> None:
    run, *_ = three(store)
    visit(app, runs=run.id)
    app.session_state["edit_runs"] = True
    form = again(app).form(f"edit_{run.id}")
    name, tags, note = form.text_input[0], form.multiselect[0], form.text_area[0]
    assert (name.value, tags.value, note.value) == ("none", ["talk"], "")
    name.set_value("  no *penalty*  ")
    tags.set_value(["talk", "new one"])
    note.set_value("The baseline.\nSecond line.")
    click(app, "save_run")
    stored = store.get(run.id)
    assert (stored.name, stored.tags, stored.note) == (
        "no *penalty*", ("talk", "new one"), "The baseline.\nSecond line.",
    )  # fmt: skip
    assert not app.session_state["edit_runs"]
    assert names(app)[-1] == "no *penalty*"
    assert app.multiselect(key="tags").options == ["new one", "talk"]


def test_a_name_that_cannot_be_is_said_beside_it_and_goes_when_corrected(app: AppTest, store: Store) -> None:
    run, *_ = three(store)
    visit(app, runs=run.id)
    app.session_state["edit_runs"] = True
    again(app).form(f"edit_{run.id}").text_input[0].set_value("   ")
    click(app, "save_run")
    assert [plain(error.value) for error in app.error] == ["A name has 1 to 200 characters, not 0."]
    assert store.get(run.id).name == "none"
    app.form(f"edit_{run.id}").text_input[0].set_value("better")
    click(app, "save_run")
    assert not app.error
    assert store.get(run.id).name == "better"


def test_tags_of_several_runs_are_added_and_removed_together(app: AppTest, store: Store) -> None:
    none, weak, _ = three(store)
    visit(app, runs=f"{none.id},{weak.id}")
    app.session_state["edit_runs"] = True
    again(app).multiselect(key="tags_added").set_value(["slides", "week 3"])
    app.multiselect(key="tags_removed").set_value(["talk"])
    click(app, "save_tags")
    assert store.get(none.id).tags == store.get(weak.id).tags == ("slides", "week 3")


def test_deleting_asks_first_and_can_be_undone(app: AppTest, store: Store) -> None:
    none, weak, strong = three(store)
    visit(app, runs=f"{none.id},{weak.id}")
    app.session_state["delete_runs"] = True
    again(app)
    assert "Delete “none”, “weak”?" in [text.value for text in app.markdown]
    assert app.button(key="confirm_delete").label == "Delete 2 runs"
    assert len(store.runs()) == 3
    click(app, "confirm_delete")
    assert names(app) == ["strong"]
    assert charts(app) == set()
    assert not app.session_state["delete_runs"]
    assert app.container(key="undo_bar").markdown[0].value == (
        ":material/delete: Deleted “none”, “weak”. :small[Files are removed for good after 30 days.]"
    )
    click(app, "undo_delete")
    assert names(app) == ["strong", "weak", "none"]
    assert state(app).ticked == (none.id, weak.id)
    assert [run.id for run in store.runs()] == [strong.id, weak.id, none.id]
    assert "undo_delete" not in {button.key for button in app.button}


def test_undo_stays_until_dismissed_even_when_nothing_is_left(app: AppTest, store: Store) -> None:
    run = add_run(store)
    visit(app, runs=run.id)
    app.session_state["delete_runs"] = True
    click(again(app), "confirm_delete")
    again(app)
    assert "No runs yet" in [text.value[:11] for text in app.markdown]
    assert app.button(key="undo_delete")
    click(app, "dismiss_undo")
    assert {button.key for button in app.button} == {"first_run"}
    assert store.runs() == []


def test_a_running_run_is_not_deleted_and_the_sentence_says_why(app: AppTest, store: Store) -> None:
    none, *_ = three(store)
    busy = add_run(store, name="busy", state="running")
    visit(app, runs=f"{none.id},{busy.id}")
    app.session_state["delete_runs"] = True
    click(again(app), "confirm_delete")
    assert [plain(error.value) for error in app.error] == ["'busy' is still training; stop it before deleting it."]
    assert len(store.runs()) == 4
    select(app, [])
    assert not app.error


def test_buttons_are_enabled_where_they_make_sense(app: AppTest, store: Store) -> None:
    done, stopped = add_run(store, name="done"), add_run(store, name="stopped", state="cancelled", epochs=0)
    busy = add_run(store, name="busy", state="running")
    keys = ("open_runs", "stop_runs", "resume_runs", "duplicate_run")

    def enabled(*runs: Run) -> list[str]:
        app.session_state["runs_page"] = RunsState()
        visit(app, runs=",".join(run.id for run in runs))
        return [key for key in keys if not app.button(key=key).disabled]

    assert enabled() == []
    assert enabled(done) == ["open_runs", "duplicate_run"]
    assert enabled(stopped) == ["open_runs", "resume_runs", "duplicate_run"]
    assert enabled(busy) == ["open_runs", "stop_runs", "duplicate_run"]
    assert enabled(done, stopped, busy) == ["open_runs", "stop_runs", "resume_runs"]


def test_stop_and_resume_reach_the_ticked_runs_that_can(app: AppTest, store: Store) -> None:
    waiting = add_run(store, name="waiting", state="queued")
    stopped = add_run(store, name="stopped", state="cancelled", epochs=0)
    done = add_run(store, name="done")
    visit(app, runs=f"{waiting.id},{done.id},{stopped.id}")
    click(app, "resume_runs")
    assert store.get(stopped.id).state == "queued"
    click(app, "stop_runs")
    assert store.get(waiting.id).state == store.get(stopped.id).state == "cancelled"
    assert store.get(done.id).state == "finished"


def test_names_are_never_read_as_markdown(app: AppTest, store: Store) -> None:
    run = add_run(store, name="<b>*x*</b> [a](b) $y$ :red[z]")
    visit(app, runs=run.id)
    app.session_state["delete_runs"] = True
    again(app)
    question = next(text.value for text in app.markdown if text.value.startswith("Delete"))
    assert question == r"Delete “\<b\>\*x\*\</b\> \[a\]\(b\) \$y\$ \:red\[z\]”?"


def test_rows_that_cannot_be_read_are_listed_with_the_reason(app: AppTest, store: Store) -> None:
    add_run(store, name="good")
    bad = add_run(store, name="newer")
    with store._database.write() as connection:
        connection.execute(text("UPDATE runs SET spec = '?' WHERE id = :run").bindparams(run=bad.id))
    visit(app)
    assert names(app) == ["good"]
    panel = next(panel for panel in app.expander if panel.label == "1 run cannot be read")
    assert panel.markdown[0].value == f"**newer** · {bad.id}  \n:small[the spec is not valid JSON]"


# Pages


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
    visit(app)
    assert names(app) == [f"run {i}" for i in range(249, 149, -1)]
    assert [caption.value for caption in app.caption] == [
        "250 runs · select runs to compare them", "1–100 of 250 runs",
    ]  # fmt: skip
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
    assert (state(app).ticked, state(app).preset) == ((ids[3],), ())
    assert "1 selected, 1 of them not shown" in app.caption[0].value
    select(app, [0, 5])
    assert state(app).ticked == (ids[3], ids[100], ids[105])
    assert app.query_params["runs"] == ",".join(state(app).ticked)
    turn(app, 1)
    assert state(app).preset == (3,)
    assert charts(app) == set(CHARTS)
    select(app, [])
    assert state(app).ticked == (ids[100], ids[105])


def test_a_link_selects_runs_of_other_pages(app: AppTest, store: Store) -> None:
    ids = fill(store)
    visit(app, runs=f"{ids[240]},{ids[7]}")
    assert (state(app).ticked, state(app).preset) == ((ids[240], ids[7]), (7,))
    assert not app.warning
    assert charts(app) == set(CHARTS)
    app.session_state["delete_runs"] = True
    click(again(app), "confirm_delete")
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
    assert "note" not in app.dataframe[0].value.columns
