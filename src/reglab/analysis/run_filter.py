"""Which rows of the table of runs to show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from reglab.analysis import runs as t

_CHOICES = ((t.STATE, "states"), (t.DATASET, "datasets"), (t.MODEL, "models"), (t.PENALTY, "penalties"))


@dataclass(frozen=True)
class RunFilter:
    """Words that must all occur in a run's name, id, dataset, CNN, tags or note; and values of which it has one.

    An empty choice lets every run through.
    """

    text: str = ""
    states: frozenset[str] = frozenset()
    datasets: frozenset[str] = frozenset()
    models: frozenset[str] = frozenset()
    penalties: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()

    @property
    def active(self) -> bool:
        """Whether it may hide a run."""
        return bool(self.text.split() or self.tags or any(getattr(self, choice) for _, choice in _CHOICES))


def is_lesson(group: str | None) -> bool:
    """Whether runs of ``group`` belong to the Learn page's claims: the group begins with "claim"."""
    return group is not None and group.startswith("claim")


def is_sweep(group: str | None) -> bool:
    """Whether runs of ``group`` are the lanes of a λ path: the group is "sweep" and the sweep's id."""
    return group is not None and group.startswith("sweep ")


def matching(table: pd.DataFrame, wanted: RunFilter) -> pd.DataFrame:
    """The rows of ``table`` that ``wanted`` lets through, in their order, numbered from 0."""
    keep = np.ones(len(table), dtype=bool)
    for column, choice in _CHOICES:
        chosen = getattr(wanted, choice)
        if chosen:
            keep &= table[column].isin(chosen).to_numpy()
    if wanted.tags:
        keep &= np.array([not wanted.tags.isdisjoint(tags) for tags in table[t.TAGS]], dtype=bool)
    if words := wanted.text.casefold().split():
        keep &= np.array([all(word in text for word in words) for text in _searched(table)], dtype=bool)
    return table[keep].reset_index(drop=True)


def _searched(table: pd.DataFrame) -> list[str]:
    """What the words are looked for in, a text for each run."""
    columns = [table[name] for name in (t.NAME, t.RUN, t.DATASET, t.MODEL, t.NOTE, t.TAGS)]
    return ["\n".join([*texts, *tags]).casefold() for *texts, tags in zip(*columns, strict=True)]
