"""A run in words: what it trains, how far it is, how long it will take, what became of it. Pure text: no Streamlit."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Literal

from reglab.datasets import DATASETS
from reglab.jobs import chance_of_run
from reglab.models import MODELS
from reglab.number_format import exact, fixed, percent, short
from reglab.registry import Entry
from reglab.spec import PenaltySpec, RunSpec
from reglab.states import State
from reglab.store import Run

BadgeColour = Literal["gray", "blue", "green", "red", "orange"]

BADGES: Mapping[State, tuple[str, BadgeColour]] = {
    "queued": (":material/hourglass_top:", "gray"),
    "running": (":material/play_circle:", "blue"),
    "finished": (":material/check_circle:", "green"),
    "failed": (":material/error:", "red"),
    "cancelled": (":material/stop_circle:", "orange"),
    "interrupted": (":material/power_off:", "orange"),
    "diverged": (":material/trending_up:", "red"),
}
"""State → icon and colour of its badge."""

ACTIVE: frozenset[State] = frozenset({"queued", "running"})
_RECENT = 5  # epochs whose mean length predicts the coming ones


def penalty_text(penalty: PenaltySpec) -> str:
    """For example "λ₂ = 0.03", "λ₁ = 0.0001, λ₂ = 0.01 proximal", "no penalty"."""
    parts = [f"λ₁ = {exact(penalty.l1)}"] * bool(penalty.l1) + [f"λ₂ = {exact(penalty.l2)}"] * bool(penalty.l2)
    how = "" if penalty.apply == "coupled" else f" {penalty.apply}"
    return ", ".join(parts) + how if parts else "no penalty"


def facts(run: Run) -> str:
    """What the run trains, in one line: data, CNN, penalty, optimizer, device."""
    return " · ".join(word for word in _facts(run) if word)


def common_facts(runs: Sequence[Run]) -> str:
    """What is the same in all ``runs``, in one line; the rest is in their names."""
    same = [words[0] for words in zip(*map(_facts, runs), strict=True) if words[0] and len(set(words)) == 1]
    return "In common: " + " · ".join(same) if same else "These runs have neither data, CNN nor optimizer in common."


def share_done(run: Run) -> float:
    """(epochs done + share of the current one) / epochs, from 0 to 1; 1 for a run that is complete."""
    if run.state == "finished":
        return 1.0
    return min((run.epoch + _within(run)) / max(run.epochs, 1), 1.0)


def seconds_left(run: Run, epoch_seconds: Sequence[float]) -> float | None:
    """Epochs still to do × mean length of the last five; before the first ends, from the steps done so far."""
    left = run.epochs - run.epoch - _within(run)
    recent = [s for s in epoch_seconds[-_RECENT:] if math.isfinite(s)]
    if recent:
        return left * fmean(recent)
    return run.seconds / _within(run) * left if _within(run) and run.epoch == 0 else None


def duration(seconds: float) -> str:
    """For example "4 s", "3 min 20 s", "2 h 5 min"; begun seconds count."""
    whole = math.ceil(max(seconds, 0))
    minutes, s = divmod(whole, 60)
    hours, m = divmod(minutes, 60)
    if hours:
        return f"{hours} h {m} min"
    return f"{m} min {s} s" if m else f"{s} s"


def progress_line(run: Run, epoch_seconds: Sequence[float], position: int | None) -> str:
    """One line on where the run stands, whatever its state."""
    done = (
        f"after {run.epoch} of {run.epochs} epochs, {duration(run.seconds)}" if run.epoch else "before its first epoch"
    )
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
            return f"Interrupted {done}: the program ended while this run was training."
        case "failed":
            return f"Failed {done}."
        case "diverged":
            return f"Diverged {done}."


def resume_text(run: Run) -> str:
    """What Resume would do."""
    if not run.has_checkpoint:
        return "Resume starts it from the beginning."
    return f"One click on Resume goes on from epoch {run.epoch}, with the numbers it would have had without the break."


def labels(runs: Sequence[Run]) -> dict[str, str]:
    """Run id → a short name for legends: the λ where only λ differs, else that part of the name which does."""
    same_but_penalty = len({_without_penalty(run.spec) for run in runs}) == 1
    lambdas = [penalty_text(run.spec.penalty) for run in runs]
    if len(runs) > 1 and same_but_penalty and len(set(lambdas)) == len(runs):
        return {run.id: words for run, words in zip(runs, lambdas, strict=True)}
    names = [name if len(name) <= 32 else name[:31] + "…" for name in _apart([run.name for run in runs])]
    apart = [
        name if names.count(name) == 1 else f"{name} ({run.id[:4]})" for run, name in zip(runs, names, strict=True)
    ]
    return {run.id: name for run, name in zip(runs, apart, strict=True)}


def _apart(names: Sequence[str]) -> list[str]:
    """The names without the parts that all have, which stand between " · "; whole where nothing is left of one."""
    parts = [name.split(" · ") for name in names]
    common = set(parts[0]).intersection(*parts[1:]) if len(parts) > 1 else set()
    short = [" · ".join(part for part in own if part not in common) for own in parts]
    return short if all(short) else list(names)


def loss(value: float | None) -> str:
    """A loss with three significant digits; "–" where there is none, "not finite" where it is no number."""
    if value is None:
        return "–"
    if not math.isfinite(value):
        return "not finite"
    return fixed(value, max(2 - math.floor(math.log10(abs(value))), 0)) if abs(value) >= 1e-3 else short(value, 3)


def _facts(run: Run) -> tuple[str, ...]:
    """Data, CNN, penalty, optimizer, device; empty where not known yet."""
    spec = run.spec
    n = (run.environment or {}).get("n_train") or spec.data.train_size
    images = f", {n:,} training images" if n else ""
    noise = f" with {percent(spec.data.label_noise, 0)} wrong labels" if spec.data.label_noise else ""
    optimizer = {"sgd": "SGD", "adam": "Adam", "adamw": "AdamW"}[spec.optim.name]
    return (
        f"{_label(DATASETS.entries, spec.data.name)}{images}{noise}",
        _label(MODELS.entries, spec.model.name),
        penalty_text(spec.penalty),
        f"{optimizer}, learning rate {exact(spec.optim.lr)}",
        f"{run.device}, {run.threads} thread{'s' if run.threads != 1 else ''}" if run.device else "",
    )


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
    if run.epoch < run.epochs:
        return f"Stopped early {done}: no lower validation loss since epoch {run.best_epoch}.{_nothing_learnt(run)}"
    best = f" Lowest validation loss in epoch {run.best_epoch}." if run.best_epoch else ""
    return f"Finished {run.epochs} epochs in {duration(run.seconds)}.{best}{_nothing_learnt(run)}"


def _nothing_learnt(run: Run) -> str:
    chance = chance_of_run(run)
    if run.last is None or chance is None or not chance.holds(run.last.val_acc):
        return ""
    return f" Nothing was learnt: its validation accuracy is at chance, {chance.text}."


def _within(run: Run) -> float:
    """The share of the current epoch that is done."""
    return run.step / run.steps if run.steps else 0.0


def _without_penalty(spec: RunSpec) -> str:
    return spec.model_copy(update={"penalty": PenaltySpec()}).model_dump_json()


def _label(entries: Mapping[str, Entry], name: str) -> str:
    return entries[name].label if name in entries else name
