"""What a path says, in words: the best λ and how sure that is, the simplest beside it, where the network overfits,
underfits, collapses or diverges. Pure text: no Streamlit.

The figures are those of :class:`reglab.analysis.SweepVerdict`; here they only become sentences, and what they do not
show is said as well.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pandas as pd

from reglab import columns
from reglab.analysis import RULE, Chance, SweepVerdict, sweep_verdict, why_no_best
from reglab.number_format import percent
from reglab.sweep import SweepSpec
from reglab.ui.sweep import none_text, regime_text
from reglab.ui.sweep.epoch_view import EpochView
from reglab.ui.sweep.point_text import bare, figure, named_point, signed

FEW = 4
"""Repeats up to which a bootstrap is rough."""

_NAMES = {columns.VAL_ACC: "validation accuracy", columns.VAL_LOSS: "validation loss"}

Zeros = Mapping[tuple[str, float, float], float]
"""(way of applying, λ₁, λ₂) → share of all weights that are exactly 0."""


def verdict_text(
    spec: SweepSpec,
    table: pd.DataFrame,
    chance: Chance | None,
    at: EpochView,
    *,
    zeros: Zeros,
    measure: str = columns.VAL_ACC,
) -> list[str]:
    """Paragraphs in Markdown; the first says which λ is best, or why none is. ``table`` is a judged path."""
    found = [sweep_verdict(table, measure, apply) for apply in spec.applies]
    verdicts = [verdict for verdict in found if verdict is not None]
    if not verdicts:
        none = why_no_best(table, chance)
        return [] if none is None else [none_text.why_none(none, chance, at)]
    told = [_whole(spec, verdict, chance, zeros, at, named=len(found) > 1) for verdict in verdicts]
    if len(verdicts) == 1:
        paragraphs = told[0]
    else:
        paragraphs = [_between(spec, verdicts), *(" ".join(sentences) for sentences in told)]
    silent = [apply for apply, verdict in zip(spec.applies, found, strict=True) if verdict is None]
    without = [none_text.why_none_of(table[table[columns.APPLY] == apply], chance, apply) for apply in silent]
    return [at.opening + paragraphs[0], *paragraphs[1:], *without, *_caveats(spec, verdicts)]


def rule_help(measure: str) -> str:
    """How all of this is decided; ``measure`` is "accuracy" or "loss"."""
    top = "highest" if measure == "accuracy" else "lowest"
    return (
        f"**Best**: the λ with the {top} mean validation {measure}; none of which a run diverged, none at chance.  \n"
        "**Simplest within one standard error**: the largest λ whose mean is within one standard error, that of the "
        "best, of the best mean.  \n"
        "**Interval**: each repeat gives a pair, the same network with this λ and with λ = 0. The interval is the "
        "bootstrap over these pairs: 10,000 draws with replacement, of whose means it holds the middle 95 %.  \n"
        f"**Overfits, underfits**: {RULE}  \n"
        "The λ was chosen on the same validation images, so its figure is a little optimistic: new images would tell."
    )


def _whole(
    spec: SweepSpec, verdict: SweepVerdict, chance: Chance | None, zeros: Zeros, at: EpochView, *, named: bool
) -> list[str]:
    """All there is to say of one way of applying λ; the first paragraph is the verdict itself."""
    way = f"{_capital(verdict.apply)}: " if named else ""
    best = f"{way}**{named_point(spec, verdict.best)} is best**: {_NAMES[verdict.measure]} "
    best += figure(verdict.mean, verdict.error, verdict.measure) + _gain(spec, verdict)
    more = [
        _simplest(spec, verdict), regime_text.sentence(spec, verdict, chance),
        "" if at.going else _edge(spec, verdict), _diverged(spec, verdict), _zeros(spec, verdict, zeros),
    ]  # fmt: skip
    return [best, *filter(None, more)]


def _gain(spec: SweepSpec, verdict: SweepVerdict) -> str:
    """The rest of the sentence: the difference to λ = 0, and how sure it is."""
    if verdict.best.value == 0:
        other = "pair of λ" if spec.kind == "grid" else f"{spec.symbol} above 0"
        return f". No {other} that was tried does better."
    if verdict.difference is None:
        return f". The path has no {_zero(spec)} to compare with."
    than = "over" if verdict.measure == columns.VAL_ACC else "against"
    change = f", **{signed(verdict.difference, verdict.measure)}** {than} {_none_of(spec)}"
    if verdict.low is None or verdict.high is None:
        return f"{change}."
    interval = f"{bare(verdict.low, verdict.measure)} to {bare(verdict.high, verdict.measure)}"
    over = f"over {verdict.pairs} {spec.repeated_over}s"
    if verdict.overlap:
        return f"{change}, but the paired 95 % interval, {interval} {over}, includes 0: **no clear gain**."
    return f"{change} (paired 95 % interval {interval} {over})."


def _zero(spec: SweepSpec) -> str:
    return "λ₁ = λ₂ = 0" if spec.kind == "grid" else f"{spec.symbol} = 0"


def _none_of(spec: SweepSpec) -> str:
    """What λ = 0 is: no penalty at all, unless the other λ stands fixed."""
    fixed = spec.run.penalty.l2 if spec.kind == "l1" else spec.run.penalty.l1 if spec.kind == "l2" else 0.0
    return _zero(spec) if fixed else "no penalty"


def _simplest(spec: SweepSpec, verdict: SweepVerdict) -> str:
    if verdict.one_se is None:
        return ""
    if verdict.one_se == verdict.best:
        return "It is also the simplest within one standard error."
    return f"**{named_point(spec, verdict.one_se)}** is the simplest within one standard error of it."


def _edge(spec: SweepSpec, verdict: SweepVerdict) -> str:
    if verdict.edge is None:
        return ""
    word, further = ("largest", "larger") if verdict.edge == "high" else ("smallest", "smaller")
    if spec.kind == "grid":
        return f"The best pair is at the edge of the grid, so {further} λ may be better still: try a wider range."
    above = "" if verdict.edge == "high" else " above 0"
    return f"The best λ is the {word}{above} of this path, so a {further} one may be better still: try a wider range."


def _diverged(spec: SweepSpec, verdict: SweepVerdict) -> str:
    if not verdict.diverged:
        return ""
    return f"Runs diverged at {regime_text.listed(spec, verdict.diverged)}; such a λ is never chosen."


def _zeros(spec: SweepSpec, verdict: SweepVerdict, zeros: Zeros) -> str:
    """What L1 has done to the weights at the best λ."""
    if spec.kind == "l2" and not spec.run.penalty.l1:
        return ""
    share = zeros.get((verdict.apply, verdict.best.l1, verdict.best.l2))
    if share is None or not math.isfinite(share) or not verdict.best.l1:
        return ""
    if share == 0 and verdict.apply != "proximal":
        return "No weight is exactly 0 there: L1 reaches exact zeros only where it is applied proximal."
    return f"{percent(share, 0)} of all weights are exactly 0 there."


def _between(spec: SweepSpec, verdicts: Sequence[SweepVerdict]) -> str:
    """The best two ways of applying λ, each at its best."""
    sign = 1 if verdicts[0].measure == columns.VAL_ACC else -1
    better, other = sorted(verdicts, key=lambda verdict: -sign * verdict.mean)[:2]
    apart = abs(better.mean - other.mean)
    size = signed(apart, better.measure).lstrip("+")
    words = (
        f"**{_capital(better.apply)} at its best ({named_point(spec, better.best)})** is {size} "
        f"{'above' if sign > 0 else 'below'} {other.apply} at its best ({named_point(spec, other.best)})"
    )
    if better.error is not None and other.error is not None and apart <= math.hypot(better.error, other.error):
        words += ", within the standard error of such a difference: **no clear winner**"
    return f"{words}. The same λ does not mean the same in both."


def _capital(word: str) -> str:
    return word[:1].upper() + word[1:]


def _caveats(spec: SweepSpec, verdicts: Sequence[SweepVerdict]) -> list[str]:
    most = max(verdict.n for verdict in verdicts)
    if most < 2:
        one = "one fold" if spec.folds else "one seed"
        return [f"With {one} there is neither a standard error nor an interval, and a difference of a few points may "
                "be chance: 3 or more seeds tell."]  # fmt: skip
    notes = []
    if most <= FEW:
        notes.append(f"A bootstrap over {most} {spec.repeated_over}s is rough: more of them make the interval firmer.")
    if spec.folds:
        notes.append("Folds share training images, so intervals over them are somewhat too narrow.")
    return [" ".join(notes)] if notes else []
