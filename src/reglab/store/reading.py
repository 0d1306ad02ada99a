"""Reading rows one by one, so that a row which this version cannot read hides no other.

SQLAlchemy decodes a row while it fetches it, and one bad value ends the fetch. Here columns are fetched :func:`raw`, as
the driver gives them, and each row is decoded by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Column, ColumnElement, Connection, Dialect, Integer, Row, Select, String, Table, type_coerce
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import NullType, TypeEngine

from reglab.errors import StoreError
from reglab.store.types import UnreadableValue

_FLOAT8 = 701  # PostgreSQL's type code of double precision, which SQLAlchemy asks for; other types pass it over
_CHUNK = 5_000
_LONGEST = 300  # characters of a reason
_VALUES = ("Could not decode to UTF-8", "timestamp too")
"""What drivers say of a value that they cannot turn into a Python object; the connection can still be used."""


@dataclass(frozen=True)
class Unreadable:
    """A row of runs or sweeps that this version cannot read, and why: a phrase after "it cannot be read:"."""

    kind: Literal["run", "sweep"]
    id: str
    name: str
    reason: str
    created: datetime | None = None

    @property
    def sentence(self) -> str:
        """The message about this row."""
        return f"The {self.kind} {self.id} cannot be read: {self.reason.rstrip('.')}."


class UnreadableRow(StoreError):
    """A row was asked for by name, or is needed for a whole, and cannot be read."""

    def __init__(self, row: Unreadable) -> None:
        super().__init__(row.sentence)
        self.row = row


@dataclass(frozen=True)
class Field:
    """A column as it is decoded: its type, and whether it may be NULL."""

    type: TypeEngine[Any]
    nullable: bool = True


class Decoder:
    """Turns raw values into Python ones by the types of their columns, for one database."""

    def __init__(self, dialect: Dialect, fields: Mapping[str, Field]) -> None:
        self._reads = [
            (name, field.type.dialect_impl(dialect).result_processor(dialect, _FLOAT8), _python_type(field), field)
            for name, field in fields.items()
        ]

    def decode(self, row: Sequence[Any]) -> dict[str, Any]:
        """The values of ``row``, whose first columns are the decoder's, by name.

        :raises StoreError: naming the first column that cannot be read.
        """
        values: dict[str, Any] = {}
        name = ""
        try:
            for (name, process, kind, field), raw_value in zip(self._reads, row, strict=False):
                value = raw_value if process is None else process(raw_value)
                if value is None:
                    if not field.nullable:
                        raise UnreadableValue(None, "a value")
                elif not isinstance(value, kind):
                    raise UnreadableValue(value, "a whole number" if kind is int else "a text")
                values[name] = value
        except UnreadableValue as error:
            raise StoreError(f"{name} {error.fault}") from None
        return values


def chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """``ids`` in parts that fit into a statement: databases allow a few ten thousand parameters."""
    return (ids[i : i + _CHUNK] for i in range(0, len(ids), _CHUNK))


def raw(column: ColumnElement[Any], label: str | None = None) -> ColumnElement[Any]:
    """``column`` as the driver gives it, undecoded."""
    return type_coerce(column, NullType()).label(label or column.name)


def fields_of(table: Table) -> dict[str, Field]:
    """The table's columns by name, in its order."""
    return {column.name: Field(column.type, bool(column.nullable)) for column in table.c}


def unreadable(kind: Literal["run", "sweep"], row: Row[Any], reason: str) -> Unreadable:
    """A raw ``row`` that cannot be read, by its id and name."""
    name = row.name if isinstance(row.name, str) and row.name else str(row.id)
    return Unreadable(kind, str(row.id), name, one_line(reason))


def one_line(reason: str) -> str:
    """``reason`` as a list shows it: one line of at most 300 characters."""
    line = " ".join(reason.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def fetch(connection: Connection, query: Select[Any], key: Column[Any]) -> Iterator[Row[Any] | tuple[str, str]]:
    """The rows of ``query``, in its order; (key, reason) for a row that the driver itself cannot take.

    :param key: the query's column with the rows' ids.
    """
    try:
        yield from connection.execute(query).all()
    except DBAPIError as error:
        if not _is_about_a_value(error):
            raise
        ids = connection.execute(query.with_only_columns(raw(key), maintain_column_froms=True)).scalars().all()
        plain = query.limit(None).order_by(None)
        found = dict(_by_id(connection, plain, key, [str(one) for one in ids]))
        yield from (found[str(one)] for one in ids if str(one) in found)


def _by_id(
    connection: Connection, query: Select[Any], key: Column[Any], ids: list[str]
) -> Iterator[tuple[str, Row[Any] | tuple[str, str]]]:
    """Rows by id, halving ``ids`` until those that cannot be fetched stand alone."""
    if not ids:
        return
    try:
        for row in connection.execute(query.where(key.in_(ids)).add_columns(raw(key, "row_key"))).all():
            yield str(row.row_key), row
    except DBAPIError as error:
        if not _is_about_a_value(error):
            raise
        if len(ids) == 1:
            yield ids[0], (ids[0], str(error.orig))
            return
        middle = len(ids) // 2
        for part in (ids[:middle], ids[middle:]):
            yield from _by_id(connection, query, key, part)


def _is_about_a_value(error: DBAPIError) -> bool:
    return any(text in str(error.orig) for text in _VALUES)


def _python_type(field: Field) -> type:
    """What a value must be where its type decodes nothing: SQLite keeps any value in any column."""
    return int if isinstance(field.type, Integer) else str if isinstance(field.type, String) else object
