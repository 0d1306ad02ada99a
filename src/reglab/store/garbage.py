"""Files that nothing needs any more: those of runs deleted long ago, and older checkpoints of runs that have ended."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, delete, select

from reglab.states import FINAL
from reglab.store.files import RunFiles, part_folders
from reglab.store.schema import runs, sweeps
from reglab.store.sentences import disk_sentence

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Leftover:
    """What can go: everything of a ``deleted`` run or sweep, or the second ``checkpoint`` of one that has ended."""

    kind: str
    id: str
    bytes: int


def deleted_before(connection: Connection, moment: datetime) -> list[str]:
    """Ids of runs and sweeps deleted before ``moment``, locked against restoring until the transaction ends."""
    return [
        found
        for table in (runs, sweeps)
        for found in connection.execute(
            select(table.c.id).where(table.c.deleted < moment).order_by(table.c.id).with_for_update()
        ).scalars()
    ]


def forget(connection: Connection, ids: Iterable[str]) -> None:
    """Remove rows of runs and sweeps for good; their epochs and layers go with them."""
    for table in (runs, sweeps):
        connection.execute(delete(table).where(table.c.id.in_(list(ids))))


def ended(connection: Connection) -> tuple[set[str], set[str]]:
    """Ids of the runs outside sweeps, and of the sweeps, that will not train again."""
    alone = select(runs.c.id).where(runs.c.sweep.is_(None), runs.c.state.in_(FINAL))
    going = select(runs.c.sweep).where(runs.c.sweep.is_not(None), runs.c.state.not_in(FINAL))
    whole = select(sweeps.c.id).where(sweeps.c.id.not_in(going))
    return set(connection.execute(alone).scalars()), set(connection.execute(whole).scalars())


def second_checkpoints(home: Path, alone: Iterable[str], whole: Iterable[str]) -> Iterator[RunFiles]:
    """The folders of ended runs and sweeps that hold two generations of a checkpoint."""
    own = (RunFiles(home, run_id) for run_id in sorted(alone))
    parts = (
        RunFiles(home, sweep_id, part=int(folder.name))
        for sweep_id in sorted(whole)
        for folder in part_folders(home, sweep_id)
    )
    return (files for files in (*own, *parts) if files.second_checkpoint)


def remove_files(home: Path, one: str) -> bool:
    """Remove the folder of a run or sweep; False, with a line in the log, where that is not possible now."""
    files = RunFiles(home, one)
    folder = files.folder
    files.place.remove_all(folder)
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        return True
    except OSError as error:
        log.warning("The files of %s, which was deleted, stay: %s", one, disk_sentence(folder, error))
        return False
    return True


def size_of(folder: Path) -> int:
    """Bytes that removing ``folder`` frees: a file with another name elsewhere (a hard link) frees nothing."""
    sizes = [path.lstat() for path in folder.rglob("*") if not path.is_dir()]
    return sum(size.st_size for size in sizes if size.st_nlink == 1)
