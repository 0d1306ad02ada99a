"""What people attach to runs (names, tags, notes), and deleting with a way back."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, select, update

from reglab.errors import StoreError, UnknownRun, shown
from reglab.store.schema import runs, sweeps
from reglab.store.states import now

NAME_LENGTH, TAG_LENGTH, TAGS, NOTE_LENGTH, KEY_LENGTH = 200, 50, 50, 20_000, 200


def printable(text: str, keep: str = "") -> str:
    """``text`` without what no database or page can take: control characters (but ``keep``) and lone surrogates."""
    return "".join(c for c in text if c in keep or unicodedata.category(c) not in ("Cc", "Cs"))


def checked_name(name: str) -> str:
    """A run's name: one line, 1 to 200 characters."""
    return _checked("name", " ".join(printable(name, keep="\t\n").split()), NAME_LENGTH)


def checked_key(key: str) -> str:
    """An idempotency key: 1 to 200 characters."""
    return _checked("key", printable(key), KEY_LENGTH)


def checked_tags(tags: Iterable[str]) -> list[str]:
    """Tags without blanks around them, each once, in order."""
    if isinstance(tags, str):
        raise StoreError("Tags are a list of words, not one text.")
    cleaned = [" ".join(printable(tag, keep="\t\n").split()) for tag in tags]
    unique = list(dict.fromkeys(_checked("tag", tag, TAG_LENGTH) for tag in cleaned if tag))
    if len(unique) > TAGS:
        raise StoreError(f"A run has at most {TAGS} tags, not {len(unique)}.")
    return unique


def checked_note(note: str) -> str:
    """A note: any lines, at most 20,000 characters."""
    text = printable(note, keep="\t\n")
    if len(text) > NOTE_LENGTH:
        raise StoreError(f"A note has at most {NOTE_LENGTH:,} characters, not {len(text):,}.")
    return text


def optional(text: str | None) -> str | None:
    """A group's name, or None for none."""
    return None if text is None else checked_name(text)


def _checked(what: str, text: str, longest: int) -> str:
    if not 1 <= len(text) <= longest:
        raise StoreError(f"A {what} has 1 to {longest} characters, not {len(text):,}.")
    return text


def remove(connection: Connection, run_ids: Sequence[str]) -> None:
    """Mark runs deleted, all or none; queued ones are cancelled, running ones refused.

    The runs of a sweep go together, and the sweep with them.
    """
    rows = _rows(connection, run_ids)
    _check_ended([row.name for row in rows if row.state == "running"])
    _check_whole(connection, rows)
    mine = runs.c.id.in_([row.id for row in rows])
    connection.execute(update(runs).where(mine, runs.c.state == "queued").values(state="cancelled", ended=now()))
    connection.execute(update(runs).where(mine, runs.c.deleted.is_(None)).values(deleted=now()))
    connection.execute(update(sweeps).where(_theirs(rows), sweeps.c.deleted.is_(None)).values(deleted=now()))


def restore(connection: Connection, run_ids: Sequence[str]) -> None:
    """Undo :func:`remove`; a sweep comes back whole."""
    rows = _rows(connection, run_ids)
    mine = runs.c.id.in_(run_ids) | runs.c.sweep.in_(_sweep_ids(rows))
    connection.execute(update(runs).where(mine).values(deleted=None))
    connection.execute(update(sweeps).where(_theirs(rows)).values(deleted=None))


def _rows(connection: Connection, run_ids: Sequence[str]) -> list[Any]:
    query = select(runs.c.id, runs.c.name, runs.c.state, runs.c.sweep).where(runs.c.id.in_(run_ids)).order_by(runs.c.id)
    rows = list(connection.execute(query.with_for_update()))
    missing = set(run_ids) - {row.id for row in rows}
    if missing:
        raise UnknownRun(f"There is no run {shown(min(missing))}.")
    return rows


def _check_ended(running: Sequence[str]) -> None:
    if running:
        more = f" and {len(running) - 1} more" if len(running) > 1 else ""
        raise StoreError(f"{shown(running[0])}{more} is still training; stop it before deleting it.")


def _check_whole(connection: Connection, rows: Sequence[Any]) -> None:
    """Refuse to delete some runs of a sweep, which would leave holes in its path."""
    named = {row.id for row in rows}
    lanes = connection.execute(select(runs.c.id, runs.c.sweep).where(runs.c.sweep.in_(_sweep_ids(rows))))
    torn = {lane.sweep for lane in lanes if lane.id not in named}
    for row in rows:
        if row.sweep in torn:
            raise StoreError(
                f"{shown(row.name)} belongs to a λ path, whose runs are deleted together; delete the λ path."
            )


def _sweep_ids(rows: Sequence[Any]) -> list[str]:
    return sorted({row.sweep for row in rows if row.sweep is not None})


def _theirs(rows: Sequence[Any]) -> ColumnElement[bool]:
    return sweeps.c.id.in_(_sweep_ids(rows))
