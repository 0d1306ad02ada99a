"""What stands below a verdict: where the network over- and underfits, exact zeros, modes without a best λ."""

from __future__ import annotations

import math
from collections.abc import Sequence

from reglab import columns
from reglab.analysis import Chance, SweepVerdict, why_no_best
from reglab.charts.lambda_axis import lambda_text
from reglab.content.epoch_view import EpochView, Zeros
from reglab.content.verdict_lines import listed
from reglab.number_format import percent
from reglab.sweep import Point, SweepSpec


def details_text(view: EpochView) -> list[str]:
    """Where the network over- and underfits, and exact zeros: a paragraph each."""
    best = view.shown.best
    if best is None:
        return []
    others = [_no_best_of(view, mode) for mode in view.spec.applies if not view.verdict_of(mode)]
    return [*filter(None, (regime_text(view.spec, best, view.chance), _zeros(best, view.zeros))), *others]


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


def _zeros(verdict: SweepVerdict, zeros: Zeros) -> str:
    """The exact zeros at the best λ, where L1 acts."""
    share = zeros.get((verdict.apply, verdict.best), math.nan)
    if not math.isfinite(share) or not verdict.best.l1:
        return ""
    if share == 0 and verdict.apply != "proximal":
        return "No weight is exactly 0 at the best λ. L1 reaches exact zeros only in proximal mode."
    return f"Exact zeros at the best λ: {percent(share, 0)} of all weights."


def _no_best_of(view: EpochView, mode: str) -> str:
    """Why one penalty mode has no best λ, where another has."""
    table = view.table[view.table[columns.APPLY] == mode]
    found = why_no_best(table, view.chance)
    if found is not None and found.fallen and view.chance is not None:
        return f"{mode.capitalize()}: nothing was learnt, every λ is at chance, {view.chance.text}."
    if found is not None and found.diverged == len(table):
        return f"{mode.capitalize()}: every λ has diverged runs."
    return f"{mode.capitalize()}: no figures yet."
