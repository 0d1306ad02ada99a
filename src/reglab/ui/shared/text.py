"""How pages write names, times and runs: text that Markdown leaves alone, progress, how a run ended. No Streamlit.

Names and numbers of runs are those of :mod:`reglab.content.run_text`, which reports write, too.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from statistics import fmean
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from reglab.content.run_text import (
    common_facts,
    count_of,
    data_text,
    dataset_label,
    duration,
    facts,
    labels,
    learnt_nothing,
    loss,
    model_label,
    optimizer_label,
    optimizer_text,
    penalty_text,
)
from reglab.store import Run, Sweep

__all__ = [
    "common_facts",
    "count_of",
    "data_text",
    "dataset_label",
    "duration",
    "facts",
    "file_name",
    "labels",
    "learnt_nothing",
    "literal",
    "local_time",
    "loss",
    "model_label",
    "named",
    "optimizer_label",
    "optimizer_text",
    "penalty_text",
    "progress_line",
    "resume_text",
    "seconds_left",
    "share_done",
    "started_by",
]

_RECENT = 5  # epochs whose mean length predicts the coming ones
_NAMED = 3  # runs that the name of a file lists
_JOINER = "\N{WORD JOINER}"  # invisible, and no line breaks at it

# What Streamlit's Markdown rewrites after it has taken escapes away: icons and emoji (":name:"), bare addresses of
# pages and of people, and arrows. Backslashes do not help there; a joiner inside does.
_REWRITTEN = re.compile(
    r"""(?P<first> :(?=[\w+-]+[:/]) | https?:(?=//) | www(?=\.) | [\w.+-](?=@)
              | (?<!\S)[<>~-](?=[->=]{1,2}(?!\S)) )""",
    re.VERBOSE | re.IGNORECASE,
)


def literal(text: str) -> str:
    """``text`` escaped so that Markdown shows it as it is: people name things as they like."""
    joined = _REWRITTEN.sub(lambda found: found["first"] + _JOINER, text)
    return "".join(f"\\{c}" if c in "\\`*_{}[]()<>#+-.!|~$:&" else c for c in joined)


def named(names: Sequence[str], most: int = 5) -> str:
    """For example "“a”, “b” and 3 more", safe in Markdown."""
    shown = [f"“{literal(name)}”" for name in names[:most]]
    return ", ".join(shown) + (f" and {len(names) - most} more" if len(names) > most else "")


def distinct(names: Mapping[str, str]) -> dict[str, str]:
    """``names`` by id, with the id behind those that are equal: Streamlit's lists send the text of what is chosen."""
    times = Counter(names.values())
    return {one: name if times[name] == 1 else f"{name} ({one})" for one, name in names.items()}


def local_time(moment: datetime, zone: str | None) -> str:
    """For example "2026-03-01 12:00:05 CET"; in UTC if ``zone`` is unknown."""
    try:
        local = moment.astimezone(ZoneInfo(zone or "UTC"))
    except (ZoneInfoNotFoundError, ValueError):
        local = moment.astimezone(UTC)
    return f"{local:%Y-%m-%d %H:%M:%S %Z}"


def file_name(runs: Sequence[Run]) -> str:
    """How files with charts of ``runs`` begin: "run-ab12", "runs-ab12-cd34", "12-runs"."""
    if len(runs) > _NAMED:
        return f"{len(runs)}-runs"
    return "-".join(["run" if len(runs) == 1 else "runs", *(run.id for run in runs)])


def share_done(run: Run) -> float:
    """(epochs done + share of the current one) / epochs, from 0 to 1; 1 for a run that is complete."""
    return 1.0 if run.state == "finished" else min((run.epoch + _within(run)) / max(run.epochs, 1), 1.0)


def seconds_left(run: Run, epoch_seconds: Sequence[float]) -> float | None:
    """Epochs still to do × mean length of the last five; before the first ends, from the steps done so far."""
    left = run.epochs - run.epoch - _within(run)
    recent = [s for s in epoch_seconds[-_RECENT:] if math.isfinite(s)]
    if recent:
        return left * fmean(recent)
    return run.seconds / _within(run) * left if _within(run) and run.epoch == 0 else None


def _within(run: Run) -> float:
    """The share of the current epoch that is done."""
    return run.step / run.steps if run.steps else 0.0


def progress_line(run: Run, epoch_seconds: Sequence[float], position: int | None) -> str:
    """One line on the progress of a run, whatever its state."""
    done = f"after {run.epoch} of {run.epochs} epochs, {duration(run.seconds)}"
    done = done if run.epoch else "before its first epoch"
    match run.state:
        case "queued":
            place = f", number {position} in the queue" if position else ""
            again = f" It goes on from epoch {run.epoch}." if run.epoch else ""
            return f"Waiting for a free slot{place}.{again}"
        case "running":
            return _running(run, epoch_seconds)
        case "finished":
            return _finished(run, done)
        case "cancelled":
            return f"Stopped {done}." if run.epoch or run.has_checkpoint else "Cancelled before it began."
        case "interrupted":
            return f"Interrupted {done}{_cause(run)}"
        case "failed":
            return f"Failed {done}."
        case "diverged":
            return f"Diverged {done}."


def _cause(run: Run) -> str:
    """What ended an interrupted run: the sentence of a lost process, or none where the server closed in good order."""
    return f". {run.error}" if run.error else ": the program ended while this run was training."


def _running(run: Run, epoch_seconds: Sequence[float]) -> str:
    at = f"Epoch {min(run.epoch + 1, run.epochs)} of {run.epochs}"
    if run.wanted == "stop":
        return f"{at}. Stopping, with a checkpoint…"
    if run.activity:
        return run.activity
    if not run.steps and not run.epoch:
        return "Preparing the data…"
    left = seconds_left(run, epoch_seconds)
    slow = left is None or (epoch_seconds and fmean(epoch_seconds[-_RECENT:]) > 3) or not epoch_seconds
    within = f", step {run.step} of {run.steps}" if run.step and slow else ""
    return f"{at}{within}." + (f" About {duration(left)} left." if left is not None else "")


def _finished(run: Run, done: str) -> str:
    nothing = f" {found}" if (found := learnt_nothing(run)) else ""
    if run.epoch < run.epochs:
        return f"Stopped early {done}: no lower validation loss since epoch {run.best_epoch}.{nothing}"
    best = f" Lowest validation loss in epoch {run.best_epoch}." if run.best_epoch else ""
    return f"Finished {run.epochs} epochs in {duration(run.seconds)}.{best}{nothing}"


def resume_text(run: Run) -> str:
    """What Resume would do."""
    if not run.has_checkpoint:
        return "Resume starts it from the beginning."
    return f"Resume continues from epoch {run.epoch}, with exactly the numbers of an uninterrupted run."


def started_by(job: Run | Sweep) -> str:
    """ " · started by ann@lab.org", for the end of a line; empty where nobody was signed in."""
    return f" · started by {literal(job.person)}" if job.person else ""
