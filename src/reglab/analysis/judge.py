"""Judge a sweep: one pure function from its frames to :class:`SweepJudgement`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reglab import columns
from reglab.analysis.bias import Scores, bootstrap_corrected, tibshirani_corrected
from reglab.analysis.budget import Budget, budget_of
from reglab.analysis.chance import Chance, balanced_accuracy
from reglab.analysis.judgement import Corrected, Correction, Criteria, Rival, RuleJudgement, SweepJudgement
from reglab.analysis.paired import PairedDifference, RepeatedFigure, paired_difference
from reglab.analysis.select import HIGHER_IS_BETTER, can_be_best, why_no_best
from reglab.analysis.sign_flips import max_t
from reglab.analysis.sweep_result import SweepVerdict, judged_figures, sweep_verdict
from reglab.analysis.sweep_table import Counted, Floats, Indices, Points, counted, mean_and_error
from reglab.analysis.winners import winners_of
from reglab.sweep import EPOCH_RULES, EpochRule, Point, SweepSpec

Labels = NDArray[np.int64]

_OTHER = {columns.VAL_ACC: columns.VAL_LOSS, columns.VAL_LOSS: columns.VAL_ACC}


def judge_sweep(
    spec: SweepSpec,
    lanes: pd.DataFrame,
    epochs: pd.DataFrame,
    *,
    overlap: float,
    measure: str = columns.VAL_ACC,
    epoch: int | None = None,
    chance: Chance | None = None,
    scores: Mapping[str, Scores] | None = None,
    labels: Labels | None = None,
) -> SweepJudgement:
    """Everything that is concluded from the sweep ``spec`` at epochs ≤ ``epoch``.

    :param lanes: :data:`reglab.columns.LANE_COLUMNS`, a row a run (:func:`reglab.analysis.runs_table`).
    :param epochs: :data:`reglab.columns.EPOCH_COLUMNS`.
    :param overlap: r of the intervals: :func:`reglab.analysis.overlap_of_seeds` or ``overlap_of_folds``; 0 where
        repeats share no images.
    :param measure: VAL_ACC or VAL_LOSS.
    :param scores: run → its validation images (:class:`reglab.predictions.ValScores`), for the bias correction.
    :param labels: the true class of every image of the dataset; with ``scores``, tables have BALANCED_ACC.
    """
    figures = {rule: counted(lanes, epochs, epoch, rule) for rule in EPOCH_RULES}
    known = scores or {}
    judge = _Judge(spec, lanes, epochs, figures, overlap, measure, epoch, chance, known, labels)
    rules = {rule: judge.by_rule(rule) for rule in EPOCH_RULES}
    own = rules[spec.epoch_rule]
    return SweepJudgement(
        measure=measure,
        declared=spec.epoch_rule,
        by_rule=rules,
        overlap=overlap,
        chance=chance,
        figure=judge.figure(judge.values(own.rule)[judge.row(own.best)]) if own.best else None,
        rival=judge.rival(own),
        corrected=judge.corrected(own, own.best) if own.best else None,
        criteria=judge.criteria(own),
        winners=winners_of(own.table, measure, chance) if spec.is_map else None,
        budget=judge.budget(own.best) if own.best else None,
        no_best=why_no_best(own.table, chance),
    )


@dataclass(frozen=True, eq=False)
class _Judge:
    """The frames, the figures that count under each rule, and how they are judged."""

    spec: SweepSpec
    lanes: pd.DataFrame
    epochs: pd.DataFrame
    figures: Mapping[EpochRule, Counted]
    overlap: float
    measure: str
    epoch: int | None
    chance: Chance | None
    scores: Mapping[str, Scores]
    labels: Labels | None

    @property
    def points(self) -> Points:
        return self.figures["last"].points

    def table(self, rule: EpochRule, measure: str, *, tested: bool) -> pd.DataFrame:
        table = judged_figures(self.figures[rule], measure, self.chance, overlap=self.overlap, tested=tested)
        if not self.spec.axes[0].setting.is_lambda:  # nothing but λ orders by strength
            table = table.assign(**dict.fromkeys((columns.ONE_SE, columns.ONE_SE_PAIRED), False))
        return table.assign(**{columns.BALANCED_ACC: self.balanced(rule)})

    def balanced(self, rule: EpochRule) -> Floats:
        """(points,) mean balanced accuracy of the repeats that count; NaN where it is not known."""
        found = np.full(len(self.lanes), np.nan)
        at = self.values(rule, columns.EPOCH)[self.points.point, self.points.repeat]
        for lane, run in enumerate(self.lanes[columns.RUN]):
            one = self.scores.get(run)
            if one is not None and self.labels is not None and np.isfinite(at[lane]):
                found[lane] = balanced_accuracy(one.correct[int(at[lane]) - 1], self.labels[one.index])
        return mean_and_error(self.points.spread(found))[0]

    def values(self, rule: EpochRule, measure: str | None = None) -> Floats:
        """(points, repeats) of a measure or of EPOCH."""
        return self.figures[rule].of(measure or self.measure)

    def row(self, verdict: SweepVerdict) -> int:
        """The place of a verdict's best point, in the table and in :attr:`points`."""
        best = verdict.best
        place = (verdict.apply, best.value, best.l1, best.l2, best.second)
        return self.points.keys.index(place[: len(self.points.names)])

    def eligible(self, own: RuleJudgement) -> Indices:
        return np.flatnonzero(can_be_best(own.table, self.measure, self.chance))

    @property
    def higher(self) -> bool:
        return self.measure in HIGHER_IS_BETTER

    def by_rule(self, rule: EpochRule) -> RuleJudgement:
        tested = rule == self.spec.epoch_rule
        table = self.table(rule, self.measure, tested=tested)
        modes = self.spec.applies
        found = tuple(filter(None, (sweep_verdict(table, self.measure, mode) for mode in modes)))
        best = sweep_verdict(table, self.measure) if len(modes) > 1 else next(iter(found), None)
        return RuleJudgement(rule, tested, table, found, best)

    def figure(self, values: Floats) -> RepeatedFigure | None:
        return RepeatedFigure.of(values, self.overlap, higher_is_better=self.higher)

    def rival(self, own: RuleJudgement) -> Rival | None:
        """The λ = 0 of the best point; the first one where no λ is best."""
        reference = self.points.reference
        zero = int(reference[self.row(own.best)] if own.best else reference.max(initial=-1))
        values, at = self.values("best")[zero], self.values("best", columns.EPOCH)[zero]
        figure = self.figure(values) if zero >= 0 else None
        if figure is None:
            return None
        error = float(mean_and_error(values[None])[1][0])
        epochs = tuple(sorted(int(epoch) for epoch in at[np.isfinite(at)]))
        difference = self.over_rival(own, self.row(own.best), zero, values) if own.best else None
        point = Point(*self.points.keys[zero][1:])
        return Rival(point, figure, None if np.isnan(error) else error, epochs, difference)

    def over_rival(self, own: RuleJudgement, best: int, zero: int, rival: Floats) -> PairedDifference | None:
        """The best point less the rival, adjusted for all points that could have been best."""
        values, candidates = self.values(own.rule), self.eligible(own)
        if best == zero and np.array_equal(
            values[best], rival, equal_nan=True
        ):  # also where the last epoch is the best
            return None
        p = float(max_t(values[candidates] - rival, self.overlap)[candidates == best][0])
        adjusted = None if np.isnan(p) else p
        return paired_difference(values[best], rival, self.overlap, higher_is_better=self.higher, p_adjusted=adjusted)

    def corrected(self, own: RuleJudgement, best: SweepVerdict) -> Corrected | None:
        """By the predictions of all runs, or by folds."""
        method: Correction = "bootstrap bias correction"
        candidates = self.eligible(own)
        value = bootstrap_corrected(self.lanes, self.scores, candidates, self.measure, own.rule, self.epoch)
        if value is None and self.spec.folds:
            method = "Tibshirani and Tibshirani"
            value = tibshirani_corrected(self.values(own.rule), candidates, self.measure, self.row(best))
        if value is None:
            return None
        return Corrected(value, best.mean - value if self.higher else value - best.mean, method)

    def criteria(self, own: RuleJudgement) -> Criteria:
        other = _OTHER[self.measure]
        by = {self.measure: own.best, other: sweep_verdict(self.table(own.rule, other, tested=False), other)}
        by_loss, by_accuracy = by[columns.VAL_LOSS], by[columns.VAL_ACC]
        if by_loss is None or by_accuracy is None or self.row(by_loss) == self.row(by_accuracy):
            return Criteria(by_loss, by_accuracy, None, None)
        rows = self.row(by_accuracy), self.row(by_loss)
        loss, accuracy = (self._apart(own.rule, measure, *rows) for measure in (columns.VAL_LOSS, columns.VAL_ACC))
        return Criteria(by_loss, by_accuracy, loss, accuracy)

    def _apart(self, rule: EpochRule, measure: str, first: int, second: int) -> PairedDifference | None:
        values = self.values(rule, measure)
        higher = measure in HIGHER_IS_BETTER
        return paired_difference(values[first], values[second], self.overlap, higher_is_better=higher)

    def budget(self, best: SweepVerdict) -> Budget | None:
        """``None`` where the sweep is seen before its end."""
        planned, rule, row = self.spec.run.train.epochs, self.spec.epoch_rule, self.row(best)
        if self.epoch is not None and self.epoch < planned:
            return None
        own = self.points.point == row
        return budget_of(self.lanes[own], self.epochs, self.values(rule, columns.EPOCH)[row], rule, planned)
