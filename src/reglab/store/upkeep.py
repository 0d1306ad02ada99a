"""The store's face for its upkeep: removing what nothing needs, checking that all is whole, and copying it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from pathlib import Path

from sqlalchemy import select

from reglab.store import backup, catalog, garbage, integrity
from reglab.store.backup import Copied
from reglab.store.files import checkpoint_finder
from reglab.store.garbage import Leftover
from reglab.store.integrity import Problem
from reglab.store.reading import Unreadable
from reglab.store.schema import runs, sweeps
from reglab.store.states import now
from reglab.store.sweep_methods import SweepMethods


class UpkeepMethods(SweepMethods):
    """What a person or the server does for the store as a whole."""

    def purge(self, older_than: timedelta, *, limit: int | None = None) -> list[str]:
        """Remove, for good, rows and files of runs and sweeps deleted longer ago than ``older_than``; their ids.

        At most ``limit`` of them. One whose files cannot be removed now stays, with its row.
        """
        with self._database.write() as connection:
            due = garbage.deleted_before(connection, now() - older_than)
            # Files first, and rows in the same transaction: if this is cut off, the rows are there to try again.
            gone = list(islice((one for one in due if garbage.remove_files(self.home, one)), limit))
            garbage.forget(connection, gone)
        return gone

    def drop_second_checkpoints(self) -> int:
        """Remove the older of two checkpoints of runs and sweeps that have ended; the bytes that this frees."""
        with self._database.read() as connection:
            alone, whole = garbage.ended(connection)
        return sum(files.drop_second_checkpoint() for files in garbage.second_checkpoints(self.home, alone, whole))

    def leftovers(self, older_than: timedelta) -> list[Leftover]:
        """What :meth:`purge` and :meth:`drop_second_checkpoints` would remove, and how much each frees."""
        with self._database.read() as connection:
            due = garbage.deleted_before(connection, now() - older_than)
            alone, whole = garbage.ended(connection)
        seconds = garbage.second_checkpoints(self.home, alone - set(due), whole - set(due))
        return [
            *(Leftover("deleted", one, garbage.size_of(self.files(one).folder)) for one in due),
            *(Leftover("checkpoint", files.id, files.second_checkpoint) for files in seconds),
        ]

    def problems(self) -> Iterator[Problem]:
        """What is wrong with the database, its rows, and the files of its runs; every file is read to its end."""
        with self._database.read() as connection:
            yield from integrity.of_database(connection)
            yield from integrity.of_figures(connection)
        for deleted in (False, True):
            yield from self._problems_of_runs(deleted)
            yield from self._problems_of_sweeps(deleted)

    def strangers(self) -> list[str]:
        """Folders in the home that look like those of runs and belong to none in this store."""
        with self._database.read() as connection:
            return integrity.strangers(self.home, connection)

    def back_up(self, target: Path) -> Copied:
        """Copy the database and the files of all runs to the new folder ``target``, which is then a home by itself."""
        return backup.back_up(self._database, self.home, self._ids, target)

    def _problems_of_runs(self, deleted: bool) -> Iterator[Problem]:
        with self._database.read() as connection:
            finder = checkpoint_finder(self.home)
            found = catalog.listed(connection, finder, states=None, group=None, deleted=deleted, limit=None)
        for run in found:
            if isinstance(run, Unreadable):
                yield integrity.of_row(run)
            else:
                yield from integrity.of_files(self.home, run)

    def _problems_of_sweeps(self, deleted: bool) -> Iterator[Problem]:
        for sweep in self.every_sweep(deleted=deleted):
            if isinstance(sweep, Unreadable):
                yield integrity.of_row(sweep)
            else:
                yield from integrity.of_sweep_files(self.home, sweep)

    def _ids(self) -> list[str]:
        """Ids of all runs and sweeps, deleted ones too."""
        with self._database.read() as connection:
            return [one for table in (runs, sweeps) for one in connection.execute(select(table.c.id)).scalars()]
