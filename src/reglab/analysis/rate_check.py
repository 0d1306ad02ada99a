"""Whether the choice of a sweep moves with the learning rate: the same values trained at η/3 and 3η.

The learning rate is a nuisance: it is no part of the question, and the answer may depend on it (Google's Deep Learning
Tuning Playbook). Only L2 on a converged network, or AdamW in the paper's λ, promises that it does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from reglab import columns
from reglab.analysis.chance import Chance
from reglab.analysis.judgement import SweepJudgement
from reglab.analysis.paired import PairedDifference, paired_difference
from reglab.analysis.select import HIGHER_IS_BETTER, can_be_best
from reglab.analysis.sign_flips import max_t
from reglab.analysis.sweep_result import SweepVerdict
from reglab.analysis.sweep_table import Counted, Floats, Indices, counted, table_of
from reglab.analysis.winners import winners_of
from reglab.number_format import short
from reglab.sweep import Point, SweepSpec

FACTOR = 3.0
"""How far below and above η the check goes."""


@dataclass(frozen=True)
class RateChoice:
    """The choice at the learning rate ``rate``: ``best``, ``None`` where no point can be.

    ``name`` is the rate by that of the sweep: "÷ 3", "× 3". ``difference``, where the choice ``moved``, is at this rate
    ``best`` less the sweep's own choice, with p adjusted for all points at all rates; ``None`` where the latter has
    no figures. ``diverged``: every point has runs that diverged.
    """

    rate: float
    name: str
    best: Point | None
    moved: bool
    difference: PairedDifference | None
    diverged: bool


@dataclass(frozen=True)
class RateCheck:
    """The ``choice`` of a sweep at its learning rate ``rate``, by ``measure``, and those at other rates, ascending.

    ``noun`` is what a value of its axis is called ("λ"), ``over`` what it repeats over ("seed").
    """

    rate: float
    choice: Point
    measure: str
    others: tuple[RateChoice, ...]
    noun: str
    over: str

    @property
    def moved(self) -> bool:
        """Whether another learning rate has another choice, or none."""
        return any(one.moved or one.best is None for one in self.others)

    @property
    def shown(self) -> bool:
        """Whether the repeats show, or suggest, that it moved, or another rate has no choice."""
        moves = [one.difference for one in self.others if one.moved]
        return any(one is None or "better" in one.conclusion for one in moves) or any(
            one.best is None for one in self.others
        )

    @property
    def text(self) -> str:
        """For example "Learning rate × 3 moves the choice from 0.01 to 0.03. Learning rate ÷ 3 does not move it."

        A move that the repeats cannot tell from chance is named as such.
        """
        if not self.moved:
            return f"Learning rate {' and '.join(one.name for one in self.others)} do not move the choice."
        first = sorted(self.others, key=lambda one: not one.moved)
        return " ".join(self._sentence(one) for one in first)

    def _sentence(self, one: RateChoice) -> str:
        if one.best is None:
            why = "has runs that diverge" if one.diverged else "is at chance or has runs that diverge"
            return f"At learning rate {one.name} there is no choice: every {self.noun} {why}."
        if not one.moved:
            named_before = any(other.moved for other in self.others)
            return f"Learning rate {one.name} does not move {'it' if named_before else 'the choice'}."
        moves = f"Learning rate {one.name} moves the choice from {_value(self.choice)} to {_value(one.best)}"
        return f"{moves}{self._how_surely(one.difference)}."

    def _how_surely(self, difference: PairedDifference | None) -> str:
        """What the repeats show of a move; empty where they show it."""
        if difference is None or difference.conclusion == "better":
            return ""
        number = f"{difference.repeats} {self.over}{'s' if difference.repeats > 1 else ''}"
        return {
            "suggests better": f", as {number} suggest",
            "equivalent": ", where both are equivalent within 0.5 points",
        }.get(difference.conclusion, f" on average, where both are not distinguishable with {number}")


def rate_check(
    sweep: SweepSpec, judgement: SweepJudgement, check: SweepSpec, lanes: pd.DataFrame, epochs: pd.DataFrame
) -> RateCheck | None:
    """The choice of the ``judgement`` on ``sweep`` beside those of ``check``, which has its values at other rates.

    :param check: a map of the sweep's axis and ``optim.lr``, over the same repeats, which are paired with the sweep's.
    :param lanes: :data:`reglab.columns.LANE_COLUMNS` of ``check``.
    :param epochs: :data:`reglab.columns.EPOCH_COLUMNS` of ``check``.

    Every run counts by the sweep's epoch rule. ``None`` where the sweep has no choice.
    """
    best = judgement.best
    if best is None:
        return None
    found, rates = _Check.of(judgement, best, lanes, epochs), check.axes[1].values
    p = found.p_adjusted(rates)
    others = tuple(found.choice(rate, sweep.run.optim.lr, p) for rate in rates)
    axis = sweep.axes[0]
    return RateCheck(sweep.run.optim.lr, best.best, judgement.measure, others, axis.noun, sweep.repeated_over)


@dataclass(frozen=True, eq=False)
class _Check:
    """The figures and the table of a check in the penalty mode of the sweep's ``best``."""

    best: SweepVerdict
    figures: Counted
    table: pd.DataFrame
    measure: str
    chance: Chance | None
    overlap: float

    @classmethod
    def of(cls, judgement: SweepJudgement, best: SweepVerdict, lanes: pd.DataFrame, epochs: pd.DataFrame) -> _Check:
        own = lanes[(lanes[columns.APPLY] == best.apply).to_numpy(np.bool_)]
        figures = counted(own, epochs, rule=judgement.declared)
        return cls(best, figures, table_of(figures), judgement.measure, judgement.chance, judgement.overlap)

    def p_adjusted(self, rates: Sequence[float]) -> Floats:
        """(points,): the p of each point's difference to the sweep's choice at its rate, adjusted for all of them."""
        values, eligible = self.figures.of(self.measure), can_be_best(self.table, self.measure, self.chance)
        apart = np.full_like(values, np.nan)
        for rate in rates:
            rows, own = self._rows(rate), self._row(self.best.best, rate)
            rows = rows[eligible[rows] & (rows != own)]
            apart[rows] = values[rows] - values[own]
        return max_t(apart, self.overlap)

    def choice(self, rate: float, base: float, p: Floats) -> RateChoice:
        """The choice at ``rate``, where that of the sweep is ``base``; ``p`` is :meth:`p_adjusted`."""
        name = f"× {short(rate / base, 2)}" if rate > base else f"÷ {short(base / rate, 2)}"
        winners, here = winners_of(self.table, self.measure, self.chance), replace(self.best.best, second=rate)
        own = next((one for one in winners.by_second if one.held == rate), None)
        if own is None:
            diverged = bool((self.table[columns.DIVERGED].to_numpy()[self._rows(rate)] > 0).all())
            return RateChoice(rate, name, None, moved=False, difference=None, diverged=diverged)
        moved = own in winners.moved(here)
        difference = self._difference(rate, own.point, p) if moved else None
        return RateChoice(rate, name, replace(own.point, second=None), moved, difference, diverged=False)

    def _row(self, point: Point, rate: float) -> int:
        return self.figures.points.keys.index((self.best.apply, point.value, point.l1, point.l2, rate))

    def _rows(self, rate: float) -> Indices:
        return np.flatnonzero(self.table[columns.SECOND].to_numpy(np.float64) == rate)

    def _difference(self, rate: float, best: Point, p: Floats) -> PairedDifference | None:
        """At ``rate`` the best point less the sweep's own."""
        first, second = self._row(best, rate), self._row(self.best.best, rate)
        values, higher = self.figures.of(self.measure), self.measure in HIGHER_IS_BETTER
        adjusted = None if np.isnan(p[first]) else float(p[first])
        apart = values[first], values[second]
        return paired_difference(*apart, self.overlap, higher_is_better=higher, p_adjusted=adjusted)


def _value(point: Point) -> str:
    return short(point.value, 3)
