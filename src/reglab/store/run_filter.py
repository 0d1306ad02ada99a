"""Filters of the list of runs, as conditions that the database evaluates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    LargeBinary,
    TableValuedAlias,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    literal_column,
    or_,
    select,
)

from reglab.store.labels import printable
from reglab.store.schema import runs

LESSON_GROUPS, SWEEP_GROUPS, DEMO_GROUPS = "claim", "sweep ", "overfitting and its cure"
"""How the groups of runs begin that belong to a claim of the Learn page, to a sweep, and to the demo."""

TEXT_LENGTH = 200
"""Characters of a search that count: a statement takes only so many conditions."""

_TAGS = cast(runs.c.tags, Text)
HAS_TAGS = _TAGS != "[]"
"""A fast test that avoids reading the tags of most runs."""


@dataclass(frozen=True)
class RunFilter:
    """Words that must all occur in a run's name, id, dataset, CNN, tags or note; and sets that must hold its values.

    An empty set admits every run. Runs of groups that begin with one of ``without`` are left out.
    """

    text: str = ""
    states: frozenset[str] = frozenset()
    datasets: frozenset[str] = frozenset()
    models: frozenset[str] = frozenset()
    penalties: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()

    @property
    def words(self) -> list[str]:
        """The words to search for."""
        return list(dict.fromkeys(printable(self.text[:TEXT_LENGTH], keep="\t\n").split()))

    @property
    def active(self) -> bool:
        """Whether a person's choice may have hidden a run."""
        return bool(self.words or self.states or self.datasets or self.models or self.penalties or self.tags)


def matching(connection: Connection, wanted: RunFilter) -> ColumnElement[bool]:
    """The condition of the runs that are not deleted and that ``wanted`` admits."""
    tags = tag_values(connection)
    return and_(
        runs.c.deleted.is_(None),
        *_outside(wanted.without),
        *_chosen(wanted),
        *([HAS_TAGS & select(1).where(tags.c.value.in_(_texts(wanted.tags))).exists()] if wanted.tags else []),
        *(_found(connection, word, tags) for word in wanted.words),
    )


def begins(column: ColumnElement[Any], prefix: str) -> ColumnElement[bool]:
    """Whether a text begins with ``prefix``, case-sensitively, unlike SQLite's LIKE."""
    return func.substr(column, 1, len(prefix)) == prefix


def lower(connection: Connection, column: ColumnElement[Any]) -> ColumnElement[Any]:
    """``column`` in lower case; SQLite's text may be no text at all, which must hide no other row."""
    if connection.dialect.name == "sqlite":
        return func.reglab_lower(cast(column, LargeBinary), type_=Text)
    return func.lower(column)


def tag_values(connection: Connection) -> TableValuedAlias:
    """The tags of each run as rows with the column ``value``; none for a run whose tags are no list."""
    if connection.dialect.name == "sqlite":
        valid = case((func.json_valid(_TAGS) == 1, _TAGS), else_="[]")
        return func.json_each(valid).table_valued("value")
    listed = case((func.json_typeof(runs.c.tags) == "array", runs.c.tags), else_=literal_column("CAST('[]' AS JSON)"))
    return func.json_array_elements_text(listed).table_valued("value").render_derived()


def _outside(prefixes: Iterable[str]) -> Iterator[ColumnElement[bool]]:
    group = func.coalesce(runs.c.group, "")
    return (~begins(group, prefix) for prefix in sorted(prefixes))


def _chosen(wanted: RunFilter) -> Iterator[ColumnElement[bool]]:
    names = (wanted.states, wanted.datasets, wanted.models, wanted.penalties)
    choices = zip((runs.c.state, runs.c.dataset, runs.c.model, runs.c.penalty), names, strict=True)
    return (column.in_(_texts(values)) for column, values in choices if values)


def _found(connection: Connection, word: str, tags: TableValuedAlias) -> ColumnElement[bool]:
    """Case-insensitive; in PostgreSQL by its locale."""
    place = func.instr if connection.dialect.name == "sqlite" else func.strpos

    def contains(column: ColumnElement[Any]) -> ColumnElement[bool]:
        return place(lower(connection, column), lower(connection, literal(word))) > 0

    columns = (runs.c.name, runs.c.id, runs.c.dataset, runs.c.model, runs.c.note)
    tagged = HAS_TAGS & select(1).where(contains(tags.c.value)).exists()
    return or_(*map(contains, columns), tagged)


def _texts(values: Iterable[str]) -> list[str]:
    return sorted(map(printable, values))
