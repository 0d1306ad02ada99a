"""One run as the store knows it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal, NamedTuple, get_args

from sqlalchemy import Connection, Dialect, Row, Select, select

from reglab import columns
from reglab.errors import RegLabError, SpecError, StoreError, shown
from reglab.events import EpochMetrics
from reglab.spec import RunSpec
from reglab.states import RESUMABLE, STATES, State, label_of
from reglab.store.files import check_id
from reglab.store.reading import Decoder, Field, Unreadable, fetch, fields_of, one_line, raw, unreadable
from reglab.store.results import penalties_of
from reglab.store.schema import epochs, runs

Wanted = Literal["run", "stop"]
Files = Callable[[str, str | None], bool]  # id, and that of the sweep if there is one → whether it has a checkpoint


class BestEpoch(NamedTuple):
    """The figures of the epoch of lowest validation loss: losses in nats, accuracies in [0, 1]."""

    epoch: int
    val_loss: float
    val_acc: float
    train_loss: float
    train_acc: float


@dataclass(frozen=True)
class Run:
    """A run: its spec, its progress and its results. Times are aware UTC datetimes.

    ``seconds`` is training time over all resumes; ``epoch`` of ``epochs`` are done, ``step`` of ``steps`` in the one
    being trained. ``last`` has the figures of the last epoch done, ``best`` those of ``best_epoch``, that of the lowest
    validation loss so far (None where no loss was finite). ``best_val_acc`` is the highest and ``best_val_loss`` the
    lowest over the epochs done; ``best_val_acc_epoch`` is the first epoch with that accuracy. ``error`` is one
    sentence; ``activity`` is what a running run does before its first step. ``weights_path``, the weights that it ends
    with, is relative to the home. ``colour`` is the number of its colour, None where λ or the id decides it.
    ``person`` is the e-mail address of who started it, None where nobody was signed in.
    A run of a sweep is lane ``lane`` of ``SweepSpec.lanes()`` in the sweep with the id ``sweep``.
    """

    id: str
    key: str | None
    name: str
    state: State
    wanted: Wanted
    spec: RunSpec
    dataset: str
    model: str
    l1: float
    l2: float
    penalty: str
    created: datetime
    queued: datetime
    started: datetime | None
    ended: datetime | None
    heartbeat: datetime | None
    seconds: float
    environment: dict[str, Any] | None
    device: str | None
    threads: int | None
    error: str | None
    activity: str | None
    epoch: int
    epochs: int
    step: int
    steps: int
    best_epoch: int | None
    best_val_acc: float | None
    best_val_acc_epoch: int | None
    best_val_loss: float | None
    weights_path: str | None
    weights_sha256: str | None
    group: str | None
    tags: tuple[str, ...]
    note: str
    colour: int | None
    owner: str | None
    deleted: datetime | None
    sweep: str | None
    lane: int | None
    last: EpochMetrics | None
    best: BestEpoch | None
    has_checkpoint: bool
    person: str | None = None

    @property
    def label(self) -> str:
        """The state as people read it."""
        return label_of(self.state, began=self.started is not None)

    @property
    def resumable(self) -> bool:
        """Whether it can go on: from its checkpoint, or from the start if no epoch is done."""
        return self.state in RESUMABLE and self.deleted is None and (self.has_checkpoint or self.epoch == 0)


@lru_cache(maxsize=1)
def select_runs() -> Select[Any]:
    """Runs with the figures of their last (``last_…``) and best epoch (``at_best_…``), raw, in one statement."""
    own = [raw(column) for column in runs.c]
    last = [raw(epochs.c[name], f"last_{name}") for name in _LAST]
    best = [raw(_best.c[name], f"at_best_{name}") for name in BestEpoch._fields]
    newest = (epochs.c.run == runs.c.id) & (epochs.c.epoch == runs.c.epoch)
    lowest = (_best.c.run == runs.c.id) & (_best.c.epoch == runs.c.best_epoch)
    return select(*own, *last, *best).select_from(runs.outerjoin(epochs, newest).outerjoin(_best, lowest))


def read_runs(connection: Connection, query: Select[Any], has_checkpoint: Files) -> Iterator[Run | Unreadable]:
    """The runs that ``query``, made from :func:`select_runs`, finds, in its order, each read by itself."""
    decoder = _decoder(connection.dialect)
    for row in fetch(connection, query, runs.c.id):
        if not isinstance(row, Row):
            yield Unreadable("run", row[0], row[0], one_line(row[1]))
            continue
        try:
            yield _run(decoder.decode(row), has_checkpoint)
        except RegLabError as error:
            yield unreadable("run", row, str(error))


def _run(values: dict[str, Any], has_checkpoint: Files) -> Run:
    check_id(values["id"])
    last = {name: values.pop(f"last_{name}") for name in _LAST}
    best = BestEpoch(*(values.pop(f"at_best_{name}") for name in BestEpoch._fields))
    for name, known in (("state", STATES), ("wanted", get_args(Wanted))):
        if values[name] not in known:
            raise StoreError(f"this version knows no {name} {shown(values[name])}")
    spec, tags = parse_spec(values["spec"]), values["tags"]
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise StoreError("tags hold something other than a list of texts")
    if values["environment"] is not None:
        _check_environment(values["environment"])
    return Run(
        **values | {"spec": spec, "tags": tuple(tags)},
        last=None if last[columns.EPOCH] is None else EpochMetrics(penalties=penalties_of(last), **last),
        best=None if best.epoch is None else best,
        has_checkpoint=has_checkpoint(values["id"], values["sweep"]),
    )


def _check_environment(facts: object) -> None:
    """Refuse facts of another kind than :class:`reglab.events.Environment` has; a newer version may add some."""
    if not isinstance(facts, dict):
        raise StoreError("environment holds something other than named facts")
    for name in facts.keys() & _FACTS.keys():
        if not isinstance(facts[name], _FACTS[name]):
            raise StoreError(f"environment holds {name} of another kind")
    for counts in (facts.get("train_labels", ()), facts.get("val_labels", ())):
        if counts and not (all(isinstance(n, int) and n >= 0 for n in counts) and sum(counts)):
            raise StoreError("environment holds counts of labels that are none")


@lru_cache(maxsize=8)
def _decoder(dialect: Dialect) -> Decoder:
    return Decoder(dialect, _FIELDS)


@lru_cache(maxsize=16_384)
def parse_spec(text: str) -> RunSpec:
    """The spec in a row; :class:`SpecError` where this version cannot read it."""
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        raise SpecError("the spec is not valid JSON") from None
    return RunSpec.parse(values)


_FACTS: dict[str, type] = {
    **{"device": str, "threads": int, "versions": dict, "parameters": int, "advance": str},
    **{"n_train": int, "n_val": int, "train_labels": list, "val_labels": list},
    **{"n_pool": int, "n_test": int, "test_sha256": str, "test_source": str},
    **{"cpu": str, "cpu_capability": str, "earlier": list},
}
_LAST = (columns.EPOCH, *columns.METRICS, "penalties")
_best = epochs.alias("best")
_FIELDS = fields_of(runs) | {
    **{f"last_{name}": Field(epochs.c[name].type) for name in _LAST},
    **{f"at_best_{name}": Field(epochs.c[name].type) for name in BestEpoch._fields},
}
