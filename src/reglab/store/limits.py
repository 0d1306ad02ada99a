"""What the work of one person takes, and the sentences where that is more than the settings allow."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, case, func, select, union

from reglab.access import Person
from reglab.errors import LimitReached
from reglab.number_format import gib
from reglab.sharing import Limits
from reglab.states import ACTIVE
from reglab.store.database import Database
from reglab.store.schema import runs, sweeps


class Work(NamedTuple):
    """Runs that wait or train, and the epochs that they have still to train; runs of sweeps are counted one by one."""

    runs: int
    epochs: int


def work_of(connection: Connection, email: str) -> Work:
    """The work of the person at ``email``."""
    left = case((runs.c.epochs > runs.c.epoch, runs.c.epochs - runs.c.epoch), else_=0)
    query = select(func.count(), func.coalesce(func.sum(left), 0))
    found = connection.execute(query.where(runs.c.person == email, runs.c.state.in_(sorted(ACTIVE)))).one()
    return Work(int(found[0]), int(found[1]))


@contextmanager
def bounded(connection: Connection, person: Person | None, limits: Limits | None) -> Iterator[None]:
    """Refuse what the block adds to the work of an experimenter beyond ``limits``.

    :raises LimitReached: which undoes the transaction.
    """
    if person is None or limits is None or person.role == "admin":
        yield
        return
    before = work_of(connection, person.email)
    yield
    after = work_of(connection, person.email)
    if after.runs > max(before.runs, limits.runs):
        raise LimitReached(
            f"You have {_runs(before.runs)} waiting or training, this would add {after.runs - before.runs:,}, and one "
            f"person may have {limits.runs:,} (REGLAB_PERSON_RUNS). Wait until some have ended, or cancel queued ones."
        )
    if after.epochs > max(before.epochs, limits.epochs):
        raise LimitReached(
            f"Your runs have {before.epochs:,} epochs still to train, this would add {after.epochs - before.epochs:,}, "
            f"and one person may have {limits.epochs:,} (REGLAB_PERSON_EPOCHS). Wait until some have ended, or train "
            "fewer epochs."
        )


def check_disk(home: Path, database: Database, person: Person, limits: Limits) -> None:
    """Refuse more runs of an experimenter whose files take all that one person may have.

    :raises LimitReached: with what frees some.
    """
    if person.role == "admin":
        return
    with database.read() as connection:
        both = [select(table.c.id).where(table.c.person == person.email) for table in (runs, sweeps)]
        ids = list(connection.execute(union(*both)).scalars())
    used = bytes_of([home / one for one in ids])
    if used >= limits.disk * 2**30:
        raise LimitReached(
            f"The files of your runs take {gib(used)}, and those of one person may take {limits.disk} GiB "
            "(REGLAB_PERSON_DISK). Delete some; their files go when they can no longer be restored (REGLAB_UNDO_DAYS)."
        )


def bytes_of(folders: Iterable[Path]) -> int:
    """Bytes of all files below ``folders``; one with several names counts once."""
    found: dict[tuple[int, int], int] = {}
    for folder in folders:
        for root, _, names in os.walk(folder):
            for name in names:
                with suppress(FileNotFoundError):  # a checkpoint has just been replaced
                    info = Path(root, name).stat()
                    found[info.st_dev, info.st_ino] = info.st_size
    return sum(found.values())


def _runs(count: int) -> str:
    return f"{count:,} run{'' if count == 1 else 's'}"
