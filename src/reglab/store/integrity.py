"""What is wrong with a store: its database, rows that cannot be read, and files that are missing or damaged."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import ColumnElement, Connection, String, Table, func, or_, select, text, type_coerce

from reglab.errors import RegLabError
from reglab.store.files import RunFiles, stack_folders
from reglab.store.reading import Unreadable
from reglab.store.run import Run
from reglab.store.schema import epochs, layers, runs, sweeps
from reglab.store.sweep import Sweep
from reglab.store.types import Counts, Real
from reglab.store.whole import missing

_ID = re.compile(r"[0-9a-z]{10}")
_BLOCK = 2**20


@dataclass(frozen=True)
class Problem:
    """Something that is wrong: with "database", "row" or "file"; ``id`` is the run's or sweep's, where it is one's."""

    kind: str
    id: str | None
    sentence: str


def of_database(connection: Connection) -> Iterator[Problem]:
    """What SQLite finds wrong with its own file; PostgreSQL has its own tools for that (pg_amcheck)."""
    if connection.dialect.name != "sqlite":
        return
    for (line,) in connection.execute(text("PRAGMA integrity_check")):
        if line != "ok":
            yield Problem("database", None, f"SQLite's integrity check: {line}.")
    for table, *_ in connection.execute(text("PRAGMA foreign_key_check")):
        yield Problem("database", None, f"A row of {table} belongs to a run or sweep that is not there.")


def of_figures(connection: Connection) -> Iterator[Problem]:
    """Runs with epochs missing, or (in SQLite) with epochs or layers that hold values of the wrong kind."""
    own = select(epochs.c.run, func.max(epochs.c.epoch).label("epoch"), func.count().label("count"))
    last = own.group_by(epochs.c.run).subquery()
    query = select(runs.c.id).outerjoin(last, last.c.run == runs.c.id).where(runs.c.epoch > 0)
    short = or_(last.c.epoch.is_(None), last.c.epoch != runs.c.epoch, last.c.count != runs.c.epoch)
    for run_id in connection.execute(query.where(short)).scalars():
        yield Problem("row", run_id, f"Run {run_id} does not have all the epochs that it counts.")
    if connection.dialect.name == "sqlite":
        yield from _of_the_wrong_kind(connection, epochs)
        yield from _of_the_wrong_kind(connection, layers)


def of_files(home: Path, run: Run) -> Iterator[Problem]:
    """Missing or damaged weights and checkpoints of a run; those of a sweep's runs are the sweep's."""
    if sentence := missing(home, run):
        yield Problem("file", run.id, sentence)
        return
    files = RunFiles(home, run.id)
    if run.weights_path is not None and _sha256(files.find(run.weights_path)) != run.weights_sha256:
        yield Problem("file", run.id, f"The weights {run.weights_path} have changed since they were saved.")
    yield from _of_checkpoint(files)


def of_sweep_files(home: Path, sweep: Sweep) -> Iterator[Problem]:
    """A missing or damaged checkpoint of a sweep."""
    if sentence := missing(home, sweep):
        yield Problem("file", sweep.id, sentence)
    for folder in stack_folders(home, sweep.id):
        yield from _of_checkpoint(RunFiles(home, sweep.id, stack=int(folder.name)))


def strangers(home: Path, connection: Connection) -> list[str]:
    """Folders in the home that look like a run's or sweep's and belong to none in this store."""
    found = [path.name for path in home.iterdir() if _ID.fullmatch(path.name) and path.is_dir()]
    known = {one for table in (runs, sweeps) for one in connection.execute(select(table.c.id)).scalars()}
    return sorted(set(found) - known)


def of_row(row: Unreadable) -> Problem:
    """A row that this version cannot read."""
    return Problem("row", row.id, row.sentence)


def _of_checkpoint(files: RunFiles) -> Iterator[Problem]:
    try:
        files.load_checkpoint()
    except RegLabError as error:
        yield Problem("file", files.id, str(error))


def _of_the_wrong_kind(connection: Connection, table: Table) -> Iterator[Problem]:
    """SQLite keeps any value in any column; a NaN is the text 'NaN'."""
    wrong: list[ColumnElement[bool]] = []
    for column in table.c:
        kind = func.typeof(column)
        if isinstance(column.type, Real):
            wrong.append(kind.not_in(("real", "integer", "null")) & (type_coerce(column, String()) != "NaN"))
        elif isinstance(column.type, Counts):
            wrong.append(kind != "blob")
    for run_id in connection.execute(select(table.c.run).where(or_(*wrong)).distinct()).scalars():
        yield Problem(
            "row", run_id, f"Run {run_id} has {table.name} with values of the wrong kind, which are left out."
        )


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
