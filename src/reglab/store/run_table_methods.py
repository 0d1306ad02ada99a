"""The store's interface for lists of runs: pages of the table, counts, and choices. Every method is one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from reglab.store import catalog, run_counts, run_table
from reglab.store.base import StoreBase
from reglab.store.files import checkpoint_finder
from reglab.store.run import Run
from reglab.store.run_counts import RunChoices, RunCounts
from reglab.store.run_filter import RunFilter
from reglab.store.run_order import RunOrder


class RunTableMethods(StoreBase):
    """Lists of runs that are as quick among ten thousand runs as among ten: only what is shown is read."""

    def run_table(
        self, wanted: RunFilter | None = None, order: RunOrder | None = None, *, offset: int = 0, limit: int = 100
    ) -> pd.DataFrame:
        """A page of the table of runs: :data:`reglab.store.run_table_columns.COLUMNS` of ``limit`` runs."""
        with self._database.read() as connection:
            return run_table.page(connection, wanted or RunFilter(), order or RunOrder(), offset, limit)

    def run_rows(self, run_ids: Sequence[str]) -> pd.DataFrame:
        """The same columns of these runs, in this order; deleted and unknown runs are left out."""
        with self._database.read() as connection:
            return run_table.rows(connection, run_ids)

    def runs_of(self, run_ids: Sequence[str]) -> list[Run]:
        """These runs, in this order; deleted and unknown runs are left out."""
        with self._database.read() as connection:
            return catalog.present(connection, run_ids, checkpoint_finder(self.home))

    def count_runs(self, wanted: RunFilter | None = None) -> RunCounts:
        """How many runs are not deleted and match, by state."""
        with self._database.read() as connection:
            return run_counts.count(connection, wanted or RunFilter())

    def count_groups(self, prefixes: Iterable[str]) -> dict[str, int]:
        """Prefix → how many runs are in groups that begin so; under "" the runs of no such group."""
        with self._database.read() as connection:
            return run_counts.count_groups(connection, tuple(prefixes))

    def run_choices(self) -> RunChoices:
        """The datasets, CNNs and tags in use."""
        with self._database.read() as connection:
            return run_counts.choices(connection)
