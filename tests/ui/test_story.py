"""The sentence and the pairs of figures on one run or two."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from tests.charts.frames import layer_frame
from tests.factories import add_run, metrics, spec

from reglab import columns
from reglab.content.story import difference, headline, norms, story, story_of_two, without_penalty
from reglab.spec import PenaltySpec
from reglab.store import BestEpoch, Run, Store
from reglab.ui.train.another import STRENGTHS, next_strength, swept_term

Made = Callable[..., Run]


@pytest.fixture
def ended(store: Store) -> Made:
    """Makes finished runs: (training, validation loss) at the last epoch; best epoch, its losses in the same order."""

    def make(last: tuple[float, float], best: tuple[int, float, float], epoch: int = 80, **changes: Any) -> Run:
        train, val = last
        figures = replace(metrics(epoch), train_loss=train, val_loss=val, gap_loss=val - train, val_acc=0.8)
        found = BestEpoch(best[0], best[2], 0.9, best[1], 0.95)
        made = add_run(store, spec(**changes), epochs=1)
        return replace(made, epoch=epoch, epochs=epoch, last=figures, best=found)

    return make


@pytest.mark.parametrize(
    ("last", "best", "begins"),
    [
        ((0.01, 1.2), (12, 0.3, 0.5), "**Overfits after epoch 12:** the validation loss rises from 0.500 to 1.20"),
        ((0.2, 0.5), (80, 0.2, 0.5), "**Ends at its best epoch**, 80"),
        ((0.2, 0.505), (40, 0.3, 0.5), "**Levels off:** the validation loss ends at 0.505"),
        ((0.6, 0.7), (20, 0.3, 0.5), "**Ends above its best:**"),
        ((0.2, 0.54), (78, 0.3, 0.5), "**Levels off:**"),
        ((0.2, 1.9), (78, 0.3, 0.5), "**Overfits after epoch 78:**"),
    ],
    ids=["overfits", "still falls", "level", "training loss rises too", "best near the end", "rises at the end"],
)
def test_the_sentence_says_how_a_run_ends(
    ended: Made, last: tuple[float, float], best: tuple[int, float, float], begins: str
) -> None:
    assert story(ended(last, best)).startswith(begins)


def test_a_run_that_trains_has_its_present_figures_and_one_without_an_epoch_none(ended: Made) -> None:
    run = replace(ended((0.2, 0.5), (5, 0.3, 0.4), epoch=6), state="running")
    assert story(run) == "So far, after epoch 6: validation accuracy 80.0\u202f%, gap 0.300."
    assert not story(replace(run, last=None, best=None))
    assert not story(replace(run, state="diverged"))


def test_one_epoch_says_nothing_of_how_it_goes_on(ended: Made) -> None:
    assert story(ended((0.2, 0.5), (1, 0.2, 0.5), epoch=1)).startswith("**One epoch alone**")


def test_runs_that_differ_in_more_than_their_penalty_are_not_named_by_it(ended: Made) -> None:
    first = ended((0.2, 0.5), (80, 0.2, 0.5), penalty__l2=0.1)
    second = ended((0.2, 0.5), (80, 0.2, 0.5), penalty__l2=0.2, train__epochs=7)
    assert "the second run has" in story_of_two(first, second)
    assert "λ₂" not in story_of_two(first, second)


def test_there_is_no_difference_while_a_run_trains(ended: Made) -> None:
    first, second = ended((0.01, 1.2), (12, 0.3, 0.5)), ended((0.2, 0.5), (80, 0.2, 0.5))
    assert difference(first, replace(second, state="running"), layer_frame([first.id], 80)) == ("–",) * 3


def test_the_baseline_s_difference_names_its_epoch_and_that_these_are_single_runs(ended: Made) -> None:
    run = ended((0.2, 0.5), (80, 0.2, 0.5))
    assert run.last is not None
    zero = replace(run, last=replace(run.last, val_acc=0.7, gap_loss=1.3))
    assert "Against λ = 0: accuracy +10.0 points, gap −1.000 at the last epoch. Single runs" in story(run, zero)
    assert "Against" not in story(run, replace(zero, state="running", epoch=40))


def test_two_runs_are_compared_at_their_last_and_at_their_best_epochs(ended: Made) -> None:
    zero, run = ended((0.0, 1.0), (9, 0.3, 0.5), penalty__l2=0.0), ended((0.2, 0.5), (80, 0.2, 0.5), penalty__l2=0.03)
    sentence = story_of_two(zero, run)
    assert sentence.startswith("**Last epoch:** λ₂ = 0.03 has 80.0\u202f% validation accuracy, no penalty 80.0\u202f%")
    assert "**Best epochs** (80 and 9)" in sentence
    assert not story_of_two(zero, replace(run, state="running"))


def test_the_norm_of_all_weights_is_that_of_all_layers_together() -> None:
    frame = layer_frame(["a"], 7)
    first, last = norms(frame)
    for epoch, norm in ((0, first), (7, last)):
        rows = frame[frame[columns.EPOCH] == epoch]
        assert norm == pytest.approx(math.sqrt(sum(value**2 for value in rows[columns.L2_NORM])))
    assert norms(pd.DataFrame(columns=list(columns.LAYER_COLUMNS))) == (None, None)


def test_pairs_share_a_unit_and_show_dashes_before_the_first_epoch(ended: Made) -> None:
    run = ended((0.01, 1.2), (12, 0.3, 0.5))
    accuracy, gap, _ = headline(run, layer_frame([run.id], 80))
    assert accuracy.value == "80.0 → 90.0\u202f%"
    assert gap.value == "1.19 → 0.200"
    norm = pd.DataFrame({columns.EPOCH: [0, 2], columns.L2_NORM: [12.0, 8.1]})
    assert headline(run, norm)[2].value == "12.0 → 8.1"
    empty = pd.DataFrame(columns=list(columns.LAYER_COLUMNS))
    assert [pair.value for pair in headline(replace(run, last=None, best=None), empty)] == ["– → –"] * 3


def test_the_difference_is_the_second_run_minus_the_first(ended: Made) -> None:
    first, second = ended((0.01, 1.2), (12, 0.3, 0.5)), ended((0.2, 0.5), (80, 0.2, 0.5))
    assert second.last is not None
    second = replace(second, last=replace(second.last, val_acc=0.85))
    layers = layer_frame([first.id], 80)
    accuracy, gap, norm = difference(first, second, layers)
    assert (accuracy, gap, norm) == ("+5.0 → 0.0 pts", "−0.890 → +0.100", "–")


@pytest.mark.parametrize(("tried", "expected"), [([0.0], 1e-2), ([0.03], 0.1), ([0.0, 0.03], 0.1), ([1.0], 0.3)])
def test_the_slider_starts_at_a_strength_that_is_not_tried_yet(tried: list[float], expected: float) -> None:
    assert next_strength(tried) == expected


def test_the_slider_s_steps_are_logarithmic() -> None:
    ratios = [b / a for a, b in itertools.pairwise(STRENGTHS[1:])]
    assert all(2.99 < ratio < 3.4 for ratio in ratios)


def test_the_slider_sets_the_strongest_term_and_without_one_l2() -> None:
    assert swept_term(PenaltySpec(l1=0.1, l2=0.01)) == ("l1", "λ₁")
    assert swept_term(PenaltySpec(l1=0.0, l2=0.0)) == ("l2", "λ₂")
    bare = without_penalty(spec(penalty__l1=0.1, penalty__l2=0.01, penalty__apply="proximal"))
    assert not any(bare.penalty.strengths.values())
    assert bare.penalty.apply == "proximal"
