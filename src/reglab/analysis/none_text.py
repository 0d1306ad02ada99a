"""Why no λ of a sweep is best: it diverged, it learnt nothing, or it has no figures; for page, commands and JSON."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from reglab import columns
from reglab.analysis.chance import Chance
from reglab.analysis.regimes import collapsed


@dataclass(frozen=True)
class NoBest:
    """The reason, in ``headline`` and ``rest``; ``fallen`` λ are at chance, ``diverged`` λ have runs that diverged."""

    headline: str
    rest: str
    fallen: int
    diverged: int

    @property
    def text(self) -> str:
        """Headline and rest."""
        return self.headline + self.rest


def why_no_best(table: pd.DataFrame, chance: Chance | None) -> NoBest | None:
    """The reason why a judged path has no best point; ``None`` where it has one."""
    if table[columns.BEST].any():
        return None
    gone = table[columns.DIVERGED].to_numpy(np.int64) > 0
    fallen, diverged = len(collapsed(table[~gone])), int(gone.sum())
    if diverged and diverged == len(table):
        return NoBest("Every λ has runs that diverged", ", so none can be chosen.", 0, diverged)
    if not fallen or chance is None:
        return NoBest("There is no verdict", ": no λ has figures.", 0, diverged)
    also = f" At {diverged} λ runs diverged; such a λ is never chosen." if diverged else ""
    untrained = len(table) - fallen - diverged
    all_ = "all that have figures" if untrained else "all others" if diverged else "all"
    rest = f": {all_} are at chance, {chance.text}. {chance.rule_text}{also}"
    return NoBest("No λ has learnt anything", rest, fallen, diverged)
