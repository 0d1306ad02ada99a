"""Sentences on several runs together: the ones that lead and trail, and the labels that they memorise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.factories import add_run, metrics, spec

from reglab.content.several_runs import memorised_text, story_of_many, story_of_several
from reglab.content.story import SEEDS, story_of_two
from reglab.store import BestEpoch, Run, Store

PERCENT = "\N{NARROW NO-BREAK SPACE}%"
NAMES = {"a": "no penalty", "b": "λ₂ = 0.01", "c": "λ₂ = 0.1", "d": "λ₂ = 1"}
Made = Callable[..., Run]


@pytest.fixture
def ended(store: Store) -> Made:
    """Makes a finished run called ``name``: accuracy at its last epoch and at its best one, share memorised."""
    run = add_run(store, spec(), epochs=1)

    def make(name: str, last: float, best: float, memorised: float = 0.5, epoch: int = 30) -> Run:
        figures = replace(metrics(epoch), val_acc=last, flipped_acc=memorised)
        return replace(run, id=name, epoch=epoch, last=figures, best=BestEpoch(9, 0.4, best, 0.3, 0.95))

    return make


def test_the_highest_and_the_lowest_accuracy_are_named_at_last_and_best_epochs(ended: Made) -> None:
    runs = [ended("a", 0.7, 0.93), ended("b", 0.8, 0.92), ended("c", 0.9, 0.91)]
    assert story_of_many(runs, NAMES) == (
        f"**Last epoch 30:** of 3 runs, λ₂ = 0.1 has the highest validation accuracy, 90.0{PERCENT}, no penalty the "
        f"lowest, 70.0{PERCENT} (−20.0 points). **Best epochs:** of 3 runs, no penalty has the highest validation "
        f"accuracy, 93.0{PERCENT}, λ₂ = 0.1 the lowest, 91.0{PERCENT} (−2.0 points). {SEEDS}"
    )


def test_ties_are_named_together_and_epochs_of_unequal_runs_as_a_range(ended: Made) -> None:
    runs = [ended("a", 0.9, 0.9), ended("b", 0.9, 0.9, epoch=1200), ended("c", 0.5, 0.9), ended("d", 0.5, 0.9)]
    text = story_of_many(runs, NAMES)
    assert text.startswith("**Last epochs 30 to 1,200:** of 4 runs, no penalty and λ₂ = 0.01 have the highest")
    assert f"**Best epochs:** all 4 runs have 90.0{PERCENT} validation accuracy." in text
    runs[2] = ended("c", 0.9, 0.9)
    assert "of 4 runs, 3 runs have the highest" in story_of_many(runs, NAMES)


def test_diverged_runs_are_counted_and_nothing_is_said_while_a_run_trains(ended: Made) -> None:
    runs = [ended("a", 0.7, 0.9), ended("b", 0.8, 0.9), replace(ended("c", 0.1, 0.9), state="diverged")]
    assert "of 2 runs, λ₂ = 0.01 has" in story_of_many(runs, NAMES)
    assert "Left out: 1 run that diverged or did no epoch." in story_of_many(runs, NAMES)
    assert not story_of_many([*runs, replace(runs[0], state="running")], NAMES)
    assert not story_of_many([runs[0], replace(runs[1], last=None), runs[2]], NAMES)


def test_two_runs_keep_their_own_sentence(ended: Made) -> None:
    pair = [ended("a", 0.7, 0.9), ended("b", 0.8, 0.9)]
    assert story_of_several(pair, NAMES) == story_of_two(*pair)


def test_memorised_labels_are_those_of_each_run_or_of_the_extremes(ended: Made) -> None:
    runs = [ended("a", 0.7, 0.9, 0.92), ended("b", 0.8, 0.9, 0.5), ended("c", 0.8, 0.9, 0.14)]
    assert memorised_text(runs[:1], NAMES) == f"Wrong training labels memorised: **92{PERCENT}** by epoch 30."
    assert memorised_text(runs[:2], NAMES).endswith(
        f": no penalty: **92{PERCENT}** by epoch 30, λ₂ = 0.01: **50{PERCENT}** by epoch 30."
    )
    assert memorised_text(runs, NAMES) == (
        f"Wrong training labels memorised by 3 runs: from **14{PERCENT}** (λ₂ = 0.1, epoch 30) to **92{PERCENT}** "
        "(no penalty, epoch 30)."
    )
