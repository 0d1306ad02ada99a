"""Groups of runs that differ in seeds alone, against one of them: means, and differences paired by seed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reglab.analysis.paired import PairedDifference, paired_difference
from reglab.analysis.sweep_table import mean_and_error

Figures = Mapping[str, float | None]
Seeds = tuple[object, ...]


@dataclass(frozen=True)
class GroupFigure:
    """The ``mean`` of a figure over ``runs`` with finite values, its standard ``error``, and its ``difference``.

    ``error`` is None for one run. ``difference`` is to the baseline, paired by seed, with the corrected interval where
    at least three seeds are common; None for the baseline itself, and without a common seed.
    """

    mean: float | None
    error: float | None
    runs: int
    difference: PairedDifference | None


@dataclass(frozen=True)
class Group:
    """A group by the id of its first run: the seeds of each run with its figures."""

    name: str
    runs: Sequence[tuple[Seeds, Figures]]


def group_differences(
    groups: Sequence[Group], baseline: str, overlap: float, *, lower_is_better: Sequence[str] = ()
) -> dict[str, dict[str, GroupFigure]]:
    """Group → figure → its mean and its difference to the group ``baseline``, which is among them.

    :param overlap: r of the intervals, as of :func:`reglab.analysis.paired.interval`.
    :param lower_is_better: figures such as losses.
    """
    base = next(group for group in groups if group.name == baseline)
    names = dict.fromkeys(name for group in groups for _, figures in group.runs for name in figures)
    return {
        group.name: {
            name: _figure(group, base, name, overlap, higher_is_better=name not in lower_is_better) for name in names
        }
        for group in groups
    }


def _figure(group: Group, base: Group, name: str, overlap: float, *, higher_is_better: bool) -> GroupFigure:
    values = _values(group, name)
    mean, error, n = mean_and_error(np.array([list(values.values())], dtype=np.float64).reshape(1, -1))
    difference = None
    if group is not base:
        other = _values(base, name)
        common = [seeds for seeds in values if seeds in other]
        first, second = _of(values, common), _of(other, common)
        difference = paired_difference(first, second, overlap, higher_is_better=higher_is_better)
    return GroupFigure(_plain(mean[0]), _plain(error[0]), int(n[0]), difference)


def _values(group: Group, name: str) -> dict[Seeds, float]:
    """The figure by seeds; NaN where it is not known."""
    found = {seeds: figures.get(name) for seeds, figures in group.runs}
    return {seeds: math.nan if value is None else float(value) for seeds, value in found.items()}


def _of(values: Mapping[Seeds, float], seeds: Sequence[Seeds]) -> NDArray[np.float64]:
    return np.array([values[one] for one in seeds], dtype=np.float64)


def _plain(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
