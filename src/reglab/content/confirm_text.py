"""A confirmation as text: what it will do, how far it is, and what the test part says. Pure text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reglab import columns
from reglab.analysis import ConfirmedPoint, PairedDifference
from reglab.content.run_text import count_of, duration
from reglab.content.verdict_lines import RULES, Line, figure, interval_text, listed, named_point, zero_text
from reglab.number_format import percent, points
from reglab.store import Confirmation
from reglab.sweep import EpochRule, Point, SweepSpec

NO_TEST_PART = (
    "This sweep keeps no test part, so nothing is left that no choice has seen. Duplicate it with a test share of 20 %."
)
TEST = (
    "The share of the locked test images that networks trained on fresh seeds classify correctly, with the 95 % Wilson "
    "interval of the number of images (not images × seeds: all seeds see the same images). No choice has seen these "
    "images, unless the test part was opened before."
)
AGAINST = (
    "Paired by seed and image; the interval draws images and seeds with replacement (pigeonhole bootstrap, Owen 2007). "
    "The comparison was fixed before the test part was opened, so there is no p to adjust."
)
SHIFT = "How much better the validation images made the choice look (Newcombe 1998)."


@dataclass(frozen=True)
class ConfirmedFigures:
    """What a confirmation found, point by point: figures on the test part, and differences to λ = 0.

    ``measure`` chose the best λ. ``opening``: which opening of the test part this was, from 1; ``openings``: how many
    there are so far. ``dropped`` seeds had a run that did not finish, the others have the ``train_seeds``.
    """

    points: tuple[Point, ...]
    roles: tuple[tuple[str, ...], ...]
    figures: tuple[ConfirmedPoint, ...]
    differences: tuple[PairedDifference | None, ...]
    openings: int
    dropped: int = 0
    measure: str = columns.VAL_LOSS
    train_seeds: tuple[int, ...] = ()
    opening: int | None = None

    def number_of(self, wanted: Point) -> int | None:
        """The place of ``wanted``, or of the best λ of the confirmation where it was not confirmed."""
        if wanted in self.points:
            return self.points.index(wanted)
        return next((number for number, roles in enumerate(self.roles) if "best" in roles), None)


def plan_text(
    spec: SweepSpec, confirmation: Confirmation, seconds: float | None, images: int, openings: int
) -> list[str]:
    """What pressing Confirm does: what it trains, how long that takes, and that it opens the test part."""
    about = f", about {duration(seconds)}" if seconds else ""
    seeds = count_of(spec.repeats, "fresh seed")
    why = [why_text(spec, roles, confirmation.measure) for roles in confirmation.roles]
    trained = (
        f"Trains {listed(spec, spec.points, why)} again on **{seeds}**: {count_of(spec.size, 'run')} of "
        f"{count_of(spec.run.train.epochs, 'epoch')}{about}."
    )
    unseen = "" if openings else " that no choice has seen"
    before = "It has not been opened before" if not openings else f"It has been opened {times(openings)} before"
    opened = (
        f"Then it **opens the locked test part once** ({images:,} images{unseen}), for these λ alone. "
        f"{before}. Every λ that is chosen after looking at it has seen it."
    )
    return [trained, opened]


def why_text(spec: SweepSpec, roles: Sequence[str], measure: str) -> str:
    """Why a point was confirmed: "best by loss, 1-SE choice", "no penalty"."""
    named = {
        "best": f"best by {'accuracy' if measure == columns.VAL_ACC else 'loss'}",
        "one_se": "1-SE choice",
        "best_by_accuracy": "best by accuracy",
        "best_by_loss": "best by loss",
        "zero": "comparison" if spec.kind == "setting" else "no penalty",
        "added": "added",
    }
    return ", ".join(named[role] for role in roles)


def newest_of(found: Sequence[ConfirmedFigures]) -> ConfirmedFigures | None:
    """The newest confirmation with figures, or the newest of all; ``found`` are newest first."""
    return next((one for one in found if one.figures), next(iter(found), None))


def opened_text(found: ConfirmedFigures) -> str:
    """Which opening of the test part gave the figures: "opened once", "opened twice", "opening 1 of 2"."""
    if found.opening in (None, found.openings):
        return f"opened {times(found.openings)}"
    return f"opening {found.opening} of {found.openings}"


def title_text(found: ConfirmedFigures, rule: EpochRule) -> str:
    """The conditions of a confirmation: opening, seeds, epoch rule and measure."""
    seeds = found.train_seeds
    listed_seeds = f"{seeds[0]}–{seeds[-1]}" if len(seeds) > 2 and seeds[-1] - seeds[0] == len(seeds) - 1 else ""
    which = (
        f"training seeds {listed_seeds or ', '.join(map(str, seeds))}" if seeds else "no seed whose runs all finished"
    )
    by = "accuracy" if found.measure == columns.VAL_ACC else "loss"
    opening = "Not opened" if found.opening is None else f"Opening {found.opening} of {found.openings}"
    return f"{opening} · {which} · {RULES[rule]} · λ chosen by {by}"


def times(number: int) -> str:
    """ "once", "twice", "3 times"."""
    return {1: "once", 2: "twice"}.get(number, f"{number} times")


def result_lines(spec: SweepSpec, found: ConfirmedFigures, wanted: Point) -> list[Line]:
    """The test figure of the ``wanted`` λ, its difference to λ = 0, and what the validation images promised.

    All hold at the epoch rule that the sweep declares, whichever one is on screen.
    """
    number = found.number_of(wanted)
    if number is None or not found.figures:
        return [Line("The confirmation ended without a seed whose runs all finished.")]
    own, point = found.figures[number], found.points[number]
    figure_text = f"**Test accuracy {percent(own.test_acc)} [{_share(own.low)}, {_share(own.high)}]**"
    opened = opened_text(found)
    lines = [
        Line(
            f"{figure_text} at {named_point(spec, point)}, {opened} ({RULES[spec.epoch_rule]}, "
            f"{count_of(own.seeds, 'fresh seed')}, {own.images:,} images).",
            TEST,
        )
    ]
    difference = found.differences[number]
    if difference is not None:
        by = f"{points(difference.value)} points{interval_text(difference)}"
        lines.append(Line(f"On the test part against {zero_text(spec)}: **{by}**.", AGAINST))
    if own.shift is not None:
        ends = f"[{points(own.shift.low, sign=False)}, {points(own.shift.high, sign=False)}]"
        lines.append(Line(f"Validation less test accuracy: {points(own.shift.value)} points {ends}.", SHIFT))
    if found.dropped:
        lines.append(Line(f"{count_of(found.dropped, 'seed')} left out: a run did not finish."))
    return lines


def table_rows(spec: SweepSpec, found: ConfirmedFigures) -> list[tuple[str, ...]]:
    """Every confirmed λ: its name, why it is there, validation and test accuracy."""
    rows: list[tuple[str, ...]] = []
    for point, roles, own in zip(found.points, found.roles, found.figures, strict=True):
        val = figure(own.val_acc, None, columns.VAL_ACC) if own.val_acc is not None else "–"
        test = f"{percent(own.test_acc)} [{_share(own.low)}, {_share(own.high)}]"
        rows.append((named_point(spec, point), why_text(spec, roles, found.measure), val, test))
    return rows


def _share(value: float) -> str:
    """A share in per cent without its sign, for an interval."""
    return points(value, sign=False)
