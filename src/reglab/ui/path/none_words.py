"""Why a path has no best λ: it diverged, it learnt nothing, or it has no figures. Pure text."""

from __future__ import annotations

import numpy as np
import pandas as pd

from reglab import columns
from reglab.analysis import collapsed
from reglab.ui.path.moment import Moment


def why_none(table: pd.DataFrame, classes: int, at: Moment) -> str:
    """A paragraph in Markdown; ``table`` is a judged path without a best point."""
    fallen, gone = _fallen(table, classes), _gone(table)
    if len(table) and gone == len(table):
        return "**Every λ has runs that diverged**, so none can be chosen. Try a smaller learning rate."
    if not fallen:
        return "The verdict follows after the first epoch." if at.going else "There is no verdict: no λ has figures."
    chance = f"chance, {100 / classes:.0f} %"
    also = f" At {gone} λ runs diverged; such a λ is never chosen." if gone else ""
    rest = "Every other λ" if gone else "Every λ"
    if at.going or not at.newest:
        return f"{at.opening}nothing is learnt yet. {rest} is still at {chance}.{also}"
    others = "all others" if gone else "all"
    advice = "Try a smaller learning rate" if gone else "Try smaller λ, more epochs or another learning rate"
    return f"**No λ has learnt anything**: {others} are at {chance}.{also} {advice}."


def why_none_of(table: pd.DataFrame, classes: int, apply: str) -> str:
    """A sentence on one way of applying λ, where another has a best λ."""
    if len(table) and _gone(table) == len(table):
        return f"{apply.capitalize()}: every λ has runs that diverged."
    if _fallen(table, classes):
        return f"{apply.capitalize()}: nothing was learnt, every λ is at chance, {100 / classes:.0f} %."
    return f"{apply.capitalize()}: there are no figures yet."


def _fallen(table: pd.DataFrame, classes: int) -> int:
    """How many points are at chance."""
    whole = table[table[columns.DIVERGED].to_numpy(np.int64) == 0]
    return len(collapsed(whole, classes))


def _gone(table: pd.DataFrame) -> int:
    """How many points have runs that diverged."""
    return int((table[columns.DIVERGED].to_numpy(np.int64) > 0).sum())
