"""The Train page's live view and the demonstration, without a browser: links, buttons, charts, states."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import text
from streamlit.testing.v1 import AppTest
from tests.factories import add_run, layer_stats, metrics, spec
from tests.jobs.running import wait_until
from tests.pages.browsing import (
    address,
    again,
    chart,
    charts,
    errors,
    go_back,
    plain,
    press,
    prose,
    values,
    visit,
    warnings,
)
from tests.pages.browsing import train_page as page
from tests.patience import PATIENCE

from reglab.charts.gradient_share import AT_REST, EQUAL
from reglab.events import Checkpoint, Environment
from reglab.spec import RunSpec
from reglab.states import ENDED
from reglab.store import Ending, Store
from reglab.ui.shared.memo import FIGURES
from reglab.ui.shared.spec_fields import to_values
from reglab.ui.train.demo import TITLE, demo_specs

__all__ = ["page"]  # which the fixture ``app`` runs


# The live view


def test_a_link_opens_its_run(app: AppTest, store: Store) -> None:
    run = add_run(store, spec(penalty__l2=0.03), name="a *strange* $name$")
    visit(app, run=run.id)
    assert app.title[0].value == r"a \*strange\* \$name\$"
    assert charts(app) == [f"{kind}-{run.id}" for kind in ("loss", "gap", "weights")]
    assert [metric.label for metric in app.metric] == [
        "Accuracy, last → best", "Gap in loss, last → best", "‖w‖, start → last",
    ]  # fmt: skip
    assert address(app) == {"run": run.id}
    assert {button.key for button in app.button} == {
        "duplicate", "inspect", "new_run", "against_zero", "another_start", "present_run",
    }  # fmt: skip


def test_an_unknown_run_is_one_sentence_and_the_way_back(app: AppTest) -> None:
    visit(app, run="nothere")
    assert len(errors(app)) == 1
    assert "There is no run 'nothere'" in errors(app)[0]
    press(app, "open_form")
    assert values(app) == to_values(RunSpec.fresh())
    assert address(app) == {}


def test_a_run_of_two_kinds_of_cpu_says_so_beside_its_threads(app: AppTest, store: Store) -> None:
    run = store.create(RunSpec(), owner=store.owner())
    kinds: dict[str, Any] = {"cpu": "New CPU", "cpu_capability": "AVX512", "earlier": ("Old CPU (AVX2)",)}
    store.began({run.id: Environment("CPU (x86_64)", 4, {"torch": "2.13.0"}, 1568, 400, 539, **kinds)})
    visit(app, run=run.id)
    assert any("CPU (x86_64), 4 threads" in plain(caption.value) for caption in app.caption)
    assert [plain(info.value) for info in app.info if "CPU" in info.value] == [
        "Trained on Old CPU (AVX2), then New CPU (AVX512): the last bits may differ from those of a run on one of them "
        "alone."
    ]


def test_what_is_known_is_shown_beside_what_is_not(app: AppTest, store: Store) -> None:
    run = add_run(store)
    visit(app, runs=f"{run.id},nothere")
    assert len(errors(app)) == 1
    assert len(charts(app)) == 3


@pytest.mark.parametrize("state", ["failed", "diverged"])
def test_a_run_that_went_wrong_says_why(app: AppTest, store: Store, state: Any) -> None:
    visit(app, run=add_run(store, state=state).id)
    assert errors(app) == [f"This run is {state}."]


def test_a_running_run_can_be_stopped(app: AppTest, store: Store) -> None:
    run = add_run(store, state="running")
    visit(app, run=run.id)
    press(app, "stop")
    assert store.wanted(run.id) == "stop"
    assert app.button(key="stop").disabled
    assert app.button(key="stop").label == "Stopping…"


def test_a_waiting_run_shows_its_place_and_can_be_cancelled(app: AppTest, store: Store) -> None:
    add_run(store, state="queued")
    run = add_run(store, state="queued")
    visit(app, run=run.id)
    assert "number 2 in the queue" in app.get("progress")[0].proto.text
    press(app, "stop")
    assert store.get(run.id).state == "cancelled"


def test_an_interrupted_run_is_one_click_from_going_on(app: AppTest, store: Store) -> None:
    run = add_run(store, state="interrupted", epochs=0)
    visit(app, run=run.id)
    assert "Resume" in app.info[0].value
    press(app, "resume")
    assert store.get(run.id).state == "queued"
    assert app.button(key="stop").label == "Cancel"


def test_a_press_that_comes_too_late_is_said(app: AppTest, store: Store) -> None:
    run = add_run(store, state="interrupted", epochs=0)
    visit(app, run=run.id)
    store.delete([run.id])
    press(app, "resume")
    assert "deleted" in errors(app)[0]


def test_duplicate_opens_the_form_with_the_run_s_settings(app: AppTest, store: Store) -> None:
    wanted = spec(penalty__l1=0.5, optim__name="adamw", penalty__apply="coupled")
    visit(app, run=add_run(store, wanted).id)
    press(app, "duplicate")
    assert values(app) == to_values(wanted)
    assert address(app) == wanted.to_query()


def test_duplicating_a_default_run_forgets_what_was_in_the_form(app: AppTest, store: Store) -> None:
    visit(app, penalty__l2="0.5")
    visit(app, run=add_run(store).id)
    press(app, "duplicate")
    assert values(app) == to_values(RunSpec())


def test_a_deleted_run_among_several_is_named(app: AppTest, store: Store) -> None:
    kept, gone = add_run(store, name="kept"), add_run(store, name="gone")
    store.delete([gone.id])
    visit(app, runs=f"{kept.id},{gone.id}")
    assert "“gone” is deleted." in prose(app)
    press(app, "restore_run")
    assert store.get(gone.id).deleted is None
    assert "deleted" not in prose(app)


def test_several_runs_stand_side_by_side(app: AppTest, store: Store) -> None:
    runs = [add_run(store, spec(penalty__l2=l2), state="cancelled", epochs=0) for l2 in (0.0, 0.03)]
    ids = [run.id for run in runs]
    visit(app, runs=",".join(ids))
    assert charts(app) == [f"{kind}-{'-'.join(ids)}" for kind in ("loss", "gap", "weights")]
    assert next(element.proto.body for element in app.get("html")).count("no penalty") == 2
    press(app, f"resume_{ids[1]}")
    assert [store.get(run).state for run in ids] == ["cancelled", "queued"]


def test_two_runs_say_why_one_of_them_went_wrong(app: AppTest, store: Store) -> None:
    runs = [add_run(store, name="fine"), add_run(store, spec(optim__lr=9.0), name="wild", state="diverged")]
    visit(app, runs=",".join(run.id for run in runs))
    assert any("wild: This run is diverged." in plain(caption.value) for caption in app.caption)


def test_the_layer_selector_offers_every_kernel(app: AppTest, store: Store) -> None:
    run = add_run(store)
    visit(app, run=run.id)
    selector = app.selectbox(key=f"layer-{run.id}")
    assert selector.options == ["all layers", "conv1.weight", "fc.weight"]
    selector.set_value("fc.weight")
    again(app)


def test_a_switch_takes_the_objective_apart_and_another_shows_the_gradient_ratio(
    app: AppTest, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []

    def counted(self: Store, ids: list[str]) -> pd.DataFrame:
        asked.append(ids)
        return read(self, ids)

    read = Store.gradients
    monkeypatch.setattr(Store, "gradients", counted)
    run = add_run(store, state="running")
    visit(app, run=run.id)
    assert not asked  # nothing is read for a chart that is not shown
    app.segmented_control(key="loss_view").set_value("split")
    again(app)
    assert charts(app) == [f"{kind}-{run.id}" for kind in ("split", "gap", "weights")]
    app.segmented_control(key="weight_view").set_value("ratio")
    again(app)
    assert charts(app) == [f"{kind}-{run.id}" for kind in ("split", "gap", "ratio")]
    assert asked == [[run.id]]
    assert [trace["name"] for trace in chart(app, "split")["data"]] == ["data loss", "L2 part", "J"]
    assert [trace["name"] for trace in chart(app, "ratio")["data"]] == ["all layers", "conv1", "fc"]
    app.selectbox(key=f"layer-{run.id}").set_value("fc.weight")
    again(app)
    assert [trace["name"] for trace in chart(app, "ratio")["data"]] == ["all layers", "fc"]
    go_back(app)  # the form, and forward again
    assert charts(go_back(app, run=run.id)) == [f"{kind}-{run.id}" for kind in ("split", "gap", "ratio")]


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({"penalty__apply": "coupled", "optim__name": "adam"}, AT_REST),
        ({"penalty__apply": "proximal", "optim__name": "sgd", "optim__momentum": 0.0}, AT_REST),
        ({"penalty__apply": "decoupled", "optim__name": "adamw"}, EQUAL),
        ({"penalty__apply": "proximal", "optim__name": "sgd", "optim__momentum": 0.9}, EQUAL),
    ],
)
def test_the_line_at_one_promises_rest_only_where_it_is_so(
    app: AppTest, store: Store, changes: dict[str, Any], note: str
) -> None:
    visit(app, run=add_run(store, spec(**changes)).id)
    app.segmented_control(key="weight_view").set_value("ratio")
    assert [text["text"] for text in chart(again(app), "ratio")["layout"]["annotations"]] == [note]


def test_the_form_leads_back_to_what_trains(app: AppTest, store: Store) -> None:
    ids = [add_run(store, state="running").id, add_run(store, state="queued").id]
    add_run(store)
    visit(app)
    assert app.button(key="training_now").label == "2 runs are training"
    press(app, "training_now")
    assert address(app) == {"runs": ",".join(ids)}


def test_figures_are_drawn_again_only_for_new_epochs(app: AppTest, store: Store) -> None:
    run = add_run(store, state="running")
    visit(app, run=run.id)
    before = FIGURES.statistics.made
    again(app)
    assert FIGURES.statistics.made == before
    store.add_epochs([(run.id, metrics(7), layer_stats(7), 5)])
    again(app)
    assert FIGURES.statistics.made == before + 3


# The first visit


def test_a_first_visit_is_offered_the_demonstration(app: AppTest, store: Store) -> None:
    visit(app)
    press(app, "demo")
    held, free = store.runs()
    assert (free.l2, held.l2) == (0.0, 0.03)
    assert free.group == held.group
    assert address(app) == {"runs": f"{free.id},{held.id}"}
    assert "What to see" in app.info[0].value


def test_two_presses_make_one_demonstration(app: AppTest, store: Store) -> None:
    def press_twice() -> None:
        from reglab.ui.train.demo import start_demo

        start_demo()
        start_demo()

    again(AppTest.from_function(press_twice, default_timeout=PATIENCE))
    assert len(store.runs()) == 2


def test_once_there_are_runs_the_demonstration_is_a_small_button(app: AppTest, store: Store) -> None:
    visit(app)
    assert app.button(key="demo").label == TITLE
    add_run(store)
    assert again(app).button(key="demo").label == "Demo"
    press(app, "demo")
    first = {run.id for run in store.runs() if run.group}
    press(app, "new_run")
    press(app, "demo")
    assert {run.id for run in store.runs() if run.group} == first  # opened again
    for run in first:
        store.request_stop(run)
    wait_until(lambda: all(store.get(run).state in ENDED for run in first), "the demonstration to stop")
    store.delete(sorted(first))
    press(app, "new_run")
    press(app, "demo")
    anew = {run.id: run.l2 for run in store.runs() if run.group}
    assert sorted(anew.values()) == [0.0, 0.03]
    assert not first & set(anew)


def test_a_new_run_after_the_demonstration_starts_from_its_settings(app: AppTest) -> None:
    visit(app)
    press(app, "demo")
    press(app, "new_run")
    assert values(app) == to_values(demo_specs()[-1])


def test_the_demonstration_ends_with_a_verdict(app: AppTest, store: Store) -> None:
    visit(app)
    press(app, "demo")
    for run in store.runs():
        store.claim(run.id, store.owner())
        store.add_epochs([(run.id, replace(metrics(1), val_acc=0.5 + run.l2), [], 1)])
        store.finish([Ending(run.id, "finished")])
    again(app)
    assert "Result" in app.info[0].value
    assert "3.0 points higher" in app.info[0].value


@pytest.mark.parametrize("key", ["penalty.scope", "run"])
def test_a_link_cannot_put_markdown_on_the_page(app: AppTest, key: str) -> None:
    app.query_params = {key: "**x**![a](http://host/x.png)"}
    app.run()
    said = [*(one.value for one in app.error), *(one.value for one in app.warning)]
    assert any("host" in sentence for sentence in said)
    assert not any("![" in sentence or "](" in sentence for sentence in said)


def test_a_run_whose_folder_is_gone_says_so_and_offers_no_resume(app: AppTest, store: Store) -> None:
    run = add_run(store, state="interrupted")
    visit(app, run=run.id)
    assert f"Run {run.id} has no checkpoint: the folder" in warnings(app)
    assert not [button for button in app.button if button.key == "resume"]


def test_a_run_that_cannot_be_read_is_one_sentence_beside_the_others(app: AppTest, store: Store) -> None:
    good, bad = add_run(store, name="good"), add_run(store)
    with store._database.write() as connection:
        connection.execute(text("UPDATE runs SET spec = '?' WHERE id = :run").bindparams(run=bad.id))
    visit(app, runs=f"{good.id},{bad.id}")
    assert f"The run {bad.id} cannot be read: the spec is not valid JSON." in plain(" ".join(errors(app)))
    assert charts(app)


# Going on


def test_a_finished_run_goes_on_to_more_epochs(app: AppTest, store: Store) -> None:
    run = add_run(store, spec(train__epochs=6))
    store.files(run.id).save_checkpoint(Checkpoint({}, {"epoch": 6}))
    visit(app, run=run.id)
    field = app.number_input(key="extend_epochs")
    assert (field.value, field.min) == (12, 7)
    field.set_value(9).run()
    press(app, "extend_start")
    longer = store.get(run.id)
    assert (longer.state, longer.epochs, longer.spec.train.epochs) == ("queued", 9, 9)
    assert address(app) == {"run": run.id}


def test_a_run_that_cannot_go_on_says_why_on_hover(app: AppTest, store: Store) -> None:
    run = add_run(store, spec(train__epochs=6, optim__schedule="cosine"))
    visit(app, run=run.id)
    assert "extend_epochs" not in {field.key for field in app.number_input}
    [panel] = [block.proto.popover for block in app.get("popover") if block.proto.popover.label == "Extend"]
    assert panel.disabled
    assert "a cosine schedule, which falls to 0 at epoch 6" in panel.help


def test_the_headline_has_the_last_and_the_best_epoch_and_the_other_figures_stand_below(
    app: AppTest, store: Store
) -> None:
    run = add_run(store, epochs=8)
    visit(app, run=run.id)
    assert run.best is not None
    assert (run.best.epoch, run.best.val_acc) == (5, 0.89)
    assert app.metric[0].value == "86.0 → 89.0\u202f%"
    assert plain(app.caption[-1].value).startswith("Validation loss 1.18 (lowest 1.00 in epoch 5) · Exact zeros")


# More runs from the view


def test_another_lambda_joins_the_view_with_all_else_equal(app: AppTest, store: Store) -> None:
    run = add_run(store, spec(penalty__l2=0.03, train__seed=5))
    visit(app, run=run.id)
    slider = app.select_slider(key=f"another-{run.id}")
    assert (slider.label, slider.value) == ("Try another λ₂", 0.1)
    slider.set_value(1e-3).run()
    press(app, "another_start")
    new = next(one for one in store.runs() if one.id != run.id)
    assert new.spec == run.spec.with_changes({"penalty.l2": 1e-3})
    assert address(app) == {"runs": f"{run.id},{new.id}"}


def test_one_press_compares_with_lambda_zero_and_trains_it_only_where_it_is_missing(app: AppTest, store: Store) -> None:
    run = add_run(store, spec(penalty__l2=0.03, penalty__l1=0.001))
    visit(app, run=run.id)
    assert app.button(key="against_zero").label == "Train λ = 0"
    press(app, "against_zero")
    zero = next(one for one in store.runs() if one.id != run.id)
    assert zero.spec == run.spec.with_changes({"penalty.l2": 0.0, "penalty.l1": 0.0})
    assert address(app) == {"runs": f"{zero.id},{run.id}"}
    other = add_run(store, spec(penalty__l2=0.3))
    known = add_run(store, spec(penalty__l2=0.0))
    visit(app, run=other.id)
    assert app.button(key="against_zero").label == "Compare with λ = 0"
    assert "Against λ = 0" in "".join(one.value for one in app.markdown)
    press(app, "against_zero")
    assert address(app) == {"runs": f"{known.id},{other.id}"}
    visit(app, run=known.id)
    assert "against_zero" not in {button.key for button in app.button}
