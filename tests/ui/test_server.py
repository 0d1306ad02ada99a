"""The server's own answers and its hours of opening, without a server."""

from __future__ import annotations

import asyncio
import signal
from types import SimpleNamespace

import orjson
import pytest
from starlette.requests import Request

from reglab.errors import StoreError
from reglab.settings import load_settings
from reglab.ui import server

REQUEST = Request({"type": "http", "method": "GET", "headers": []})


def check() -> None:
    """A store that answers."""


def refuse() -> None:
    """A store that does not."""
    raise StoreError("The store does not answer.")


def health(monkeypatch: pytest.MonkeyPatch, services: object) -> tuple[int, str | None]:
    """Status and reason of the health route with these services."""
    monkeypatch.setattr(server, "own_services", lambda: services)
    answer = server.health(REQUEST)
    body = orjson.loads(bytes(answer.body))
    assert body["status"] == ("ok" if answer.status_code == 200 else "failing")
    return answer.status_code, body["reason"]


def test_health_needs_a_store_that_answers_and_a_runner_that_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    well, dead = SimpleNamespace(trouble=lambda: None), SimpleNamespace(trouble=lambda: "The runner has stopped.")
    answering, silent = SimpleNamespace(check=check), SimpleNamespace(check=refuse)
    assert health(monkeypatch, SimpleNamespace(store=answering, runner=well)) == (200, None)
    assert health(monkeypatch, SimpleNamespace(store=silent, runner=well)) == (503, "The store does not answer.")
    status, reason = health(monkeypatch, SimpleNamespace(store=answering, runner=dead))
    assert status == 503
    assert reason is not None
    assert "runner" in reason


def test_services_that_cannot_be_opened_are_unhealthy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "own_services", refuse)
    assert server.trouble() == "The store does not answer."


SETTINGS = load_settings({})


def opened() -> SimpleNamespace:
    return SimpleNamespace(settings=SETTINGS)


@pytest.mark.parametrize("opening", [opened, refuse])
def test_services_are_opened_at_the_start_and_closed_at_the_end(
    monkeypatch: pytest.MonkeyPatch, opening: object, caplog: pytest.LogCaptureFixture
) -> None:
    happened: list[str] = []
    warmed: list[object] = []
    monkeypatch.setattr(server, "own_services", opening)
    monkeypatch.setattr(server, "warm_up", warmed.append)
    monkeypatch.setattr(server, "close_services", lambda: happened.append("closed"))

    async def live() -> None:
        async with server.lifespan(None):
            happened.append("open")

    asyncio.run(live())
    assert happened == ["open", "closed"]
    assert ("does not answer" in caplog.text) == (opening is refuse)
    assert warmed == ([] if opening is refuse else [SETTINGS])


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="Windows has no SIGHUP")
def test_a_closed_terminal_ends_the_server_unless_the_signal_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "own_services", opened)
    monkeypatch.setattr(server, "warm_up", lambda settings: None)
    monkeypatch.setattr(server, "close_services", lambda: None)
    received: list[int] = []

    async def live() -> None:
        async with server.lifespan(None):
            signal.raise_signal(signal.SIGHUP)

    before = {number: signal.getsignal(number) for number in (signal.SIGHUP, signal.SIGTERM)}
    try:
        signal.signal(signal.SIGTERM, lambda number, frame: received.append(number))
        asyncio.run(live())
        assert received == [signal.SIGTERM]
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as under nohup
        asyncio.run(live())
        assert received == [signal.SIGTERM]
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def test_an_accident_while_serving_still_closes_the_services(monkeypatch: pytest.MonkeyPatch) -> None:
    happened: list[str] = []
    monkeypatch.setattr(server, "own_services", opened)
    monkeypatch.setattr(server, "warm_up", lambda settings: None)
    monkeypatch.setattr(server, "close_services", lambda: happened.append("closed"))

    async def live() -> None:
        async with server.lifespan(None):
            raise RuntimeError("accident")

    with pytest.raises(RuntimeError, match="accident"):
        asyncio.run(live())
    assert happened == ["closed"]
