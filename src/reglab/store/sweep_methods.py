"""The store's face for sweeps: every method is one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Literal

from reglab.states import State
from reglab.store import labels, sweep_catalog, sweep_states
from reglab.store.base import StoreBase
from reglab.store.catalog import queue_bounded
from reglab.store.files import checkpoint_finder, sweep_has_checkpoint
from reglab.store.owners import Owner
from reglab.store.reading import Unreadable
from reglab.store.run import Run
from reglab.store.sweep import Checkpoints, Sweep
from reglab.store.sweep_states import Progress
from reglab.sweep import SweepSpec


class SweepMethods(StoreBase):
    """Sweeps and their lanes, which are runs: what is written of a lane is written as of any run.

    ``sweep_id`` is a whole id; only :meth:`sweep` also takes names and beginnings. Methods that name a sweep raise
    :class:`reglab.errors.UnknownSweep` where there is none.
    """

    # Creating and finding

    def create_sweep(
        self,
        spec: SweepSpec,
        *,
        name: str | None = None,
        key: str | None = None,
        owner: Owner | None = None,
        queue_limit: int | None = None,
    ) -> Sweep:
        """A new sweep and all its lanes, queued; the first sweep of the same ``key`` if there is one.

        With ``owner`` it is claimed in the same transaction, before any runner can see it in the queue.

        :raises QueueFull: where more than ``queue_limit`` epochs would then wait.
        """
        with self._database.write() as connection:
            with queue_bounded(connection, queue_limit):
                sweep_id = sweep_catalog.create(connection, spec, name, key)
            if owner is not None:
                sweep_states.claim(connection, sweep_id, owner.id)
            return sweep_catalog.get(connection, sweep_id, self._sweep_has_checkpoint)

    def sweep(self, text: str) -> Sweep:
        """The sweep with this id or unique name, or the only one whose id begins so."""
        with self._database.read() as connection:
            return sweep_catalog.get(connection, text, self._sweep_has_checkpoint)

    def sweeps(self, *, deleted: bool = False, offset: int = 0, limit: int | None = None) -> list[Sweep]:
        """Sweeps that can be read, newest first, without their runs; ``deleted`` gives the deleted ones instead."""
        return sweep_catalog.readable(self.every_sweep(deleted=deleted, offset=offset, limit=limit))

    def every_sweep(
        self, *, deleted: bool = False, offset: int = 0, limit: int | None = None
    ) -> list[Sweep | Unreadable]:
        """:meth:`sweeps`, and in their places the rows that this version cannot read."""
        with self._database.read() as connection:
            return sweep_catalog.listed(
                connection, self._sweep_has_checkpoint, deleted=deleted, offset=offset, limit=limit
            )

    def count_sweeps(self) -> int:
        """How many sweeps are not deleted."""
        with self._database.read() as connection:
            return sweep_catalog.count(connection)

    def sweep_runs(self, sweep_id: str) -> list[Run]:
        """The runs of a sweep, in the order of ``SweepSpec.lanes()``.

        :raises UnreadableRow: one of them cannot be read.
        """
        with self._database.read() as connection:
            return sweep_catalog.lanes(connection, sweep_id, checkpoint_finder(self.home))

    def sweep_queue(self) -> list[Sweep]:
        """Queued sweeps, the longest waiting first. They stay queued over restarts, for whoever claims them first.

        One that cannot be read, or of which a run cannot, is not among them.
        """
        with self._database.read() as connection:
            return sweep_catalog.queue(connection, self._sweep_has_checkpoint)

    def waiting_sweeps(self) -> list[str]:
        """Ids of the sweeps in :meth:`sweep_queue`, in its order; their settings are not read."""
        with self._database.read() as connection:
            return sweep_catalog.waiting(connection)

    # States

    def claim_sweep(self, sweep_id: str, owner: Owner) -> bool:
        """All queued lanes → running for ``owner``; only one claimer wins, the others get False."""
        with self._database.write() as connection:
            return sweep_states.claim(connection, sweep_id, owner.id)

    def release_sweep(self, sweep_id: str) -> None:
        """Hand a claimed sweep back: running lanes → queued, or → cancelled if it was asked to stop meanwhile."""
        with self._database.write() as connection:
            sweep_states.release(connection, sweep_id)

    def request_stop_sweep(self, sweep_id: str) -> None:
        """Cancel queued lanes at once; ask the owner of running ones to stop (``wanted`` becomes "stop")."""
        with self._database.write() as connection:
            sweep_states.request_stop(connection, sweep_id)

    def sweep_wanted(self, sweep_id: str) -> Literal["run", "stop"]:
        """What a running sweep should do; one small read, for polling."""
        with self._database.read() as connection:
            return "stop" if sweep_catalog.wanted(connection, sweep_id) == "stop" else "run"

    def requeue_sweep(self, sweep_id: str, *, queue_limit: int | None = None) -> None:
        """Cancelled, interrupted and failed lanes → queued, to be resumed; StoreError where nothing is to resume.

        :raises QueueFull: where more than ``queue_limit`` epochs would then wait.
        """
        with self._database.write() as connection, queue_bounded(connection, queue_limit):
            sweep_states.requeue(connection, sweep_id)

    def take_over_sweep(self, sweep_id: str, owner: Owner) -> None:
        """As :meth:`requeue_sweep`, then all queued lanes → running for ``owner``, in one transaction."""
        with self._database.write() as connection:
            sweep_states.requeue(connection, sweep_id)
            sweep_states.claim(connection, sweep_id, owner.id)

    # Results. A sweep that another owner trains, or of which nothing runs, takes none: RunLost.

    def set_plan(self, sweep_id: str, plan: Mapping[str, Any] | None) -> None:
        """Keep how the lanes advance: any JSON-able facts, NaN and ±∞ included."""
        with self._database.write() as connection:
            sweep_states.set_plan(connection, sweep_id, self._mine, plan)

    def say_sweep(self, sweep_id: str, activity: str | None) -> None:
        """What a running sweep does before it trains, e.g. "Timing fused against one by one"; also the heartbeat."""
        with self._database.write(durable=False) as connection:
            sweep_states.say(connection, sweep_id, self._mine, activity)

    def progress_sweep(self, sweep_id: str, *, seconds: float, lanes: Mapping[str, Progress] | None = None) -> None:
        """Training seconds by the clock over all sittings, and how far each lane is, by run id; also the heartbeat.

        Lanes that have ended are passed over. Epochs done are counted by :meth:`Store.add_epochs` alone.
        """
        with self._database.write(durable=False) as connection:
            sweep_states.progress(connection, sweep_id, self._mine, seconds, lanes or {})

    def finish_sweep(
        self, sweep_id: str, state: State, *, error: str | None = None, seconds: float | None = None
    ) -> None:
        """All lanes that still run end as ``state``, with ``error`` as their sentence and the sweep's."""
        with self._database.write() as connection:
            sweep_states.finish(connection, sweep_id, self._mine, state, error, seconds)

    # Deleting; Store.purge removes deleted sweeps for good

    def delete_sweep(self, sweep_id: str) -> None:
        """Hide a sweep with its runs until :meth:`restore_sweep`; queued ones are cancelled, running ones refused."""
        with self._database.write() as connection:
            labels.remove(connection, sweep_states.lane_ids(connection, sweep_id))

    def restore_sweep(self, sweep_id: str) -> None:
        """Undo :meth:`delete_sweep`."""
        with self._database.write() as connection:
            labels.restore(connection, sweep_states.lane_ids(connection, sweep_id))

    @property
    def _sweep_has_checkpoint(self) -> Checkpoints:
        return partial(sweep_has_checkpoint, self.home)
