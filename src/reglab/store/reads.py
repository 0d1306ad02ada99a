"""Reads of the store: jobs, their queues and lists, figures of training, and files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from sqlalchemy import select

from reglab.access import Action
from reglab.errors import UnknownRun, UnknownSweep
from reglab.predictions import ValScores
from reglab.spec import RunSpec
from reglab.states import State
from reglab.store import (
    catalog,
    confirmations,
    epoch_files,
    extending,
    frames,
    integrity,
    rate_checks,
)
from reglab.store.confirmations import Opening, TestScores
from reglab.store.files import BEST, TEST, RunFiles, check_space
from reglab.store.reading import Unreadable
from reglab.store.run import Run
from reglab.store.run_counts import RunMark
from reglab.store.schema import runs
from reglab.store.sweep import Sweep
from reglab.store.table_reads import TableReads

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray


ALIKE = 300
"""Runs among which the repeats of one are looked for."""


class StoreReads(TableReads):
    """The part of :class:`reglab.store.Store` that changes nothing: each method sees one consistent state."""

    def why_barred(self, action: Action, job: Run | RunMark | Sweep | None = None) -> str | None:
        """The sentence why ``action`` would be refused now (on ``job``); None where it would not."""
        return self.read_only

    def check(self) -> None:
        """Raise :class:`StoreError` if the database does not answer or has lost its tables, or the disk is full."""
        with self._database.read() as connection:
            connection.execute(select(runs.c.id).limit(1))
        if self.read_only is None:
            check_space(self.home)

    def sweep_files(self, sweep_id: str, part: int) -> RunFiles:
        """The checkpoints of the sweep's runs that advance together as ``part``, in ``home/<sweep id>/<part>/``."""
        return RunFiles(self.home, sweep_id, self._database.flush, part=part, barred=self._files_barred)

    def missing(self, job: Run | Sweep) -> str | None:
        """What a job's files lack, in one sentence: checkpoint, folder or weights; None for nothing."""
        return integrity.missing(self.home, job)

    def not_resumable(self, job: Run | Sweep) -> str:
        """Why a job that is not ``resumable`` cannot go on, in one sentence."""
        return integrity.not_resumable(self.home, job)

    def why_not_extensible(self, job: Run | Sweep) -> str | None:
        """Why a job (a run of a sweep: the sweep) cannot go on to more epochs, in one sentence; None where it can."""
        return extending.why_not(*self._whole(job))

    def _whole(self, job: Run | Sweep) -> tuple[Run | Sweep, list[Run], bool]:
        """The job with its runs, and whether it is confirmed; the whole sweep for one of its runs."""
        if isinstance(job, Run) and job.sweep is None:
            return job, [job], False
        sweep = self.sweep(job.sweep or "") if isinstance(job, Run) else job
        return sweep, self.sweep_runs(sweep.id), bool(self.confirmations(sweep.id))

    def get(self, text: str) -> Run:
        """The run with this id or unique name, or the only one whose id begins so.

        :raises UnreadableRow: there is one, but this version cannot read it.
        """
        with self._database.read() as connection:
            return catalog.find(connection, catalog.RUN, text, self._checkpoints)

    def sweep(self, text: str) -> Sweep:
        """:meth:`get` for sweeps; :class:`reglab.errors.UnknownSweep` where there is none."""
        with self._database.read() as connection:
            return catalog.find(connection, catalog.SWEEP, text, self._checkpoints)

    def taken(self, ids: Iterable[str]) -> set[str]:
        """Those of ``ids`` that a run or sweep has, deleted ones included."""
        with self._database.read() as connection:
            return catalog.taken(connection, ids)

    def run_with(self, spec: RunSpec) -> Run | None:
        """The newest run of this training that trains, waits or has finished; None where there is none.

        Its settings are these or those of a :attr:`RunSpec.twins`.
        """
        here = (
            runs.c.dataset == spec.data.name,  # which has an index
            runs.c.spec.in_([one.model_dump_json() for one in spec.twins]),
            runs.c.state.in_(("finished", "running", "queued")),
        )
        with self._database.read() as connection:
            found = catalog.listed(connection, catalog.RUN, self._checkpoints, *here, deleted=False, limit=1)
        return next((run for run in found if isinstance(run, Run)), None)

    def find(self, text: str) -> Run | Sweep:
        """The run that :meth:`get` finds, or else the sweep."""
        try:
            return self.get(text)
        except UnknownRun as error:
            try:
                return self.sweep(text)
            except UnknownSweep:
                raise error from None

    def runs(
        self,
        *,
        states: Iterable[State] | None = None,
        group: str | None = None,
        deleted: bool = False,
        limit: int | None = None,
    ) -> list[Run]:
        """Runs that can be read, newest first; ``deleted`` gives the deleted ones instead."""
        found = self.every_run(states=states, group=group, deleted=deleted, limit=limit)
        return [run for run in found if isinstance(run, Run)]

    def every_run(
        self,
        *,
        states: Iterable[State] | None = None,
        group: str | None = None,
        deleted: bool = False,
        limit: int | None = None,
    ) -> list[Run | Unreadable]:
        """:meth:`runs`, and in their places the rows that this version cannot read."""
        where = [] if group is None else [runs.c.group == group]
        if states is not None:
            where.append(runs.c.state.in_([states] if isinstance(states, str) else list(states)))
        with self._database.read() as connection:
            return catalog.listed(connection, catalog.RUN, self._checkpoints, *where, deleted=deleted, limit=limit)

    def repeats_of(self, run: Run) -> list[Run]:
        """Other runs of the same spec, those of sweeps included, that have begun and are not deleted, newest first.

        They are looked for among the newest :data:`ALIKE` that share dataset, CNN, λ and epochs.
        """
        shared = [runs.c[name] == getattr(run, name) for name in ("dataset", "model", "l1", "l2", "penalty", "epochs")]
        begun = runs.c.threads.is_not(None), runs.c.id != run.id
        with self._database.read() as connection:
            found = catalog.listed(connection, catalog.RUN, self._checkpoints, *shared, *begun, limit=ALIKE)
        return [other for other in found if isinstance(other, Run) and other.spec == run.spec]

    def sweeps(self, *, deleted: bool = False, offset: int = 0, limit: int | None = None) -> list[Sweep]:
        """Sweeps that can be read, newest first, without their runs; ``deleted`` gives the deleted ones instead."""
        found = self.every_sweep(deleted=deleted, offset=offset, limit=limit)
        return [sweep for sweep in found if isinstance(sweep, Sweep)]

    def every_sweep(
        self, *, deleted: bool = False, offset: int = 0, limit: int | None = None
    ) -> list[Sweep | Unreadable]:
        """:meth:`sweeps`, and in their places the rows that this version cannot read."""
        with self._database.read() as connection:
            return catalog.listed(
                connection, catalog.SWEEP, self._checkpoints, deleted=deleted, offset=offset, limit=limit
            )

    def sweep_runs(self, sweep_id: str) -> list[Run]:
        """The runs of a sweep, in the order of ``SweepSpec.lanes()``.

        :raises UnreadableRow: one of them cannot be read.
        """
        with self._database.read() as connection:
            return catalog.runs_of_sweep(connection, sweep_id, self._checkpoints)

    def confirmations(self, sweep_id: str) -> list[Sweep]:
        """The sweeps that confirm this one and are not deleted, newest first."""
        with self._database.read() as connection:
            ids = confirmations.confirmations_of(connection, sweep_id)
            return [catalog.find(connection, catalog.SWEEP, one, self._checkpoints) for one in ids]

    def rate_checks(self, sweep_id: str) -> list[Sweep]:
        """The sweeps that check the learning rate of this one and are not deleted, newest first."""
        with self._database.read() as connection:
            ids = rate_checks.checks_of(connection, sweep_id)
            return [catalog.find(connection, catalog.SWEEP, one, self._checkpoints) for one in ids]

    def next_rate_check(self, sweep_id: str) -> str:
        """The key with which a sweep is created as another check of this one's learning rate."""
        with self._database.read() as connection:
            return rate_checks.next_key(connection, sweep_id)

    def first_fresh(self, sweep_id: str) -> int:
        """How far the seeds of a sweep must be shifted so that neither it nor a confirmation of it has had them."""
        with self._database.read() as connection:
            repeats = catalog.find(connection, catalog.SWEEP, sweep_id, self._checkpoints).spec.repeats
            return confirmations.first_fresh(connection, sweep_id, repeats)

    def runs_on(self, dataset: str) -> list[str]:
        """The ids of all runs on ``dataset``, newest first, deleted ones too as long as they can be restored."""
        with self._database.read() as connection:
            query = select(runs.c.id).where(runs.c.dataset == dataset).order_by(runs.c.created.desc(), runs.c.id)
            return list(connection.scalars(query))

    def openings(self, dataset: str) -> list[Opening]:
        """Every evaluation of a test part of ``dataset``, oldest first; parts of other sizes differ in SHA-256."""
        with self._database.read() as connection:
            return confirmations.openings_of(connection, dataset)

    def test_scores(self, run_id: str) -> TestScores | None:
        """How a run of a confirmation does on the test part; None before it has been evaluated.

        :raises CheckpointError: the file is damaged.
        """
        files = self.files(run_id)
        if not files.has(TEST):
            return None
        found = files.load_weights(files.named(TEST))
        return TestScores(found[TEST], found["correct"])

    def waiting(self, kind: Literal["run", "sweep"] = "run") -> list[str]:
        """Ids of queued runs that belong to no sweep, or of queued sweeps, the longest waiting first.

        They stay queued over restarts, for whatever process claims them first. Their settings are not read.
        """
        with self._database.read() as connection:
            return catalog.waiting(connection, catalog.RUN if kind == "run" else catalog.SWEEP)

    def wanted(self, job_id: str) -> Literal["run", "stop"]:
        """What a running job should do; one small read, for polling."""
        with self._database.read() as connection:
            return "stop" if catalog.stop_wanted(connection, job_id) else "run"

    def epochs(self, run_ids: Sequence[str], *, since: int = 0) -> pd.DataFrame:
        """:data:`reglab.columns.EPOCH_COLUMNS` of epochs after ``since``: runs as asked for, epochs ascending."""
        with self._database.read() as connection:
            if since:
                return frames.epoch_frame(connection, run_ids, since)
            return epoch_files.epochs_of(connection, self.home, run_ids, pack=self.read_only is None)

    def layers(
        self, run_ids: Sequence[str], *, epochs: Sequence[int] | None = None, latest: bool = False
    ) -> pd.DataFrame:
        """:data:`reglab.columns.LAYER_COLUMNS` of all epochs, of ``epochs``, or with ``latest`` of 0 and the newest."""
        with self._database.read() as connection:
            return frames.layer_frame(connection, run_ids, epochs, latest)

    def gradients(self, run_ids: Sequence[str]) -> pd.DataFrame:
        """:data:`reglab.columns.GRADIENT_COLUMNS` of every epoch: the layers without their histograms, much faster."""
        with self._database.read() as connection:
            return frames.gradient_frame(connection, run_ids)

    def sparklines(self, run_ids: Sequence[str], column: str, points: int = 40) -> dict[str, list[float]]:
        """Run → at most ``points`` evenly spaced values of ``column``, the last epoch always among them."""
        with self._database.read() as connection:
            return frames.sparklines(connection, run_ids, column, points)

    def best_weights(self, run: Run) -> Path | None:
        """The file with the weights of the run's best epoch; None where none is kept."""
        files = self.files(run.id)
        return files.find(files.named(BEST)) if files.has(BEST) else None

    def val_scores(self, run_ids: Sequence[str], *, so_far: bool = False) -> dict[str, ValScores]:
        """Run → the scores of its validation images in every epoch done, deleted runs included; others are absent.

        Absent are runs from before predictions were kept, and running ones whose last epochs are not on the disk yet:
        with ``so_far`` these have the epochs that are.
        """
        with self._database.read() as connection:
            found = catalog.present(connection, run_ids, self._checkpoints, deleted=True)
        read = {
            run.id: self.files(run.id).load_scores(run.epoch, so_far=so_far) for run in found if isinstance(run, Run)
        }
        return {run_id: scores for run_id, scores in read.items() if scores is not None}

    def probabilities(self, run_id: str, which: Literal["last", "best", "test"]) -> NDArray[np.float32] | None:
        """Class probabilities (n, classes) of the validation images after the last or best epoch, or of the test part.

        None where they are not there: the run has not ended, or is older than they are, or the test part was not
        opened for it.
        """
        run, files = self.get(run_id), self.files(run_id)
        if which == "test":
            scores = self.test_scores(run.id)
            return None if scores is None else scores.probabilities
        epoch = run.epoch if which == "last" else run.best_epoch
        return files.load_probabilities(which, epoch) if epoch else None
