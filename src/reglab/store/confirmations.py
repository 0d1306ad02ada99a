"""Confirmations, which train a sweep's chosen points again on fresh seeds, and openings of test parts.

A confirmation is a sweep itself. It evaluates the test part of its data once, which is one *opening*: recorded before
the first image is seen, once however often the work is cut off, and kept when the sweep is purged.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from reglab.columns import VAL_ACC
from reglab.errors import CheckpointError, StoreError
from reglab.store.files import TEST, RunFiles
from reglab.store.reading import chunks
from reglab.store.schema import insert_unless_known, openings, runs, sweeps
from reglab.store.transitions import now
from reglab.sweep import EpochRule

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Confirmation:
    """What a sweep confirms: the chosen points of ``sweep`` by the epoch ``rule``, on ``seeds`` fresh seeds.

    Its repeat r has the seeds of repeat ``shift`` + r of ``sweep``, were there so many. ``roles`` say of each of its
    points why it was chosen ("best" and "one_se" by ``measure``, "best_by_accuracy" or "best_by_loss" by the other one,
    "zero", "added"); ``epochs`` at which epoch the rule *common* judges it. ``test_sha256`` is that of the test part
    that the runs of ``sweep`` kept locked. Those of earlier versions name no measure: it was the accuracy.
    """

    sweep: str
    rule: EpochRule
    shift: int
    seeds: int
    test_sha256: str
    roles: tuple[tuple[str, ...], ...]
    epochs: tuple[int, ...] = ()
    measure: str = VAL_ACC

    def to_json(self) -> str:
        """All but ``sweep``, which has a column of its own."""
        return json.dumps({key: value for key, value in asdict(self).items() if key != "sweep"})

    @classmethod
    def of(cls, sweep: str, text: str) -> Confirmation:
        """What :meth:`to_json` wrote.

        :raises StoreError: on anything else.
        """
        try:
            facts = json.loads(text)
            roles, epochs = tuple(map(tuple, facts.pop("roles"))), tuple(map(int, facts.pop("epochs")))
            return cls(sweep=sweep, roles=roles, epochs=epochs, **facts)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise StoreError("confirmation holds something that this version cannot read") from None


@dataclass(frozen=True, eq=False)
class TestScores:
    """A run's class ``probabilities`` (n, classes), float32, of every test image in order; ``correct`` (n,) bool."""

    __test__ = False  # pytest would take it for a test

    probabilities: NDArray[np.float32]
    correct: NDArray[np.bool_]


@dataclass(frozen=True)
class Opening:
    """One evaluation of a test part, by the confirmation ``sweep``: its data set, SHA-256 and number of images."""

    sweep: str
    dataset: str
    test_sha256: str
    images: int
    opened: datetime


def first_fresh(connection: Connection, sweep_id: str, repeats: int, apart_from: str = "") -> int:
    """The first shift whose seeds neither the sweep with so many ``repeats`` nor a confirmation of it has.

    Deleted ones count, and the one with the id ``apart_from`` does not.
    """
    query = select(sweeps.c.confirmation).where(sweeps.c.confirms == sweep_id, sweeps.c.id != apart_from)
    taken = [Confirmation.of(sweep_id, text) for text in connection.execute(query).scalars()]
    return max([repeats, *(one.shift + one.seeds for one in taken)])


def row_of(confirmation: Confirmation | None) -> Mapping[str, Any]:
    """The columns of a new sweep."""
    return {} if confirmation is None else {"confirms": confirmation.sweep, "confirmation": confirmation.to_json()}


def check_seeds(connection: Connection, sweep_id: str, confirmation: Confirmation | None) -> None:
    """Raise :class:`StoreError` where an earlier confirmation has seeds of this new one, the sweep ``sweep_id``."""
    if confirmation and first_fresh(connection, confirmation.sweep, 0, sweep_id) > confirmation.shift:
        raise StoreError("Another confirmation of this sweep has just taken these seeds; confirm again.")


def record_opening(connection: Connection, opening: Opening) -> None:
    """Count ``opening``, once for its sweep.

    :raises StoreError: the sweep has opened another test part before.
    """
    connection.execute(insert_unless_known(connection, openings).values(**asdict(opening)))
    known = connection.execute(select(openings.c.test_sha256).where(openings.c.sweep == opening.sweep)).scalar_one()
    if known != opening.test_sha256:
        raise StoreError("The images of the test part have changed since this confirmation began; confirm again.")


def openings_of(connection: Connection, dataset: str) -> list[Opening]:
    """Every opening of a test part of ``dataset``, oldest first."""
    query = select(*openings.c).where(openings.c.dataset == dataset).order_by(openings.c.opened, openings.c.sweep)
    return [Opening(**row._mapping) for row in connection.execute(query)]


def opened_runs(connection: Connection, run_ids: Sequence[str] | None = None) -> list[str]:
    """The ids of the runs (of ``run_ids`` or all) whose sweep has opened its test part."""
    query = select(runs.c.id).join(openings, openings.c.sweep == runs.c.sweep).where(runs.c.deleted.is_(None))
    chosen = [query] if run_ids is None else [query.where(runs.c.id.in_(ids)) for ids in chunks(run_ids)]
    return [run_id for one in chosen for run_id in connection.execute(one).scalars()]


def test_accuracy(files: RunFiles) -> float | None:
    """The share of test images that the run with these files classifies correctly, read once in a process.

    None before it has been evaluated, and where the file is damaged, which ``reglab check`` finds.
    """
    key = files.home, files.id
    if key not in _ACCURACIES and files.has(TEST):
        try:
            correct = files.load_array(files.named(TEST), "correct")
        except CheckpointError:
            return None
        if correct is not None and correct.size:
            _ACCURACIES[key] = float(correct.mean())
    return _ACCURACIES.get(key)


test_accuracy.__test__ = False  # type: ignore[attr-defined]  # pytest would take it for a test

_ACCURACIES: dict[tuple[Path, str], float] = {}
"""Of runs, by home and id: a test part is evaluated once."""


def confirmations_of(connection: Connection, sweep_id: str) -> Sequence[str]:
    """Ids of the sweep's confirmations that are not deleted, newest first."""
    mine = (sweeps.c.confirms == sweep_id) & sweeps.c.deleted.is_(None)
    query = select(sweeps.c.id).where(mine).order_by(sweeps.c.created.desc(), sweeps.c.id.desc())
    return connection.execute(query).scalars().all()


def opening(sweep: str, dataset: str, test_sha256: str, images: int) -> Opening:
    """An opening now."""
    return Opening(sweep, dataset, test_sha256, images, now())
