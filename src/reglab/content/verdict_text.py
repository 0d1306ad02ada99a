"""The verdict on a sweep as text, one idea a line: the best λ, the test against λ = 0, and every rival and caveat.

Pure text: the figures are those of :class:`reglab.analysis.SweepJudgement`.
"""

from __future__ import annotations

import math

from reglab import columns
from reglab.analysis import PairedDifference, SweepVerdict, why_no_best
from reglab.analysis.paired import DECISIVE_REPEATS
from reglab.content import verdict_help as rules
from reglab.content.confirm_text import result_lines
from reglab.content.epoch_view import EpochView
from reglab.content.verdict_lines import (
    RULES,
    Line,
    difference_text,
    figure,
    interval_text,
    listed,
    named_point,
    short_point,
    signed,
    zero_text,
)
from reglab.number_format import percent, short
from reglab.sweep import SweepSpec

_NEVER_CHOSEN = "A λ with diverged runs is never chosen."


def verdict_text(view: EpochView) -> list[Line]:
    """The lines of the verdict; the first names the best λ, or says why there is none."""
    best = view.shown.best
    if best is None:
        return [Line(_no_best(view))]
    lines = [_headline(view, best), *([_tested(view, best)] if view.declared else [_not_tested(view)])]
    lines += [_figures(view, best), *_confirmed(view, best)]
    lines += [*rival_lines(view, best), *_criteria(view), *_rules(view)]
    lines += [line for line in (_one_se(view.spec, best), _modes(view, best)) if line]
    return [line for line in (*lines, *_rate_check(view), *warnings(view, best)) if line.text]


def warnings(view: EpochView, best: SweepVerdict) -> list[Line]:
    """What the best λ depends on."""
    texts = (
        "" if view.training else _edge(view.spec, best),
        _budget(view),
        f"Runs diverged at {listed(view.spec, best.diverged)}. {_NEVER_CHOSEN}" if best.diverged else "",
    )
    return [Line(text, rules.BUDGET if text.startswith("**The choice") else "") for text in texts if text]


def _opening(view: EpochView) -> str:
    """The epoch, where the verdict is not final."""
    at = f"epoch {view.epoch} of {view.epochs}: "
    if view.training and view.newest:
        return f"So far, after {at}"
    if not view.newest:
        return f"After {at}"
    return f"Stopped after {at}" if view.epoch < view.epochs else ""


def _headline(view: EpochView, best: SweepVerdict) -> Line:
    """The best λ with measure, epoch rule and repeats; "on average" unless it is shown to beat λ = 0, or is λ = 0."""
    over = f"{best.n} {view.spec.repeated_over}{'s' if best.n > 1 else ''}"
    opening = _opening(view)
    rule = "" if opening and view.rule == "last" else f"{RULES[view.rule]}, "  # the opening names the epoch
    rule = f"{RULES[view.rule]} {best.epoch:.0f}, " if view.rule == "common" else rule
    mode = f" ({best.apply})" if len(view.spec.applies) > 1 and best.best.value else ""  # λ = 0 has no mode
    shown = best.best.value == 0 or (best.paired is not None and "better" in best.paired.conclusion)
    name = f"**{named_point(view.spec, best.best)}{mode} is best**" + ("" if shown else " on average")
    text = f"{opening}{name} (validation {view.measure}, {rule}{over})."
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
    return Line(
        f"{head}: {text}.{tail}",
        rules.difference(view.judgement.overlap, own_part=view.spec.run.data.validation == "own"),
    )


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


def _confirmed(view: EpochView, best: SweepVerdict) -> list[Line]:
    """What the test part says, once it has been opened for this sweep."""
    return [] if view.confirmed is None else result_lines(view.spec, view.confirmed, best.best)


def rival_lines(view: EpochView, best: SweepVerdict) -> list[Line]:
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
    return [Line(f"{text}. {_againstrival_lines(view, own, rival.difference)}", rules.RIVAL)]


def _againstrival_lines(view: EpochView, best: SweepVerdict, difference: PairedDifference) -> str:
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
    by = f"{signed(accuracy.value, columns.VAL_ACC)}{interval_text(accuracy)}"
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
        choice = "none" if best is None else short_point(view.spec, best.best)
        parts.append(f"**{name} {choice} (declared)**" if rule == judgement.declared else f"{name} {choice}")
    return [Line(f"By epoch rule: {', '.join(parts)}.", rules.EPOCHS)]


def _rate_check(view: EpochView) -> list[Line]:
    """Whether the learning rate moves the choice, where that has been checked, with the differences on hover."""
    check = view.rate_check if view.declared else None
    if check is None:
        return []
    apart = [
        f"At learning rate {short(one.rate, 3)}, {short(one.best.value, 3)} less {short(check.choice.value, 3)}: "
        f"{difference_text(one.difference)}."
        for one in check.others
        if one.best is not None and one.difference is not None
    ]
    first, _, rest = check.text.partition(". ")
    text = f"**{first.removesuffix('.')}**. {rest}".strip() if check.shown else check.text
    return [Line(text, "  \n".join((rules.RATE_CHECK, *apart)))]


def _one_se(spec: SweepSpec, verdict: SweepVerdict) -> Line | None:
    if verdict.one_se is None:
        return None
    paired = verdict.one_se_paired
    also = "" if paired in (None, verdict.one_se) else f" ({short_point(spec, paired)} by the paired standard error)"
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


def _modes(view: EpochView, best: SweepVerdict) -> Line | None:
    """The best λ of every other penalty mode."""
    others = [found for mode in view.spec.applies if mode != best.apply and (found := view.verdict_of(mode))]
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
