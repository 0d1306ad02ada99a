"""A sweep as text: size, shared settings, execution, progress, time left, memory. Pure text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from reglab.content.run_text import class_weights_text
from reglab.jobs import ended_text
from reglab.jobs.sweep_plan import Plan
from reglab.number_format import exact
from reglab.spec import RunSpec
from reglab.store import Sweep
from reglab.sweep import SweepSpec
from reglab.ui.shared.text import count_of, dataset_label, duration, model_label, optimizer_text

Rate = tuple[float, float]
"""(seconds, share done) of a sweep when it was first seen to train."""

_EARLY = 0.5  # share done below which the plan's estimate counts, too
_ENOUGH = 0.02  # share done since the first look that is enough to measure the rate
_UNITS = ((86_400, "day"), (3600, "hour"), (60, "minute"))


def size_text(spec: SweepSpec) -> str:
    """For example "9 λ₂ × 3 seeds", "16 (λ₁, λ₂) × 5 folds", "9 λ₂ × 2 penalty modes × 3 seeds".

    A confirmation trains some of the points only: "2 λ₂ × 10 seeds".
    """
    parts = [f"{len(spec.points)} (λ₁, λ₂)"] if spec.kind == "grid" else [axis.count_text for axis in spec.axes]
    if spec.only and spec.kind != "grid":
        parts = [f"{len(spec.points)} {'points' if spec.is_map else spec.symbol}"]
    parts += [f"{len(spec.applies)} penalty modes"] * (len(spec.applies) > 1)
    parts += [f"{spec.repeats} {spec.repeated_over}s"] * (spec.repeats > 1)
    return " × ".join(parts)


def amount_text(spec: SweepSpec) -> str:
    """For example "9 λ₂ × 3 seeds = 27 runs of 60 epochs"."""
    return f"{size_text(spec)} = {count_of(spec.size, 'run')} of {_epochs(spec)}"


def whole_text(spec: SweepSpec) -> str:
    """What is trained and how often, in one line: shared settings, λ, repeats, epochs."""
    return f"{facts(spec)} · {amount_text(spec)}"


def data_text(spec: SweepSpec) -> str:
    """The data and epochs, which tell sweeps of one name apart: "400 images, 20 % wrong labels, 60 epochs"."""
    data = spec.shared_data
    size, noise = data.train_size, data.noise_label
    images = "" if _chosen_otherwise(spec) else "all images"
    images = _swept(spec, "data.train_size") or (images if size is None else count_of(size, "image"))
    wrong = _swept(spec, "data.label_noise") or noise
    return ", ".join(filter(None, (images, wrong, data.label, _epochs(spec))))


def facts(spec: SweepSpec) -> str:
    """The settings that all runs share, in one line; those of an axis with their range."""
    run: RunSpec = spec.run
    images = "" if _chosen_otherwise(spec) else "all training images"
    images = f"{run.data.train_size:,} training images" if run.data.train_size else images
    images = _swept(spec, "data.train_size") or images
    noise = f" with {spec.shared_data.noise_label}" if spec.shared_data.noise_label else ""
    optimizer = optimizer_text(run)
    if "optim.lr" in spec.over:
        optimizer = optimizer.rpartition(", ")[0]
    told = {"data.train_size", "train.epochs"}
    axes = [text for key in spec.over if key not in told and (text := _swept(spec, key))]
    data = ", ".join(filter(None, (dataset_label(run.data.name), f"{images}{noise}".strip(), spec.shared_data.label)))
    parts = (f"{data}{class_weights_text(run)}", model_label(run.model.name), optimizer)
    return " · ".join(filter(None, (*parts, _penalty(spec), *axes)))


def _chosen_otherwise(spec: SweepSpec) -> bool:
    """Whether a share or class sizes choose the training images, so that they are not all of them."""
    keys = {"data.train_share", "data.imbalance"} & spec.over.keys()
    return bool(keys) or spec.run.data.train_share is not None or spec.run.data.uneven


def _swept(spec: SweepSpec, key: str) -> str:
    """The setting ``key`` with its range where it is swept: "learning rate 0.001 to 0.1"; else empty."""
    axis = next((axis for axis in spec.axes if axis.key == key), None)
    kind = spec.run.data.noise_kind if key == "data.label_noise" else "symmetric"
    which = "" if kind == "symmetric" else f"{kind.replace('_', '-')} "
    return f"{which}{axis.symbol} {exact(axis.values[0])} to {exact(axis.values[-1])}" if axis else ""


def _epochs(spec: SweepSpec) -> str:
    """For example "60 epochs", "10 to 60 epochs"."""
    values = spec.over.get("train.epochs", (spec.run.train.epochs,))
    span = f"{values[0]:,} to " if len(values) > 1 else ""
    return f"{span}{count_of(int(values[-1]), 'epoch')}"


def plan_text(spec: SweepSpec, plan: Plan) -> str:
    """Size and execution: "9 λ₂ × 3 seeds, fused: 3.7× faster than sequential"."""
    if spec.size == 1:
        return f"{size_text(spec)}: one run"
    if plan.how.fused:
        return f"{size_text(spec)}, fused: {plan.speedup:.1f}× faster than sequential"
    return f"{size_text(spec)}, sequential: {plan.reason or 'faster than fused here'}"


def plan_help(plan: Plan) -> str:
    """The execution in full: groups, workers, and the check of fused against sequential gradients."""
    groups = len(plan.stacks)
    text = (
        "Fused execution computes one step of several runs in one set of operations; sequential execution trains them "
        f"one after another. {count_of(groups, 'group')} of up to {count_of(plan.widest, 'run')}, "
        f"{min(plan.together, groups)} at a time, on {count_of(plan.workers, 'worker')}."
    )
    if plan.difference is not None:
        text += f" Both were timed after their gradients agreed (relative difference {plan.difference:.0e})."
    return text


def seconds_left(sweep: Sweep, since: Rate | None = None) -> float | None:
    """Remaining seconds; ``None`` while unknown.

    Measured from the rate ``since`` the first look, once enough is done. Before that, the mean rate, which includes
    the preparation, is blended with the plan's estimate.
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


def progress_text(sweep: Sweep, position: int | None, since: Rate | None = None, ends: Sequence[int] = ()) -> str:
    """State and progress in one line; ``position`` in the queue, ``since`` as for :func:`seconds_left`.

    ``ends``: the last epoch of every run.
    """
    took, at = duration(sweep.seconds), f"epoch {sweep.epoch} of {sweep.epochs}"
    match sweep.state:
        case "queued":
            place = f", number {position} in the queue" if position and position > 1 else ""
            resumed = f" Continues from epoch {sweep.epoch}." if sweep.epoch else ""
            return f"Waiting for a free slot{place}.{resumed}"
        case "running":
            return _running(sweep, since)
        case "finished":
            diverged = sweep.counts["diverged"]
            diverged_text = f" {diverged} of them diverged." if diverged else ""
            return f"Finished {_all(sweep)} in {took}.{diverged_text}{_ended(sweep, ends)}"
        case "diverged":
            return f"{'All ' if sweep.size > 1 else ''}{_all(sweep)} diverged."
        case "cancelled":
            return f"Stopped at {at}, after {took}." if sweep.highest else "Cancelled before the first step."
        case "interrupted":
            why = "." if sweep.error else ": the program ended during training."  # an error has a box of its own
            return f"Interrupted at {at}{why}"
        case "failed":
            return f"Failed at {at}."


def resume_text(sweep: Sweep) -> str:
    """What Resume does."""
    if not sweep.highest:
        return "Starts from the beginning."
    return "Every run continues from its last checkpoint, with the same results as without the interruption."


def memory_text(of_one: int, of_all: int, free: int) -> str:
    """For example "Memory: about 6 MB a run, 162 MB in all. 16.0 GB available."."""
    groups = " The runs train in several groups." if of_all > free else ""
    return f"Memory: about {_size(of_one)} a run, {_size(of_all)} in all. {_size(free)} available.{groups}"


def ago(moment: datetime, now: datetime) -> str:
    """For example "just now", "5 minutes ago", "1 day ago"."""
    seconds = (now - moment).total_seconds()
    for length, unit in _UNITS:
        if seconds >= length:
            return f"{count_of(int(seconds // length), unit)} ago"
    return "just now"


def _running(sweep: Sweep, since: Rate | None) -> str:
    if sweep.wanted == "stop":
        return "Stopping, with a checkpoint…"
    if sweep.activity:
        return f"{sweep.activity}…"
    if sweep.plan is None:
        return "Preparing…"
    left = seconds_left(sweep, since)
    return f"Epoch {sweep.epoch} of {sweep.epochs} done in every run." + (
        f" About {duration(left)} left." if left is not None else ""
    )


def _ended(sweep: Sweep, ends: Sequence[int]) -> str:
    """With early stopping, the epochs at which runs ended: " Runs ended at epochs 9–31 (early stopping, …)."."""
    return f" Runs ended at {ended_text(sweep, ends)}." if sweep.spec.run.train.patience and ends else ""


def _penalty(spec: SweepSpec) -> str:
    """The λ that every run shares, the L1 ratio and the penalty modes, where they are not the usual ones."""
    swept = {"l2": {"λ₂"}, "l1": {"λ₁"}}.get(spec.kind, {"λ₁", "λ₂"})
    fixed = {symbol: own for symbol, own in spec.run.penalty.symbols.items() if own and symbol not in swept}
    parts = [f"fixed {symbol} = {exact(own)}" for symbol, own in fixed.items()]
    parts += [f"L1 ratio {exact(spec.l1_ratio or 0.0)}"] * (spec.kind == "elastic")
    if spec.applies != ("coupled",):
        parts.append(" and ".join(spec.applies) + " penalty")
    return ", ".join(parts)


def _all(sweep: Sweep) -> str:
    return f"{count_of(sweep.size, 'run')} of {_epochs(sweep.spec)}"


def _size(size: float) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{max(size / 1e6, 1):.0f} MB"
