"""What the tests of outages share: a long run that is in the middle of training, and what health and log say."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager
from types import SimpleNamespace

import pytest
from starlette.requests import Request
from tests.jobs.running import SMALL, wait_until

from reglab.jobs import Runner
from reglab.settings import Settings
from reglab.store import Run, Store
from reglab.ui import server

LONG = SMALL.with_changes({"train.epochs": 60})


@contextmanager
def training(store: Store, settings: Settings) -> Iterator[tuple[Runner, Run]]:
    """A runner in which a run of :data:`LONG` has done an epoch."""
    with closing(Runner(store, settings)) as runner:
        run = runner.submit(LONG)
        wait_until(lambda: store.get(run.id).epoch > 0, "the first epoch")
        yield runner, run


def health(monkeypatch: pytest.MonkeyPatch, store: Store, runner: Runner) -> int:
    """The status of the health route."""
    monkeypatch.setattr(server, "own_services", lambda: SimpleNamespace(store=store, runner=runner))
    return server.health(Request({"type": "http", "method": "GET", "headers": []})).status_code


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What was logged as an error, each with its traceback where it has one."""
    found = [record for record in caplog.records if record.levelno >= logging.ERROR]
    return [record.getMessage() + (" (traceback)" if record.exc_info else "") for record in found]


def wait_for_trouble(runner: Runner, words: str) -> str:
    """What keeps the runner from its work, once that says ``words``."""
    wait_until(lambda: words in (runner.trouble() or ""), words)
    return runner.trouble() or ""


def wait_for_state(store: Store, run_id: str, state: str) -> None:
    wait_until(lambda: store.get(run_id).state == state, f"{run_id} to be {state}")
