"""Health reports a supervisor that makes no rounds, or that has ended."""

from __future__ import annotations

import threading
from contextlib import closing
from typing import Literal

import pytest
from tests.attacks.outages import health
from tests.jobs.running import wait_until

from reglab.jobs import Runner
from reglab.jobs.runner import STALLED
from reglab.settings import Settings
from reglab.store import Store


def test_a_supervisor_without_a_round_for_ten_seconds_is_reported(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, stuck, release = [0.0], threading.Event(), threading.Event()
    waiting = store.waiting

    def block(kind: Literal["run", "sweep"] = "run") -> list[str]:
        stuck.set()
        release.wait()
        return waiting(kind)

    with closing(Runner(store, settings, clock=lambda: now[0])) as runner:
        wait_until(lambda: health(monkeypatch, store, runner) == 200, "a healthy runner")
        monkeypatch.setattr(store, "waiting", block)
        stuck.wait()
        now[0] += STALLED
        assert runner.trouble() is None
        now[0] += 1
        assert runner.trouble() == "The runner has made no round for 11 s: queued runs are not taken up."
        assert health(monkeypatch, store, runner) == 503
        release.set()
        wait_until(lambda: health(monkeypatch, store, runner) == 200, "the next round")
    assert "stopped" in (runner.trouble() or "")
    assert health(monkeypatch, store, runner) == 503
