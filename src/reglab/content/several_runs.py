"""Sentences on several runs together: which lead at the last and at the best epochs, and the labels they memorise."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from reglab.content.run_text import count_of
from reglab.content.story import SEEDS, story_of_two
from reglab.number_format import percent, points
from reglab.states import ACTIVE
from reglab.store import Run

Names = Mapping[str, str]
"""Run id → its name as legends have it, escaped for Markdown."""

_NAMED = 2  # runs of one accuracy that a sentence names


def story_of_several(runs: Sequence[Run], names: Names) -> str:
    """How two or more runs compare, once all have ended; empty before."""
    return story_of_two(*runs) if len(runs) == 2 else story_of_many(runs, names)


def story_of_many(runs: Sequence[Run], names: Names) -> str:
    """The runs with the highest and the lowest validation accuracy, once all have ended; empty before.

    Diverged runs and those without an epoch are counted and left out.
    """
    known = [run for run in runs if run.last is not None and run.best is not None and run.state != "diverged"]
    if len(known) < 2 or any(run.state in ACTIVE for run in runs):
        return ""
    last = {run.id: run.last.val_acc for run in known if run.last}
    best = {run.id: run.best.val_acc for run in known if run.best}
    ends = sorted({run.epoch for run in known})
    when = f"epoch {ends[0]:,}" if len(ends) == 1 else f"epochs {ends[0]:,} to {ends[-1]:,}"
    parts = (_ranked(f"Last {when}", last, names), _ranked("Best epochs", best, names), _absent(runs, known), SEEDS)
    return " ".join(filter(None, parts))


def _ranked(when: str, shares: Mapping[str, float], names: Names) -> str:
    """For example "**Best epochs:** of 3 runs, a has the highest validation accuracy, 93 %, b the lowest, 91 % …"."""
    high, low = max(shares.values()), min(shares.values())
    if percent(high) == percent(low):
        return f"**{when}:** all {len(shares):,} runs have {percent(high)} validation accuracy."
    top, bottom = ([run for run, share in shares.items() if share == value] for value in (high, low))
    have = "has" if len(top) == 1 else "have"
    return (
        f"**{when}:** of {len(shares):,} runs, {_named(top, names)} {have} the highest validation accuracy, "
        f"{percent(high)}, {_named(bottom, names)} the lowest, {percent(low)} ({points(low - high)} points)."
    )


def _named(runs: Sequence[str], names: Names) -> str:
    return " and ".join(names[run] for run in runs) if len(runs) <= _NAMED else count_of(len(runs), "run")


def _absent(runs: Sequence[Run], known: Sequence[Run]) -> str:
    absent = len(runs) - len(known)
    return f"Left out: {count_of(absent, 'run')} that diverged or did no epoch." if absent else ""


def memorised_text(runs: Sequence[Run], names: Names) -> str:
    """The wrong training labels that each of ``runs`` memorised by its last epoch; of three or more the extremes.

    For example "Wrong training labels memorised: 84 % by epoch 60."; ``runs`` have the figure.
    """
    known = [
        (run, run.last.flipped_acc) for run in runs if run.last is not None and math.isfinite(run.last.flipped_acc)
    ]
    if len(known) > 2:
        (least, low), (most, high) = (pick(known, key=lambda one: one[1]) for pick in (min, max))
        parts = [
            f"**{percent(share, 0)}** ({names[run.id]}, epoch {run.epoch})"
            for run, share in ((least, low), (most, high))
        ]
        return f"Wrong training labels memorised by {len(known):,} runs: from {parts[0]} to {parts[1]}."
    parts = [_share(share, run, names[run.id] if len(known) > 1 else "") for run, share in known]
    return f"Wrong training labels memorised: {', '.join(parts)}."


def _share(share: float, run: Run, name: str) -> str:
    return f"{f'{name}: ' if name else ''}**{percent(share, 0)}** by epoch {run.epoch}"
