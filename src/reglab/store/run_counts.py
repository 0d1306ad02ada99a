"""How many runs there are, and what a filter can choose from, counted by the database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, LargeBinary, Text, case, cast, func, select

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
