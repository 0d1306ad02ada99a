"""A confirmation as text: the plan, the result for each λ, and how often the test part was opened."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reglab.analysis import ConfirmedPoint, PairedDifference, Shift
from reglab.columns import VAL_ACC, VAL_LOSS
from reglab.content.confirm_text import (
    ConfirmedFigures,
    newest_of,
    plan_text,
    result_lines,
    table_rows,
    times,
    title_text,
)
from reglab.store import Confirmation
from reglab.sweep import Point, SweepSpec

ROLES = (("zero",), ("best", "one_se"), ("best_by_accuracy",))
PLANNED = Confirmation("s1", "last", 10, 10, "ab12", ROLES, measure=VAL_LOSS)
SPEC = SweepSpec(l2=(0.0, 0.01, 0.1), seeds=10)
ZERO, BEST, LARGE = (Point(value, 0.0, value) for value in (0.0, 0.01, 0.1))
FOUND = ConfirmedFigures(
    points=(ZERO, BEST),
    roles=(("zero",), ("best", "one_se")),
    figures=(
        ConfirmedPoint(0.80, 0.756, 0.838, 359, 10, 0.81, Shift(0.01, -0.04, 0.06)),
        ConfirmedPoint(0.905, 0.870, 0.931, 359, 10, 0.91, Shift(0.005, -0.03, 0.04)),
    ),
    differences=(None, PairedDifference(0.105, 0.07, 0.14, 10, 10)),
    openings=1,
)


def texts(found: ConfirmedFigures, wanted: Point = BEST) -> list[str]:
    return [line.text.replace("\u202f", " ") for line in result_lines(SPEC, found, wanted)]


def test_the_plan_names_what_is_trained_and_that_the_test_part_is_opened() -> None:
    trained, opened = plan_text(SPEC, PLANNED, 12.3, 359, 0)
    assert trained == (
        "Trains λ₂ = 0 (no penalty), 0.01 (best by loss, 1-SE choice) and 0.1 (best by accuracy) again on "
        "**10 fresh seeds**: 30 runs of 30 epochs, about 13 s."
    )
    assert "opens the locked test part once** (359 images" in opened
    assert "It has not been opened before." in opened
    later, reopened = plan_text(SPEC, PLANNED, None, 359, 3)
    assert "It has been opened 3 times before." in reopened
    assert "(359 images that no choice has seen)" in opened
    assert "(359 images)" in reopened  # a choice may have seen them since
    assert "about" not in later


def test_the_result_has_the_test_figure_the_difference_and_the_shift() -> None:
    assert texts(FOUND) == [
        "**Test accuracy 90.5 % [87.0, 93.1]** at λ₂ = 0.01, opened once (last epoch, 10 fresh seeds, 359 images).",
        "On the test part against λ₂ = 0: **+10.5 points [7.0, 14.0]**.",
        "Validation less test accuracy: +0.5 points [−3.0, 4.0].",
    ]
    assert all(line.help for line in result_lines(SPEC, FOUND, BEST))
    stopping = SPEC.model_copy(update={"epoch": "best"})
    assert "opened once (best epoch, 10 fresh seeds" in result_lines(stopping, FOUND, BEST)[0].text


def test_a_best_lambda_that_was_not_confirmed_gives_way_to_the_one_that_was() -> None:
    assert texts(FOUND, LARGE) == texts(FOUND, BEST)
    assert texts(FOUND, ZERO)[0].startswith("**Test accuracy 80.0 % [75.6, 83.8]** at λ₂ = 0,")


def test_dropped_seeds_and_a_confirmation_without_any_say_so() -> None:
    assert texts(replace(FOUND, dropped=2))[-1] == "2 seeds left out: a run did not finish."
    nothing = replace(FOUND, figures=(), differences=(), dropped=10)
    assert texts(nothing) == ["The confirmation ended without a seed whose runs all finished."]


def test_a_figure_stays_with_the_opening_that_gave_it() -> None:
    earlier = replace(FOUND, opening=1, openings=2, train_seeds=(3, 4, 5, 6))
    assert ", opening 1 of 2 (last epoch" in texts(earlier)[0]
    assert ", opened twice (last epoch" in texts(replace(earlier, opening=2))[0]
    assert title_text(earlier, "best") == "Opening 1 of 2 · training seeds 3–6 · best epoch · λ chosen by loss"
    assert "training seeds 3, 5 ·" in title_text(replace(earlier, train_seeds=(3, 5)), "last")
    failed = replace(FOUND, figures=(), differences=(), opening=None, train_seeds=())
    assert title_text(failed, "last") == "Not opened · no seed whose runs all finished · last epoch · λ chosen by loss"
    assert newest_of([failed, earlier, FOUND]) == earlier
    assert newest_of([failed]) == failed
    assert newest_of([]) is None


def test_every_confirmed_lambda_has_a_row_with_its_reason() -> None:
    rows = [tuple(text.replace("\u202f", " ") for text in row) for row in table_rows(SPEC, FOUND)]
    assert rows == [
        ("λ₂ = 0", "no penalty", "81.0 %", "80.0 % [75.6, 83.8]"),
        ("λ₂ = 0.01", "best by loss, 1-SE choice", "91.0 %", "90.5 % [87.0, 93.1]"),
    ]
    other = replace(FOUND, measure=VAL_ACC, roles=(("best_by_loss", "zero"), ("best",)))
    assert [row[1] for row in table_rows(SPEC, other)] == ["best by loss, no penalty", "best by accuracy"]


@pytest.mark.parametrize(("number", "text"), [(1, "once"), (2, "twice"), (3, "3 times")])
def test_openings_are_counted_in_words(number: int, text: str) -> None:
    assert times(number) == text
