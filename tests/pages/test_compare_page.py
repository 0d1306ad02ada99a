"""The Compare page without a browser: views, links, and states in which there is nothing to compare."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest
from tests.factories import add_many, add_run, add_sweep, metrics, spec
from tests.pages.browsing import address, again, chart, charts, prose, visit, warnings

from reglab.store import Store, Sweep
from reglab.sweep import SweepSpec


def page() -> None:
    """The page alone, without the frame."""
    from reglab.ui.compare.page import compare_page

    compare_page()


def show(app: AppTest, name: str, value: str) -> AppTest:
    """Choose ``value`` of a switch of the page."""
    app.button_group(key=f"compare_{name}").set_value(value)
    return again(app)


def test_every_view_of_runs_and_a_sweep_is_drawn_alone_and_kept_in_the_link(
    app: AppTest, store: Store, done: Sweep
) -> None:
    runs = [add_run(store, spec(penalty__l2=strength), seed=i) for i, strength in enumerate((0.0, 0.03))]
    ids = ",".join(run.id for run in runs)
    visit(app, runs=ids, sweeps=done.id)
    assert charts(app) == ["compare-curves"]
    assert address(app) == {"runs": ids, "sweeps": done.id}
    drawn = {"lambda": ["compare-lambda"], "weights": ["compare-weights-overlay"], "parallel": ["compare-parallel"]}
    for view, keys in drawn.items():
        show(app, "view", view)
        assert charts(app) == keys
        assert chart(app, keys[0])["data"]
        assert address(app)["view"] == view
    show(app, "view", "differences")
    assert not charts(app)
    assert len(app.dataframe[0].value) == 2 + len(done.spec.points)
    show(app, "series", "runs")
    assert len(app.dataframe[0].value) == 2 + len(store.sweep_runs(done.id))
    show(app, "view", "errors")
    assert "has no predictions" in app.info[0].value


def test_a_link_restores_the_switches_of_its_view(app: AppTest, store: Store) -> None:
    run = add_run(store, epochs=[metrics(1, val_loss=float("nan")), metrics(2)])
    visit(app, runs=run.id, figure="loss", images="both", log="y", smooth="0.9", x="step")
    figure = chart(app, "compare-curves")
    assert figure["layout"]["yaxis"]["type"] == "log"
    assert figure["layout"]["xaxis"]["title"]["text"] == "optimizer step"
    assert len([trace for trace in figure["data"] if "raw" not in trace["uid"]]) == 2
    visit(app, runs=run.id, figure="nonsense", view="weights")
    assert "figure 'nonsense' is not one of" in warnings(app)
    app.session_state["compare_note"] = "The first 200 of 10,000 ticked runs are compared."
    assert "The first 200 of 10,000" in warnings(again(app))
    show(app, "weights", "panels")
    assert "The first 200 of 10,000" not in warnings(app)
    assert charts(app) == ["compare-weights-panels"]


def test_without_anything_to_compare_there_are_lists_to_choose_from(app: AppTest, store: Store) -> None:
    visit(app)
    assert "Nothing to compare yet" in prose(app)
    waiting, failed = add_run(store, state="queued", name="later"), add_run(store, state="failed", epochs=0, name="bad")
    app.multiselect[0].select(failed.id)
    visit(app, runs=f"{waiting.id},{failed.id},{'x' * 10}")
    assert "The link names 1 run that is not here: xxxxxxxxxx." in warnings(app)
    assert app.info[0].value == "No figures yet: none of these runs has done an epoch."
    assert "“later” (queued); “bad” (failed)" in prose(app)
    assert not charts(app)


def test_runs_without_weights_say_so_and_many_without_a_layer_are_named_shortly(app: AppTest, store: Store) -> None:
    bare = add_many(store, 7, epochs=1)
    visit(app, runs=",".join(bare), view="weights")
    assert app.info[0].value == "No weights are recorded of these runs."
    assert not charts(app)
    visit(app, runs=",".join([add_run(store).id, *bare]), view="weights")
    assert " and 2 more." in prose(app)
    assert charts(app) == ["compare-weights-overlay"]


def test_every_run_and_sweep_without_a_curve_over_lambda_says_why(app: AppTest, store: Store) -> None:
    alone = add_run(store, spec(model__name="lenet5"), name="alone")
    blank = add_sweep(store, SweepSpec(run=spec(), l2=(0.0, 0.1)), epochs=0, name="blank")
    lane = store.sweep_runs(add_sweep(store).id)[0]
    visit(app, runs=f"{alone.id},{lane.id}", sweeps=blank.id, view="lambda")
    assert "“blank” is not drawn: none of its runs has a finite figure yet." in prose(app)
    assert "for want of a run that differs in one λ and in seeds alone: “alone”." in prose(app)
    assert "Not drawn without the other runs of its sweep: “" in prose(app)
    assert "Nothing to draw against λ" in app.info[0].value
    assert not charts(app)


def test_runs_that_still_train_are_named(app: AppTest, store: Store) -> None:
    training = add_run(store, state="running", epochs=2, name="busy")
    visit(app, runs=f"{add_run(store).id},{training.id}", view="differences")
    assert "Not finished yet, compared at the newest epoch: “busy”" in prose(app)


def test_colours_are_those_of_the_runs_page(app: AppTest, store: Store) -> None:
    first, second = add_run(store), add_run(store)
    both = chart(visit(app, runs=f"{first.id},{second.id}"), "compare-curves")["data"]
    alone = chart(visit(app, runs=second.id), "compare-curves")["data"]
    assert both[1]["line"]["color"] == alone[0]["line"]["color"] != both[0]["line"]["color"]
