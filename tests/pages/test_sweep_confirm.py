"""Confirm on the λ sweep page, without a browser: what it says before, its progress, its result, and its refusals."""

from __future__ import annotations

import numpy as np
from streamlit.testing.v1 import AppTest
from tests.factories import add_sweep
from tests.pages.browsing import address, again, plain, press, prose, visit
from tests.pages.sweeps import WITH_TEST, confirm, locked
from tests.pages.sweeps import sweep_page as page

from reglab.analysis.confirmation import wilson
from reglab.jobs import plan_confirmation
from reglab.number_format import percent, points
from reglab.store import Store, Sweep

__all__ = ["page"]  # which the fixture ``app`` runs


def opened(app: AppTest, sweep: Sweep) -> AppTest:
    """The page with the popover of Confirm open."""
    visit(app, sweep=sweep.id)
    app.session_state["sweep_confirm"] = True
    return again(app)


def accuracy_of(store: Store, confirmation: Sweep, value: float) -> float:
    """The mean test accuracy of the runs of one λ."""
    runs = zip(confirmation.spec.lanes(), store.sweep_runs(confirmation.id), strict=True)
    scores = [store.test_scores(run.id) for lane, run in runs if lane.point.value == value]
    return float(np.mean([found.correct for found in scores if found is not None]))


def test_before_pressing_it_says_what_it_trains_and_opens(app: AppTest, store: Store) -> None:
    opened(app, locked(store))
    said = prose(app)
    assert "Trains λ₂ = 0 (no penalty) and 0.01 (best by loss, 1-SE choice) again on **10 fresh seeds**" in said
    assert ": 20 runs of 6 epochs, about 7 s." in said
    assert "it **opens the locked test part once** (359 images that no choice has seen), for these λ alone." in said
    assert "It has not been opened before." in said
    app.number_input(key="sweep_confirm_seeds").set_value(4)
    again(app)
    assert "on **4 fresh seeds**: 8 runs" in prose(app)


def test_a_press_queues_the_confirmation_and_the_page_shows_its_progress(app: AppTest, store: Store) -> None:
    sweep = locked(store)
    opened(app, sweep)
    press(app, "sweep_confirm_start")
    (made,) = store.confirmations(sweep.id)
    assert (made.state, made.spec.repeats) == ("queued", 10)
    assert {lane.run.train.seed for lane in made.spec.lanes()} == set(range(3, 13))
    assert "Confirming on 10 fresh seeds" in app.get("progress")[-1].proto.text
    press(app, "sweep_confirming")
    assert f"Confirms {sweep.name} on fresh seeds" in plain(prose(app))
    press(app, "sweep_confirmed_sweep")
    assert address(app) == {"sweep": sweep.id}


def test_the_result_stands_in_the_verdict_with_how_often_the_test_part_was_opened(app: AppTest, store: Store) -> None:
    sweep = locked(store)
    accuracy = accuracy_of(store, confirm(store, sweep), 0.01)
    low, high = (points(end, sign=False) for end in wilson(accuracy, 359))
    visit(app, sweep=sweep.id)
    said = prose(app)
    figure = f"**Test accuracy {percent(accuracy)} [{low}, {high}]**"
    assert f"{figure} at λ₂ = 0.01, opened once (last epoch, 4 fresh seeds, 359 images)." in said
    assert "On the test part against λ₂ = 0: **+" in said
    assert f"Validation less test accuracy: {points(0.9015 - accuracy)} points" in said
    table = app.dataframe[0].value
    assert table["Why"].tolist() == ["no penalty", "best by accuracy, 1-SE choice"]
    confirm(store, sweep)
    visit(app, sweep=sweep.id)
    assert "opened twice" in prose(app)
    captions = [one.value for one in app.caption if one.value.startswith("Opening")]
    assert captions == [
        "Opening 2 of 2 · training seeds 7–10 · last epoch · λ chosen by accuracy",
        "Opening 1 of 2 · training seeds 3–6 · last epoch · λ chosen by accuracy",
    ]
    first, second = app.dataframe[1].value, app.dataframe[0].value
    assert first["Test accuracy [95 %]"].tolist() == table["Test accuracy [95 %]"].tolist()
    assert second["Why"].tolist() == table["Why"].tolist()
    opened(app, sweep)
    assert "It has been opened twice before." in prose(app)


def test_a_confirmation_that_was_cut_off_is_resumed_on_its_page(app: AppTest, store: Store) -> None:
    sweep = locked(store)
    wanted, confirmation = plan_confirmation(store, sweep, 2)
    cut = add_sweep(store, wanted, confirmation=confirmation, state="interrupted", environment=WITH_TEST, epochs=0)
    visit(app, sweep=sweep.id)
    assert "A confirmation is interrupted. Resume it on its page." in prose(app)
    press(app, "sweep_confirming")
    assert address(app) == {"sweep": cut.id}
    assert app.button(key="sweep_resume").label == "Resume"


def test_without_a_test_part_it_is_refused_with_a_way_out(app: AppTest, done: Sweep) -> None:
    opened(app, done)
    assert "Duplicate it with a test share of 20 %." in app.info[0].value
    assert not [button for button in app.button if button.key == "sweep_confirm_start"]


def test_a_sweep_that_has_not_finished_cannot_be_confirmed(app: AppTest, store: Store) -> None:
    sweep = locked(store)
    wanted, confirmation = plan_confirmation(store, sweep, 2)
    waiting = store.create(wanted, confirmation=confirmation)
    visit(app, sweep=waiting.id)
    app.session_state["sweep_confirm"] = True
    again(app)
    assert not [button for button in app.button if str(button.key).startswith("sweep_confirm_start")]


def test_the_methods_name_every_condition(app: AppTest, store: Store) -> None:
    sweep = locked(store)
    confirm(store, sweep)
    visit(app, sweep=sweep.id)
    text = next(block.value for block in app.code if block.value.startswith("Networks"))
    for part in ("431", "1,438", "359 images were locked", "λ₂ = 0, 0.01, 0.1", "3 seeds (from 0)", "epoch rule “last”",
                 "r = 0.428", "max-T", "Early stopping alone", "test part opened once", "torch 2.13.0"):  # fmt: skip
        assert part in text
