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


def test_the_penalty_closes_the_gap_and_names_more_images() -> None:
    free, held = demo_specs()
    last = {e.lane: e.metrics for e in train(free, held, threads=1) if isinstance(e, EpochDone)}
    assert last[0].gap_loss > 0.5
    assert last[1].gap_loss < 0
    assert last[0].train_acc > 0.99
    assert last[1].val_acc > last[0].val_acc + 0.08


def test_the_verdict_is_made_of_the_runs_own_numbers(pair: list[Run]) -> None:
    for order in (pair, pair[::-1]):
        assert verdict(order) == (
            "**What came out:** without a penalty the network learnt 100 % of the training labels, though 20 % of them "
            "are wrong, and names 78.5 % of the validation images correctly. With λ₂ = 0.03 it names 92.8 % correctly, "
            "14.3 points more. Gap in loss: 0.810 without, −0.200 with (below 0, as only training labels are wrong)."
        )


def test_a_verdict_against_the_penalty_is_told_as_it_is(pair: list[Run]) -> None:
    free, held = pair
    worse = replace(held, last=metrics(1, train_acc=0.8, val_acc=0.7, gap_loss=0.1))
    assert "8.5 points fewer. Gap in loss: 0.810 without, 0.100 with." in verdict([free, worse])


def test_runs_without_results_give_no_verdict(pair: list[Run]) -> None:
    assert verdict([pair[0], replace(pair[1], last=None)]).startswith("There is nothing to compare")


def test_while_one_trains_the_page_says_what_to_look_at(pair: list[Run]) -> None:
    assert commentary(pair) == verdict(pair)
    assert commentary([pair[0], replace(pair[1], state="running")]).startswith("**What to see:**")


def test_only_the_two_runs_of_one_press_are_a_demonstration(pair: list[Run]) -> None:
    assert is_demo(pair)
    assert not is_demo(pair[:1])
    assert not is_demo([pair[0], replace(pair[1], group=f"{GROUP} xyz")])
    assert not is_demo([replace(run, group=None) for run in pair])
