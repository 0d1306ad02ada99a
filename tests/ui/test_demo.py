"""The demonstration: two runs that differ in λ₂ alone, and a verdict made of their own numbers."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from tests.factories import add_run, metrics

from reglab.events import EpochDone
from reglab.store import Run, Store
from reglab.store.run_filter import DEMO_GROUPS
from reglab.training import train
from reglab.ui.train.demo import commentary, demo_specs, is_demo, verdict


@pytest.fixture
def pair(store: Store) -> list[Run]:
    """Both runs of a demonstration, ended, with figures that are easy to recognise; best at epoch 1."""
    free, held = demo_specs()
    good = metrics(1, train_acc=0.8, val_acc=0.93, val_loss=0.41)
    figures = [
        [good, metrics(2, train_acc=1.0, val_acc=0.785, val_loss=0.81)],
        [good, metrics(2, train_acc=0.8, val_acc=0.928, val_loss=0.5)],
    ]
    runs = [add_run(store, wanted, epochs=own) for wanted, own in zip((free, held), figures, strict=True)]
    return [replace(run, group=f"{DEMO_GROUPS} abc") for run in runs]


@pytest.fixture
def epochs(store: Store, pair: list[Run]) -> pd.DataFrame:
    return store.epochs([run.id for run in pair])


def test_only_lambda_differs() -> None:
    free, held = demo_specs()
    assert (free.penalty.l2, held.penalty.l2) == (0.0, 0.03)
    assert free.with_changes({"penalty.l2": 0.03}) == held


def test_at_the_end_the_penalty_is_ahead_and_early_stopping_alone_does_as_well() -> None:
    free, held = demo_specs()
    done = [e for e in train(free, held, threads=1) if isinstance(e, EpochDone)]
    last = {e.lane: e.metrics for e in done}
    assert last[0].gap_loss > 0.5
    assert last[1].gap_loss < 0
    assert last[0].train_acc >= 0.99
    assert last[1].val_acc > last[0].val_acc + 0.08
    stopped = min((e.metrics for e in done if e.lane == 0), key=lambda metrics: metrics.val_loss)
    assert stopped.val_acc > last[1].val_acc - 0.01
    assert stopped.val_loss < last[1].val_loss


def test_the_verdict_is_made_of_the_runs_own_numbers(pair: list[Run], epochs: pd.DataFrame) -> None:
    for order in (pair, pair[::-1]):
        found = verdict(order, epochs).replace("\u202f", " ")
        assert found == (
            "**Result at epoch 2:** without a penalty the CNN fits 100 % of the training labels although 20 % of them "
            "are wrong, and its validation accuracy is 78.5 % (loss 0.810). With λ₂ = 0.03 it is 92.8 % (loss 0.500), "
            "14.3 points higher: the penalty forgives training too long. **Early stopping alone:** at its best epoch, "
            "1, the CNN without a penalty had 93.0 % (loss 0.410), about as good as λ₂ = 0.03 at the end. These are "
            "single runs; a λ sweep repeats them over seeds."
        )


@pytest.mark.parametrize(
    ("accuracy", "text", "against"),
    [
        (0.70, "8.5 points lower.", "23.0 points more than λ₂ = 0.03 at the end"),
        (0.96, "17.5 points higher: the penalty forgives", "3.0 points less than λ₂ = 0.03 at the end"),
    ],
)
def test_a_verdict_may_be_against_the_penalty_or_against_early_stopping(
    pair: list[Run], epochs: pd.DataFrame, accuracy: float, text: str, against: str
) -> None:
    free, held = pair
    found = verdict([free, replace(held, last=metrics(2, train_acc=0.8, val_acc=accuracy))], epochs)
    assert text in found
    assert against in found


def test_runs_without_results_give_no_verdict(pair: list[Run], epochs: pd.DataFrame) -> None:
    assert verdict([pair[0], replace(pair[1], last=None)], epochs).startswith("There is nothing to compare")


def test_while_one_trains_the_commentary_says_what_to_look_at(pair: list[Run], epochs: pd.DataFrame) -> None:
    assert commentary(pair, epochs) == verdict(pair, epochs)
    assert commentary([pair[0], replace(pair[1], state="running")], epochs).startswith("**What to see:**")


def test_only_the_two_runs_of_one_press_are_a_demonstration(pair: list[Run]) -> None:
    assert is_demo(pair)
    assert not is_demo(pair[:1])
    assert not is_demo([pair[0], replace(pair[1], group=f"{DEMO_GROUPS} xyz")])
    assert not is_demo([replace(run, group=None) for run in pair])
