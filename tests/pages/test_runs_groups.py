"""Groups on the Runs page: sweeps, CNNs and λ as rows that open, with mean ± standard error over seeds."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest
from tests.factories import add_run, add_sweep, metrics, spec
from tests.pages.browsing import address, again, press, visit
from tests.pages.runs_page import grid, heads, names, pinned, push, row, state
from tests.pages.runs_page import runs_page as page

from reglab.store import RunFilter, Store
from reglab.sweep import SweepSpec
from reglab.ui.runs.rows import groups_on
from reglab.ui.runs.state import RunsState

__all__ = ["page"]  # which the fixture ``app`` runs

SWEEP = SweepSpec(run=spec(train__epochs=2), l2=(0.0, 0.01), seeds=2)


def test_a_sweep_is_a_row_that_opens_to_its_runs_and_is_ticked_whole(app: AppTest, store: Store) -> None:
    sweep = add_sweep(
        store, SWEEP, epochs=2, name="mine", figures=lambda lane, epoch: metrics(epoch, val_acc=0.8 + 0.1 * lane.repeat)
    )
    add_run(store, name="alone")
    visit(app)
    assert names(app) == ["alone", "mine"]
    shown = next(row for row in grid(app)["rows"] if row["name"] == "mine")
    assert (shown["kind"], shown["open"], shown["beside"], shown["dot"]) == ("group", False, "4 runs, 2 seeds", "")
    assert row(app, "mine")["Final acc."] == "85.0\u202f% ± 5.0\u202f%"
    assert row(app, "mine")["State"]["text"] == "✓ 4"
    push(app, ("open", {"id": shown["id"], "on": True}))
    lanes = [run.id for run in store.sweep_runs(sweep.id)]
    assert {row["id"] for row in grid(app)["rows"] if row["level"] == 2} == set(lanes)
    assert address(app)["open"] == shown["id"]
    push(app, ("tick", {"id": shown["id"], "on": True}))
    assert set(state(app).ticked) == set(lanes)
    assert len(pinned(app)) == 4
    push(app, ("tick", {"id": lanes[0], "on": False}), ("open", {"id": shown["id"], "on": False}))
    assert [row["tick"] for row in grid(app)["rows"]] == [0, 2]
    press(app, "select_all")
    assert len(state(app).ticked) == 5
    press(app, "select_none")
    assert (state(app).ticked, pinned(app)) == ((), [])


def test_the_row_of_a_finished_sweep_has_the_figures_of_its_best_lambda(app: AppTest, store: Store) -> None:
    add_sweep(
        store,
        SWEEP.model_copy(update={"measure": "loss", "epoch": "best"}),
        name="mine",
        epochs=2,
        figures=lambda lane, epoch: metrics(
            epoch, val_acc=0.7 + lane.point.value * 10 + 0.02 * lane.repeat, val_loss=1 - lane.point.value
        ),
    )
    add_sweep(store, SWEEP, name="waits", state="queued")
    visit(app)
    assert row(app, "mine")["Best of sweep"] == "λ₂ = 0.01: 81.0 ± 1.0\u202f% (loss, best)"
    assert row(app, "waits")["Best of sweep"] == ""
    visit(app, columns="last_val_acc")
    assert "Best of sweep" not in heads(app)


def test_a_link_carries_filter_grouping_columns_order_and_view(app: AppTest, store: Store) -> None:
    for seed, accuracy in enumerate((0.8, 0.9)):
        for l2 in (0.0, 0.1):
            add_run(
                store, spec(train__seed=seed, penalty__l2=l2), epochs=[metrics(1, val_acc=accuracy + l2)], name="one"
            )
    visit(app, group="lambda", sort="-last_val_acc", columns="last_val_acc,test_acc", view="talk", find="one")
    assert names(app) == ["λ₂ = 0.1", "no penalty"]
    assert heads(app) == ["Name", "Final acc."]  # no test part was opened
    assert row(app, "λ₂ = 0.1") == {"Final acc.": "95.0\u202f% ± 5.0\u202f%"}
    kept = ("group", "sort", "columns", "view", "find")
    assert {name: address(app)[name] for name in kept} == {
        "group": "lambda", "sort": "-last_val_acc", "columns": "last_val_acc,test_acc", "view": "talk", "find": "one",
    }  # fmt: skip
    app.session_state["views_panel"] = True
    again(app)
    assert app.text_input(key="view_name").value == "talk"
    press(app, "save_view_button")
    visit(app, group="cnn")
    assert names(app) == ["Simple CNN"]
    assert row(app, "Simple CNN")["Final acc."] == "90.0\u202f% ± 5.0\u202f%"
    app.session_state[state(app).panel("views_panel")] = True
    press(again(app), "view_talk")
    assert names(app) == ["λ₂ = 0.1", "no penalty"]
    assert (state(app).view, address(app)["find"]) == ("talk", "one")


def test_the_mean_of_a_group_moves_while_one_of_its_runs_trains(store: Store) -> None:
    add_run(store, epochs=[metrics(1, val_acc=0.8)])
    busy = add_run(store, epochs=[metrics(1, val_acc=0.6)], state="running")

    def mean() -> float:
        groups = groups_on(store, RunsState(grouping="lambda"), RunFilter(), store.count_runs())
        assert groups is not None
        return groups.at(groups.keys)[0].means["last_val_acc"]

    assert mean() == pytest.approx(0.7)
    store.add_epochs([(busy.id, metrics(2, val_acc=0.9), [], 2)])
    assert mean() == pytest.approx(0.85)


def test_older_links_to_runs_of_sweeps_show_them_without_groups(app: AppTest, store: Store) -> None:
    add_sweep(store, SWEEP, epochs=1)
    visit(app, paths="true")
    assert len(names(app)) == 4
    assert state(app).grouping == "none"
