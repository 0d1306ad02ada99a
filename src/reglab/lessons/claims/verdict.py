"""From measured figures to a verdict: holds, fails or undecided, in a sentence that only repeats the figures."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from reglab import columns
from reglab.lessons.claims.claim import Claim, Measured, Part
from reglab.lessons.claims.results import Results
from reglab.lessons.claims.rules import AllAbove, AllBelow, Interval, Outcome, interval, together

WORDS: dict[Outcome, str] = {True: "holds", False: "fails", None: "undecided"}


@dataclass(frozen=True)
class Outcomes:
    """One part's values over seeds, their interval, and what its test says."""

    part: Part
    values: tuple[float, ...]
    interval: Interval
    holds: Outcome

    @property
    def figure(self) -> str:
        """For example "−38.2 % (95 % interval −39.0 to −37.1, 6 seeds)"."""
        unit, found = self.part.unit, self.interval
        if isinstance(self.part.test, AllBelow | AllAbove) and self.values:
            lowest, highest = unit.bare(min(self.values)), unit.show(max(self.values))
            same = unit.bare(max(self.values)) == lowest
            return f"{highest} (each of {found.n} seeds)" if same else f"{lowest} to {highest} ({found.n} seeds)"
        if not math.isfinite(found.mean):
            return "not finite"
        return (
            f"{unit.show(found.mean)} (95 % interval {unit.bare(found.low)} to {unit.bare(found.high)}, "
            f"{found.n} seeds)"
        )

    @property
    def sentence(self) -> str:
        """The part's sentence with its figure."""
        return self.part.says.format(figure=self.figure)


@dataclass(frozen=True)
class Verdict:
    """``holds`` is None where the figures do not decide. ``figures``: :data:`reglab.columns.SEED_COLUMNS`."""

    holds: Outcome
    outcomes: tuple[Outcomes, ...]
    figures: pd.DataFrame

    @property
    def word(self) -> str:
        """ "holds", "fails" or "undecided"."""
        return WORDS[self.holds]

    @property
    def sentence(self) -> str:
        """Every part's sentence, and with several parts what each came to."""
        several = len(self.outcomes) > 1
        return " ".join(o.sentence + (f" ({WORDS[o.holds].capitalize()}.)" if several else "") for o in self.outcomes)


def judge(claim: Claim, results: Results) -> Verdict:
    """What ``results`` say about ``claim``."""
    return decide(claim, claim.measure(results))


def decide(claim: Claim, measured: Measured) -> Verdict:
    """What the measured values say about ``claim``, by its own rule."""
    outcomes = tuple(_outcome(part, tuple(float(value) for value in measured[part.name])) for part in claim.parts)
    return Verdict(together([outcome.holds for outcome in outcomes]), outcomes, _figures(outcomes))


def _outcome(part: Part, values: tuple[float, ...]) -> Outcomes:
    finite = all(map(math.isfinite, values))
    return Outcomes(part, values, interval(values), part.test.decide(values) if finite else None)


def _figures(outcomes: tuple[Outcomes, ...]) -> pd.DataFrame:
    """:data:`reglab.columns.SEED_COLUMNS`; what must hold with every seed has no mean."""
    rows = []
    for o in outcomes:
        unit, exact = o.part.unit, isinstance(o.part.test, AllBelow | AllAbove)
        over = [math.nan if exact else unit.scale * x for x in (o.interval.mean, o.interval.low, o.interval.high)]
        lines = tuple(unit.scale * line for line in o.part.test.lines)
        rows += [(o.part.label, unit.scale * value, *over, unit.name, unit.log, lines) for value in o.values]
    return pd.DataFrame(rows, columns=list(columns.SEED_COLUMNS))
