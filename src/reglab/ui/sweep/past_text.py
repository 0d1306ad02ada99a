"""A path of the list, in a line: how long ago, and which λ was best. Pure text."""

from __future__ import annotations

from datetime import datetime

from reglab.number_format import percent
from reglab.sweep import Point, SweepSpec
from reglab.ui.sweep.point_text import named_point

_UNITS = ((86_400, "day"), (3600, "hour"), (60, "minute"))


def ago(moment: datetime, now: datetime) -> str:
    """For example "just now", "5 minutes ago", "1 day ago"."""
    seconds = (now - moment).total_seconds()
    for length, unit in _UNITS:
        if seconds >= length:
            count = int(seconds // length)
            return f"{count} {unit}{'s' if count != 1 else ''} ago"
    return "just now"


def apart_text(spec: SweepSpec) -> str:
    """What tells paths with the same name apart: "400 images, 20% wrong labels, 60 epochs"."""
    data, epochs = spec.run.data, spec.run.train.epochs
    images = "all images" if data.train_size is None else f"{data.train_size:,} image{'s' * (data.train_size != 1)}"
    noise = f", {percent(data.label_noise, 0)} wrong labels" if data.label_noise else ""
    return f"{images}{noise}, {epochs:,} epoch{'s' * (epochs != 1)}"


def best_text(spec: SweepSpec, best: Point, accuracy: float) -> str:
    """For example "best λ₂ = 0.03, 90.4 %"."""
    return f"best {named_point(spec, best)}, {percent(accuracy)}"
