"""How many runs there are, and what a filter can choose from, counted by the database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, LargeBinary, Text, case, cast, func, select

from reglab.store.reading import chunks, raw
from reglab.store.run_filter import HAS_TAGS, RunFilter, begins, matching, tag_values
from reglab.store.schema import runs, sweeps


@dataclass(frozen=True)
class RunCounts:
    """How many runs match, by state. ``moved`` differs where a run has been created, queued again or has ended."""

    states: Mapping[str, int]
    moved: tuple[Any, ...] = ()

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.states.values())

    @property
    def active(self) -> int:
        """Those that train or wait."""
        return self.states.get("running", 0) + self.states.get("queued", 0)


@dataclass(frozen=True)
class RunChoices:
    """The datasets, CNNs and tags of the runs that are not deleted, in alphabetical order."""

    datasets: tuple[str, ...]
    models: tuple[str, ...]
    tags: tuple[str, ...]


class RunMark(NamedTuple):
    """What thousands of ticked runs are known by: ``epoch`` are done, in ``sweep``, begun by ``person``."""

    id: str
    name: str
    state: str
    sweep: str | None
    group: str
    epoch: int
    person: str | None = None


def marks(connection: Connection, run_ids: Sequence[str]) -> list[RunMark]:
    """Those of these runs that are not deleted, in this order."""
    name, state, group, person = (_plain(connection, runs.c[one]) for one in ("name", "state", "group", "person"))
    query = select(runs.c.id, name, state, group, runs.c.sweep, raw(runs.c.epoch), person).where(
        runs.c.deleted.is_(None)
    )
    found = {}
    for ids in chunks(run_ids):
        for row in connection.execute(query.where(runs.c.id.in_(ids))):
            run, called, now, member, sweep, epoch, whose = row
            mark = RunMark(run, _text(called), _text(now), sweep, _text(member), epoch, whose and _text(whose))
            found[run] = mark
    return [found[run] for run in run_ids if run in found]


def sweep_sizes(connection: Connection, sweep_ids: Sequence[str]) -> dict[str, int]:
    """Sweep → number of its runs, deleted ones included."""
    query = select(runs.c.sweep, func.count()).group_by(runs.c.sweep)
    found = [connection.execute(query.where(runs.c.sweep.in_(ids))).all() for ids in chunks(sweep_ids)]
    return {sweep: number for rows in found for sweep, number in rows}


def count(connection: Connection, wanted: RunFilter) -> RunCounts:
    """The runs that ``wanted`` admits."""
    state = _plain(connection, runs.c.state)
    times = [_plain(connection, func.max(runs.c[name])) for name in ("created", "queued", "ended")]
    query = select(state, func.count(), *times).where(matching(connection, wanted)).group_by(state).order_by(state)
    found = [tuple(row) for row in connection.execute(query)]
    return RunCounts({_text(state): number for state, number, *_ in found}, tuple(found))


def count_groups(connection: Connection, prefixes: Iterable[str]) -> dict[str, int]:
    """Prefix → how many runs are in groups that begin so; under "" the runs of no such group. Zeros are left out."""
    kind = case(*((begins(runs.c.group, prefix), prefix) for prefix in prefixes), else_="").label("kind")
    query = select(kind, func.count().label("number")).where(runs.c.deleted.is_(None)).group_by(kind)
    return {row.kind: row.number for row in connection.execute(query)}


def count_datasets(connection: Connection) -> dict[str, int]:
    """Dataset → how many runs that are not deleted use it."""
    name = _plain(connection, runs.c.dataset)
    query = select(name, func.count()).where(runs.c.deleted.is_(None)).group_by(name)
    return {_text(dataset): number for dataset, number in connection.execute(query)}


def count_sweeps(connection: Connection) -> int:
    """How many sweeps are not deleted."""
    return connection.execute(select(func.count()).where(sweeps.c.deleted.is_(None))).scalar_one()


def choices(connection: Connection) -> RunChoices:
    """What a filter can choose from."""
    present, tags = runs.c.deleted.is_(None), tag_values(connection)
    pairs = select(_plain(connection, runs.c.dataset), _plain(connection, runs.c.model)).where(present).distinct()
    used = select(_plain(connection, tags.c.value)).select_from(runs.join(tags, HAS_TAGS)).where(present).distinct()
    found = connection.execute(pairs).all()
    return RunChoices(
        _sorted(dataset for dataset, _ in found),
        _sorted(model for _, model in found),
        _sorted(connection.execute(used).scalars()),
    )


def _plain(connection: Connection, column: ColumnElement[Any]) -> ColumnElement[Any]:
    """``column`` as text, in SQLite as bytes: a value that no driver can decode would hide all others."""
    return cast(column, LargeBinary if connection.dialect.name == "sqlite" else Text)


def _text(value: str | bytes | None) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else value or ""


def _sorted(values: Iterable[str | bytes | None]) -> tuple[str, ...]:
    return tuple(sorted(set(map(_text, values)) - {""}, key=lambda text: (text.casefold(), text)))
