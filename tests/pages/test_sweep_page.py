"""The λ sweep page with sweeps, without a browser: the list, a finished sweep, its switches and its address."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text
from streamlit.testing.v1 import AppTest
from tests.factories import add_sweep, metrics, spec
from tests.pages.browsing import address, again, errors, go_back, lag, plain, press, prose, visit, warnings
from tests.pages.sweeps import BEST, SMALL, figures, form, kinds
from tests.pages.sweeps import sweep_page as page

from reglab import columns
from reglab.events import Checkpoint, EpochMetrics
from reglab.store import Store, Sweep
from reglab.sweep import LaneSpec, SweepSpec
from reglab.ui.sweep import state
from reglab.ui.sweep.presets import DEMO
from reglab.ui.sweep.query import normal

__all__ = ["page"]  # which the fixture ``app`` runs


def test_previous_sweeps_are_listed_with_their_best_lambda_and_open(app: AppTest, done: Sweep) -> None:
    visit(app)
    assert "best λ₂ = 0.01 (loss 0.099, 90.1 %)" in prose(app)
    press(app, f"sweep_open_{done.id}")
    assert address(app) == {"sweep": done.id}
    assert "sweep-curve" in kinds(app)


def test_deleting_hides_a_sweep_and_undo_restores_it(app: AppTest, done: Sweep, store: Store) -> None:
    visit(app)
    press(app, f"sweep_delete_{done.id}")
    assert store.sweeps() == []
    assert "Deleted “Sweep" in prose(app)
    press(app, "sweep_undo")
    assert [sweep.id for sweep in store.sweeps()] == [done.id]
    assert "Deleted" not in prose(app)
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
    assert "1–8 of 9 sweeps" in prose(app)
    app.session_state["past"] = 2
    again(app)
    assert listed() == ids[8:]
    assert "9–9 of 9 sweeps" in prose(app)
    store.delete([ids[8]])
    again(app)
    assert listed() == ids[:8]


# A sweep


def test_a_finished_sweep_has_its_charts_and_a_verdict(app: AppTest, done: Sweep) -> None:
    visit(app, sweep=done.id)
    assert kinds(app) == ["sweep-curve", "sweep-gap", "sweep-losses"]
    said = prose(app)
    assert "**λ₂ = 0.01 is best** (validation loss, last epoch, 3 seeds)." in said
    assert "**3 seeds suggest that it is better than λ₂ = 0**: −0.100 [−0.100, −0.100], adjusted p 0.25" in said
    assert "**Early stopping alone** (λ₂ = 0, best epoch 6): 0.199 ± 0.001." in said
    assert "All three epoch rules choose it." in said
    assert "The network overfits at λ₂ = 0. It stays at chance (10 %) at λ₂ = 0.1." in said
    assert app.button(key="sweep_use").label == "Use λ₂ = 0.01"
    assert address(app) == {"sweep": done.id}


def test_a_link_with_bad_switches_says_so_although_its_epoch_is_out_of_range(app: AppTest, done: Sweep) -> None:
    visit(app, sweep=done.id, view="nonsense", epoch="9999")
    assert "view 'nonsense' is not one of" in warnings(app)
    app.segmented_control(key=state.VIEW).set_value("weights")
    assert "nonsense" not in warnings(again(app))


@pytest.mark.parametrize("view", ["weights", "norms", "calibration", "memory"])
def test_each_view_is_drawn_only_when_it_is_chosen(app: AppTest, done: Sweep, view: str) -> None:
    visit(app, sweep=done.id)
    app.segmented_control(key=state.VIEW).set_value(view)
    again(app)
    assert kinds(app) == ["sweep-curve", "sweep-gap", f"sweep-{view}"]
    assert address(app) == {"sweep": done.id, "view": view}


def test_the_table_has_a_row_a_lambda(app: AppTest, done: Sweep) -> None:
    visit(app, sweep=done.id, view="table")
    table = app.dataframe[0].value
    assert table["λ₂"].tolist() == ["0", "0.01", "0.1"]
    assert table["Validation accuracy"].tolist() == ["80.1 ± 0.1 %", "90.1 ± 0.1 %", "10.1 ± 0.1 %"]
    assert table["Choice"].tolist() == ["", "best, 1-SE", ""]
    assert table["Against λ = 0"].tolist()[1] == "−0.100 [−0.100, −0.100]"
    assert table["Adjusted p"].tolist() == ["–", "0.25", "–"]
    assert table["Better in"].tolist() == ["–", "3 of 3", "0 of 3"]
    assert kinds(app) == ["sweep-curve", "sweep-gap"]


def test_memorisation_is_offered_only_with_label_noise(app: AppTest, store: Store) -> None:
    clean = add_sweep(store)
    visit(app, sweep=clean.id, view="memory")
    assert "memory" not in app.segmented_control(key=state.VIEW).options
    assert kinds(app) == ["sweep-curve", "sweep-gap", "sweep-losses"]


def test_the_epoch_goes_back_in_all_that_is_shown(app: AppTest, done: Sweep) -> None:
    visit(app, sweep=done.id)
    app.select_slider(key=state.EPOCH).set_value(2)
    again(app)
    assert "After epoch 2 of 6: **λ₂ = 0.01 is best** (validation loss, 3 seeds)." in prose(app)
    assert "Validation loss 0.139" in prose(app)
    assert address(app) == {"sweep": done.id, "epoch": "2"}


def test_a_link_restores_all_switches(app: AppTest, done: Sweep) -> None:
    switches = {"view": "weights", "measure": "accuracy", "epoch": "3", "layer": "fc.weight", "rule": "common"}
    visit(app, sweep=done.id, **switches)
    assert app.select_slider(key=state.EPOCH).value == 3
    assert app.segmented_control(key=state.MEASURE).value == "accuracy"
    assert app.segmented_control(key=state.SHOWN_RULE).value == "common"
    assert app.selectbox(key=state.LAYER).value == "fc.weight"
    assert "sweep-weights" in kinds(app)
    head = "After epoch 3 of 6: **λ₂ = 0.01 is best** on average (validation accuracy, common epoch 3, 3 seeds)."
    assert head in prose(app)
    assert "Not tested: the sweep declares the rule last epoch." in prose(app)
    assert address(app) == {"sweep": done.id, **switches}


def test_switches_follow_back_and_are_kept_where_the_query_lags(app: AppTest, done: Sweep) -> None:
    visit(app, sweep=done.id)
    app.segmented_control(key=state.MEASURE).set_value("accuracy")
    again(app)
    assert address(app) == {"sweep": done.id, "measure": "accuracy"}
    assert app.segmented_control(key=state.MEASURE).value == "accuracy"
    lag(app, sweep=done.id)
    assert app.segmented_control(key=state.MEASURE).value == "accuracy"
    go_back(app, sweep=done.id)
    assert app.segmented_control(key=state.MEASURE).value == "loss"


def test_each_epoch_rule_is_shown_and_the_declared_one_is_marked(app: AppTest, store: Store) -> None:
    def turning(lane: LaneSpec, epoch: int) -> EpochMetrics:
        """λ = 0 is best at epoch 2 and overfits from then on; λ = 0.01 keeps its loss."""
        free = 0.2 + 0.1 * abs(epoch - 2) + 0.001 * lane.repeat
        loss = {0.0: free, 0.01: 0.3 + 0.001 * lane.repeat, 0.1: 2.3}[lane.point.value]
        return metrics(epoch, val_loss=loss, val_acc=0.1 if loss > 2 else 0.9)

    sweep = add_sweep(store, SMALL.model_copy(update={"epoch": "best"}), figures=turning)
    visit(app, sweep=sweep.id)
    rules = app.segmented_control(key=state.SHOWN_RULE)
    assert (rules.options, rules.value) == (["Last epoch", "Best (declared)", "Common"], "best")
    assert "**λ₂ = 0 is best** (validation loss, best epoch, 3 seeds)." in prose(app)
    assert "By epoch rule: last epoch 0.01, **best epoch 0 (declared)**, common epoch 0." in prose(app)
    rules.set_value("last")
    again(app)
    assert "**λ₂ = 0.01 is best** on average (validation loss, last epoch, 3 seeds)." in prose(app)
    assert "Not tested: the sweep declares the rule best epoch." in prose(app)
    assert address(app) == {"sweep": sweep.id, "rule": "last"}


def test_with_early_stopping_runs_count_at_their_best_and_the_head_says_where_they_ended(
    app: AppTest, store: Store
) -> None:
    patient = SMALL.model_copy(update={"run": spec(train__epochs=6, train__patience=2, data__label_noise=0.2)})
    sweep = add_sweep(store, patient, figures=figures)
    visit(app, sweep=sweep.id)
    assert app.get("progress")[0].proto.text.endswith("Runs ended at epoch 6 of 6 (early stopping, patience 2).")
    assert app.segmented_control(key=state.SHOWN_RULE).value == "best"


def test_losses_have_a_map_of_lambda_and_epochs(app: AppTest, done: Sweep) -> None:
    visit(app, sweep=done.id, role="map")
    assert kinds(app) == ["sweep-curve", "sweep-gap", "sweep-losses"]
    assert app.segmented_control(key=state.ROLE).value == "map"
    assert address(app) == {"sweep": done.id, "role": "map"}


def test_a_bad_switch_in_a_link_costs_itself_alone(app: AppTest, done: Sweep) -> None:
    visit(app, sweep=done.id, view="upside-down", epoch="99", layer="no such layer")
    assert "view 'upside-down' is not one of" in plain(app.warning[0].value)
    assert kinds(app) == ["sweep-curve", "sweep-gap", "sweep-losses"]
    assert app.select_slider(key=state.EPOCH).value == 6
    app.segmented_control(key=state.VIEW).set_value("weights")
    again(app)
    assert app.selectbox(key=state.LAYER).value == columns.ALL_WEIGHTS
    assert len(app.warning) == 0


def test_an_unknown_sweep_offers_the_form(app: AppTest) -> None:
    visit(app, sweep="nowhere")
    assert errors(app) == ["There is no sweep “nowhere”. Is the link complete?"]
    assert [title.value for title in app.title] == ["No sweep to show"]  # every page has one heading
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
    assert "The verdict follows after the first epoch." in prose(app)
    assert app.button(key="sweep_use").disabled
    press(app, "sweep_stop")
    assert store.sweep(waiting.id).state == "cancelled"
    press(app, "sweep_resume")
    assert store.sweep(waiting.id).state == "queued"


def test_a_running_sweep_says_so_far_and_stops(app: AppTest, store: Store) -> None:
    running = add_sweep(
        store, SMALL.model_copy(update={"run": spec(train__epochs=60)}), state="running", figures=figures
    )
    visit(app, sweep=running.id)
    assert "So far, after epoch 6 of 60: **λ₂ = 0.01 is best** (validation loss, 3 seeds)." in prose(app)
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
        accuracy = BEST[lane.point.value] + 0.02 * (lane.apply == "decoupled") + 0.001 * lane.repeat
        return metrics(epoch, val_acc=accuracy, val_loss=1 - accuracy)

    both = add_sweep(store, SMALL.model_copy(update={"apply": ("coupled", "decoupled")}), figures=of_mode)
    visit(app, sweep=both.id)
    assert "**λ₂ = 0.01 (decoupled) is best** (validation loss, last epoch, 3 seeds)." in prose(app)
    assert "**Coupled** is best at λ₂ = 0.01: 0.099 ± 0.001. The same λ acts differently in each mode." in prose(app)
    assert app.button(key="sweep_use").label == "Use λ₂ = 0.01, decoupled"


def test_a_grid_has_a_map_and_a_table(app: AppTest, store: Store) -> None:
    grid = SweepSpec(run=spec(train__epochs=6), l1=(0.0, 0.01), l2=(0.0, 0.01))
    sweep = add_sweep(store, grid, figures=lambda lane, epoch: metrics(epoch, val_acc=0.5, val_loss=1 - lane.point.l2))
    visit(app, sweep=sweep.id)
    assert kinds(app) == ["sweep-curve", "sweep-losses"]
    assert "is best**" in prose(app)
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
    assert "· best λ₂ =" not in prose(app)
    visit(app, sweep=dead.id)
    assert "**No λ has learnt anything**: all are at chance, 10 %." in prose(app)
    assert not [button.key for button in app.button if str(button.key).startswith("sweep_use")]


def test_a_path_that_failed_before_its_first_epoch_has_no_figures(app: AppTest, store: Store) -> None:
    waiting = store.create(SMALL)
    visit(app, sweep=waiting.id)
    assert "sweep-curve" in kinds(app)
    press(app, "sweep_stop")
    assert kinds(app) == []
    assert "No figures: the sweep ended before its first epoch." in [one.value for one in app.info]


def test_a_preset_is_called_by_its_title(app: AppTest, store: Store) -> None:
    visit(app)
    press(app, "sweep_start_noisy")
    assert store.sweeps()[0].name == "Noisy labels · digits · 9 λ₂ × 6 seeds"
    go_back(app)
    assert "400 images, 40 % wrong labels, 60 epochs" in prose(app)


def test_sweeps_that_cannot_be_read_are_listed_with_the_reason(app: AppTest, done: Sweep, store: Store) -> None:
    bad, torn = add_sweep(store, SMALL, figures=figures), add_sweep(store, SMALL, name="torn", figures=figures)
    with store._database.write() as connection:
        connection.execute(text("UPDATE sweeps SET plan = '?' WHERE id = :sweep").bindparams(sweep=bad.id))
        connection.execute(text("UPDATE runs SET spec = '?' WHERE sweep = :sweep").bindparams(sweep=torn.id))
    visit(app)
    panel = next(panel for panel in app.expander if panel.label == "1 sweep cannot be read")
    assert "the plan is not valid JSON" in panel.markdown[0].value
    assert "best λ₂ = 0.01 (loss 0.099, 90.1 %)" in prose(app)
    assert "cannot be read: the spec is not valid JSON" in plain(prose(app))
    visit(app, sweep=torn.id)
    assert "cannot be read: the spec is not valid JSON" in errors(app)[0]


def test_a_sweep_whose_folder_is_gone_says_so(app: AppTest, store: Store) -> None:
    sweep = add_sweep(store, SMALL, state="interrupted", figures=figures)
    visit(app, sweep=sweep.id)
    assert f"Sweep {sweep.id} has no checkpoint: the folder" in plain(app.warning[0].value)


def test_a_finished_sweep_goes_on_to_more_epochs(app: AppTest, store: Store) -> None:
    sweep = add_sweep(store)
    store.sweep_files(sweep.id, 0).save_checkpoint(Checkpoint({}, {}))
    visit(app, sweep=sweep.id)
    app.number_input(key="sweep_extend_epochs").set_value(20).run()
    press(app, "sweep_extend_start")
    longer = store.sweep(sweep.id)
    assert (longer.state, longer.epochs, longer.spec.run.train.epochs) == ("queued", 20, 20)
