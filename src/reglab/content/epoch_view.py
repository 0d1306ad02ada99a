"""What a view shows of a sweep at one epoch: the sweep, its judgement, and the epoch rule and measure on screen."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

import pandas as pd

from reglab import columns
from reglab.analysis import Chance, RateCheck, RuleJudgement, SweepJudgement, SweepVerdict
from reglab.charts.gap import Measure
from reglab.content.confirm_text import ConfirmedFigures
from reglab.sweep import EpochRule, Point, SweepSpec

COLUMNS = columns.MEASURES

Zeros = Mapping[tuple[str, Point], float]
"""(penalty mode, point) → share of all weights that are exactly 0."""


@dataclass(frozen=True)
class EpochView:
    """A sweep at ``epoch`` of ``epochs``, judged; the charts and the table show ``rule``.

    ``training``: runs are queued or train; ``newest``: no later epoch has figures. ``confirmed`` is the
    confirmation that the verdict names, ``confirmations`` are all that have ended, newest first. Equal ``source``:
    equal figures.
    """

    spec: SweepSpec
    judgement: SweepJudgement
    rule: EpochRule
    epoch: int
    epochs: int
    training: bool = False
    newest: bool = True
    measure: Measure = "loss"
    zeros: Zeros = field(default_factory=dict)
    confirmed: ConfirmedFigures | None = None
    confirmations: tuple[ConfirmedFigures, ...] = ()
    rate_check: RateCheck | None = None
    source: Hashable = None

    @property
    def shown(self) -> RuleJudgement:
        """The judgement under the rule on screen."""
        return self.judgement.by_rule[self.rule]

    @property
    def table(self) -> pd.DataFrame:
        """The judged table under the rule on screen."""
        return self.shown.table

    @property
    def chance(self) -> Chance | None:
        return self.judgement.chance

    @property
    def declared(self) -> bool:
        """Whether the rule on screen is the sweep's own, the only one tested."""
        return self.rule == self.judgement.declared

    def verdict_of(self, mode: str) -> SweepVerdict | None:
        """The verdict on one penalty mode."""
        return next((verdict for verdict in self.shown.verdicts if verdict.apply == mode), None)
