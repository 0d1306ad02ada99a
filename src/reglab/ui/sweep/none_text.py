"""Why a path has no best λ: it diverged, it learnt nothing, or it has no figures. Pure text."""

from __future__ import annotations

import pandas as pd

from reglab.analysis import Chance, NoBest, why_no_best
from reglab.ui.sweep.epoch_view import EpochView


def why_none(found: NoBest, chance: Chance | None, at: EpochView) -> str:
    """A paragraph in Markdown on a judged path without a best point."""
    if not found.fallen or chance is None:
        return _without_figures(found, at)
    if at.going or not at.newest:
        rest = "Every other λ" if found.diverged else "Every λ"
        also = f" At {found.diverged} λ runs diverged; such a λ is never chosen." if found.diverged else ""
        return f"{at.opening}nothing is learnt yet. {rest} is still at chance, {chance.text}.{also}"
    others = "Try smaller λ, more epochs or another learning rate."
    advice = "Try a smaller learning rate." if found.diverged else others
    return f"**{found.headline}**{found.rest} {advice}"


def why_none_of(table: pd.DataFrame, chance: Chance | None, apply: str) -> str:
    """A sentence on one penalty mode, where another has a best λ."""
    found = why_no_best(table, chance)
    if found is not None and found.fallen and chance is not None:
        return f"{apply.capitalize()}: nothing was learnt, every λ is at chance, {chance.text}."
    if found is not None and found.diverged == len(table):
        return f"{apply.capitalize()}: every λ has runs that diverged."
    return f"{apply.capitalize()}: there are no figures yet."


def _without_figures(found: NoBest, at: EpochView) -> str:
    if found.diverged:
        return f"**{found.headline}**{found.rest} Try a smaller learning rate."
    return "The verdict follows after the first epoch." if at.going else found.text
