"""From measured figures to a verdict: holds, fails or undecided, in sentences that only repeat the figures.

Measured figures are kept in ``home/claims/``, so that a verdict is there at once, also after a restart. A file is named
by the claim, the bits of its runs' weights and the code that measures: a change of any of them measures anew. Lost or
damaged files cost only the time to measure again.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pandas as pd

from reglab import columns
from reglab.errors import StoreError
from reglab.lessons.claim import Claim, Measured, Part, Results
from reglab.lessons.rules import Interval, Outcome, interval, together
from reglab.lessons.standing import Standing, read
from reglab.store import Store, atomic

log = logging.getLogger(__name__)

LABELS: dict[Outcome, str] = {True: "holds", False: "fails", None: "undecided"}
FOLDER = "claims"


@dataclass(frozen=True)
class Outcomes:
    """The values of one part over seeds, their interval, and the decision of its rule."""

    part: Part
    values: tuple[float, ...]
    interval: Interval
    holds: Outcome

    @property
    def figure(self) -> str:
        """For example "−38.2 % (95 % interval −39.0 to −37.1, 6 seeds)"."""
        unit, found = self.part.unit, self.interval
        if self.part.test.every_seed and self.values:
            lowest, highest = unit.bare(min(self.values)), unit.show(max(self.values))
            same = unit.bare(max(self.values)) == lowest
            return f"{highest} (each of {found.n} seeds)" if same else f"{lowest} to {highest} ({found.n} seeds)"
        if not math.isfinite(found.mean):
            return "not finite"
        low, high = unit.bare(found.low), unit.bare(found.high)
        return f"{unit.show(found.mean)} (95 % interval {low} to {high}, {found.n} seeds)"

    @property
    def sentence(self) -> str:
        """The part's sentence with its figure, and the published figure where there is one."""
        return self.part.says.format(figure=self.figure) + self._published

    @property
    def _published(self) -> str:
        known = self.part.published
        return "" if known is None else f" Published: {self.part.unit.show(known)}."


@dataclass(frozen=True)
class Verdict:
    """``holds`` is None where the figures do not decide. ``figures``: :data:`reglab.columns.SEED_COLUMNS`."""

    holds: Outcome
    outcomes: tuple[Outcomes, ...]
    figures: pd.DataFrame

    @property
    def word(self) -> str:
        """ "holds", "fails" or "undecided"."""
        return LABELS[self.holds]

    @property
    def sentence(self) -> str:
        """The sentences of all parts, each with its own outcome where there are several."""
        several = len(self.outcomes) > 1
        return " ".join(o.sentence + (f" ({LABELS[o.holds].capitalize()}.)" if several else "") for o in self.outcomes)


def judge(claim: Claim, results: Results) -> Verdict:
    """The verdict of ``results`` on ``claim``."""
    return decide(claim, claim.measure(results))


def decide(claim: Claim, measured: Measured) -> Verdict:
    """The verdict of the measured values, by the claim's own rule."""
    outcomes = tuple(_outcome(part, tuple(float(value) for value in measured[part.name])) for part in claim.parts)
    return Verdict(together([outcome.holds for outcome in outcomes]), outcomes, _figures(outcomes))


def _outcome(part: Part, values: tuple[float, ...]) -> Outcomes:
    finite = all(map(math.isfinite, values))
    return Outcomes(part, values, interval(values), part.test.decide(values) if finite else None)


def _figures(outcomes: tuple[Outcomes, ...]) -> pd.DataFrame:
    """:data:`reglab.columns.SEED_COLUMNS`; a rule for every seed has no mean."""
    rows: list[tuple[object, ...]] = []
    for o in outcomes:
        unit, rule = o.part.unit, o.part.test
        means = (o.interval.mean, o.interval.low, o.interval.high)
        over = [math.nan if rule.every_seed else unit.scale * x for x in means]
        lines = tuple(unit.scale * line for line in rule.lines)
        known = math.nan if o.part.published is None else unit.scale * o.part.published
        rows += [(o.part.label, unit.scale * value, *over, unit.name, unit.log, lines, known) for value in o.values]
    return pd.DataFrame(rows, columns=list(columns.SEED_COLUMNS))


# Kept figures


def verdict_of(store: Store, one: Standing) -> Verdict:
    """The verdict on a complete standing, measured at most once for all processes that share the home.

    :raises CheckpointError: where the weights of a run are gone.
    """
    path = store.home / FOLDER / f"{one.claim.name}-{_fingerprint(one)}.json"
    measured = _load(path, one.claim)
    if measured is None:
        measured = one.claim.measure(read(store, one.finished))
        if store.read_only is not None:
            return decide(one.claim, measured)
        text = json.dumps({name: [float(value) for value in values] for name, values in measured.items()})
        try:
            path.parent.mkdir(exist_ok=True)
            atomic.write(path, text.encode())
        except (OSError, StoreError) as error:
            log.warning("The figures of a claim could not be kept: %s", error)
    return decide(one.claim, measured)


def _fingerprint(one: Standing) -> str:
    """Equal where the measured figures must be equal."""
    runs = sorted(f"{trial.role} {trial.seed} {run.id} {run.weights_sha256}" for trial, run in one.finished.items())
    return hashlib.sha256("\n".join([_code(), *runs]).encode()).hexdigest()[:24]


@lru_cache(maxsize=1)
def _code() -> str:
    files = sorted(Path(__file__).parent.rglob("*.py"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def _load(path: Path, claim: Claim) -> Measured | None:
    """The figures in the file; None unless it has a list of numbers for each part."""
    try:
        found = json.loads(path.read_text("utf-8"))
        return {part.name: [float(value) for value in found[part.name]] for part in claim.parts}
    except (OSError, ValueError, KeyError, TypeError):
        return None
