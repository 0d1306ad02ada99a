"""The Runs page, without a browser: the table, its filter and order, the charts, and what a link restores."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from sqlalchemy import text
from streamlit.testing.v1 import AppTest
from tests.factories import add_many, add_run, layer_stats, metrics, spec
from tests.pages.browsing import address, again, chart, go_back, plain, press, visit
from tests.pages.runs_page import CHARTS, charts, grid, heads, names, pinned, row, select, state, three
from tests.pages.runs_page import runs_page as page

from reglab.store import Ending, Store
from reglab.ui.shared.query import MAX_RUNS

__all__ = ["page"]  # which the fixture ``app`` runs


def test_without_runs_there_is_one_sentence_and_the_way_to_start_one(app: AppTest) -> None:
    visit(app)
    assert "No runs yet" in app.markdown[0].value
    assert app.button(key="first_run").label == "Train a CNN"
    assert not names(app)


def test_group_lasso_has_its_lambda_and_its_filters_in_the_table(
    app: AppTest, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_run(store)
    visit(app)
    assert not {"Other λ", "Filters at 0"} & set(heads(app))
    layers = [replace(one, units=32, zero_units=8) for one in layer_stats(6)]
    monkeypatch.setattr("tests.factories.layer_stats", lambda epoch, seed: layers)
    add_run(store, spec(penalty__group=0.02, penalty__l2=0), name="lasso")
    app.session_state["penalties"] = ["group lasso"]
    assert names(again(app)) == ["lasso"]
    assert (row(app, "lasso")["Other λ"], row(app, "lasso")["Filters at 0"]) == ("λᴳ 0.02", "8 of 32")


def test_the_table_shows_every_run_newest_first_with_its_figures(app: AppTest, store: Store) -> None:
    three(store)
    visit(app)
    assert names(app) == ["strong", "weak", "none"]
    weak = row(app, "weak")
    curve = weak.pop("Val. loss")
    weak.pop("Created")
    assert curve["curve"] == pytest.approx([1.0 + 0.02 * (epoch - 5) ** 2 for epoch in range(1, 7)])
    assert weak == {
        "State": {"state": "green", "text": "✓ finished"},
        "CNN": "Simple CNN",
        "λ₂": "0.03",
        "Final acc.": "88.0\u202f%",
        "Best acc. @ epoch": "90.0\u202f% @ 4",  # metrics(4) has 0.9
        "Gap": f"{1.02 - 2 / 6:.3f}",
        "‖w‖": "4.91",
        "Exact zeros": "0.0\u202f%",
        "Duration": "3 s",
        "Dataset": "Digits (8×8)",
        "Tags": "",
    }
    assert len({shown["dot"] for shown in grid(app)["rows"]}) == 3
    assert app.caption[0].value.startswith("3 runs · select runs")


def test_figures_that_are_no_numbers_are_left_out(app: AppTest, store: Store) -> None:
    bad = metrics(2, val_loss=math.nan, train_loss=math.inf, gap_loss=math.nan, total=math.inf)
    add_run(store, epochs=[metrics(1), bad], state="diverged", name="bad")
    add_run(store, epochs=0, state="failed", name="lost")
    visit(app)
    assert [row(app, name)["Gap"] for name in ("lost", "bad")] == ["–", "–"]
    assert row(app, "lost")["Val. loss"] == "–"
    select(app, [0, 1])
    assert charts(app) == CHARTS


def test_a_running_run_says_how_far_it_is(app: AppTest, store: Store) -> None:
    add_run(store, spec(train__epochs=8), state="running", epochs=2, name="busy")
    add_run(store, state="queued")
    visit(app)
    assert row(app, "busy")["State"] == {"state": "blue", "text": "▶ running 25\u202f%"}
    assert app.caption[0].value.startswith("2 runs · 1 training · 1 waiting")


@pytest.mark.parametrize(
    ("key", "value", "found"),
    [
        ("states", ["stopped"], ["strong"]),
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
    assert not names(app)
    press(app, "clear_filter")
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
    assert charts(app) == CHARTS
    assert address(app)["runs"] == f"{weak.id},{none.id}"
    select(app, [])
    assert charts(app) == []
    assert "runs" not in app.query_params


def test_the_overlay_shows_the_parts_of_the_objective_and_the_gradient_ratio(app: AppTest, store: Store) -> None:
    none, weak, _ = three(store)
    visit(app, runs=f"{none.id},{weak.id}")
    app.segmented_control(key="runs_loss_view").set_value("split")
    app.segmented_control(key="runs_weight_view").set_value("ratio")
    assert charts(again(app)) == ["runs_split", "runs_gap", "runs_ratio"]
    assert len({trace["line"]["color"] for trace in chart(app, "runs_ratio")["data"]}) == 2
    drawn = [trace for key in charts(app) for trace in chart(app, key)["data"]]
    assert not any(trace["showlegend"] for trace in drawn if trace["name"] != "initial")


def test_the_table_takes_the_objective_apart(app: AppTest, store: Store) -> None:
    add_run(store, epochs=[metrics(1, l1=0.25, l2=0.5, total=2.75)], name="one")
    visit(app, columns="total,train_loss,l1,l2")
    assert row(app, "one") == {"J": "2.750", "Data loss": "2.000", "L1 part": "0.250", "L2 part": "0.500"}
    select(app, [], ("total",))
    assert address(app)["sort"] == "total"


def test_a_link_restores_the_ticks_on_top_whatever_the_filter(app: AppTest, store: Store) -> None:
    none, weak, _ = three(store)
    visit(app, runs=f"{none.id},{weak.id}", find="strong")
    assert state(app).ticked == (none.id, weak.id)
    assert (names(app), pinned(app)) == (["strong"], ["none", "weak"])
    assert charts(app) == CHARTS
    assert not app.warning


def test_what_a_link_names_and_is_not_there_is_passed_over_with_a_sentence(app: AppTest, store: Store) -> None:
    run, *_ = three(store)
    query = {"runs": f"{run.id},nowhere,*bold*", "sort": "nonsense", "group": "moon", "columns": "state,nope"}
    visit(app, **query)
    assert [plain(warning.value) for warning in app.warning] == [
        "The link sorts by a column that does not exist: “nonsense”.",
        "The link groups by something that does not exist: “moon”.",
        "The link names columns that do not exist: “nope”.",
        "The link names runs that do not exist: “nowhere”, “*bold*”. They may have been deleted.",
    ]
    assert state(app).ticked == (run.id,)
    assert (names(app), heads(app)) == (["strong", "weak", "none"], ["Name", "State"])
    select(app, [])
    assert not app.warning


def test_runs_that_are_gone_leave_the_address_as_it_is_until_something_is_pressed(app: AppTest, store: Store) -> None:
    none, weak, strong = three(store)
    visit(app, runs=f"{none.id},{weak.id}", sort="nonsense")
    as_it_was = address(app)
    store.delete([weak.id])
    assert state(again(app)).ticked == (none.id,)
    assert address(app) == as_it_was  # a correction would be an entry of the history, and Forward be lost
    assert state(again(app)).ticked == (none.id,)
    select(app, [0, 1])
    assert state(app).ticked == (none.id, strong.id)
    assert address(app) == {"runs": f"{none.id},{strong.id}", "sort": "nonsense"}
    assert state(go_back(app, **as_it_was)).ticked == (none.id,)
    assert address(app) == as_it_was


def test_ticks_stay_with_their_runs_while_rows_come_go_and_hide(app: AppTest, store: Store) -> None:
    _, weak, strong = three(store)
    select(visit(app), [1])
    add_run(store, name="newer")
    again(app)
    assert [shown["tick"] for shown in grid(app)["rows"]] == [0, 0, 1, 0]
    app.multiselect(key="states").set_value(["stopped"])
    again(app)
    assert names(app) == ["strong"]
    select(app, [0])
    assert state(app).ticked == (weak.id, strong.id)
    assert pinned(app) == ["weak", "strong"]
    app.multiselect(key="states").set_value([])
    store.delete([weak.id])
    assert state(again(app)).ticked == (strong.id,)
    assert names(app) == ["newer", "strong", "none"]
    assert not app.warning


def test_a_click_on_a_columns_head_sorts_and_keeps_the_ticks(app: AppTest, store: Store) -> None:
    _, weak, _ = three(store)
    select(visit(app), [1])
    select(app, [1], ("lambda2",))
    assert names(app) == ["none", "weak", "strong"]
    assert address(app)["sort"] == "lambda2"
    assert state(app).ticked == (weak.id,)
    assert [column["sort"] for column in grid(app)["columns"] if column["sort"]] == ["ascending"]
    assert names(visit(app, sort="-lambda2", runs=weak.id)) == ["strong", "weak", "none"]


def test_rows_stand_still_while_runs_train_on(app: AppTest, store: Store) -> None:
    slow = add_run(store, name="slow", state="running", epochs=[metrics(1, val_acc=0.5)])
    add_run(store, name="fast", state="running", epochs=[metrics(1, val_acc=0.6)])
    visit(app, sort="-best_val_acc")
    assert names(app) == ["fast", "slow"]
    store.add_epochs([(slow.id, metrics(2, val_acc=0.9), [], 2)])
    again(app)
    assert names(app) == ["fast", "slow"]
    assert row(app, "slow")["Best acc. @ epoch"] == "90.0\u202f% @ 2"
    store.finish([Ending(slow.id, "finished")])
    again(app)
    assert names(app) == ["slow", "fast"]


def test_more_runs_than_colours_can_tell_apart_get_a_sentence(app: AppTest, store: Store) -> None:
    ids = add_many(store, MAX_RUNS + 2, 3)
    visit(app, runs=",".join(ids))
    assert app.info[0].value == "The charts show the first 8 of 10 ticked runs; Compare shows up to 200."
    assert charts(app) == CHARTS
    assert app.button(key="open_runs").disabled


def test_rows_that_cannot_be_read_are_listed_with_the_reason(app: AppTest, store: Store) -> None:
    add_run(store, name="good")
    bad = add_run(store, name="newer")
    with store._database.write() as connection:
        connection.execute(text("UPDATE runs SET spec = '?' WHERE id = :run").bindparams(run=bad.id))
    visit(app)
    assert names(app) == ["good"]
    panel = next(panel for panel in app.expander if panel.label == "1 run cannot be read")
    assert panel.markdown[0].value == f"**newer** · {bad.id}  \n:small[the spec is not valid JSON]"
