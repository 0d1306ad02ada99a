"""The Runs page, without a browser: the table, its filter and order, the charts, and what a link restores."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from sqlalchemy import text
from streamlit.testing.v1 import AppTest
from tests.factories import add_many, add_run, layer_stats, metrics, spec
from tests.pages.browsing import again, chart, charts, press, visit
from tests.pages.runs_page import CHARTS, names, select, state, three
from tests.pages.runs_page import runs_page as page

from reglab.store import Ending, Store
from reglab.ui.runs.state import RunsState
from reglab.ui.shared.query import MAX_RUNS

__all__ = ["page"]  # which the fixture ``app`` runs


def test_without_runs_there_is_one_sentence_and_the_way_to_start_one(app: AppTest) -> None:
    visit(app)
    assert "No runs yet" in app.markdown[0].value
    assert app.button(key="first_run").label == "Train a CNN"
    assert not app.dataframe


def test_group_lasso_has_its_lambda_and_its_filters_in_the_table(
    app: AppTest, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_run(store)
    assert not {"other_lambdas", "zero_filters"} & set(visit(app).dataframe[0].value)
    layers = [replace(one, units=32, zero_units=8) for one in layer_stats(6)]
    monkeypatch.setattr("tests.factories.layer_stats", lambda epoch, seed: layers)
    add_run(store, spec(penalty__group=0.02, penalty__l2=0), name="lasso")
    table = again(app).dataframe[0].value.set_index("name")
    shown = ["penalty", "other_lambdas", "zero_filters"]
    assert list(table.loc["lasso", shown]) == ["group lasso", "λᴳ 0.02", "8 of 32"]
    assert table["other_lambdas"].isna().sum() == 1
    before = names(app)
    assert names(select(app, [], ("zero_filters",))) == before
    app.session_state["penalties"] = ["group lasso"]
    assert names(again(app)) == ["lasso"]


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
    assert charts(app) == CHARTS


def test_a_running_run_says_how_far_it_is(app: AppTest, store: Store) -> None:
    add_run(store, spec(train__epochs=8), state="running", epochs=2)
    add_run(store, state="queued")
    visit(app)
    assert app.dataframe[0].value["state"].tolist() == [["queued"], ["running 25 %"]]
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
    assert not app.dataframe
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
    assert app.query_params["runs"] == f"{weak.id},{none.id}"
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
    assert charts(app) == CHARTS
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
    app.multiselect(key="states").set_value(["stopped"])
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
    assert app.info[0].value == "The charts show the first 8 of 10 ticked runs; Compare shows all of them."
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
