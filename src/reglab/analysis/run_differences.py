"""What runs differ in: the settings that are not the same in all of them, and their figures against a baseline."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reglab.analysis.sweep_result import plain

Setting = Any
Figures = Mapping[str, float | None]


@dataclass(frozen=True)
class ComparedRun:
    """A run as it is compared: dotted setting → value, and its figures by name; None: not known (yet)."""

    run: str
    name: str
    settings: Mapping[str, Setting]
    figures: Figures


@dataclass(frozen=True)
class RunDifference:
    """A run's own values of the ``settings`` that differ, its figures, and their ``changes``: figure − baseline's.

    A change is None where either figure is not finite, and for the baseline itself.
    """

    run: str
    name: str
    settings: Mapping[str, Setting]
    figures: Figures
    changes: Figures


@dataclass(frozen=True)
class RunDifferences:
    """Runs against one of them, the ``baseline``: ``settings`` are the dotted keys in which any two runs differ."""

    baseline: str
    settings: tuple[str, ...]
    figures: tuple[str, ...]
    runs: tuple[RunDifference, ...]


def differing(every: Sequence[Mapping[str, Setting]]) -> tuple[str, ...]:
    """The keys whose value is not the same in all of ``every``, in the order of their first mention; absent is None."""
    keys = list(dict.fromkeys(key for settings in every for key in settings))
    return tuple(key for key in keys if any(own.get(key) != every[0].get(key) for own in every))


def run_differences(runs: Sequence[ComparedRun], baseline: str) -> RunDifferences:
    """``runs`` against the one with the id ``baseline``, which is among them."""
    keys = differing([run.settings for run in runs])
    names = tuple(dict.fromkeys(name for run in runs for name in run.figures))
    base = next(run for run in runs if run.run == baseline)
    rows = tuple(
        RunDifference(
            run.run,
            run.name,
            {key: run.settings.get(key) for key in keys},
            {name: plain(run.figures.get(name)) for name in names},
            {name: None if run is base else change(run.figures.get(name), base.figures.get(name)) for name in names},
        )
        for run in runs
    )
    return RunDifferences(baseline, keys, names, rows)


def change(figure: float | None, baseline: float | None) -> float | None:
    """``figure`` − ``baseline``; None where either is not finite."""
    if figure is None or baseline is None or not (math.isfinite(figure) and math.isfinite(baseline)):
        return None
    return figure - baseline
