"""The λ sweep page, without a browser: first visit, presets, form, a finished sweep, its switches and its address."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text
from streamlit.testing.v1 import AppTest
from tests.factories import add_sweep, metrics, spec
from tests.pages.browsing import go_back, lag, plain

from reglab import columns
from reglab.errors import StoreError
from reglab.events import EpochMetrics
from reglab.jobs import ThreadRunner
from reglab.store import Store, Sweep
from reglab.sweep import LaneSpec, SweepSpec
from reglab.ui.shared.query import Query
from reglab.ui.sweep import state
from reglab.ui.sweep.presets import DEMO, PRESETS
from reglab.ui.sweep.values import KEYS, KIND, LISTS, MODES, OVER, REPEATS, RUN_WIDGETS, normal, to_sweep

SMALL = SweepSpec(run=spec(train__epochs=6, data__label_noise=0.2), l2=(0.0, 0.01, 0.1), seeds=3)
BEST = {0.0: 0.80, 0.01: 0.90, 0.1: 0.10}


def page() -> None:
    """The page alone, without the frame."""
    from reglab.ui.sweep.page import sweep_page

    sweep_page()


def figures(lane: LaneSpec, epoch: int) -> EpochMetrics:
    """λ = 0.01 is best, λ = 0.1 at chance; accuracies rise by a point with every epoch and vary with the seed."""
    accuracy = BEST[lane.point.value] + 0.001 * lane.repeat + 0.01 * (epoch - 6) * (lane.point.value < 0.1)
    return metrics(
        epoch, val_acc=accuracy, val_loss=1 - accuracy, train_loss=lane.point.value + 0.1, train_acc=0.95,
        clean_acc=0.99, flipped_acc=0.5, true_acc=0.3,
    )  # fmt: skip


@pytest.fixture
def done(store: Store) -> Sweep:
    """A finished sweep with a U-curve."""
    return add_sweep(store, SMALL, figures=figures)


def visit(app: AppTest, **query: str) -> AppTest:
    """Open the page with these parameters; ``__`` stands for the dot."""
    app.query_params = {key.replace("__", "."): value for key, value in query.items()}
    return again(app)


def again(app: AppTest) -> AppTest:
    """Run the page again; nothing on it may have failed."""
    app.run()
    assert not app.exception
    return app


def press(app: AppTest, key: str) -> AppTest:
    app.button(key=key).click()
    return again(app)


def address(app: AppTest) -> dict[str, str]:
    """The parameters in the address bar."""
    return {key: value if isinstance(value, str) else value[0] for key, value in app.query_params.items()}


def form(app: AppTest) -> SweepSpec:
    """The sweep that the form's fields make."""
    return to_sweep({key: app.session_state[key] for key in KEYS})


def texts(app: AppTest) -> str:
    return "\n".join([*(one.value for one in app.markdown), *(one.value for one in app.caption)])


def errors(app: AppTest) -> list[str]:
    return [plain(error.value) for error in app.error]


def charts(app: AppTest) -> list[str]:
    """Keys of the charts on the page, without the sweep's id."""
    return [element.key.rpartition("-")[0] for element in app.get("bidi_component") if element.key]


def disabled(app: AppTest, key: str) -> bool:
    return bool(app.button(key=key).disabled)


# The form


def test_the_first_visit_offers_one_demonstration_and_a_form_that_is_filled_with_it(app: AppTest) -> None:
    visit(app)
    assert form(app) == normal(DEMO.spec)
    primary = [button.key for button in app.button if button.proto.type == "primary"]
    assert primary == ["sweep_demo"]
    assert "Start trains 9 λ₂ × 3 seeds = 27 runs of 60 epochs." in texts(app)
    assert "Memory: about" in texts(app)
    assert "9 values: 0, 1e-4, 3e-4, 0.001, 0.003, 0.01, 0.02, 0.03, 0.1" in texts(app)
    assert (errors(app), address(app)) == ([], {})


def test_one_press_starts_the_demonstration_and_shows_it(app: AppTest, store: Store) -> None:
    visit(app)
    press(app, "sweep_demo")
    assert [sweep.spec for sweep in store.sweeps()] == [DEMO.spec]
    assert address(app) == {"sweep": store.sweeps()[0].id}
    assert charts(app) == ["sweep-curve", "sweep-gap", "sweep-losses"]
    assert "Waiting for a free slot." in app.get("progress")[0].proto.text


def test_a_button_starts_one_sweep_however_often_it_is_pressed(
    app: AppTest, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Query, "write", lambda self, query: None)  # the browser has not gone to the sweep yet
    visit(app)
    press(app, "sweep_demo")
    press(app, "sweep_demo")
    assert len(store.sweeps()) == 1
    press(app, "sweep_start")
    press(app, "sweep_start")
    assert len(store.sweeps()) == 2


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_a_preset_starts_with_one_press_and_can_fill_the_form(app: AppTest, store: Store, preset: Any) -> None:
    visit(app)
    press(app, f"sweep_fill_{preset.name}")
    assert form(app) == normal(preset.spec)
    assert not errors(app)
    assert store.sweeps() == []
    press(app, f"sweep_start_{preset.name}")
    assert [sweep.spec for sweep in store.sweeps()] == [preset.spec]
    assert address(app) == {"sweep": store.sweeps()[0].id}


def test_the_form_starts_what_it_says_under_its_name(app: AppTest, store: Store) -> None:
    visit(app)
    app.text_input(key=LISTS["l2"]).set_value("0, 1e-3:1e-1:3")
    app.number_input(key=REPEATS).set_value(2)
    app.number_input(key=RUN_WIDGETS["train.epochs"]).set_value(5)
    app.text_input(key="sweep_name").set_value("mine")
    again(app)
    assert "4 values: 0, 0.001, 0.01, 0.1" in texts(app)
    assert "Start trains 4 λ₂ × 2 seeds = 8 runs of 5 epochs." in texts(app)
    press(app, "sweep_start")
    started = store.sweeps()[0]
    assert (started.name, started.spec.l2, started.spec.seeds) == ("mine", (0.0, 0.001, 0.01, 0.1), 2)
    assert started.spec.run.train.epochs == 5
    assert started.size == 8


@pytest.mark.parametrize(
    ("key", "text", "words"),
    [
        (LISTS["l2"], "", "λ₂ is empty; give values such as"),
        (LISTS["l2"], "0, x", "λ₂: cannot read 'x'; give a number such as 0, 0.03 or 1e-3."),
        (LISTS["l2"], "0,01", "λ₂: '0,01' could be one number or two; write 0.01, or separate the values by semi"),
        (LISTS["l2"], "1,000; 2", "λ₂: '1,000' could mean 1 or 1000; write 1 or 1000."),
        (LISTS["l2"], "0.1, 0.1", "λ₂ has 0.1 more than once; give each value once."),
        (LISTS["l2"], "-1", "λ₂ must be from 0 to 1000, not -1."),
        (LISTS["l2"], ",".join(map(str, range(300))), "300 values of λ₂ are more than the 200 that a sweep takes"),
    ],
)
def test_bad_values_have_their_reason_below_the_field_and_nothing_starts(
    app: AppTest, store: Store, key: str, text: str, words: str
) -> None:
    visit(app)
    app.text_input(key=key).set_value(text)
    again(app)
    assert any(plain(one.value).startswith(f":red[:small[{words}") for one in app.markdown)
    assert errors(app) == ["The values of λ₂ cannot be used; the reason is below their field."]
    assert "Start trains" not in texts(app)
    assert disabled(app, "sweep_start")
    assert address(app) == {}


def test_lists_and_shared_settings_may_have_decimal_commas(app: AppTest) -> None:
    visit(app)
    app.text_input(key=LISTS["l2"]).set_value("0,001; 0,01; 0,1")
    app.text_input(key=RUN_WIDGETS["optim.lr"]).set_value("1,5e−3")
    app.text_input(key=RUN_WIDGETS["penalty.l1"]).set_value("1e−4")
    again(app)
    assert "3 values: 0.001, 0.01, 0.1" in texts(app)
    made = form(app)
    assert (made.l2, made.run.optim.lr, made.run.penalty.l1) == ((1e-3, 1e-2, 0.1), 1.5e-3, 1e-4)
    app.text_input(key=RUN_WIDGETS["optim.lr"]).set_value("1,000")
    again(app)
    assert errors(app) == ["Learning rate: '1,000' could mean 1 or 1000; write 1 or 1000."]


def test_what_cannot_be_trained_is_refused_before_it_starts(app: AppTest) -> None:
    visit(app)
    app.number_input(key=REPEATS).set_value(50)
    app.segmented_control(key=OVER).set_value("fold")
    app.number_input(key=RUN_WIDGETS["data.train_size"]).set_value(1790)
    again(app)
    assert len(errors(app)) == 1
    assert "1790" in errors(app)[0] or "1,790" in errors(app)[0]
    assert disabled(app, "sweep_start")


def test_no_penalty_mode_is_refused_and_two_double_the_runs(app: AppTest) -> None:
    visit(app)
    app.pills(key=MODES).set_value([])
    again(app)
    assert errors(app) == ["Choose at least one penalty mode."]
    app.pills(key=MODES).set_value(["coupled", "decoupled"])
    again(app)
    assert "9 λ₂ × 2 penalty modes × 3 seeds = 54 runs" in texts(app)


@pytest.mark.parametrize(
    ("kind", "shown", "runs"),
    [("l1", ["l1"], "9 λ₁ × 3 seeds"), ("elastic", ["lambdas"], "9 λ × 3 seeds"),
     ("grid", ["l1", "l2"], "81 (λ₁, λ₂) × 3 seeds")],
)  # fmt: skip
def test_each_kind_of_sweep_has_its_own_fields(app: AppTest, kind: str, shown: list[str], runs: str) -> None:
    visit(app)
    app.segmented_control(key=KIND).set_value(kind)
    again(app)
    lists = {name for name, key in LISTS.items() if any(box.key == key for box in app.text_input)}
    assert lists == set(shown)
    assert f"Start trains {runs}" in texts(app)
    assert errors(app) == []


def test_one_seed_and_no_zero_are_pointed_out(app: AppTest) -> None:
    visit(app, l2="0.01,0.1")
    assert "One seed gives no error bars: use 3 or more." in texts(app)
    assert "The sweep has no λ = 0 to compare with" in texts(app)
    assert not disabled(app, "sweep_start")


def test_the_address_follows_the_form_and_restores_it(app: AppTest) -> None:
    visit(app)
    app.text_input(key=LISTS["l2"]).set_value("0, 0.1")
    app.number_input(key=RUN_WIDGETS["train.epochs"]).set_value(7)
    again(app)
    written = address(app)
    assert {key: written[key] for key in ("l2", "train.epochs", "seeds")} == {
        "l2": "0,0.1", "train.epochs": "7", "seeds": "3"
    }  # fmt: skip
    wanted = form(app)
    fresh = AppTest.from_function(page, default_timeout=60)
    visit(fresh, **written)
    assert form(fresh) == wanted
    assert address(fresh) == written


def test_going_back_in_the_browser_restores_the_form(app: AppTest) -> None:
    visit(app, l2="0,0.5")
    assert form(app).l2 == (0.0, 0.5)
    app.number_input(key=REPEATS).set_value(4)
    again(app)
    assert form(go_back(app, l2="0,0.5")).seeds == 1
    assert form(go_back(app)) == normal(DEMO.spec)


def test_a_preset_is_kept_where_a_message_from_before_it_arrives(app: AppTest) -> None:
    visit(app)
    before = {key: app.session_state[key] for key in (REPEATS, RUN_WIDGETS["train.epochs"])}
    press(app, f"sweep_fill_{PRESETS[-1].name}")
    assert form(app) == normal(PRESETS[-1].spec)
    for key, value in before.items():
        app.number_input(key=key).set_value(value)
    assert form(lag(app)) == normal(PRESETS[-1].spec)


def test_switches_follow_back_and_are_kept_where_the_query_lags(app: AppTest, done: Sweep) -> None:
    visit(app, sweep=done.id)
    app.segmented_control(key=state.MEASURE).set_value("loss")
    again(app)
    assert address(app) == {"sweep": done.id, "measure": "loss"}
    assert app.segmented_control(key=state.MEASURE).value == "loss"
    lag(app, sweep=done.id)
    assert app.segmented_control(key=state.MEASURE).value == "loss"
    go_back(app, sweep=done.id)
    assert app.segmented_control(key=state.MEASURE).value == "accuracy"


def test_a_bad_link_to_the_form_warns_until_something_is_edited(app: AppTest) -> None:
    visit(app, l2="0,x", seeds="2")
    assert plain(app.warning[0].value).startswith(
        "The link has a part that cannot be used, so its default stands in. λ₂:"
    )
    assert form(app).seeds == 2
    app.number_input(key=REPEATS).set_value(3)
    again(app)
    assert len(app.warning) == 0


HOSTILE = "**x**![a](http://host/x.png)"


@pytest.mark.parametrize("query", [{"l2": HOSTILE}, {"penalty__scope": HOSTILE}, {"sweep": HOSTILE}, {"ways": HOSTILE}])
def test_a_link_cannot_put_markdown_on_the_page(app: AppTest, query: dict[str, str]) -> None:
    visit(app, **query)
    said = [*(one.value for one in app.error), *(one.value for one in app.warning)]
    assert any("host" in sentence for sentence in said)
    assert not any("![" in sentence or "](" in sentence or "**x" in sentence for sentence in said)


def test_what_is_typed_cannot_put_markdown_on_the_page(app: AppTest) -> None:
    visit(app)
    app.text_input(key=LISTS["l2"]).set_value(HOSTILE)
    again(app)
    (said,) = [one.value for one in app.markdown if "cannot read" in one.value.lower()]
    assert HOSTILE in plain(said)
    assert "![" not in said
    assert "](" not in said


def test_an_empty_id_is_no_sweep(app: AppTest) -> None:
    visit(app, sweep="")
    assert errors(app) == ["The link names no sweep. Is it complete?"]


def test_a_store_that_cannot_take_the_sweep_has_its_error_shown(
    app: AppTest, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: ThreadRunner, spec: SweepSpec, **_: Any) -> Sweep:
        raise StoreError("The disk is full.")

    visit(app)
    monkeypatch.setattr(ThreadRunner, "submit", fail)
    press(app, "sweep_demo")
    assert errors(app) == ["The disk is full."]
    assert store.sweeps() == []


# Previous sweeps


def test_previous_sweeps_are_listed_with_their_best_lambda_and_open(app: AppTest, done: Sweep) -> None:
    visit(app)
    assert "best λ₂ = 0.01, 90.1 %" in texts(app)
    press(app, f"sweep_open_{done.id}")
    assert address(app) == {"sweep": done.id}
    assert "sweep-curve" in charts(app)


def test_deleting_hides_a_sweep_and_undo_restores_it(app: AppTest, done: Sweep, store: Store) -> None:
    visit(app)
    press(app, f"sweep_delete_{done.id}")
    assert store.sweeps() == []
    assert "Deleted “Sweep" in texts(app)
    press(app, "sweep_undo")
    assert [sweep.id for sweep in store.sweeps()] == [done.id]
    assert "Deleted" not in texts(app)
    assert not app.exception


def test_a_running_sweep_cannot_be_deleted(app: AppTest, store: Store) -> None:
    running = add_sweep(store, SMALL, state="running", figures=figures)
    visit(app)
    press(app, f"sweep_delete_{running.id}")
    assert [sweep.id for sweep in store.sweeps()] == [running.id]
    assert errors(app) == ["“Sweep · digits · simple_cnn · 3 λ₂ × 3 seeds” is still training; stop it first."]


def test_a_long_list_has_pages(app: AppTest, store: Store) -> None:
    ids = [store.create(SMALL).id for _ in range(9)][::-1]

    def listed() -> list[str]:
        keys = [button.key or "" for button in app.button]
        return [key.removeprefix("sweep_open_") for key in keys if key.startswith("sweep_open_")]

    visit(app)
    assert listed() == ids[:8]
    assert "1–8 of 9 sweeps" in texts(app)
    app.session_state["past"] = 2
    again(app)
    assert listed() == ids[8:]
    assert "9–9 of 9 sweeps" in texts(app)
    store.delete([ids[8]])
    again(app)
    assert listed() == ids[:8]


# A sweep


def test_a_finished_sweep_has_its_charts_and_a_verdict(app: AppTest, done: Sweep) -> None:
    visit(app, sweep=done.id)
    assert charts(app) == ["sweep-curve", "sweep-gap", "sweep-losses"]
    said = texts(app)
    assert "**λ₂ = 0.01 is best**: validation accuracy 90.1 ± 0.1 %. That is **+10.0 points** over no penalty" in said
    assert "The network overfits at λ₂ = 0. It stays at chance (10 %) at λ₂ = 0.1." in said
    assert "A bootstrap over 3 seeds is rough" in said
    assert app.button(key="sweep_use").label == "Use λ₂ = 0.01"
    assert address(app) == {"sweep": done.id}


@pytest.mark.parametrize("view", ["weights", "norms", "memory"])
def test_each_view_is_drawn_only_when_it_is_chosen(app: AppTest, done: Sweep, view: str) -> None:
    visit(app, sweep=done.id)
    app.segmented_control(key=state.VIEW).set_value(view)
    again(app)
    assert charts(app) == ["sweep-curve", "sweep-gap", f"sweep-{view}"]
    assert address(app) == {"sweep": done.id, "view": view}


def test_the_table_has_a_row_a_lambda(app: AppTest, done: Sweep) -> None:
    visit(app, sweep=done.id, view="table")
    table = app.dataframe[0].value
    assert table["λ₂"].tolist() == ["0", "0.01", "0.1"]
    assert table["Validation accuracy"].tolist() == ["80.1 ± 0.1 %", "90.1 ± 0.1 %", "10.1 ± 0.1 %"]
    assert table["Choice"].tolist() == ["", "best, 1-SE", ""]
    assert table["Against λ = 0, points"].tolist()[1] == "+10.0 (10.0 to 10.0)"
    assert charts(app) == ["sweep-curve", "sweep-gap"]


def test_memorisation_is_offered_only_with_label_noise(app: AppTest, store: Store) -> None:
    clean = add_sweep(store)
    visit(app, sweep=clean.id, view="memory")
    assert "memory" not in app.segmented_control(key=state.VIEW).options
    assert charts(app) == ["sweep-curve", "sweep-gap", "sweep-losses"]


def test_the_epoch_goes_back_in_all_that_is_shown(app: AppTest, done: Sweep) -> None:
    visit(app, sweep=done.id)
    app.select_slider(key=state.EPOCH).set_value(2)
    again(app)
    assert "After epoch 2 of 6: **λ₂ = 0.01 is best**: validation accuracy 86.1" in texts(app)
    assert address(app) == {"sweep": done.id, "epoch": "2"}


def test_a_link_restores_all_switches(app: AppTest, done: Sweep) -> None:
    switches = {"view": "weights", "measure": "loss", "epoch": "3", "layer": "fc.weight"}
    visit(app, sweep=done.id, **switches)
    assert app.select_slider(key=state.EPOCH).value == 3
    assert app.segmented_control(key=state.MEASURE).value == "loss"
    assert app.selectbox(key=state.LAYER).value == "fc.weight"
    assert "sweep-weights" in charts(app)
    assert "After epoch 3 of 6: **λ₂ = 0.01 is best**: validation loss 0.129" in texts(app)
    assert address(app) == {"sweep": done.id, **switches}


def test_a_bad_switch_in_a_link_costs_itself_alone(app: AppTest, done: Sweep) -> None:
    visit(app, sweep=done.id, view="upside-down", epoch="99", layer="no such layer")
    assert "view 'upside-down' is not one of" in plain(app.warning[0].value)
    assert charts(app) == ["sweep-curve", "sweep-gap", "sweep-losses"]
    assert app.select_slider(key=state.EPOCH).value == 6
    app.segmented_control(key=state.VIEW).set_value("weights")
    again(app)
    assert app.selectbox(key=state.LAYER).value == columns.ALL_WEIGHTS
    assert len(app.warning) == 0


def test_an_unknown_sweep_offers_the_form(app: AppTest) -> None:
    visit(app, sweep="nowhere")
    assert errors(app) == ["There is no sweep “nowhere”. Is the link complete?"]
    press(app, "sweep_open_form")
    assert form(app) == normal(DEMO.spec)
    assert address(app) == {}


def test_duplicate_fills_the_form_and_new_does_not(app: AppTest, done: Sweep) -> None:
    visit(app, sweep=done.id)
    press(app, "sweep_duplicate")
    assert form(app) == normal(SMALL)
    go_back(app, sweep=done.id)
    press(app, "sweep_new")
    assert form(app) == normal(DEMO.spec)


def test_a_waiting_sweep_can_be_cancelled_and_resumed(app: AppTest, store: Store) -> None:
    waiting = store.create(SMALL)
    visit(app, sweep=waiting.id)
    assert app.button(key="sweep_stop").label == "Cancel"
    assert "The verdict follows after the first epoch." in texts(app)
    assert disabled(app, "sweep_use")
    press(app, "sweep_stop")
    assert store.sweep(waiting.id).state == "cancelled"
    press(app, "sweep_resume")
    assert store.sweep(waiting.id).state == "queued"


def test_a_running_sweep_says_so_far_and_stops(app: AppTest, store: Store) -> None:
    running = add_sweep(store, SMALL.model_copy(update={"run": spec(train__epochs=60)}), state="running",
                        figures=figures)  # fmt: skip
    visit(app, sweep=running.id)
    assert "So far, after epoch 6 of 60: **λ₂ = 0.01 is best**" in texts(app)
    press(app, "sweep_stop")
    assert store.sweep(running.id).wanted == "stop"
    assert app.button(key="sweep_stop").label == "Stopping…"


def test_a_failed_and_a_deleted_sweep_explain_themselves(app: AppTest, store: Store) -> None:
    failed = add_sweep(store, SMALL, state="failed", figures=figures)
    visit(app, sweep=failed.id)
    assert errors(app) == ["This sweep is failed."]
    store.delete([failed.id])
    visit(app, sweep=failed.id)
    assert "This sweep is deleted" in plain(app.warning[0].value)
    press(app, "sweep_restore")
    assert [sweep.id for sweep in store.sweeps()] == [failed.id]


def test_the_better_of_two_penalty_modes_is_used(app: AppTest, store: Store) -> None:
    def of_mode(lane: LaneSpec, epoch: int) -> EpochMetrics:
        return metrics(epoch, val_acc=BEST[lane.point.value] + 0.02 * (lane.apply == "decoupled") + 0.001 * lane.repeat)

    both = add_sweep(store, SMALL.model_copy(update={"apply": ("coupled", "decoupled")}), figures=of_mode)
    visit(app, sweep=both.id)
    assert "**Decoupled at its best (λ₂ = 0.01)** is 2.0 points above coupled at its best (λ₂ = 0.01)." in texts(app)
    assert app.button(key="sweep_use").label == "Use λ₂ = 0.01, decoupled"


def test_a_grid_has_a_map_and_a_table(app: AppTest, store: Store) -> None:
    grid = SweepSpec(run=spec(train__epochs=6), l1=(0.0, 0.01), l2=(0.0, 0.01))
    sweep = add_sweep(store, grid, figures=lambda lane, epoch: metrics(epoch, val_acc=0.5 + lane.point.l2))
    visit(app, sweep=sweep.id)
    assert charts(app) == ["sweep-curve", "sweep-losses"]
    assert "is best**" in texts(app)
    assert app.button(key="sweep_use").label.startswith("Use λ₁ = 0")


def test_a_replay_goes_through_the_epochs_to_the_newest(app: AppTest, done: Sweep) -> None:
    visit(app, sweep=done.id)
    press(app, "sweep_play")
    seen: list[Any] = [app.select_slider(key=state.EPOCH).value]
    while app.session_state["sweep_shown"].playing:
        again(app)
        seen.append(app.select_slider(key=state.EPOCH).value)
    assert seen == sorted(seen, key=int)
    assert (seen[0], seen[-1]) == (2, 6)
    assert len(seen) >= 5
    assert address(app) == {"sweep": done.id}
    assert app.button(key="sweep_play").label == ""


def test_a_slider_that_sends_what_the_replay_set_does_not_stop_it(app: AppTest, done: Sweep) -> None:
    visit(app, sweep=done.id)
    press(app, "sweep_play")
    again(app)
    app.select_slider(key=state.EPOCH).set_value(2)  # where the replay was a tick ago
    again(app)
    assert app.session_state["sweep_shown"].playing
    assert app.select_slider(key=state.EPOCH).value == 4
    app.select_slider(key=state.EPOCH).set_value(5)  # where it has not been
    again(app)
    assert not app.session_state["sweep_shown"].playing
    assert app.select_slider(key=state.EPOCH).value == 5


def test_where_nothing_was_learnt_no_lambda_is_offered(app: AppTest, store: Store) -> None:
    dead = add_sweep(store, SMALL, figures=lambda lane, epoch: metrics(epoch, val_acc=0.1))
    visit(app)
    assert "best λ₂" not in texts(app)
    visit(app, sweep=dead.id)
    assert "**No λ has learnt anything**: all are at chance, 10 %." in texts(app)
    assert not [button.key for button in app.button if str(button.key).startswith("sweep_use")]


def test_a_path_that_failed_before_its_first_epoch_has_no_figures(app: AppTest, store: Store) -> None:
    waiting = store.create(SMALL)
    visit(app, sweep=waiting.id)
    assert "sweep-curve" in charts(app)
    press(app, "sweep_stop")
    assert charts(app) == []
    assert "No figures: the sweep ended before its first epoch." in [one.value for one in app.info]


def test_a_preset_is_called_by_its_title(app: AppTest, store: Store) -> None:
    visit(app)
    press(app, "sweep_start_noisy")
    assert store.sweeps()[0].name == "Noisy labels · digits · 9 λ₂ × 3 seeds"
    go_back(app)
    assert "400 images, 40 % wrong labels, 60 epochs" in texts(app)


def test_sweeps_that_cannot_be_read_are_listed_with_the_reason(app: AppTest, done: Sweep, store: Store) -> None:
    bad, torn = add_sweep(store, SMALL, figures=figures), add_sweep(store, SMALL, name="torn", figures=figures)
    with store._database.write() as connection:
        connection.execute(text("UPDATE sweeps SET plan = '?' WHERE id = :sweep").bindparams(sweep=bad.id))
        connection.execute(text("UPDATE runs SET spec = '?' WHERE sweep = :sweep").bindparams(sweep=torn.id))
    visit(app)
    panel = next(panel for panel in app.expander if panel.label == "1 sweep cannot be read")
    assert "the plan is not valid JSON" in panel.markdown[0].value
    assert "best λ₂ = 0.01, 90.1 %" in texts(app)
    assert "cannot be read: the spec is not valid JSON" in plain(texts(app))
    visit(app, sweep=torn.id)
    assert "cannot be read: the spec is not valid JSON" in errors(app)[0]


def test_a_sweep_whose_folder_is_gone_says_so(app: AppTest, store: Store) -> None:
    sweep = add_sweep(store, SMALL, state="interrupted", figures=figures)
    visit(app, sweep=sweep.id)
    assert f"Sweep {sweep.id} has no checkpoint: the folder" in plain(app.warning[0].value)
