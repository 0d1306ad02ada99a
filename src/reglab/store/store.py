"""The store: every method is one transaction, safe from any thread; :func:`reglab.store.open_store` opens it."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Self, overload

from sqlalchemy import Connection, select

from reglab.access import Action, Person, refusal
from reglab.errors import AccessDenied, StoreError
from reglab.events import Environment, LayerStats
from reglab.sharing import Limits
from reglab.spec import RunSpec
from reglab.store import (
    atomic,
    audit,
    backup,
    catalog,
    confirmations,
    extending,
    garbage,
    imported,
    integrity,
    labels,
    limits,
    owners,
    presence,
    results,
    transitions,
)
from reglab.store.audit import AuditEntry
from reglab.store.backup import Copied
from reglab.store.confirmations import Confirmation
from reglab.store.database import Database
from reglab.store.files import part_folders
from reglab.store.garbage import Leftover
from reglab.store.imported import EndedRun, EndedSweep
from reglab.store.integrity import Problem
from reglab.store.owners import Owner
from reglab.store.reading import chunks
from reglab.store.reads import StoreReads
from reglab.store.results import EpochEntry
from reglab.store.run import Run
from reglab.store.run_counts import RunMark
from reglab.store.schema import runs, sweeps
from reglab.store.sweep import Sweep
from reglab.store.transitions import Ending, Progress, people_of
from reglab.sweep import SweepSpec

_TAGS = select(runs.c.id, runs.c.tags)


class Store(StoreReads):
    """A database of runs and sweeps, and the folder with their files. Methods raise :class:`StoreError` if it fails.

    A job is a run or a sweep; ``job_id`` is the whole id of either. Stopping, resuming, taking over and deleting apply
    to a sweep as a whole, also where one of its runs is named. Only :meth:`get`, :meth:`sweep` and :meth:`find` also
    take names and beginnings of ids. Methods that name a job raise :class:`reglab.errors.UnknownRun` where there is
    none. Writes that take several runs are all made, or none.
    """

    def __init__(self, database: Database, home: Path, own: Path | None = None) -> None:
        """``home`` has the files of runs, ``own`` (the same by default) the locks of this machine's owners."""
        super().__init__(database, home)
        self._own = own or home
        self._session: Connection | None = None
        self._owner: Owner | None = None
        self._owner_guard = threading.Lock()
        self._person: Person | None = None
        self._limits: Limits | None = None

    def close(self) -> None:
        """Give up this process's ownership and close the connections."""
        with self._owner_guard:
            if self._owner is not None:
                self._owner.close()
                self._owner = None
            if self._session is not None:
                self._session.close()
                self._session = None
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def owner(self) -> Owner:
        """This process as an owner of runs; registered once, alive until :meth:`close` or the end of the process."""
        self._permit("train")
        with self._owner_guard:
            if self._owner is None:
                self._owner = owners.register(self._own)
            return self._owner

    def join(self, owner_id: str) -> Owner:
        """Make this process one of another's owner: it writes to that one's runs until :meth:`close` or its end."""
        self._permit("train")
        with self._owner_guard:
            if self._owner is not None:
                raise StoreError("This process is an owner of runs already.")
            self._owner = owners.join(self._own, owner_id)
            return self._owner

    def announce(self, name: str) -> None:
        """Let :meth:`wait_until_gone` know, on whatever machine, that this process is there under ``name``."""
        self._permit("train")
        self._session = presence.announce(self._database, name)

    def wait_until_gone(self, name: str, seconds: float) -> bool:
        """Whether the process that has announced itself as ``name`` has ended, after at most so many ``seconds``."""
        return presence.wait_until_gone(self._database, name, seconds)

    # Persons

    def acting_for(self, person: Person, limits: Limits) -> Store:
        """This store as ``person`` may use it: whatever page calls, what they may not do is refused, and noted if done.

        What it creates is theirs. It shares all connections, and is not to be closed.
        """
        other = copy.copy(self)
        other._person, other._limits = person, limits
        return other

    def why_barred(self, action: Action, job: Run | RunMark | Sweep | None = None) -> str | None:
        return self.read_only or refusal(self._person, action, job.person if job else None)

    def audit_log(self, limit: int) -> list[AuditEntry]:
        """The last ``limit`` entries of the audit log, newest first; for admins and this machine."""
        if reason := refusal(self._person, "audit"):
            raise AccessDenied(reason)
        with self._database.read() as connection:
            return audit.newest(connection, limit)

    def note_data(self, action: audit.DataAction, name: str | None = None) -> None:
        """Record in the audit log what was done to the images of data set ``name``; refused to whom may not do it."""
        self._permit(audit.POLICY[action])
        with self._database.write() as connection:
            audit.note_data(connection, self._person, action, name)

    def history(self, run: Run) -> list[tuple[datetime, str]]:
        """When and what was done to the run, or to its sweep, oldest first; by whom, the audit log has for admins."""
        with self._database.read() as connection:
            return audit.history(connection, run.sweep or run.id)

    def _permit(self, action: Action, owner: str | None = None) -> None:
        """Raise where nothing may be written, or this person may not do ``action``."""
        self._database.check_writable()
        if reason := refusal(self._person, action, owner):
            raise AccessDenied(reason)

    @contextmanager
    def _acting(self, action: Action, job_ids: Sequence[str] = ()) -> Iterator[Connection]:
        """The transaction of what people do: refused by policy and limits, and noted in the audit log if it is done."""
        if not job_ids:
            self._permit(action)
        if self._person and self._limits and action in ("start", "import", "resume", "extend"):
            limits.check_disk(self.home, self._database, self._person, self._limits)
        with self._database.write() as connection, limits.bounded(connection, self._person, self._limits):
            for owner in people_of(connection, job_ids) if self._person else ():
                self._permit(action, owner)
            yield connection
            if job_ids:
                audit.note(connection, self._person, action, job_ids)

    @contextmanager
    def _recording(self, *, durable: bool = True) -> Iterator[Connection]:
        """The transaction of what a process records of its training."""
        self._permit("train")
        with self._database.write(durable=durable) as connection:
            yield connection

    @property
    def _files_barred(self) -> str | None:
        return self.read_only or refusal(self._person, "train")

    # Creating

    @overload
    def create(
        self,
        spec: RunSpec,
        *,
        name: str | None = None,
        key: str | None = None,
        group: str | None = None,
        owner: Owner | None = None,
        queue_limit: int | None = None,
    ) -> Run: ...

    @overload
    def create(
        self,
        spec: SweepSpec,
        *,
        name: str | None = None,
        key: str | None = None,
        owner: Owner | None = None,
        queue_limit: int | None = None,
        confirmation: Confirmation | None = None,
    ) -> Sweep: ...

    def create(
        self,
        spec: RunSpec | SweepSpec,
        *,
        name: str | None = None,
        key: str | None = None,
        group: str | None = None,
        owner: Owner | None = None,
        queue_limit: int | None = None,
        confirmation: Confirmation | None = None,
    ) -> Run | Sweep:
        """A new queued run, or a sweep with all its runs; the first one of the same ``key`` if there is one, however
        many ask at once (even a deleted one: the same click never makes two).

        With ``owner`` it is claimed in the same transaction, before any runner can see it in the queue. With
        ``confirmation`` the sweep confirms another one.

        :raises QueueFull: where more than ``queue_limit`` epochs would then wait.
        """
        email = self._person.email if self._person else None
        with self._acting("start") as connection:
            with catalog.queue_bounded(connection, queue_limit):
                job_id = catalog.create(connection, spec, name, key, group, confirmation, email)
            # A second press with the same key starts nothing, so it has no entry.
            audit.note(connection, self._person, "start", [job_id], once=key is not None)
            if owner is not None:
                transitions.claim(connection, job_id, owner.id)
            if isinstance(spec, RunSpec):
                return catalog.find(connection, catalog.RUN, job_id, self._checkpoints)
            return catalog.find(connection, catalog.SWEEP, job_id, self._checkpoints)

    # States

    def claim(self, job_id: str, owner: Owner) -> bool:
        """queued → running for ``owner``; only one claimer wins, the others get False. Never a run of a sweep."""
        with self._recording() as connection:
            return transitions.claim(connection, job_id, owner.id)

    def request_stop(self, job_id: str) -> None:
        """Cancel queued runs at once; ask the owner of running ones to stop (``wanted`` becomes "stop")."""
        with self._acting("stop", [job_id]) as connection:
            transitions.request_stop(connection, job_id)

    def requeue(self, job_id: str, *, queue_limit: int | None = None) -> None:
        """cancelled, interrupted or failed → queued, to be resumed; queued already is fine.

        :raises StoreError: where nothing is to resume.
        :raises QueueFull: where more than ``queue_limit`` epochs would then wait.
        """
        with self._acting("resume", [job_id]) as connection, catalog.queue_bounded(connection, queue_limit):
            transitions.requeue(connection, job_id)

    def extend(
        self, job_id: str, epochs: int, *, owner: Owner | None = None, queue_limit: int | None = None
    ) -> Run | Sweep:
        """Queue an ended job again with ``epochs`` epochs in all, or have it run for ``owner``.

        Runs of a sweep that diverged or stopped early keep their results.

        :raises StoreError: :meth:`why_not_extensible`.
        :raises QueueFull: where more than ``queue_limit`` epochs would then wait.
        """
        job, runs, confirmed = self._whole(self.find(job_id))
        with self._acting("extend", [job.id]) as connection:
            with catalog.queue_bounded(connection, queue_limit):
                extending.extend(connection, job, runs, confirmed, epochs)
            if owner is not None:
                transitions.claim(connection, job.id, owner.id)
        return self.find(job.id)

    def take_over(self, job_id: str, owner: Owner) -> None:
        """:meth:`requeue`, then running for ``owner``, in one transaction: to resume it here and now."""
        with self._recording() as connection:
            transitions.requeue(connection, job_id)
            transitions.claim(connection, transitions.job_of(connection, job_id), owner.id)

    def finish(self, endings: Sequence[Ending]) -> None:
        """End runs that this process trains, and all running ones of a sweep that ``endings`` names."""
        with self._recording() as connection:
            transitions.finish(connection, self._mine, endings)

    def delete(self, job_ids: Sequence[str]) -> None:
        """Hide jobs until :meth:`restore`, all or none; queued runs are cancelled, running ones refused.

        Of a sweep either all runs, which hides the sweep too, or none.
        """
        with self._acting("delete", job_ids) as connection:
            transitions.delete(connection, job_ids)

    def restore(self, job_ids: Sequence[str]) -> None:
        """Undo :meth:`delete`; a sweep comes back whole."""
        with self._acting("restore", job_ids) as connection:
            transitions.restore(connection, job_ids)

    def recover(self) -> list[str]:
        """Mark running runs interrupted whose process is gone; their ids. Runs of living processes are untouched.

        Nothing is marked in a store that may only be read, nor by a person.
        """
        if self.read_only or self._person is not None:
            return []
        with owners.examined(self._own, self._mine) as (dead, alive), self._database.write() as connection:
            lost = transitions.interrupt_lost(connection, dead, alive)
        for run_id in lost:
            atomic.clear(self.files(run_id).folder)
        for sweep_id in {sweep_id for sweep_id in lost.values() if sweep_id is not None}:
            for folder in part_folders(self.home, sweep_id):
                atomic.clear(folder)
        return list(lost)

    # Results. A run that another owner trains, or that has ended, takes none: RunLost.

    def say(self, job_id: str, activity: str | None) -> None:
        """What a running job does before it trains, e.g. "Downloading MNIST: 3 of 12 MB"; also the heartbeat."""
        with self._recording(durable=False) as connection:
            transitions.say(connection, job_id, self._mine, activity)

    def progress(self, job_id: str, reports: Mapping[str, Progress], *, seconds: float | None = None) -> None:
        """How far runs of the job are, by run id, and a sweep's ``seconds`` by the clock; also the heartbeat.

        Runs that have ended are passed over. How many epochs are done is counted by :meth:`add_epochs` alone; a report
        about another epoch keeps its seconds.
        """
        with self._recording(durable=False) as connection:
            transitions.progress(connection, job_id, self._mine, reports, seconds)

    def set_plan(self, sweep_id: str, plan: Mapping[str, Any] | None) -> None:
        """Keep how a sweep is executed: any JSON-able facts, NaN and ±∞ included."""
        with self._recording() as connection:
            transitions.set_plan(connection, sweep_id, self._mine, plan)

    def open_test(self, sweep_id: str, dataset: str, test_sha256: str, images: int) -> None:
        """Count one opening of a test part by the confirmation ``sweep_id``, however often it is recorded.

        :raises StoreError: it has opened another test part before.
        """
        with self._recording() as connection:
            confirmations.record_opening(connection, confirmations.opening(sweep_id, dataset, test_sha256, images))

    def began(self, environments: Mapping[str, Environment]) -> None:
        """Record where each run trains, and when it first started."""
        with self._recording() as connection:
            results.began(connection, self._mine, environments)

    def add_epochs(self, entries: Sequence[EpochEntry]) -> None:
        """Add (run id, metrics, layers, best epoch) of runs, epochs ascending: all appear together or not at all.

        Kill −9 never loses them. A power cut may lose epochs after the last checkpoint, which a resumed run trains
        again.

        :raises EpochRecorded: a run already has this epoch or a later one.
        """
        with self._recording(durable=False) as connection:
            results.add_epochs(connection, self._mine, entries)

    def add_initial_layers(self, layers: Mapping[str, Sequence[LayerStats]]) -> None:
        """Epoch 0 of each run: statistics of the initial weights; a second time replaces them."""
        with self._recording() as connection:
            results.add_initial_layers(connection, self._mine, layers)

    def drop_epochs_after(self, epochs: Mapping[str, int]) -> None:
        """Forget the epochs after that given for each run, for resuming from a checkpoint taken there."""
        with self._recording() as connection:
            results.drop_epochs_after(connection, self._mine, epochs)

    def check_may_add(self) -> None:
        """Raise :class:`StoreError` where :meth:`add_ended` would be refused: before work that makes its jobs."""
        self._permit("import")

    def add_ended(self, jobs: Sequence[EndedRun | EndedSweep], place: Callable[[], None]) -> None:
        """Add jobs that another store has trained, all or none.

        ``place`` puts their files where they belong; it is called when all rows are in, before anybody sees them.
        """
        email = self._person.email if self._person else None
        with self._acting("import") as connection:
            imported.insert_ended(connection, jobs, email)
            audit.note(connection, self._person, "import", [job.id for job in jobs])
            place()

    # Labels

    def rename(self, run_id: str, name: str) -> None:
        """Give a run another name: 1 to 200 characters."""
        self._label(run_id, name=labels.checked_name(name))

    def set_tags(self, run_id: str, tags: Iterable[str]) -> None:
        """Replace a run's tags; blanks around them and doubles go."""
        self._label(run_id, tags=labels.checked_tags(tags))

    def change_tags(self, run_ids: Sequence[str], *, add: Iterable[str] = (), remove: Iterable[str] = ()) -> None:
        """Give runs the tags ``add`` and take ``remove`` from them, all or none."""
        more, gone = labels.checked_tags(add), set(remove)
        with self._acting("label", run_ids) as connection:
            transitions.locked(connection, run_ids)
            found = [row for ids in chunks(run_ids) for row in connection.execute(_TAGS.where(runs.c.id.in_(ids)))]
            kept = {row.id: [tag for tag in row.tags if tag not in gone] for row in found}
            new = {run_id: {"tags": labels.checked_tags([*tags, *more])} for run_id, tags in kept.items()}
            transitions.change(connection, new)

    def set_note(self, run_id: str, note: str) -> None:
        """Replace a run's note."""
        self._label(run_id, note=labels.checked_note(note))

    def set_colour(self, run_id: str, colour: int | None) -> None:
        """Give a run the colour with this number, from 0; ``None`` leaves it to λ in a sweep, else to the id."""
        self._label(run_id, colour=labels.checked_colour(colour))

    def _label(self, run_id: str, **values: object) -> None:
        with self._acting("label", [run_id]) as connection:
            transitions.locked(connection, [run_id])
            transitions.change(connection, {run_id: values})

    # Upkeep

    def purge(self, older_than: timedelta, *, limit: int | None = None) -> list[str]:
        """Remove, for good, rows and files of jobs deleted longer ago than ``older_than``; their ids.

        At most ``limit`` of them. One whose files cannot be removed now stays, with its row.
        """
        self._permit("upkeep")
        with self._database.write() as connection:
            due = garbage.deleted_before(connection, transitions.now() - older_than)
            # Files first, and rows in the same transaction: if this is cut off, the rows are there to try again.
            gone = list(islice((one for one in due if garbage.remove_files(self.home, one)), limit))
            audit.note(connection, None, "upkeep", gone)
            garbage.forget(connection, gone)
        return gone

    def drop_second_checkpoints(self) -> int:
        """Remove the older of two checkpoints of jobs that have ended; the bytes that this frees."""
        self._permit("upkeep")
        with self._database.read() as connection:
            alone, whole = garbage.ended(connection)
        return sum(files.drop_second_checkpoint() for files in garbage.second_checkpoints(self.home, alone, whole))

    def leftovers(self, older_than: timedelta) -> list[Leftover]:
        """What :meth:`purge` and :meth:`drop_second_checkpoints` would remove, and how much each frees."""
        with self._database.read() as connection:
            due = garbage.deleted_before(connection, transitions.now() - older_than)
            alone, whole = garbage.ended(connection)
        seconds = garbage.second_checkpoints(self.home, alone - set(due), whole - set(due))
        return [
            *(Leftover("deleted", one, garbage.size_of(self.files(one).folder)) for one in due),
            *(Leftover("checkpoint", files.id, files.second_checkpoint) for files in seconds),
        ]

    def problems(self) -> Iterator[Problem]:
        """What is wrong with the database, its rows, and the files of its jobs; every file is read to its end."""
        with self._database.read() as connection:
            yield from integrity.of_database(connection)
            yield from integrity.of_figures(connection)
        for deleted in (False, True):
            for job in (*self.every_run(deleted=deleted), *self.every_sweep(deleted=deleted)):
                yield from integrity.of_job(self.home, job)

    def strangers(self) -> list[str]:
        """Folders in the home that look like those of jobs and belong to none in this store."""
        with self._database.read() as connection:
            return integrity.strangers(self.home, connection)

    def back_up(self, target: Path) -> Copied:
        """Copy the database and the files of all runs to the new folder ``target``, which is then a home by itself."""

        def ids() -> list[str]:
            with self._database.read() as connection:
                return [one for table in (runs, sweeps) for one in connection.execute(select(table.c.id)).scalars()]

        return backup.back_up(self._database, self.home, ids, target)

    @property
    def _mine(self) -> str | None:
        return self._owner.id if self._owner else None
