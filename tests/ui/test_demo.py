"""The demonstration: two runs that differ in λ₂ alone, and a verdict made of their own numbers."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.factories import add_run, metrics

from reglab.events import EpochDone
from reglab.store import Run, Store
from reglab.training import train
from reglab.ui.train.demo import GROUP, commentary, demo_specs, is_demo, verdict


@pytest.fixture
def pair(store: Store) -> list[Run]:
    """Both runs of a demonstration, ended, with figures that are easy to recognise."""
    free, held = demo_specs()
    figures = [
        metrics(1, train_acc=1.0, val_acc=0.785, gap_loss=0.81),
        metrics(1, train_acc=0.8, val_acc=0.928, gap_loss=-0.2),
    ]
    runs = [add_run(store, wanted, epochs=[one]) for wanted, one in zip((free, held), figures, strict=True)]
    return [replace(run, group=f"{GROUP} abc") for run in runs]


def test_only_lambda_differs() -> None:
    free, held = demo_specs()
    assert (free.penalty.l2, held.penalty.l2) == (0.0, 0.03)
    assert free.with_changes({"penalty.l2": 0.03}) == held


def test_the_penalty_closes_the_gap_and_raises_the_validation_accuracy() -> None:
    free, held = demo_specs()
    last = {e.lane: e.metrics for e in train(free, held, threads=1) if isinstance(e, EpochDone)}
    assert last[0].gap_loss > 0.5
    assert last[1].gap_loss < 0
    assert last[0].train_acc >= 0.99
    assert last[1].val_acc > last[0].val_acc + 0.08


def test_the_verdict_is_made_of_the_runs_own_numbers(pair: list[Run]) -> None:
    for order in (pair, pair[::-1]):
        assert verdict(order) == (
            "**Result:** without a penalty the CNN fits 100 % of the training labels although 20 % of them are wrong. "
            "Its validation accuracy is 78.5 %. With λ₂ = 0.03 the validation accuracy is 92.8 %, 14.3 points higher. "
            "Gap in loss: 0.810 without, −0.200 with the penalty (below 0, because only training labels are wrong)."
        )


def test_a_verdict_may_be_against_the_penalty(pair: list[Run]) -> None:
    free, held = pair
    worse = replace(held, last=metrics(1, train_acc=0.8, val_acc=0.7, gap_loss=0.1))
    assert "8.5 points lower. Gap in loss: 0.810 without, 0.100 with the penalty." in verdict([free, worse])


def test_runs_without_results_give_no_verdict(pair: list[Run]) -> None:
    assert verdict([pair[0], replace(pair[1], last=None)]).startswith("There is nothing to compare")


def test_while_one_trains_the_commentary_says_what_to_look_at(pair: list[Run]) -> None:
    assert commentary(pair) == verdict(pair)
    assert commentary([pair[0], replace(pair[1], state="running")]).startswith("**What to see:**")


def test_only_the_two_runs_of_one_press_are_a_demonstration(pair: list[Run]) -> None:
    assert is_demo(pair)
    assert not is_demo(pair[:1])
    assert not is_demo([pair[0], replace(pair[1], group=f"{GROUP} xyz")])
    assert not is_demo([replace(run, group=None) for run in pair])
