"""The λ sweep page and a small sweep with a U-curve, for the tests of the page."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest
from tests.factories import metrics, spec
from tests.pages.browsing import charts

from reglab.events import EpochMetrics
from reglab.sweep import LaneSpec, SweepSpec
from reglab.ui.sweep.query import KEYS, to_sweep

SMALL = SweepSpec(run=spec(train__epochs=6, data__label_noise=0.2), l2=(0.0, 0.01, 0.1), seeds=3)
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


def form(app: AppTest) -> SweepSpec:
    """The sweep that the form's fields make."""
    return to_sweep({key: app.session_state[key] for key in KEYS})


def kinds(app: AppTest) -> list[str]:
    """Keys of the charts on the page, without the sweep's id."""
    return [key.rpartition("-")[0] for key in charts(app)]
