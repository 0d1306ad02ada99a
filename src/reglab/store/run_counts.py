"""How many runs there are, and what a filter can choose from, counted by the database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, String, case, func, select, type_coerce

from reglab.store.run_filter import HAS_TAGS, RunFilter, begins, matching, tag_values
from reglab.store.schema import runs


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
    times = [_newest(runs.c[name]) for name in ("created", "queued", "ended")]
    query = select(runs.c.state, func.count(), *times).where(matching(connection, wanted))
    found = sorted(tuple(row) for row in connection.execute(query.group_by(runs.c.state)))
    return RunCounts({state: number for state, number, *_ in found}, tuple(found))


def count_groups(connection: Connection, prefixes: Iterable[str]) -> dict[str, int]:
    """Prefix → how many runs are in groups that begin so; under "" the runs of no such group. Zeros are left out."""
    kind = case(*((begins(runs.c.group, prefix), prefix) for prefix in prefixes), else_="").label("kind")
    query = select(kind, func.count().label("number")).where(runs.c.deleted.is_(None)).group_by(kind)
    return {row.kind: row.number for row in connection.execute(query)}


def choices(connection: Connection) -> RunChoices:
    """What a filter can choose from."""
    present = runs.c.deleted.is_(None)
    pairs = connection.execute(select(runs.c.dataset, runs.c.model).where(present).distinct()).all()
    tags = tag_values(connection)
    used = select(tags.c.value).select_from(runs.join(tags, HAS_TAGS)).where(present).distinct()
    return RunChoices(
        _sorted(pair.dataset for pair in pairs), _sorted(pair.model for pair in pairs),
        _sorted(connection.execute(used).scalars()),
    )  # fmt: skip


def _newest(moment: ColumnElement[Any]) -> ColumnElement[Any]:
    """As text: it is only compared."""
    return type_coerce(func.max(moment), String)


def _sorted(values: Iterable[Any]) -> tuple[str, ...]:
    return tuple(sorted({str(value) for value in values}, key=lambda value: (value.casefold(), value)))
