"""What people attach to runs (names, tags, notes), and deleting with a way back."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from reglab.errors import StoreError, UnknownRun
from reglab.store.schema import runs
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
    """Mark runs deleted, all or none; queued ones are cancelled, running ones refused."""
    rows = _rows(connection, run_ids)
    running = [name for _, name, state in rows if state == "running"]
    if running:
        more = f" and {len(running) - 1} more" if len(running) > 1 else ""
        raise StoreError(f"{running[0]!r}{more} is still training; stop it before deleting it.")
    mine = runs.c.id.in_(run_ids)
    connection.execute(update(runs).where(mine, runs.c.state == "queued").values(state="cancelled", ended=now()))
    connection.execute(update(runs).where(mine, runs.c.deleted.is_(None)).values(deleted=now()))


def restore(connection: Connection, run_ids: Sequence[str]) -> None:
    """Undo :func:`remove`."""
    _rows(connection, run_ids)
    connection.execute(update(runs).where(runs.c.id.in_(run_ids)).values(deleted=None))


def deleted_before(connection: Connection, moment: datetime) -> list[str]:
    """Ids of runs deleted before ``moment``, locked against restoring until the transaction ends."""
    query = select(runs.c.id).where(runs.c.deleted < moment).order_by(runs.c.id).with_for_update()
    return list(connection.execute(query).scalars())


def forget(connection: Connection, run_ids: Sequence[str]) -> None:
    """Remove rows for good; their epochs and layers go with them."""
    connection.execute(delete(runs).where(runs.c.id.in_(run_ids)))


def _rows(connection: Connection, run_ids: Sequence[str]) -> list[tuple[str, str, str]]:
    query = select(runs.c.id, runs.c.name, runs.c.state).where(runs.c.id.in_(run_ids)).order_by(runs.c.id)
    rows = [(row.id, row.name, row.state) for row in connection.execute(query.with_for_update())]
    missing = set(run_ids) - {row[0] for row in rows}
    if missing:
        raise UnknownRun(f"There is no run {min(missing)!r}.")
    return rows
