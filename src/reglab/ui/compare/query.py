"""Links of the Compare page: the runs and sweeps, the view, and each of its switches that is not at its default.

``?runs=a,b&sweeps=c&view=weights&layer=conv1.weight``. A value that cannot be used costs itself alone: it gets its
default, and a sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Literal, get_args, get_origin, get_type_hints

from reglab.analysis.run_curves import Axis
from reglab.columns import Measure
from reglab.errors import shown
from reglab.predictions import Which
from reglab.ui.shared.query import MOST_COMPARED, MOST_SWEEPS

View = Literal["curves", "differences", "lambda", "weights", "errors", "parallel"]
Figure = Literal["accuracy", "loss", "gap_acc", "gap_loss", "penalty", "ratio"]
Images = Literal["val", "train", "both"]
Scale = Literal["linear", "x", "y", "xy"]
Series = Literal["groups", "runs"]
Weights = Literal["overlay", "panels", "ridge"]
Errors = Literal["confusion", "images", "calibration", "noise"]

SERIES: Mapping[Series, str] = {"groups": "Groups", "runs": "Runs"}
SEEDS = ("data.seed", "train.seed", "data.fold", "data.block")
"""Settings in which the runs of a group may differ."""

SMOOTHINGS = ("0", "0.5", "0.8", "0.9", "0.95", "0.98")


_LONGEST = 200  # characters of a layer's name or an id
_LISTS = ("runs", "sweeps")


@dataclass(frozen=True)
class CompareQuery:
    """What the page shows: ids of runs and sweeps, the view, and the switches of all views.

    ``baseline`` and ``other`` are run ids, "" for the first and the second run; ``layer`` "" is all layers.
    """

    runs: tuple[str, ...] = ()
    sweeps: tuple[str, ...] = ()
    view: View = "curves"
    figure: Figure = "accuracy"
    images: Images = "val"
    x: Axis = "epoch"
    log: Scale = "linear"
    smooth: str = "0"
    series: Series = "groups"
    baseline: str = ""
    other: str = ""
    measure: Measure = "loss"
    layer: str = ""
    weights: Weights = "overlay"
    errors: Errors = "confusion"
    at: Which = "last"


DEFAULT = CompareQuery()
NAMES = tuple(field.name for field in fields(CompareQuery))
_CHOICES: Mapping[str, tuple[str, ...]] = {
    name: get_args(kind) for name, kind in get_type_hints(CompareQuery).items() if get_origin(kind) is Literal
} | {"smooth": SMOOTHINGS}


def read(query: Mapping[str, str]) -> tuple[CompareQuery, list[str]]:
    """The parsed ``query``, and a sentence for each part that cannot be used."""
    values: dict[str, object] = {}
    problems = []
    for name in NAMES:
        text = query.get(name)
        if text is None:
            continue
        if name in _LISTS:
            values[name], problem = _ids(name, text)
            problems += [problem] if problem else []
        elif name not in _CHOICES:
            values[name] = text.strip()[:_LONGEST]
        elif text in _CHOICES[name]:
            values[name] = text
        else:
            problems.append(f"{name} {shown(text)} is not one of: {', '.join(_CHOICES[name])}.")
    return CompareQuery(**values), problems  # type: ignore[arg-type]


def to_query(state: CompareQuery) -> dict[str, str]:
    """The parameters that are not the default."""
    plain = asdict(DEFAULT)
    own = {name: value for name, value in asdict(state).items() if value != plain[name]}
    return {name: ",".join(value) if name in _LISTS else str(value) for name, value in own.items()}


def _ids(name: str, text: str) -> tuple[tuple[str, ...], str | None]:
    """The ids in a list, each once and as many as the page takes; and a sentence where there are more."""
    ids = tuple(dict.fromkeys(part.strip()[:_LONGEST] for part in text.split(",") if part.strip()))
    most = MOST_COMPARED if name == "runs" else MOST_SWEEPS
    problem = f"The link names {len(ids):,} {name}; the first {most} are compared." if len(ids) > most else None
    return ids[:most], problem
