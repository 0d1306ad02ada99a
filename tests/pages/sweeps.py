"""The λ sweep page and a small sweep with a U-curve, for the tests of the page."""

from __future__ import annotations

import numpy as np
from streamlit.testing.v1 import AppTest
from tests.factories import add_sweep, metrics, spec
from tests.pages.browsing import charts

from reglab.events import Environment, EpochMetrics
from reglab.jobs import plan_confirmation
from reglab.store import TEST, Ending, Store, Sweep
from reglab.sweep import LaneSpec, SweepSpec
from reglab.ui.sweep.query import KEYS, to_sweep

SMALL = SweepSpec(run=spec(train__epochs=6, data__label_noise=0.2), l2=(0.0, 0.01, 0.1), seeds=3)
LOCKED = SMALL.model_copy(update={"run": SMALL.run.with_changes({"data.test_fraction": 0.2})})
WITH_TEST = Environment(
    *("cpu", 1, {"torch": "2.13.0"}, 1568, 400, 431),
    n_pool=1438,
    n_test=359,
    test_sha256="ab12",
    test_source="share",
)
BEST = {0.0: 0.80, 0.01: 0.90, 0.1: 0.10}


def sweep_page() -> None:
    """The page alone, without the frame."""
    from reglab.ui.sweep.page import sweep_page

    sweep_page()


def figures(lane: LaneSpec, epoch: int) -> EpochMetrics:
    """λ = 0.01 is best, λ = 0.1 at chance; accuracies rise by a point with every epoch and vary with the seed."""
    accuracy = BEST[lane.point.value] + 0.001 * lane.repeat + 0.01 * (epoch - 6) * (lane.point.value < 0.1)
    rest = {"train_acc": 0.95, "clean_acc": 0.99, "flipped_acc": 0.5, "true_acc": 0.3}
    return metrics(epoch, val_acc=accuracy, val_loss=1 - accuracy, train_loss=lane.point.value + 0.1, **rest)


def locked(store: Store) -> Sweep:
    """A finished sweep with a U-curve that keeps a test part of 359 images."""
    return add_sweep(store, LOCKED, figures=figures, environment=WITH_TEST)


def confirm(store: Store, sweep: Sweep, seeds: int = 4) -> Sweep:
    """A confirmation of ``sweep`` that has ended: the best λ gets 9 of 10 test images right, λ = 0 gets 8."""
    wanted, confirmation = plan_confirmation(store, sweep, seeds)
    made = add_sweep(store, wanted, figures=figures, environment=WITH_TEST, confirmation=confirmation, state="running")
    store.open_test(made.id, "digits", "ab12", 359)
    rng = np.random.default_rng(0)
    for lane, run in zip(wanted.lanes(), store.sweep_runs(made.id), strict=True):
        correct = rng.random(359) < BEST[lane.point.value]
        kept = {TEST: np.full((359, 10), 0.1, dtype=np.float32), "correct": correct}
        store.files(run.id).save_weights(kept, TEST)
    store.finish([Ending(made.id, "finished")])
    return store.sweep(made.id)


def form(app: AppTest) -> SweepSpec:
    """The sweep that the form's fields make."""
    return to_sweep({key: app.session_state[key] for key in KEYS})


def kinds(app: AppTest) -> list[str]:
    """Keys of the charts on the page, without the sweep's id."""
    return [key.rpartition("-")[0] for key in charts(app)]
