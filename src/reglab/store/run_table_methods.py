"""The store's interface for lists of runs: pages of the table, counts, and choices. Every method is one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from reglab.store import catalog, run_counts, run_table
from reglab.store.base import StoreBase
from reglab.store.files import checkpoint_finder
from reglab.store.reading import Unreadable
from reglab.store.run import Run
from reglab.store.run_counts import RunChoices, RunCounts
from reglab.store.run_filter import RunFilter
from reglab.store.run_order import RunOrder


class RunTableMethods(StoreBase):
    """Lists of runs that are as quick among ten thousand runs as among ten: only what is shown is read."""

    def run_ids(
        self, wanted: RunFilter | None = None, order: RunOrder | None = None, *, offset: int = 0, limit: int = 100
    ) -> list[str]:
        """The ids on a page of the table of runs: ``limit`` of those that match, from number ``offset`` on."""
        with self._database.read() as connection:
            return run_table.ids_of_page(connection, wanted or RunFilter(), order or RunOrder(), offset, limit)

    def run_table(
        self, wanted: RunFilter | None = None, order: RunOrder | None = None, *, offset: int = 0, limit: int = 100
    ) -> pd.DataFrame:
        """The rows of that page: :data:`reglab.store.run_table_columns.COLUMNS` of the runs that can be read."""
        return run_table.table_of(self.runs_of(self.run_ids(wanted, order, offset=offset, limit=limit)))

    def runs_of(self, run_ids: Sequence[str]) -> list[Run]:
        """The runs with these ids, in this order; those that are deleted, unknown or unreadable are left out."""
        return catalog.readable(self.every_run_of(run_ids))

    def every_run_of(self, run_ids: Sequence[str]) -> list[Run | Unreadable]:
        """:meth:`runs_of`, and in their places the rows that this version cannot read."""
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
