"""The verdict on a sweep as text: the best λ and its uncertainty, the 1-SE choice, regimes, divergence and caveats.

Pure text: the figures are those of :class:`reglab.analysis.SweepVerdict`.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from reglab import columns
from reglab.analysis import LEAST_REPEATS, RULE, Chance, SweepVerdict, sweep_verdict, why_no_best
from reglab.charts.gap import Measure
from reglab.charts.lambda_axis import lambda_text
from reglab.number_format import PERCENT, fixed, percent, points
from reglab.sweep import Point, SweepSpec

COLUMNS: Mapping[Measure, str] = {"accuracy": columns.VAL_ACC, "loss": columns.VAL_LOSS}

Zeros = Mapping[tuple[str, float, float], float]
"""(penalty mode, λ₁, λ₂) → share of all weights that are exactly 0."""

_LISTED = 4  # λ of a list that are written out
_NEVER_CHOSEN = "A λ with diverged runs is never chosen."


@dataclass(frozen=True)
class EpochView:
    """A sweep at ``epoch`` of ``epochs``, judged by one ``measure``; equal ``source`` means an equal ``table``.

    ``training``: runs are queued or train; ``newest``: no later epoch has figures.
    """

    spec: SweepSpec
    table: pd.DataFrame
    chance: Chance | None
    epoch: int
    epochs: int
    training: bool = False
    newest: bool = True
    measure: Measure = "accuracy"
    zeros: Zeros = field(default_factory=dict)
    source: Hashable = None

    def verdict(self, mode: str | None = None) -> SweepVerdict | None:
        """The verdict on one penalty mode, or on the mode that holds the best point."""
        return sweep_verdict(self.table, COLUMNS[self.measure], mode)


def verdict_text(view: EpochView) -> list[str]:
    """Paragraphs in Markdown; the first names the best λ, or says why there is none."""
    spec = view.spec
    verdicts = {mode: view.verdict(mode) for mode in spec.applies}
    found = [verdict for verdict in verdicts.values() if verdict is not None]
    if not found:
        return [_no_best(view)]
    texts = [_mode_text(view, verdict, named=len(verdicts) > 1) for verdict in found]
    first, *rest = texts[0] if len(found) == 1 else [_comparison(spec, found), *(" ".join(text) for text in texts)]
    without = [_no_best_of(view, mode) for mode, verdict in verdicts.items() if verdict is None]
    return [_opening(view) + first, *rest, *without, *_caveats(spec, found)]


def rule_help(measure: Measure) -> str:
    """How the verdict is reached."""
    top = "highest" if measure == "accuracy" else "lowest"
    return (
        f"**Best**: the λ with the {top} mean validation {measure}. A λ with diverged runs or at chance is excluded."
        "  \n"
        "**1-SE choice**: the largest λ whose mean is within one standard error of the best mean; the standard error "
        "is that of the best λ.  \n"
        "**Interval**: each repeat gives the difference between this λ and λ = 0 from the same initial weights. The "
        "95 % interval is Student's t over these differences, widened because repeats share images (Nadeau and "
        "Bengio 2003); fewer than 3 repeats have none.  \n"
        f"**Regimes**: {RULE}  \n"
        "λ is chosen on the validation images, so its figure is slightly optimistic: confirm it on held-out images."
    )


def named_point(spec: SweepSpec, point: Point) -> str:
    """The λ of a point: "λ₂ = 0.03"; both in a grid."""
    if spec.kind == "grid":
        return f"λ₁ = {lambda_text(point.l1)}, λ₂ = {lambda_text(point.l2)}"
    return f"{spec.symbol} = {lambda_text(point.value)}"


def figure(value: float, error: float | None, measure: str) -> str:
    """A mean ± its standard error: "92.3 ± 0.8 %", "0.312 ± 0.012"."""
    unit = PERCENT if measure == columns.VAL_ACC else ""
    return _bare(value, measure) + ("" if error is None else f" ± {_bare(error, measure)}") + unit


def listed(spec: SweepSpec, chosen: Sequence[Point]) -> str:
    """Several λ: "λ₂ = 0.001, 0.003 and 0.01", in a grid "(λ₁, λ₂) = (0, 0.1) and (0.01, 0.1)"; cut after four."""
    grid = spec.kind == "grid"
    texts = [f"({lambda_text(p.l1)}, {lambda_text(p.l2)})" if grid else lambda_text(p.value) for p in chosen]
    if len(texts) > _LISTED:
        texts[_LISTED:] = [f"{len(texts) - _LISTED} more"]
    values = f"{', '.join(texts[:-1])} and {texts[-1]}" if len(texts) > 1 else texts[0]
    return f"{'(λ₁, λ₂)' if grid else spec.symbol} = {values}"


def regime_text(spec: SweepSpec, verdict: SweepVerdict, chance: Chance | None) -> str:
    """Where the network overfits, underfits and stays at chance, a sentence each; empty where it does none of these."""
    every = [point for point, _ in verdict.regimes]
    over, under, fallen = (verdict.of_regime(regime) for regime in ("overfits", "underfits", "at chance"))
    if spec.kind == "grid":
        well = verdict.of_regime("fits")
        counts = (over, "overfit"), (well, "well regularised"), (under, "underfit"), (fallen, "at chance")
        return f"Of {len(every)} pairs: {', '.join(f'{len(those)} {what}' for those, what in counts if those)}."
    places = (
        ("overfits", _place(spec, over, every, low=True)),
        ("underfits", _place(spec, under, every, low=False)),
        (f"stays at chance{f' ({chance.text})' if chance else ''}", _place(spec, fallen, every, low=False)),
    )
    sentences = [f"{what} at {where}." for what, where in places if where]
    return " ".join(("It " if i else "The network ") + sentence for i, sentence in enumerate(sentences))


def _place(spec: SweepSpec, chosen: Sequence[Point], every: Sequence[Point], *, low: bool) -> str:
    """Where ``chosen`` lie: "λ₂ < 0.01" if they are the lowest λ, "λ₂ ≥ 0.1" if the highest, else a list."""
    count = len(chosen)
    if low and 1 < count < len(every) and list(chosen) == every[:count]:
        return f"{spec.symbol} < {lambda_text(every[count].value)}"
    if not low and count > 1 and list(chosen) == every[-count:]:
        return f"{spec.symbol} ≥ {lambda_text(chosen[0].value)}"
    return listed(spec, chosen) if chosen else ""


def _opening(view: EpochView) -> str:
    """The epoch, where the verdict is not final."""
    at = f"epoch {view.epoch} of {view.epochs}: "
    if view.training and view.newest:
        return f"So far, after {at}"
    if not view.newest:
        return f"After {at}"
    return f"Stopped after {at}" if view.epoch < view.epochs else ""


def _mode_text(view: EpochView, verdict: SweepVerdict, *, named: bool) -> list[str]:
    """The paragraphs on one penalty mode; the first is the verdict itself."""
    spec, measure = view.spec, verdict.measure
    mode = f"{verdict.apply.capitalize()}: " if named else ""
    name = "validation accuracy" if measure == columns.VAL_ACC else "validation loss"
    best = (
        f"{mode}**{named_point(spec, verdict.best)} is best**: {name} {figure(verdict.mean, verdict.error, measure)}."
    )
    more = (
        _one_se(spec, verdict),
        regime_text(spec, verdict, view.chance),
        "" if view.training else _edge(spec, verdict),
        f"Runs diverged at {listed(spec, verdict.diverged)}. {_NEVER_CHOSEN}" if verdict.diverged else "",
        _zeros(verdict, view.zeros),
    )
    return [f"{best} {_gain(spec, verdict)}", *filter(None, more)]


def _gain(spec: SweepSpec, verdict: SweepVerdict) -> str:
    """The difference to λ = 0 and its interval."""
    zero = "λ₁ = λ₂ = 0" if spec.kind == "grid" else f"{spec.symbol} = 0"
    if verdict.best.value == 0:
        return f"No {'other pair' if spec.kind == 'grid' else f'larger {spec.symbol}'} does better."
    if verdict.difference is None:
        return f"The sweep has no {zero} to compare with."
    swept = {"l1", "l2"} if spec.kind in ("elastic", "grid") else {spec.kind}
    beside = any(fixed for key, fixed in spec.run.penalty.strengths.items() if key not in swept)
    than = f"{'over' if verdict.measure == columns.VAL_ACC else 'against'} {zero if beside else 'no penalty'}"
    gain = f"That is **{_signed(verdict.difference, verdict.measure)}** {than}"
    if verdict.low is None or verdict.high is None:
        return f"{gain}."
    interval = f"{_bare(verdict.low, verdict.measure)} to {_bare(verdict.high, verdict.measure)}"
    repeats = f"{verdict.pairs} {spec.repeated_over}s"
    if verdict.overlap:
        return f"{gain}. The paired 95 % interval, {interval} over {repeats}, includes 0: **no clear gain**."
    return f"{gain} (paired 95 % interval {interval}, {repeats})."


def _one_se(spec: SweepSpec, verdict: SweepVerdict) -> str:
    if verdict.one_se is None:
        return ""
    if verdict.one_se == verdict.best:
        return "It is also the 1-SE choice."
    return f"The 1-SE choice is **{named_point(spec, verdict.one_se)}**."


def _edge(spec: SweepSpec, verdict: SweepVerdict) -> str:
    if verdict.edge is None:
        return ""
    further = "larger" if verdict.edge == "high" else "smaller"
    if spec.kind == "grid":
        return f"The best pair is at the edge of the grid. A {further} λ may be better: widen the range."
    end = "largest" if verdict.edge == "high" else "smallest above 0"
    return f"The best λ is the {end} in this sweep. A {further} one may be better: widen the range."


def _zeros(verdict: SweepVerdict, zeros: Zeros) -> str:
    """The exact zeros at the best λ, where L1 acts."""
    share = zeros.get((verdict.apply, verdict.best.l1, verdict.best.l2), math.nan)
    if not math.isfinite(share) or not verdict.best.l1:
        return ""
    if share == 0 and verdict.apply != "proximal":
        return "No weight is exactly 0 there. L1 reaches exact zeros only in proximal mode."
    return f"Exact zeros there: {percent(share, 0)} of all weights."


def _comparison(spec: SweepSpec, verdicts: Sequence[SweepVerdict]) -> str:
    """The two best penalty modes, each at its best λ."""
    accuracy = verdicts[0].measure == columns.VAL_ACC
    better, other = sorted(verdicts, key=lambda verdict: verdict.mean, reverse=accuracy)[:2]
    apart = abs(better.mean - other.mean)
    text = (
        f"**{better.apply.capitalize()} at its best ({named_point(spec, better.best)})** is "
        f"{_signed(apart, better.measure).lstrip('+')} {'above' if accuracy else 'below'} {other.apply} at its best "
        f"({named_point(spec, other.best)})."
    )
    if better.error is not None and other.error is not None and apart <= math.hypot(better.error, other.error):
        text += " That is within the standard error of the difference: **no clear winner**."
    return f"{text} The same λ acts differently in each mode."


def _caveats(spec: SweepSpec, verdicts: Sequence[SweepVerdict]) -> list[str]:
    repeats = max(verdict.n for verdict in verdicts)
    if repeats < 2:
        return [
            f"One {spec.repeated_over} gives neither a standard error nor an interval. A difference of a few points "
            "may be chance: use 3 or more seeds."
        ]
    return [f"Two {spec.repeated_over}s give no interval: use 3 or more."] if repeats < LEAST_REPEATS else []


def _no_best(view: EpochView) -> str:
    """Why no λ is best: nothing learnt, diverged, or no figures."""
    found = why_no_best(view.table, view.chance)
    if found is None:
        return ""
    if found.fallen and view.chance is not None and (view.training or not view.newest):
        which = "Every other λ" if found.diverged else "Every λ"
        diverged = f" Runs diverged at {found.diverged} λ. {_NEVER_CHOSEN}" if found.diverged else ""
        return f"{_opening(view)}nothing is learnt yet. {which} is still at chance, {view.chance.text}.{diverged}"
    if found.diverged:
        return f"**{found.headline}**{found.rest} Try a smaller learning rate."
    if found.fallen and view.chance is not None:
        return f"**{found.headline}**{found.rest} Try smaller λ, more epochs or another learning rate."
    return "The verdict follows after the first epoch." if view.training else found.text


def _no_best_of(view: EpochView, mode: str) -> str:
    """Why one penalty mode has no best λ, where another has."""
    table = view.table[view.table[columns.APPLY] == mode]
    found = why_no_best(table, view.chance)
    if found is not None and found.fallen and view.chance is not None:
        return f"{mode.capitalize()}: nothing was learnt, every λ is at chance, {view.chance.text}."
    if found is not None and found.diverged == len(table):
        return f"{mode.capitalize()}: every λ has diverged runs."
    return f"{mode.capitalize()}: no figures yet."


def _signed(value: float, measure: str) -> str:
    """A difference with its sign: "+6.8 points", "−0.210"."""
    return f"{points(value)} points" if measure == columns.VAL_ACC else fixed(value, 3, sign=True)


def _bare(value: float, measure: str) -> str:
    """A figure without sign and unit: "6.8", "−0.210"."""
    return points(value, sign=False) if measure == columns.VAL_ACC else fixed(value, 3)
