"""The learning-rate check on the λ sweep page, without a browser: cost, progress, verdict, and the way back."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest
from tests.factories import add_sweep, metrics
from tests.pages.browsing import address, again, plain, press, prose, visit
from tests.pages.sweeps import SMALL, figures
from tests.pages.sweeps import sweep_page as page

from reglab.events import EpochMetrics
from reglab.jobs import plan_rate_check
from reglab.store import Store, Sweep
from reglab.sweep import LaneSpec, SweepSpec

__all__ = ["page"]  # which the fixture ``app`` runs

START = "sweep_lr_check_start"


def opened(app: AppTest, sweep: Sweep) -> AppTest:
    """The page with the popover of the check open."""
    visit(app, sweep=sweep.id)
    app.session_state["sweep_lr_check"] = True
    return again(app)


def moved(lane: LaneSpec, epoch: int) -> EpochMetrics:
    """At 3η no penalty does best, at η/3 the same λ as in the sweep."""
    shift = 0.19 if lane.point.value == 0 and (lane.point.second or 0) > 1e-3 else 0.0
    at = figures(lane, epoch)
    return metrics(epoch, val_acc=at.val_acc + shift, val_loss=at.val_loss - shift, train_loss=at.train_loss)


def test_before_pressing_it_says_what_it_trains_and_what_that_costs(app: AppTest, done: Sweep) -> None:
    opened(app, done)
    said = plain(prose(app))
    assert "Trains 3 λ₂ × 3 seeds again at **learning rates 3.33e-4 and 0.003**" in said
    assert "18 runs of 6 epochs." in said
    assert "The runs at 0.001 are those of this sweep, with the same seeds" in said
    assert app.button(key=START).label == "Train 18 runs, about 6 s"


def test_a_press_queues_the_check_and_its_page_leads_back(app: AppTest, store: Store, done: Sweep) -> None:
    opened(app, done)
    press(app, START)
    (made,) = store.rate_checks(done.id)
    assert (made.state, made.spec) == ("queued", plan_rate_check(done))
    assert "Checking at learning rates 3.33e-4 and 0.003." in app.get("progress")[-1].proto.text
    press(app, "sweep_lr_checked")
    assert f"Checks the learning rate of {plain(done.name)}." in plain(prose(app))
    press(app, "sweep_checked_sweep")
    assert address(app) == {"sweep": done.id}


def test_the_verdict_says_whether_the_choice_moved(app: AppTest, store: Store, done: Sweep) -> None:
    made = add_sweep(store, plan_rate_check(done), figures=moved, key=store.next_rate_check(done.id))
    visit(app, sweep=done.id)
    assert (
        "**Learning rate × 3 moves the choice from 0.01 to 0, as 3 seeds suggest**. Learning rate ÷ 3 does not move it."
        in prose(app)
    )
    press(app, "sweep_lr_checked")
    assert address(app) == {"sweep": made.id}


def test_a_check_that_was_cut_off_is_resumed_on_its_page(app: AppTest, store: Store, done: Sweep) -> None:
    cut = plan_rate_check(done)
    add_sweep(store, cut, state="interrupted", epochs=0, key=store.next_rate_check(done.id))
    visit(app, sweep=done.id)
    assert "The check of the learning rate is interrupted. Resume it on its page." in prose(app)
    press(app, "sweep_lr_checked")
    assert app.button(key="sweep_resume").label == "Resume"


def test_a_map_and_a_sweep_over_the_learning_rate_are_not_checked(app: AppTest, store: Store) -> None:
    for over in ({"model.dropout": (0.0, 0.5)}, {}):
        l2, axes = ((0.0, 0.01), over) if over else ((), {"optim.lr": (1e-3, 1e-2)})
        visit(app, sweep=add_sweep(store, SweepSpec(run=SMALL.run, l2=l2, over=axes)).id)
        assert not [block for block in app.get("popover") if "learning rate" in block.proto.popover.label]
    steep = SMALL.run.with_changes({"optim.lr": 5.0})
    opened(app, add_sweep(store, SweepSpec(run=steep, l2=(0.0, 0.01))))
    assert [plain(one.value) for one in app.info] == ["optim.lr should be less than or equal to 10, not 15.0."]
    assert not [button for button in app.button if button.key == START]
