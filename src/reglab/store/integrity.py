"""What is wrong with a store: its database, rows that cannot be read, and files that are missing or damaged."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import ColumnElement, Connection, String, Table, func, or_, select, text, type_coerce

from reglab.errors import CheckpointError, RegLabError
from reglab.states import FINAL, RESUMABLE
from reglab.store.files import BEST, RunFiles, part_folders
from reglab.store.reading import Unreadable
from reglab.store.run import Run
from reglab.store.schema import epochs, layers, runs, sweeps
from reglab.store.sweep import Sweep
from reglab.store.types import Counts, Real

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


def of_job(home: Path, job: Run | Sweep | Unreadable) -> Iterator[Problem]:
    """A row that cannot be read; missing or damaged weights and checkpoints, a sweep's for all its runs."""
    if isinstance(job, Unreadable):
        yield Problem("row", job.id, job.sentence)
        return
    sentence = missing(home, job)
    if sentence:
        yield Problem("file", job.id, sentence)
    if isinstance(job, Sweep):
        for folder in part_folders(home, job.id):
            yield from _of_checkpoint(RunFiles(home, job.id, part=int(folder.name)))
    elif not sentence:
        files = RunFiles(home, job.id)
        if job.weights_path is not None and _sha256(files.find(job.weights_path)) != job.weights_sha256:
            yield Problem("file", job.id, f"The weights {job.weights_path} have changed since they were saved.")
        yield from _of_checkpoint(files)
        if job.state in FINAL:
            yield from _of_best_and_predictions(files, job)


def _of_best_and_predictions(files: RunFiles, run: Run) -> Iterator[Problem]:
    """What is wrong with the best epoch's weights, or the predictions, of a run that has come to its end."""
    try:
        if files.has(BEST):
            files.load_weights(f"{run.id}/{BEST}.safetensors")
        files.check_predictions(run.epoch)
    except RegLabError as error:
        yield Problem("file", run.id, str(error))


def strangers(home: Path, connection: Connection) -> list[str]:
    """Folders in the home that look like a run's or sweep's and belong to none in this store."""
    found = [path.name for path in home.iterdir() if _ID.fullmatch(path.name) and path.is_dir()]
    known = {one for table in (runs, sweeps) for one in connection.execute(select(table.c.id)).scalars()}
    return sorted(set(found) - known)


def missing(home: Path, one: Run | Sweep) -> str | None:
    """What is missing: the checkpoint of a run or sweep that stopped before its end, a run's folder, or its weights."""
    if one.state in RESUMABLE and one.deleted is None and not one.resumable:
        return f"{_no_checkpoint(home, one)}, so it cannot be resumed; duplicate it to train again."
    return _no_weights(home, one) if isinstance(one, Run) and (one.epoch or one.weights_path) else None


def not_resumable(home: Path, one: Run | Sweep) -> str:
    """Why a run or sweep that is not ``resumable`` cannot go on."""
    kind = _kind(one)
    if one.deleted is not None:
        return f"{kind} {one.id} is deleted; restore it first."
    return missing(home, one) or f"{kind} {one.id} is {one.state}: there is nothing to resume."


def _no_checkpoint(home: Path, one: Run | Sweep) -> str:
    """A run of a sweep has its checkpoint in the sweep's folder."""
    files = RunFiles(home, (one.sweep if isinstance(one, Run) else None) or one.id)
    return f"{_kind(one)} {one.id} has no checkpoint: {files.trouble or f'there is none in {files.folder}'}"


def _no_weights(home: Path, run: Run) -> str | None:
    files = RunFiles(home, run.id)
    if files.trouble:
        return f"The weights of run {run.id} are not available: {files.trouble}."
    try:
        if run.weights_path is not None:
            files.find(run.weights_path)
    except CheckpointError as error:
        return str(error)
    return None


def _kind(one: Run | Sweep) -> str:
    return "Run" if isinstance(one, Run) else "Sweep"


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
