"""The store's face: every method is one transaction, safe from any thread; :func:`reglab.store.open_store` opens it."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Literal

import pandas as pd
from sqlalchemy import select

from reglab.errors import StoreError
from reglab.events import Environment, EpochMetrics, LayerStats, State
from reglab.spec import RunSpec
from reglab.store import atomic, catalog, frames, labels, owners, results, states
from reglab.store.database import Database
from reglab.store.files import RunFiles
from reglab.store.owners import Owner
from reglab.store.run import Run
from reglab.store.schema import runs
from reglab.store.sentences import disk_sentence


class Store:
    """Runs and what came of them. Every method raises :class:`StoreError` with one sentence if the database fails.

    ``run_id`` is a whole id; only :meth:`get` also takes names and beginnings. Methods that name a run raise
    :class:`reglab.errors.UnknownRun` where there is none.
    """

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

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def check(self) -> None:
        """Raise :class:`StoreError` if the database does not answer, or no longer has its tables."""
        with self._database.read() as connection:
            connection.execute(select(runs.c.id).limit(1))

    # Creating and finding

    def create(
        self,
        spec: RunSpec,
        *,
        name: str | None = None,
        key: str | None = None,
        group: str | None = None,
        owner: Owner | None = None,
    ) -> Run:
        """A new queued run; the first run of the same ``key`` if there is one, however many ask at once
        (even a deleted one: the same click never makes two).

        With ``owner`` the run is claimed in the same transaction, before any runner can see it in the queue.
        """
        with self._database.write() as connection:
            run_id = catalog.create(connection, spec, name, key, group)
            if owner is not None:
                states.claim(connection, run_id, owner.id)
            return catalog.get(connection, run_id, self._has_checkpoint)

    def get(self, run_id: str) -> Run:
        """The run with this id or unique name, or the only one whose id begins so."""
        with self._database.read() as connection:
            return catalog.get(connection, run_id, self._has_checkpoint)

    def runs(
        self,
        *,
        states: Iterable[State] | None = None,
        group: str | None = None,
        deleted: bool = False,
        limit: int | None = None,
    ) -> list[Run]:
        """Runs, newest first; ``deleted`` gives the deleted ones instead."""
        with self._database.read() as connection:
            return catalog.listed(
                connection, self._has_checkpoint, states=states, group=group, deleted=deleted, limit=limit
            )

    def queue(self) -> list[Run]:
        """Queued runs, the longest waiting first. They stay queued over restarts, for whoever claims them first."""
        with self._database.read() as connection:
            return catalog.queue(connection, self._has_checkpoint)

    # States

    def claim(self, run_id: str, owner: Owner) -> bool:
        """queued → running for ``owner``; only one claimer wins, the others get False."""
        with self._database.write() as connection:
            return states.claim(connection, run_id, owner.id)

    def release(self, run_id: str) -> None:
        """running → queued: hand a claimed run back; → cancelled if it was asked to stop meanwhile."""
        with self._database.write() as connection:
            states.release(connection, run_id)

    def set_state(self, run_id: str, state: State, *, error: str | None = None) -> None:
        """Move a run to ``state``, with ``error`` as its sentence; :class:`StoreError` if that may not follow."""
        with self._database.write() as connection:
            states.set_state(connection, run_id, state, error)

    def request_stop(self, run_id: str) -> None:
        """Cancel a queued run at once; ask the owner of a running one to stop (``wanted`` becomes "stop")."""
        with self._database.write() as connection:
            states.request_stop(connection, run_id)

    def wanted(self, run_id: str) -> Literal["run", "stop"]:
        """What a running run should do; one small read, for polling."""
        with self._database.read() as connection:
            return "stop" if catalog.wanted(connection, run_id) == "stop" else "run"

    def requeue(self, run_id: str) -> None:
        """cancelled, interrupted or failed → queued, to be resumed; queued already is fine, anything else is not."""
        with self._database.write() as connection:
            states.requeue(connection, run_id)

    def take_over(self, run_id: str, owner: Owner) -> None:
        """cancelled, interrupted or failed → running for ``owner``, in one transaction: to resume it here and now."""
        with self._database.write() as connection:
            states.requeue(connection, run_id)
            states.claim(connection, run_id, owner.id)

    # Results. A run that another owner trains, or that has ended, takes none: StoreError.

    def began(self, run_id: str, environment: Environment) -> None:
        """Record where the run trains, and when it first started."""
        with self._database.write() as connection:
            states.began(connection, run_id, self._mine, environment)

    def progress(self, run_id: str, *, epoch: int, step: int, steps: int, seconds: float) -> None:
        """Step of steps in the epoch after ``epoch``, and training seconds over all sittings; also the heartbeat.

        How many epochs are done is counted by :meth:`add_epoch` alone; a report about another epoch keeps its seconds.
        """
        with self._database.write(durable=False) as connection:
            results.progress(connection, run_id, self._mine, epoch, step, steps, seconds)

    def say(self, run_id: str, activity: str | None) -> None:
        """What a running run does before it trains, e.g. "Downloading MNIST: 3 of 12 MB"; also the heartbeat."""
        with self._database.write(durable=False) as connection:
            results.say(connection, run_id, self._mine, activity)

    def add_epoch(self, run_id: str, metrics: EpochMetrics, layers: Sequence[LayerStats], *, best_epoch: int) -> None:
        """Add an epoch with its layer statistics and histograms, in one transaction: all appear together or not at all.

        Kill −9 never loses it. A power cut may lose epochs after the last checkpoint, which a resumed run trains again.

        :raises StoreError: the run already has this epoch or a later one.
        """
        with self._database.write(durable=False) as connection:
            results.add_epoch(connection, run_id, self._mine, metrics, layers, best_epoch)

    def add_initial_layers(self, run_id: str, layers: Sequence[LayerStats]) -> None:
        """Epoch 0: statistics of the initial weights; a second time replaces them."""
        with self._database.write() as connection:
            results.add_initial_layers(connection, run_id, self._mine, layers)

    def drop_epochs_after(self, run_id: str, epoch: int) -> None:
        """Forget the epochs after ``epoch``, for resuming from a checkpoint taken there."""
        with self._database.write() as connection:
            results.drop_epochs_after(connection, run_id, self._mine, epoch)

    def finish(
        self,
        run_id: str,
        state: State,
        *,
        weights_path: str | None = None,
        weights_sha256: str | None = None,
        error: str | None = None,
    ) -> None:
        """End a running run as ``state``, with where its weights lie (relative to the home) and their hash."""
        values = {"weights_path": weights_path, "weights_sha256": weights_sha256}
        with self._database.write() as connection:
            results.finish(connection, run_id, self._mine, state, error, **values)

    # Reading results

    def epochs(self, run_ids: Sequence[str], *, since: int = 0) -> pd.DataFrame:
        """:data:`reglab.columns.EPOCH_COLUMNS` of epochs after ``since``: runs as asked for, epochs ascending."""
        with self._database.read() as connection:
            return frames.epoch_frame(connection, run_ids, since)

    def layers(
        self, run_ids: Sequence[str], *, epochs: Sequence[int] | None = None, latest: bool = False
    ) -> pd.DataFrame:
        """:data:`reglab.columns.LAYER_COLUMNS` of all epochs, of ``epochs``, or with ``latest`` of 0 and the newest."""
        with self._database.read() as connection:
            return frames.layer_frame(connection, run_ids, epochs, latest)

    def pulls(self, run_ids: Sequence[str]) -> pd.DataFrame:
        """:data:`reglab.columns.PULL_COLUMNS` of every epoch: the layers without their histograms, much quicker."""
        with self._database.read() as connection:
            return frames.pull_frame(connection, run_ids)

    def sparklines(self, run_ids: Sequence[str], column: str, points: int = 40) -> dict[str, list[float]]:
        """Run → at most ``points`` evenly spaced values of ``column``, the last epoch always among them."""
        with self._database.read() as connection:
            return frames.sparklines(connection, run_ids, column, points)

    # Labels and deleting

    def rename(self, run_id: str, name: str) -> None:
        """Give a run another name: 1 to 200 characters."""
        self._label(run_id, name=labels.checked_name(name))

    def set_tags(self, run_id: str, tags: Iterable[str]) -> None:
        """Replace a run's tags; blanks around them and doubles go."""
        self._label(run_id, tags=labels.checked_tags(tags))

    def set_note(self, run_id: str, note: str) -> None:
        """Replace a run's note."""
        self._label(run_id, note=labels.checked_note(note))

    def delete(self, run_ids: Sequence[str]) -> None:
        """Hide runs until :meth:`restore`, all or none; queued ones are cancelled, running ones refused."""
        with self._database.write() as connection:
            labels.remove(connection, run_ids)

    def restore(self, run_ids: Sequence[str]) -> None:
        """Undo :meth:`delete`."""
        with self._database.write() as connection:
            labels.restore(connection, run_ids)

    def purge(self, older_than: timedelta) -> list[str]:
        """Remove, for good, rows and files of the runs deleted longer ago than ``older_than``; their ids."""
        with self._database.write() as connection:
            gone = labels.deleted_before(connection, states.now() - older_than)
            for run_id in gone:  # files first: if this is cut off, the row is still there to try again
                self._remove_files(run_id)
            labels.forget(connection, gone)
        return gone

    # Files and owners

    def files(self, run_id: str) -> RunFiles:
        """The run's checkpoints and weights in ``home/<run id>/``."""
        return RunFiles(self.home, run_id, self._database.flush)

    def owner(self) -> Owner:
        """This process as an owner of runs; registered once, alive until :meth:`close` or the end of the process."""
        with self._owner_guard:
            if self._owner is None:
                self._owner = owners.register(self.home)
            return self._owner

    def recover(self) -> list[str]:
        """Mark running runs interrupted whose process is gone; their ids. Runs of living processes are untouched."""
        with owners.examined(self.home, self._mine) as (dead, alive), self._database.write() as connection:
            lost = owners.interrupt_lost(connection, dead, alive)
        for run_id in lost:
            atomic.clear(self.files(run_id).folder)
        return lost

    @property
    def _mine(self) -> str | None:
        return self._owner.id if self._owner else None

    def _has_checkpoint(self, run_id: str) -> bool:
        return self.files(run_id).has_checkpoint

    def _label(self, run_id: str, **values: object) -> None:
        with self._database.write() as connection:
            states.locked(connection, run_id)
            states.change(connection, run_id, **values)

    def _remove_files(self, run_id: str) -> None:
        folder = self.files(run_id).folder
        try:
            shutil.rmtree(folder)
        except FileNotFoundError:
            return
        except OSError as error:
            raise StoreError(disk_sentence(folder, error)) from None
