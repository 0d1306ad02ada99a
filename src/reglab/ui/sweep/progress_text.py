"""A sweep in words: what it trains, how its lanes advance, how far it is, how long it will take. Pure text."""

from __future__ import annotations

from reglab.datasets import DATASETS
from reglab.jobs.sweep_plan import Plan
from reglab.models import MODELS
from reglab.number_format import exact, percent
from reglab.spec import RunSpec
from reglab.store import Sweep
from reglab.sweep import SweepSpec
from reglab.ui.shared.text import duration

Rate = tuple[float, float]
"""The seconds and the share done of a sweep at a moment."""

_EARLY = 0.5  # share of the training before which the plan's estimate counts too
_ENOUGH = 0.02  # share of the training that tells the rate
_OPTIMIZERS = {"sgd": "SGD", "adam": "Adam", "adamw": "AdamW"}


def size_text(spec: SweepSpec) -> str:
    """For example "9 λ₂ × 3 seeds", "16 (λ₁, λ₂) × 5 folds", "9 λ₂ × 2 ways of applying it × 3 seeds"."""
    symbol = "(λ₁, λ₂)" if spec.kind == "grid" else spec.symbol
    parts = [f"{len(spec.points)} {symbol}"]
    parts += [f"{len(spec.applies)} ways of applying it"] * (len(spec.applies) > 1)
    parts += [f"{spec.repeats} {spec.repeated_over}s"] * (spec.repeats > 1)
    return " × ".join(parts)


def amount_text(spec: SweepSpec) -> str:
    """For example "9 λ₂ × 3 seeds = 27 runs of 60 epochs"."""
    runs = "1 run" if spec.size == 1 else f"{spec.size:,} runs"
    epochs = spec.run.train.epochs
    return f"{size_text(spec)} = {runs} of {epochs:,} epoch{'s' if epochs != 1 else ''}"


def facts(spec: SweepSpec) -> str:
    """What all runs have in common, in one line."""
    return " · ".join(filter(None, _facts(spec)))


def plan_text(spec: SweepSpec, plan: Plan) -> str:
    """How the lanes advance, and what that is worth: "9 λ₂ × 3 seeds fused, 3.7× faster than one by one"."""
    if spec.size == 1:
        return f"{size_text(spec)}: one run"
    if plan.how.fused:
        return f"{size_text(spec)} fused, {plan.speedup:.1f}× faster than one by one"
    why = f": {plan.reason}" if plan.reason else ", which is the faster way here"
    return f"{size_text(spec)} one by one{why}"


def plan_help(plan: Plan) -> str:
    """The same at length."""
    stacks, widest = len(plan.stacks), plan.widest
    shared = f"{stacks} stack{'s' if stacks != 1 else ''} of up to {widest} run{'s' if widest != 1 else ''}"
    words = f"{shared}, {min(plan.together, stacks)} at a time, on {plan.workers} thread{'s' * (plan.workers != 1)}."
    if plan.difference is not None:
        words += f" The two ways were timed once their gradients agreed (relative difference {plan.difference:.0e})."
    return f"Fused: the networks of several λ are stacked and each step is one computation for all of them. {words}"


def seconds_left(sweep: Sweep, since: Rate | None = None) -> float | None:
    """From the rate ``since`` a moment when it trained already; before that is long enough, from the share done and
    the time it took, blended with the plan's own estimate, as that time counts preparing too. None: not known yet.
    """
    share = sweep.share
    if since is not None and share - since[1] >= _ENOUGH and sweep.seconds > since[0]:
        return (sweep.seconds - since[0]) / (share - since[1]) * (1 - share)
    planned = Plan.of(sweep.plan).seconds * (1 - share) if sweep.plan else None
    if share <= 0 or sweep.seconds <= 0:
        return planned
    measured = sweep.seconds * (1 - share) / share
    if planned is None or share >= _EARLY:
        return measured
    weight = share / _EARLY
    return weight * measured + (1 - weight) * planned


def progress_text(sweep: Sweep, position: int | None, since: Rate | None = None) -> str:
    """One line on where the sweep stands, whatever its state; ``since`` as for :func:`seconds_left`."""
    took = duration(sweep.seconds)
    match sweep.state:
        case "queued":
            place = f", number {position} in the queue" if position and position > 1 else ""
            again = f" It goes on from epoch {sweep.epoch}." if sweep.epoch else ""
            return f"Waiting for a free place{place}.{again}"
        case "running":
            return _running(sweep, since)
        case "finished":
            return f"Finished {_runs(sweep)} in {took}." + _gone(sweep)
        case "diverged":
            return f"{'All ' if sweep.size > 1 else ''}{_runs(sweep)} diverged."
        case "cancelled":
            return (
                f"Stopped at epoch {sweep.epoch} of {sweep.epochs}, after {took}."
                if sweep.highest
                else "Cancelled before it began."
            )
        case "interrupted":
            return f"Interrupted at epoch {sweep.epoch} of {sweep.epochs}: the program ended while it trained."
        case "failed":
            return f"Failed at epoch {sweep.epoch} of {sweep.epochs}."


def resume_text(sweep: Sweep) -> str:
    """What Resume would do."""
    if not sweep.highest:
        return "Starts it from the beginning."
    return "All λ go on from their last checkpoints, with the numbers they would have had without the break."


def memory_text(of_one: int, of_all: int, free: int) -> str:
    """For example "About 6 MB of memory a run, 160 MB for all together; 16 GB can be used."."""
    split = ", so they train in several groups" if of_all > free else ""
    return f"About {_size(of_one)} of memory a run, {_size(of_all)} for all together; {_size(free)} can be used{split}."


def _size(size: float) -> str:
    if size >= 1e9:
        return f"{size / 1e9:.1f} GB"
    return f"{max(size / 1e6, 1):.0f} MB"


def _running(sweep: Sweep, since: Rate | None) -> str:
    if sweep.wanted == "stop":
        return "Stopping, with a checkpoint…"
    if sweep.activity:
        return f"{sweep.activity}…"
    if sweep.plan is None:
        return "Preparing…"
    left = seconds_left(sweep, since)
    soon = f" About {duration(left)} left." if left is not None else ""
    return f"Epoch {sweep.epoch} of {sweep.epochs} done on every λ.{soon}"


def _runs(sweep: Sweep) -> str:
    several, epochs = "s" * (sweep.size != 1), "s" * (sweep.epochs != 1)
    return f"{sweep.size:,} run{several} of {sweep.epochs:,} epoch{epochs}"


def _gone(sweep: Sweep) -> str:
    gone = sweep.counts["diverged"]
    return f" {gone} of them diverged." if gone else ""


def _facts(spec: SweepSpec) -> tuple[str, ...]:
    run = spec.run
    n = run.data.train_size
    images = f", {n:,} training images" if n else ", all training images"
    noise = f" with {percent(run.data.label_noise, 0)} wrong labels" if run.data.label_noise else ""
    return (
        f"{_label(DATASETS.entries, run.data.name)}{images}{noise}",
        _label(MODELS.entries, run.model.name),
        f"{_OPTIMIZERS[run.optim.name]}, learning rate {exact(run.optim.lr)}",
        _penalty(spec),
    )


def _penalty(spec: SweepSpec) -> str:
    """What the path does not say: the λ that stands fixed, the ratio, how it is applied."""
    run: RunSpec = spec.run
    fixed = {"l2": ("λ₁", run.penalty.l1), "l1": ("λ₂", run.penalty.l2)}.get(spec.kind, ("", 0.0))
    parts = [f"{fixed[0]} = {exact(fixed[1])} throughout"] * bool(fixed[1])
    parts += [f"L1 ratio {exact(spec.l1_ratio or 0.0)}"] * (spec.kind == "elastic")
    if spec.applies != ("coupled",):
        parts.append(" and ".join(spec.applies) + " penalty")
    return ", ".join(parts)


def _label(entries: object, name: str) -> str:
    found = entries.get(name) if isinstance(entries, dict) else None
    return found.label if found is not None else name
