"""What every part of the store's face shares: the database, the home, and this process as an owner."""

from __future__ import annotations

import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import select

from reglab.errors import StoreError
from reglab.store import owners, whole
from reglab.store.database import Database
from reglab.store.files import RunFiles, check_space
from reglab.store.owners import Owner
from reglab.store.run import Run
from reglab.store.schema import runs
from reglab.store.sweep import Sweep


class StoreBase:
    """A database, and the folder with the files that belong to its rows."""

    def __init__(self, database: Database, home: Path) -> None:
        self.home, self._database = home, database
        self._owner: Owner | None = None
        self._owner_guard = threading.Lock()

    def close(self) -> None:
        """Give up this process's ownership and close the connections."""
        with self._owner_guard:
            if self._owner is not None:
                self._owner.close()
                self._owner = None
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def check(self) -> None:
        """Raise :class:`StoreError` if the database does not answer or has lost its tables, or the disk is full."""
        with self._database.read() as connection:
            connection.execute(select(runs.c.id).limit(1))
        check_space(self.home)

    def files(self, run_id: str) -> RunFiles:
        """The run's checkpoints and weights in ``home/<run id>/``; that of a sweep's run is with the sweep."""
        return RunFiles(self.home, run_id, self._database.flush)

    def sweep_files(self, sweep_id: str, stack: int) -> RunFiles:
        """The checkpoints of the sweep's lanes that advance together as ``stack``, in ``home/<sweep id>/<stack>/``."""
        return RunFiles(self.home, sweep_id, self._database.flush, stack=stack)

    def missing(self, one: Run | Sweep) -> str | None:
        """What a run's or sweep's files lack, in one sentence: checkpoint, folder or weights; None for nothing."""
        return whole.missing(self.home, one)

    def not_resumable(self, one: Run | Sweep) -> str:
        """Why a run or sweep that is not ``resumable`` cannot go on, in one sentence."""
        return whole.not_resumable(self.home, one)

    def owner(self) -> Owner:
        """This process as an owner of runs; registered once, alive until :meth:`close` or the end of the process."""
        if self._database.read_only:
            raise StoreError(self._database.read_only)
        with self._owner_guard:
            if self._owner is None:
                self._owner = owners.register(self.home)
            return self._owner

    @property
    def _mine(self) -> str | None:
        return self._owner.id if self._owner else None
