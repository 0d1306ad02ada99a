"""Reads of the table of runs: a page of it, its groups, and counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reglab.states import State
from reglab.store import catalog, confirmations, run_counts, run_table, run_table_groups
from reglab.store import run_table_columns as t
from reglab.store.confirmations import test_accuracy
from reglab.store.database import Database
from reglab.store.files import RunFiles, checkpoint_finder
from reglab.store.reading import Unreadable
from reglab.store.run import Files, Run
from reglab.store.run_counts import RunChoices, RunCounts, RunMark
from reglab.store.run_filter import RunFilter
from reglab.store.run_table import RunOrder, Tests, Weights
from reglab.store.run_table_groups import GroupBy, RunGroup, RunGroups

if TYPE_CHECKING:
    import pandas as pd


class TableReads:
    """The part of :class:`reglab.store.Store` for lists of runs: only what is shown is read."""

    def __init__(self, database: Database, home: Path) -> None:
        self.home, self._database = home, database

    @property
    def read_only(self) -> str | None:
        """The sentence why nothing in the store may be changed; None where it may."""
        return self._database.read_only

    def files(self, run_id: str) -> RunFiles:
        """The run's checkpoints and weights in ``home/<run id>/``; the checkpoint of a sweep's run is the sweep's."""
        return RunFiles(self.home, run_id, self._database.flush, barred=self._files_barred)

    @property
    def _files_barred(self) -> str | None:
        """The sentence why files of runs may not be written."""
        return self.read_only

    def run_ids(
        self,
        wanted: RunFilter | None = None,
        order: RunOrder | None = None,
        *,
        offset: int = 0,
        limit: int | None = 100,
    ) -> list[str]:
        """The ids on a page of the table of runs: ``limit`` of those that match, from number ``offset`` on."""
        order = order or RunOrder()
        tests = self.test_accuracies() if order.column == t.TEST_ACC else None
        with self._database.read() as connection:
            return run_table.ids_of_page(connection, wanted or RunFilter(), order, offset, limit, tests)

    def run_table(
        self, wanted: RunFilter | None = None, order: RunOrder | None = None, *, offset: int = 0, limit: int = 100
    ) -> pd.DataFrame:
        """The rows of that page: :data:`reglab.store.run_table_columns.COLUMNS` of the runs that can be read."""
        return self.rows_of(self.runs_of(self.run_ids(wanted, order, offset=offset, limit=limit)))

    def rows_of(self, found: Sequence[Run]) -> pd.DataFrame:
        """The rows of these runs as a frame."""
        return run_table.table_of(found, *self._beside(found))

    def row_values(self, found: Sequence[Run]) -> list[dict[str, Any]]:
        """The same rows as plain values, which need no pandas."""
        return run_table.values_of(found, *self._beside(found))

    def _beside(self, found: Sequence[Run]) -> tuple[Weights, Tests]:
        """What the rows of these runs hold that the runs do not."""
        ids = [run.id for run in found]
        with self._database.read() as connection:
            weights = run_table.weight_figures(connection, ids)
        return weights, self.test_accuracies(ids)

    def run_figures(self, states: Sequence[State] | None = None) -> pd.DataFrame:
        """What :meth:`run_groups` follows from, of all runs that are not deleted, or of those in ``states``."""
        tests = self.test_accuracies()
        with self._database.read() as connection:
            return run_table_groups.run_figures(connection, tests, states)

    def run_groups(
        self,
        by: GroupBy,
        wanted: RunFilter | None = None,
        order: RunOrder | None = None,
        *,
        figures: pd.DataFrame | None = None,
    ) -> RunGroups:
        """The groups of the runs that match, in their order; ``figures``: :meth:`run_figures`, if known."""
        order = order or RunOrder()
        ids = self.run_ids(wanted, order, limit=None)
        if figures is None or figures.index.isin(ids).sum() < len(ids):  # some are newer than the figures
            figures = self.run_figures()
        return run_table_groups.groups_of(figures, ids, by, order)

    def name_groups(self, groups: Sequence[RunGroup]) -> list[RunGroup]:
        """``groups`` under the names of their sweeps and λ."""
        if not groups:
            return []
        with self._database.read() as connection:
            names = run_table_groups.named(connection, groups[0].by, [group.key for group in groups])
        return [replace(group, label=names[group.key]) for group in groups]

    def test_accuracies(self, run_ids: Sequence[str] | None = None) -> dict[str, float]:
        """Run → accuracy on the test part, of ``run_ids`` or all, where a confirmation has opened it."""
        with self._database.read() as connection:
            opened = confirmations.opened_runs(connection, run_ids)
        found = {run_id: test_accuracy(self.files(run_id)) for run_id in opened}
        return {run_id: accuracy for run_id, accuracy in found.items() if accuracy is not None}

    def sweep_sizes(self, sweep_ids: Iterable[str]) -> dict[str, int]:
        """Sweep → number of its runs."""
        with self._database.read() as connection:
            return run_counts.sweep_sizes(connection, sorted(set(sweep_ids)))

    def run_marks(self, run_ids: Sequence[str]) -> list[RunMark]:
        """Id, name, state and group of those of these runs that are there, in this order; quick for thousands."""
        with self._database.read() as connection:
            return run_counts.marks(connection, run_ids)

    def runs_of(self, run_ids: Sequence[str]) -> list[Run]:
        """The runs with these ids, in this order; those that are deleted, unknown or unreadable are left out."""
        return [run for run in self.every_run_of(run_ids) if isinstance(run, Run)]

    def every_run_of(self, run_ids: Sequence[str], *, deleted: bool = False) -> list[Run | Unreadable]:
        """:meth:`runs_of`, and in their places the rows that this version cannot read; ``deleted``: those too."""
        with self._database.read() as connection:
            return catalog.present(connection, run_ids, self._checkpoints, deleted=deleted)

    def count_runs(self, wanted: RunFilter | None = None) -> RunCounts:
        """How many runs are not deleted and match, by state."""
        with self._database.read() as connection:
            return run_counts.count(connection, wanted or RunFilter())

    def count_datasets(self) -> dict[str, int]:
        """Dataset → how many runs that are not deleted use it."""
        with self._database.read() as connection:
            return run_counts.count_datasets(connection)

    def count_groups(self, prefixes: Iterable[str]) -> dict[str, int]:
        """Prefix → how many runs are in groups that begin so; under "" the runs of no such group."""
        with self._database.read() as connection:
            return run_counts.count_groups(connection, tuple(prefixes))

    def count_sweeps(self) -> int:
        """How many sweeps are not deleted."""
        with self._database.read() as connection:
            return run_counts.count_sweeps(connection)

    def run_choices(self) -> RunChoices:
        """The datasets, CNNs and tags in use."""
        with self._database.read() as connection:
            return run_counts.choices(connection)

    @property
    def _checkpoints(self) -> Files:
        return checkpoint_finder(self.home)
