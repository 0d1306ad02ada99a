"""What tests of the store share: runs in a state, and the statements that a call sends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from reglab.events import Environment
from reglab.spec import RunSpec
from reglab.states import State
from reglab.store import Ending, Run, Store

ENVIRONMENT = Environment(
    "cuda:0", 2, {"torch": "2.13.0", "reglab": "0.1.0"}, 1568, 400, 539, train_labels=(240, 160), val_labels=(320, 219)
)
NOWHERE = "zzzzzzzzzz"


def running(store: Store) -> Run:
    """A new run that this process owns."""
    return store.create(RunSpec(), owner=store.owner())


def brought_to(store: Store, state: State) -> str:
    """The id of a new run in ``state``, brought there by legal steps."""
    run_id = store.create(RunSpec()).id
    if state != "queued":
        assert store.claim(run_id, store.owner())
    if state not in ("queued", "running"):
        store.finish([Ending(run_id, state)])
    return run_id


@contextmanager
def counted_statements(store: Store) -> Iterator[list[str]]:
    """The SQL statements that the block sends, transaction control apart."""
    sent: list[str] = []

    def note(_c: object, _k: object, statement: str, _p: object, _x: object, _m: object) -> None:
        if not statement.startswith("BEGIN"):
            sent.append(statement)

    event.listen(store._database.engine, "before_cursor_execute", note)
    yield sent
    event.remove(store._database.engine, "before_cursor_execute", note)
