"""The verdict on a sweep as text, one idea a line: the best λ, the test against λ = 0, and every rival and caveat.

Pure text: the figures are those of :class:`reglab.analysis.SweepJudgement`.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import pandas as pd

from reglab import columns
from reglab.analysis import Chance, PairedDifference, RuleJudgement, SweepJudgement, SweepVerdict, why_no_best
from reglab.analysis.paired import DECISIVE_REPEATS
from reglab.charts.gap import Measure
from reglab.charts.lambda_axis import lambda_text
from reglab.number_format import PERCENT, fixed, percent, points, short
from reglab.sweep import EpochRule, Point, SweepSpec
from reglab.ui.sweep import verdict_help as rules

COLUMNS: Mapping[Measure, str] = {"accuracy": columns.VAL_ACC, "loss": columns.VAL_LOSS}
RULES: Mapping[EpochRule, str] = {"last": "last epoch", "best": "best epoch", "common": "common epoch"}

Zeros = Mapping[tuple[str, Point], float]
"""(penalty mode, point) → share of all weights that are exactly 0."""

_LISTED = 4  # λ of a list that are written out
_SURE = 1e-3  # an adjusted p below it is written as such
_NEVER_CHOSEN = "A λ with diverged runs is never chosen."


class Line(NamedTuple):
    """One idea in Markdown, and the rule behind its numbers."""

    text: str
    help: str = ""


@dataclass(frozen=True)
class EpochView:
    """A sweep at ``epoch`` of ``epochs``, judged; the charts and the table show ``rule``.

    ``training``: runs are queued or train; ``newest``: no later epoch has figures. Equal ``source``: equal figures.
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


def verdict_text(view: EpochView) -> list[Line]:
    """The lines of the verdict; the first names the best λ, or says why there is none."""
    best = view.shown.best
    if best is None:
        return [Line(_no_best(view))]
    lines = [_headline(view, best), *([_tested(view, best)] if view.declared else [_not_tested(view)])]
    lines += [_figures(view, best), *_rival(view, best), *_criteria(view), *_rules(view)]
    lines += [line for line in (_one_se(view.spec, best), _modes(view, best)) if line]
    return [*lines, *warnings(view, best)]


def warnings(view: EpochView, best: SweepVerdict) -> list[Line]:
    """What the best λ depends on."""
    texts = (
        "" if view.training else _edge(view.spec, best),
        _budget(view),
        f"Runs diverged at {listed(view.spec, best.diverged)}. {_NEVER_CHOSEN}" if best.diverged else "",
    )
    return [Line(text, rules.BUDGET if text.startswith("**The choice") else "") for text in texts if text]


def details_text(view: EpochView) -> list[str]:
    """Where the network over- and underfits, and exact zeros: a paragraph each."""
    best = view.shown.best
    if best is None:
        return []
    others = [_no_best_of(view, mode) for mode in view.spec.applies if not _verdict_of(view, mode)]
    return [*filter(None, (regime_text(view.spec, best, view.chance), _zeros(best, view.zeros))), *others]


def named_point(spec: SweepSpec, point: Point) -> str:
    """The values of a point: "λ₂ = 0.03", "λ₂ = 0.03, learning rate = 0.001"."""
    return ", ".join(f"{axis.symbol} = {lambda_text(value)}" for axis, value in spec.place(point))


def zero_text(spec: SweepSpec) -> str:
    """What every λ is compared with: "λ₂ = 0", "λ₁ = λ₂ = 0"."""
    if spec.kind == "grid":
        return "λ₁ = λ₂ = 0"
    return f"{spec.symbol} = 0" + (f" at the same {spec.axes[1].symbol}" if spec.is_map else "")


def figure(value: float, error: float | None, measure: str) -> str:
    """A mean ± its standard error: "92.3 ± 0.8 %", "0.312 ± 0.012"."""
    unit = PERCENT if measure == columns.VAL_ACC else ""
    return _bare(value, measure) + ("" if error is None else f" ± {_bare(error, measure)}") + unit


def difference_text(difference: PairedDifference) -> str:
    """Value, interval and adjusted p: "+1.8 points [0.4, 3.2], adjusted p 0.031"; no p where there is no interval."""
    measure = columns.VAL_ACC if difference.higher_is_better else columns.VAL_LOSS
    text = f"{_signed(difference.value, measure)}{interval_text(difference)}"
    if difference.p_adjusted is None or difference.low is None:
        return text
    return f"{text}, adjusted p {p_text(difference.p_adjusted)}"


def interval_text(difference: PairedDifference) -> str:
    """ " [0.4, 3.2]", with a space before it; empty without an interval."""
    if difference.low is None or difference.high is None:
        return ""
    measure = columns.VAL_ACC if difference.higher_is_better else columns.VAL_LOSS
    return f" [{_bare(difference.low, measure)}, {_bare(difference.high, measure)}]"


def p_text(p: float) -> str:
    """A p to two significant digits, "< 0.001" below that."""
    return "< 0.001" if p < _SURE else short(p, 2)


def listed(spec: SweepSpec, chosen: Sequence[Point]) -> str:
    """Several λ: "λ₂ = 0.001, 0.003 and 0.01", of a map "(λ₁, λ₂) = (0, 0.1) and (0.01, 0.1)"; cut after four."""
    places = [", ".join(lambda_text(value) for _, value in spec.place(point)) for point in chosen]
    texts = [f"({place})" if spec.is_map else place for place in places]
    if len(texts) > _LISTED:
        texts[_LISTED:] = [f"{len(texts) - _LISTED} more"]
    values = f"{', '.join(texts[:-1])} and {texts[-1]}" if len(texts) > 1 else texts[0]
    symbols = ", ".join(axis.symbol for axis in spec.axes)
    return f"{f'({symbols})' if spec.is_map else symbols} = {values}"


def regime_text(spec: SweepSpec, verdict: SweepVerdict, chance: Chance | None) -> str:
    """Where the network overfits, underfits and stays at chance, a sentence each; empty where it does none of these."""
    every = [point for point, _ in verdict.regimes]
    over, under, fallen = (verdict.of_regime(regime) for regime in ("overfits", "underfits", "at chance"))
    if spec.is_map:
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


def _headline(view: EpochView, best: SweepVerdict) -> Line:
    """The best λ with measure, epoch rule and repeats."""
    over = f"{best.n} {view.spec.repeated_over}{'s' if best.n > 1 else ''}"
    opening = _opening(view)
    rule = "" if opening and view.rule == "last" else f"{RULES[view.rule]}, "  # the opening names the epoch
    rule = f"{RULES[view.rule]} {best.epoch:.0f}, " if view.rule == "common" else rule
    mode = f" ({best.apply})" if len(view.spec.applies) > 1 and best.best.value else ""  # λ = 0 has no mode
    text = f"{opening}**{named_point(view.spec, best.best)}{mode} is best** (validation {view.measure}, {rule}{over})."
    return Line(text, rules.best(view.measure, view.rule))


def _tested(view: EpochView, best: SweepVerdict) -> Line:
    """The difference to λ = 0, and what the repeats show of it."""
    zero, over = zero_text(view.spec), view.spec.repeated_over
    if best.best.value == 0:
        return Line(f"No {'other pair' if view.spec.is_map else f'larger {view.spec.symbol}'} does better.")
    paired = best.paired
    if paired is None:
        return Line(f"The sweep has no {zero} to compare with." if view.spec.axes[0].setting.is_lambda else "")
    text = difference_text(paired)
    if paired.low is None:
        few = f"One {over} gives" if paired.repeats == 1 else f"{paired.repeats} {over}s give"
        return Line(f"Against {zero}: **{text}**. {few} no interval, so this may be chance.", rules.DIFFERENCE)
    text += f", better in {paired.better_in} of {paired.repeats}"
    head = {
        "better": f"**Better than {zero}**",
        "suggests better": f"**{paired.repeats} {over}s suggest that it is better than {zero}**",
        "equivalent": f"**Equivalent to {zero} within 0.5 points**",
    }.get(paired.conclusion, f"**Not distinguishable from {zero} with {paired.repeats} {over}s**")
    tail = f" {DECISIVE_REPEATS} {over}s are the fewest that can show it." if "suggests" in paired.conclusion else ""
    return Line(f"{head}: {text}.{tail}", rules.difference(view.judgement.overlap))


def _not_tested(view: EpochView) -> Line:
    declared = RULES[view.judgement.declared]
    return Line(f"Not tested: the sweep declares the rule {declared}.", rules.EPOCHS)


def _figures(view: EpochView, best: SweepVerdict) -> Line:
    """The figure at the choice, and the one without the bias of the choice."""
    text = f"Validation {view.measure} {figure(best.mean, best.error, best.measure)}"
    corrected = view.judgement.corrected if view.declared else None
    if corrected is not None:
        text += f", bias-corrected {figure(corrected.value, None, best.measure)}"
    return Line(f"{text}.", rules.corrected(corrected))


def _rival(view: EpochView, best: SweepVerdict) -> list[Line]:
    """Early stopping alone, and the best λ against it."""
    rival = view.judgement.rival
    if rival is None:
        return []
    epochs = f"{rival.epochs[0]}–{rival.epochs[-1]}" if len(set(rival.epochs)) > 1 else f"{rival.epochs[0]}"
    plural = "s" if len(set(rival.epochs)) > 1 else ""
    text = (
        f"**Early stopping alone** ({zero_text(view.spec)}, best epoch{plural} {epochs}): "
        f"{figure(rival.figure.mean, rival.error, best.measure)}"
    )
    own = view.judgement.best
    if rival.difference is None or own is None or not view.declared:
        same = view.declared and rival.difference is None and own is not None
        return [Line(f"{text}{', the same as the best λ' if same else ''}.", rules.RIVAL)]
    return [Line(f"{text}. {_against_rival(view, own, rival.difference)}", rules.RIVAL)]


def _against_rival(view: EpochView, best: SweepVerdict, difference: PairedDifference) -> str:
    name, over = named_point(view.spec, best.best), view.spec.repeated_over
    if difference.low is None:
        return f"{name} less that: {difference_text(difference)}."
    how = {
        "better": "is **better**",
        "worse": "is **worse**",
        "suggests better": f"is better, as {difference.repeats} {over}s suggest",
        "suggests worse": f"is worse, as {difference.repeats} {over}s suggest",
        "equivalent": "is equivalent within 0.5 points",
    }.get(difference.conclusion, "is not distinguishable from it")
    return f"{name} {how}: {difference_text(difference)}."


def _criteria(view: EpochView) -> list[Line]:
    """Where loss and accuracy choose different λ, and why."""
    criteria = view.judgement.criteria
    by_loss, by_accuracy = criteria.by_loss, criteria.by_accuracy
    if not view.declared or criteria.agree or by_loss is None or by_accuracy is None:
        return []
    named = [named_point(view.spec, verdict.best) for verdict in (by_loss, by_accuracy)]
    if by_loss.apply != by_accuracy.apply:
        named = [f"{name}, {verdict.apply}" for name, verdict in zip(named, (by_loss, by_accuracy), strict=True)]
    text = f"**Loss chooses {named[0]}, accuracy {named[1]}.**"
    accuracy = criteria.accuracy
    if criteria.reason == "unknown" or accuracy is None:
        return [Line(f"{text} There are too few {view.spec.repeated_over}s to say why.", rules.CRITERIA)]
    by = f"{_signed(accuracy.value, columns.VAL_ACC)}{interval_text(accuracy)}"
    why = {
        "accuracy cannot tell": f"Accuracy cannot tell them apart ({by}); loss also counts how sure the network is.",
        "confidence": f"The latter classifies more images correctly ({by}), but is surer of its mistakes.",
    }[criteria.reason]
    return [Line(f"{text} {why}", rules.CRITERIA)]


def _rules(view: EpochView) -> list[Line]:
    """The choice under each epoch rule, where they differ."""
    judgement = view.judgement
    if judgement.rules_agree:
        return [Line("All three epoch rules choose it.", rules.EPOCHS)] if view.epochs > 1 else []
    parts = []
    for rule, name in RULES.items():
        best = judgement.by_rule[rule].best
        choice = "none" if best is None else _short_point(view.spec, best.best)
        parts.append(f"**{name} {choice} (declared)**" if rule == judgement.declared else f"{name} {choice}")
    return [Line(f"By epoch rule: {', '.join(parts)}.", rules.EPOCHS)]


def _short_point(spec: SweepSpec, point: Point) -> str:
    place = ", ".join(lambda_text(value) for _, value in spec.place(point))
    return f"({place})" if spec.is_map else place


def _one_se(spec: SweepSpec, verdict: SweepVerdict) -> Line | None:
    if verdict.one_se is None:
        return None
    paired = verdict.one_se_paired
    also = "" if paired in (None, verdict.one_se) else f" ({_short_point(spec, paired)} by the paired standard error)"
    if verdict.one_se == verdict.best:
        return Line(f"It is also the 1-SE choice{also}.", rules.ONE_SE)
    return Line(f"1-SE choice: **{named_point(spec, verdict.one_se)}**{also}.", rules.ONE_SE)


def _budget(view: EpochView) -> str:
    budget = view.judgement.budget
    if budget is None or not budget.depends or not view.declared:
        return ""
    if budget.rule == "last":
        why = (
            f"the training loss still falls at epoch {budget.epochs}, from {short(budget.start, 3)} to "
            f"{short(budget.end, 3)} over the last {2 * budget.window} epochs"
        )
    else:
        why = f"{percent(budget.at_end, 0)} of its runs are at their best in the last {budget.window} epochs"
    return f"**The choice depends on the budget**: {why}."


def _edge(spec: SweepSpec, verdict: SweepVerdict) -> str:
    if verdict.edge is None:
        return ""
    further = "larger" if verdict.edge == "high" else "smaller"
    if spec.is_map:
        what = ("grid", "λ") if spec.kind == "grid" else ("map", "value")
        return f"The best pair is at the edge of the {what[0]}. A {further} {what[1]} may be better: widen the range."
    end = "largest" if verdict.edge == "high" else "smallest above 0"
    return f"The best {spec.axes[0].noun} is the {end} in this sweep. A {further} one may be better: widen the range."


def _zeros(verdict: SweepVerdict, zeros: Zeros) -> str:
    """The exact zeros at the best λ, where L1 acts."""
    share = zeros.get((verdict.apply, verdict.best), math.nan)
    if not math.isfinite(share) or not verdict.best.l1:
        return ""
    if share == 0 and verdict.apply != "proximal":
        return "No weight is exactly 0 at the best λ. L1 reaches exact zeros only in proximal mode."
    return f"Exact zeros at the best λ: {percent(share, 0)} of all weights."


def _verdict_of(view: EpochView, mode: str) -> SweepVerdict | None:
    """The verdict on one penalty mode."""
    return next((verdict for verdict in view.shown.verdicts if verdict.apply == mode), None)


def _modes(view: EpochView, best: SweepVerdict) -> Line | None:
    """The best λ of every other penalty mode."""
    others = [found for mode in view.spec.applies if mode != best.apply and (found := _verdict_of(view, mode))]
    if not others:
        return None
    if not any((best.best.value, *(other.best.value for other in others))):
        return Line(f"{zero_text(view.spec)} is best in every penalty mode.")
    texts = []
    for other in others:
        apart = math.hypot(best.error or math.nan, other.error or math.nan)
        close = ", within the standard error of the difference" if abs(best.mean - other.mean) <= apart else ""
        texts.append(
            f"**{other.apply.capitalize()}** is best at {named_point(view.spec, other.best)}: "
            f"{figure(other.mean, other.error, other.measure)}{close}."
        )
    return Line(f"{' '.join(texts)} The same λ acts differently in each mode.")


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
