"""Rows of jobs that another store has trained: all of them are inserted in one transaction, or none."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

from sqlalchemy import Connection, insert

from reglab import columns
from reglab.events import EpochMetrics, LayerStats
from reglab.spec import RunSpec
from reglab.store.catalog import new_row
from reglab.store.confirmations import Confirmation, Opening, row_of
from reglab.store.rate_checks import next_key
from reglab.store.results import counted, epoch_row
from reglab.store.run_filter import SWEEP_GROUPS
from reglab.store.schema import epochs, insert_unless_known, layers, openings, runs, sweeps
from reglab.sweep import SweepSpec

_NULLABLE = (columns.DATA_GRAD, columns.PENALTY_GRAD, columns.UNITS, columns.ZERO_UNITS)  # NaN there: not recorded
_AT_ONCE = 4096  # rows of layers in one statement

LayersOfEpochs = Iterable[tuple[int, Sequence[LayerStats]]]


@dataclass(frozen=True)
class EndedRun:
    """A run with the id ``id``; ``facts`` are columns that its spec and its epochs do not give.

    ``layers()`` reads its layer statistics, epoch by epoch, when they are inserted.
    """

    id: str
    name: str
    spec: RunSpec
    facts: Mapping[str, Any]
    epochs: Sequence[EpochMetrics]
    layers: Callable[[], LayersOfEpochs]


@dataclass(frozen=True)
class EndedSweep:
    """A sweep with its ``runs`` in the order of its lanes; ``checks`` is the sweep whose learning rate it checks."""

    id: str
    name: str
    spec: SweepSpec
    facts: Mapping[str, Any]
    runs: Sequence[EndedRun]
    confirmation: Confirmation | None = None
    checks: str | None = None
    opening: Opening | None = None


def insert_ended(connection: Connection, jobs: Sequence[EndedRun | EndedSweep], email: str | None) -> None:
    """Insert ``jobs`` with all rows that belong to them, as those of the person at ``email``."""
    for job in jobs:
        if isinstance(job, EndedRun):
            _insert_run(connection, job, {"person": email})
            continue
        key = None if job.checks is None else next_key(connection, job.checks)
        own = {
            "id": job.id,
            "key": key,
            "name": job.name,
            "spec": job.spec.to_json(),
            **row_of(job.confirmation),
            "person": email,
        }
        connection.execute(insert(sweeps), [{**own, **job.facts}])
        for lane, run in enumerate(job.runs):
            _insert_run(
                connection, run, {"sweep": job.id, "lane": lane, "group": SWEEP_GROUPS + job.id, "person": email}
            )
        if job.opening is not None:
            connection.execute(insert_unless_known(connection, openings).values(**asdict(job.opening)))


def _insert_run(connection: Connection, run: EndedRun, place: Mapping[str, Any]) -> None:
    row = {
        "id": run.id,
        **new_row(run.spec, run.name, run.facts["created"]),
        **counted(run.epochs),
        **run.facts,
        **place,
    }
    connection.execute(insert(runs), [row])
    if run.epochs:
        connection.execute(insert(epochs), [{"run": run.id, **epoch_row(one)} for one in run.epochs])
    rows = (
        {"run": run.id, "epoch": epoch, "position": i, **_row_of(stats)}
        for epoch, every in run.layers()
        for i, stats in enumerate(every)
    )
    while some := list(islice(rows, _AT_ONCE)):
        connection.execute(insert(layers), some)


def _row_of(stats: LayerStats) -> dict[str, Any]:
    own = vars(stats)
    return own | {name: None if math.isnan(own[name]) else own[name] for name in _NULLABLE}
