"""What is concluded from a sweep: one frozen result that the page, the commands and JSON read alike.

The rules: each run counts at the epoch of a declared *epoch rule* (:data:`reglab.sweep.EpochRule`); λ is chosen under
all three rules, and only the choice under the declared rule is tested against λ = 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from reglab import columns
from reglab.analysis.budget import Budget
from reglab.analysis.chance import Chance
from reglab.analysis.paired import PairedDifference, RepeatedFigure
from reglab.analysis.select import NoBest
from reglab.analysis.sweep_result import SweepVerdict
from reglab.analysis.winners import Winners
from reglab.sweep import EpochRule, Point

Correction = Literal["bootstrap bias correction", "Tibshirani and Tibshirani"]


@dataclass(frozen=True, eq=False)
class RuleJudgement:
    """The sweep with every run at the epoch of ``rule``.

    ``table``: a row a point, as :func:`reglab.analysis.judged_table` returns it; its LOW, HIGH and P_ADJUSTED are NaN
    unless ``tested``. ``verdicts``: one for each family (penalty mode, and values of other axes) that has a best λ.
    ``best``: the verdict of the family with the best point; ``None`` where no λ is best.
    """

    rule: EpochRule
    tested: bool
    table: pd.DataFrame
    verdicts: tuple[SweepVerdict, ...]
    best: SweepVerdict | None


@dataclass(frozen=True)
class Rival:
    """Early stopping alone: ``point`` is λ = 0, where every run counts at its lowest validation loss.

    ``figure`` has the measure with its interval, ``error`` the standard error of its mean; ``epochs``, ascending, are
    those of the repeats. ``difference`` is the declared rule's best λ less this rival; ``None`` where no λ is best or
    where that best is the rival itself.
    """

    point: Point
    figure: RepeatedFigure
    error: float | None
    epochs: tuple[int, ...]
    difference: PairedDifference | None


@dataclass(frozen=True)
class Corrected:
    """The measure at the chosen λ without the bias of having chosen it; ``optimism`` is how much better it looked."""

    value: float
    optimism: float
    method: Correction


@dataclass(frozen=True)
class Criteria:
    """The choice by validation loss and by validation accuracy, under the declared rule in the best family.

    ``loss`` and ``accuracy`` are the paired differences of the accuracy's choice less the loss's choice in either
    figure; ``None`` where the choices agree or one is missing.
    """

    by_loss: SweepVerdict | None
    by_accuracy: SweepVerdict | None
    loss: PairedDifference | None
    accuracy: PairedDifference | None

    @property
    def agree(self) -> bool:
        """Whether both choose the same λ (or neither chooses any)."""
        return (self.by_loss and self.by_loss.best) == (self.by_accuracy and self.by_accuracy.best)

    @property
    def reason(self) -> Literal["agree", "accuracy cannot tell", "confidence", "unknown"]:
        """Why the choices differ.

        "accuracy cannot tell": the interval of the accuracy difference includes 0, and the loss, which uses each
        image's probability and not only its class, decides. "confidence": the accuracy's choice classifies more images
        correctly, and is more certain of its errors. "unknown": too few repeats for an interval.
        """
        if self.agree:
            return "agree"
        if self.accuracy is None or self.accuracy.low is None:
            return "unknown"
        return "accuracy cannot tell" if self.accuracy.includes_zero else "confidence"


@dataclass(frozen=True, eq=False)
class SweepJudgement:
    """Everything that is concluded from a sweep by one ``measure`` (VAL_ACC or VAL_LOSS).

    ``declared`` is the sweep's epoch rule, the only one tested; ``by_rule`` has all three. ``overlap`` is the r of the
    intervals (see :func:`reglab.analysis.paired.interval`). ``figure`` has the measure at the best λ, repeat by repeat,
    ``None`` where no λ is best; ``rival`` is ``None`` without a λ = 0, ``corrected`` without predictions or folds,
    ``winners`` but for maps, ``budget`` where no λ is best or epochs are left; ``no_best`` says why no λ is best.
    """

    measure: str
    declared: EpochRule
    by_rule: Mapping[EpochRule, RuleJudgement]
    overlap: float
    chance: Chance | None
    figure: RepeatedFigure | None
    rival: Rival | None
    corrected: Corrected | None
    criteria: Criteria
    winners: Winners | None
    budget: Budget | None
    no_best: NoBest | None

    @property
    def own(self) -> RuleJudgement:
        """The judgement under the declared rule."""
        return self.by_rule[self.declared]

    @property
    def best(self) -> SweepVerdict | None:
        """The verdict on the best λ under the declared rule; ``None`` where no λ is best."""
        return self.own.best

    @property
    def rules_agree(self) -> bool:
        """Whether all three epoch rules choose the same λ of the same family."""
        found = {(v.apply, v.best) if v else None for v in (each.best for each in self.by_rule.values())}
        return len(found) == 1

    @property
    def higher_is_better(self) -> bool:
        """True for an accuracy."""
        return self.measure == columns.VAL_ACC
