"""The store's face: every method is one transaction, safe from any thread; :func:`reglab.store.open_store` opens it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import pandas as pd

from reglab.events import Environment, EpochMetrics, LayerStats
from reglab.spec import RunSpec
from reglab.states import State
from reglab.store import atomic, catalog, frames, labels, owners, results, states, sweep_catalog, sweep_states
from reglab.store.files import checkpoint_finder, stack_folders
from reglab.store.owners import Owner
from reglab.store.reading import Unreadable
from reglab.store.results import Ending, EpochEntry
from reglab.store.run import Run
from reglab.store.run_table_methods import RunTableMethods
from reglab.store.upkeep import UpkeepMethods


class Store(UpkeepMethods, RunTableMethods):
    """Runs, sweeps, and what came of them. Every method raises :class:`StoreError` if the database fails.

    ``run_id`` is a whole id; only :meth:`get` also takes names and beginnings. Methods that name a run raise
    :class:`reglab.errors.UnknownRun` where there is none. Stopping, resuming, taking over and handing back a run of a
    sweep do so for the whole sweep, because its lanes advance together.
    """

    # Creating and finding

    def create(
        self,
        spec: RunSpec,
        *,
        name: str | None = None,
        key: str | None = None,
        group: str | None = None,
        owner: Owner | None = None,
        queue_limit: int | None = None,
    ) -> Run:
        """A new queued run; the first run of the same ``key`` if there is one, however many ask at once
        (even a deleted one: the same click never makes two).

        With ``owner`` the run is claimed in the same transaction, before any runner can see it in the queue.

        :raises QueueFull: where more than ``queue_limit`` epochs would then wait.
        """
        with self._database.write() as connection:
            with catalog.queue_bounded(connection, queue_limit):
                run_id = catalog.create(connection, spec, name, key, group)
            if owner is not None:
                states.claim(connection, run_id, owner.id)
            return catalog.get(connection, run_id, checkpoint_finder(self.home))

    def get(self, run_id: str) -> Run:
        """The run with this id or unique name, or the only one whose id begins so.

        :raises UnreadableRow: there is one, but this version cannot read it.
        """
        with self._database.read() as connection:
            return catalog.get(connection, run_id, checkpoint_finder(self.home))

    def runs(
        self,
        *,
        states: Iterable[State] | None = None,
        group: str | None = None,
        deleted: bool = False,
        limit: int | None = None,
    ) -> list[Run]:
        """Runs that can be read, newest first; ``deleted`` gives the deleted ones instead."""
        return catalog.readable(self.every_run(states=states, group=group, deleted=deleted, limit=limit))

    def every_run(
        self,
        *,
        states: Iterable[State] | None = None,
        group: str | None = None,
        deleted: bool = False,
        limit: int | None = None,
    ) -> list[Run | Unreadable]:
        """:meth:`runs`, and in their places the rows that this version cannot read."""
        with self._database.read() as connection:
            checkpoints = checkpoint_finder(self.home)
            return catalog.listed(connection, checkpoints, states=states, group=group, deleted=deleted, limit=limit)

    def queue(self) -> list[Run]:
        """Queued runs that belong to no sweep, the longest waiting first.

        They stay queued over restarts, for whoever claims them first. One that cannot be read is not among them.
        """
        with self._database.read() as connection:
            return catalog.queue(connection, checkpoint_finder(self.home))

    def waiting(self) -> list[str]:
        """Ids of the runs in :meth:`queue`, in its order; their settings are not read."""
        with self._database.read() as connection:
            return catalog.waiting(connection)

    # States

    def claim(self, run_id: str, owner: Owner) -> bool:
        """queued → running for ``owner``; only one claimer wins, the others get False. Never a run of a sweep."""
        with self._database.write() as connection:
            return states.claim(connection, run_id, owner.id)

    def release(self, run_id: str) -> None:
        """running → queued: hand a claimed run back; → cancelled if it was asked to stop meanwhile."""
        with self._database.write() as connection:
            if sweep_id := sweep_catalog.sweep_of(connection, run_id):
                sweep_states.release(connection, sweep_id)
            else:
                states.release(connection, run_id)

    def set_state(self, run_id: str, state: State, *, error: str | None = None) -> None:
        """Move a run to ``state``, with ``error`` as its sentence; :class:`StoreError` if that may not follow."""
        with self._database.write() as connection:
            states.set_state(connection, run_id, state, error)

    def request_stop(self, run_id: str) -> None:
        """Cancel a queued run at once; ask the owner of a running one to stop (``wanted`` becomes "stop")."""
        with self._database.write() as connection:
            if sweep_id := sweep_catalog.sweep_of(connection, run_id):
                sweep_states.request_stop(connection, sweep_id)
            else:
                states.request_stop(connection, run_id)

    def wanted(self, run_id: str) -> Literal["run", "stop"]:
        """What a running run should do; one small read, for polling."""
        with self._database.read() as connection:
            return "stop" if catalog.wanted(connection, run_id) == "stop" else "run"

    def requeue(self, run_id: str, *, queue_limit: int | None = None) -> None:
        """cancelled, interrupted or failed → queued, to be resumed; queued already is fine, anything else is not.

        :raises QueueFull: where more than ``queue_limit`` epochs would then wait.
        """
        with self._database.write() as connection, catalog.queue_bounded(connection, queue_limit):
            if sweep_id := sweep_catalog.sweep_of(connection, run_id):
                sweep_states.requeue(connection, sweep_id)
            else:
                states.requeue(connection, run_id)

    def take_over(self, run_id: str, owner: Owner) -> None:
        """cancelled, interrupted or failed → running for ``owner``, in one transaction: to resume it here and now."""
        with self._database.write() as connection:
            if sweep_id := sweep_catalog.sweep_of(connection, run_id):
                sweep_states.requeue(connection, sweep_id)
                sweep_states.claim(connection, sweep_id, owner.id)
            else:
                states.requeue(connection, run_id)
                states.claim(connection, run_id, owner.id)

    # Results. A run that another owner trains, or that has ended, takes none: RunLost. Methods that take many runs
    # are one transaction over them: all is written, or nothing.

    def began(self, run_id: str, environment: Environment) -> None:
        """Record where the run trains, and when it first started."""
        self.began_many({run_id: environment})

    def began_many(self, environments: Mapping[str, Environment]) -> None:
        """:meth:`began` for many runs, by id."""
        with self._database.write() as connection:
            states.began(connection, self._mine, environments)

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

        :raises EpochRecorded: the run already has this epoch or a later one.
        """
        self.add_epochs([(run_id, metrics, layers, best_epoch)])

    def add_epochs(self, entries: Sequence[EpochEntry]) -> None:
        """:meth:`add_epoch` for many runs: (run id, metrics, layers, best epoch) of each, epochs ascending."""
        with self._database.write(durable=False) as connection:
            results.add_epochs(connection, self._mine, entries)

    def add_initial_layers(self, run_id: str, layers: Sequence[LayerStats]) -> None:
        """Epoch 0: statistics of the initial weights; a second time replaces them."""
        self.add_initial_layers_many({run_id: layers})

    def add_initial_layers_many(self, layers: Mapping[str, Sequence[LayerStats]]) -> None:
        """:meth:`add_initial_layers` for many runs, by id."""
        with self._database.write() as connection:
            results.add_initial_layers(connection, self._mine, layers)

    def drop_epochs_after(self, run_id: str, epoch: int) -> None:
        """Forget the epochs after ``epoch``, for resuming from a checkpoint taken there."""
        self.drop_epochs_after_many({run_id: epoch})

    def drop_epochs_after_many(self, epochs: Mapping[str, int]) -> None:
        """:meth:`drop_epochs_after` for many runs, by id."""
        with self._database.write() as connection:
            results.drop_epochs_after(connection, self._mine, epochs)

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
        self.finish_many([Ending(run_id, state, weights_path, weights_sha256, error)])

    def finish_many(self, endings: Sequence[Ending]) -> None:
        """:meth:`finish` for many runs."""
        with self._database.write() as connection:
            results.finish(connection, self._mine, endings)

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
        """:data:`reglab.columns.GRADIENT_COLUMNS` of every epoch: the layers without their histograms, much quicker."""
        with self._database.read() as connection:
            return frames.gradient_frame(connection, run_ids)

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
        """Hide runs until :meth:`restore`, all or none; queued ones are cancelled, running ones refused.

        Of a sweep either all runs, which hides the sweep too, or none.
        """
        with self._database.write() as connection:
            labels.remove(connection, run_ids)

    def restore(self, run_ids: Sequence[str]) -> None:
        """Undo :meth:`delete`; a sweep comes back whole."""
        with self._database.write() as connection:
            labels.restore(connection, run_ids)

    def recover(self) -> list[str]:
        """Mark running runs interrupted whose process is gone; their ids. Runs of living processes are untouched.

        Nothing is marked in a store that may only be read.
        """
        if self._database.read_only:
            return []
        with owners.examined(self.home, self._mine) as (dead, alive), self._database.write() as connection:
            lost = owners.interrupt_lost(connection, dead, alive)
        for run_id in lost:
            atomic.clear(self.files(run_id).folder)
        for sweep_id in {sweep_id for sweep_id in lost.values() if sweep_id is not None}:
            for folder in stack_folders(self.home, sweep_id):
                atomic.clear(folder)
        return list(lost)

    def _label(self, run_id: str, **values: object) -> None:
        with self._database.write() as connection:
            states.locked(connection, run_id)
            states.change(connection, run_id, **values)
