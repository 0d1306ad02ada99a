"""The runs that are compared: found by their ids, in one colour each, and grouped where they differ in seeds alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import pandas as pd

from reglab.charts import RunStyle, style_runs
from reglab.content.run_text import identity_of
from reglab.errors import UnknownSweep
from reglab.jobs.run_comparing import seeds_of
from reglab.states import ACTIVE
from reglab.store import Run, Store, Sweep, Unreadable, UnreadableRow
from reglab.ui.compare.names import names_of
from reglab.ui.compare.query import SEEDS, CompareQuery
from reglab.ui.shared.memo import Readings, epochs_on
from reglab.ui.shared.services import services
from reglab.ui.shared.text import count_of
from reglab.ui.shared.ticks import opens_page, session_id

MOST_LANES = 1_000
"""Runs of sweeps that are read for one page."""


@dataclass(frozen=True)
class Selection:
    """What is compared: ``runs`` in the order of the link, those of the ``sweeps`` after the others, each once.

    ``problems``: a sentence for each part of the link that is not there.
    """

    runs: tuple[Run, ...]
    sweeps: tuple[Sweep, ...]
    problems: tuple[str, ...]

    @cached_property
    def version(self) -> Hashable:
        """Equal versions have equal epochs, layers and predictions."""
        return services().store.home, tuple((run.id, run.epoch, run.state) for run in self.runs)

    @cached_property
    def begun(self) -> tuple[Run, ...]:
        """The runs with an epoch to show."""
        return tuple(run for run in self.runs if run.epoch)

    @cached_property
    def jobs(self) -> tuple[Run | Sweep, ...]:
        """The sweeps, and the runs that are in none of them."""
        ids = {sweep.id for sweep in self.sweeps}
        return (*self.sweeps, *(run for run in self.runs if run.sweep not in ids))

    @cached_property
    def training(self) -> bool:
        """Whether any of them trains or waits."""
        return any(run.state in ACTIVE for run in self.runs)

    @cached_property
    def groups(self) -> Mapping[str, str]:
        """Run → the first run with the same settings but for seeds, folds and blocks, of the same sweep if of any.

        Runs with the same seeds as well are no repeats: each is in another group.
        """
        first: dict[Hashable, str] = {}
        alike: Counter[Hashable] = Counter()
        found = {}
        for run in self.runs:
            settings, seeds = _parts(run)
            found[run.id] = first.setdefault((settings, alike[settings, seeds]), run.id)
            alike[settings, seeds] += 1
        return found

    @cached_property
    def members(self) -> Mapping[str, tuple[Run, ...]]:
        """The first run of each group → all of its runs."""
        found: dict[str, list[Run]] = {}
        for run in self.runs:
            found.setdefault(self.groups[run.id], []).append(run)
        return {first: tuple(own) for first, own in found.items()}

    @cached_property
    def has_groups(self) -> bool:
        """Whether any group has several runs."""
        return len(set(self.groups.values())) < len(self.runs)

    def series(self, *, grouped: bool) -> Mapping[str, str]:
        """Run → the series it belongs to: its group, or itself."""
        return self.groups if grouped and self.has_groups else {run.id: run.id for run in self.runs}

    def styles(self, *, grouped: bool) -> dict[str, RunStyle]:
        """The look of each series; a group looks as its first run."""
        firsts = set(self.series(grouped=grouped).values())
        shown = [run for run in self.runs if run.id in firsts]
        names = names_of(shown)
        return style_runs(identity_of(run, names[run.id]) for run in shown)

    def run(self, run_id: str) -> Run | None:
        """The run with this id, if it is among them."""
        return next((run for run in self.runs if run.id == run_id), None)


def select(store: Store, asked: CompareQuery) -> Selection:
    """The runs and sweeps of ``asked`` that there are."""
    rows = store.every_run_of(asked.runs, deleted=True)
    known = {row.id for row in rows}
    found = {row.id: row for row in rows if isinstance(row, Run) and row.deleted is None}
    problems = [
        _missing([one for one in asked.runs if one not in known]),
        _deleted([row.name for row in rows if isinstance(row, Run) and row.deleted is not None]),
        *(row.sentence for row in rows if isinstance(row, Unreadable)),
    ]
    sweeps, lanes_of, unknown = _sweeps(store, asked.sweeps)
    problems += unknown
    for sweep in sweeps:
        lanes = lanes_of[sweep.id]
        room = max(MOST_LANES - len(found), 0)
        if len(lanes) > room:
            problems.append(f"“{sweep.name}” has {count_of(len(lanes), 'run')}; {room:,} of them are compared.")
        found |= {run.id: run for run in lanes[:room] if run.id not in found}
    return Selection(tuple(found.values()), tuple(sweeps), tuple(filter(None, problems)))


def _sweeps(store: Store, ids: Sequence[str]) -> tuple[list[Sweep], dict[str, list[Run]], list[str]]:
    """The sweeps with these ids, the runs of each, and a sentence for each that cannot be shown."""
    sweeps: list[Sweep] = []
    lanes: dict[str, list[Run]] = {}
    problems: list[str] = []
    for sweep_id in ids:
        try:
            sweep = store.sweep(sweep_id)
            if sweep.deleted is not None:
                problems.append(f"The sweep “{sweep.name}” is deleted; its own page can restore it.")
            elif sweep.id not in lanes:
                lanes[sweep.id] = store.sweep_runs(sweep.id)
                sweeps.append(sweep)
        except (UnknownSweep, UnreadableRow) as error:
            problems.append(str(error))
    return sweeps, lanes, problems


def _missing(ids: Sequence[str]) -> str:
    if not ids:
        return ""
    listed = ", ".join(ids[:5]) + (f" and {len(ids) - 5:,} more" if len(ids) > 5 else "")
    are = "are" if len(ids) > 1 else "is"
    return f"The link names {count_of(len(ids), 'run')} that {are} not here: {listed}."


def _deleted(names: Sequence[str]) -> str:
    """The sentence on deleted runs, which are not compared."""
    if not names:
        return ""
    listed = ", ".join(f"“{name}”" for name in names[:5]) + (f" and {len(names) - 5:,} more" if len(names) > 5 else "")
    many = len(names) > 1
    way = "their own pages can restore them" if many else "its own page can restore it"
    return f"{listed} {'are' if many else 'is'} deleted and not compared; {way}."


def _parts(run: Run) -> tuple[Hashable, Hashable]:
    """The run's settings without its seeds, and its seeds."""
    settings = {key: value for key, value in run.spec.flat().items() if key not in SEEDS}
    return (run.sweep, repr(settings)), seeds_of(run)


class Epochs(NamedTuple):
    """EPOCH_COLUMNS of the runs that are compared; equal versions, equal rows."""

    version: Hashable
    rows: pd.DataFrame


def epochs_of(selection: Selection) -> Epochs:
    """The epochs of all runs; only those since the last reading are read."""
    store, ids = services().store, tuple(run.id for run in selection.runs)
    facts = store.home, tuple(run.state for run in selection.runs)

    def read(before: Epochs | None) -> Epochs:
        return Epochs(selection.version, epochs_on(store, selection.runs, before.rows if before else None))

    key, version = (store.home, ids), selection.version
    return _EPOCHS.take(key, session_id(), opens=opens_page(), facts=facts, version=version, read=read)


_EPOCHS: Readings[Epochs] = Readings(most=16)
