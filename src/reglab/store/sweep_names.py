"""What a sweep and its lanes are called where nobody says."""

from __future__ import annotations

from reglab.number_format import exact
from reglab.store.labels import NAME_LENGTH
from reglab.sweep import LaneSpec, SweepSpec


def default_name(spec: SweepSpec) -> str:
    """For example "λ path · digits · simple_cnn · 9 λ₂ × 3 seeds"."""
    parts = [f"{len(spec.points)} {'(λ₁, λ₂)' if spec.kind == 'grid' else spec.symbol}"]
    parts += [f"{len(spec.applies)} ways"] * (len(spec.applies) > 1)
    parts += [f"{spec.repeats} {spec.repeated_over}s"] * (spec.repeats > 1)
    return f"λ path · {spec.run.data.name} · {spec.run.model.name} · {' × '.join(parts)}"


def lane_names(sweep_name: str, spec: SweepSpec) -> list[str]:
    """Each lane's, in their order; for example "λ₂ 0.03 · seed 1 · my path": what differs first, since lists cut ends.

    Seeds are the training's, folds are numbered from 0, both as in the lane's spec.
    """
    return [f"{_own(spec, lane)} · {sweep_name}"[:NAME_LENGTH] for lane in spec.lanes()]


def _own(spec: SweepSpec, lane: LaneSpec) -> str:
    parts = [_lambda(spec, lane)]
    parts += [lane.apply] * (len(spec.applies) > 1)
    number = lane.run.data.fold if spec.folds else lane.run.train.seed
    parts += [f"{spec.repeated_over} {number}"] * (spec.repeats > 1)
    return " · ".join(parts)


def _lambda(spec: SweepSpec, lane: LaneSpec) -> str:
    if spec.kind == "grid":
        return f"λ₁ {exact(lane.point.l1)} λ₂ {exact(lane.point.l2)}"
    return f"{spec.symbol} {exact(lane.point.value)}"
