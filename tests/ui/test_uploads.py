"""Bounds on uploads and closed routes, without a server."""

from __future__ import annotations

import asyncio

import pytest
from starlette.types import Message, Receive, Scope, Send
from streamlit import runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from reglab.ui import uploads
from reglab.ui.security import ClosedRoutes
from reglab.ui.uploads import ALL_BYTES, AT_ONCE, BYTES, FILES, BoundedUploads, full

PUT = {"type": "http", "method": "PUT", "path": "/_stcore/upload_file/me/file"}


async def answer(_scope: Scope, _receive: Receive, send: Send) -> None:
    """The app behind: takes what it gets."""
    await asyncio.sleep(0)
    await send({"type": "http.response.start", "status": 204, "headers": []})


async def receive() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


def status(app: BoundedUploads | ClosedRoutes, **scope: str) -> int:
    return statuses(app, 1, **scope)[0]


def statuses(app: BoundedUploads | ClosedRoutes, count: int, **scope: str) -> list[int]:
    """The status of ``count`` requests made at the same time."""
    found: list[int] = []

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            found.append(message["status"])

    async def ask() -> None:
        await asyncio.gather(*(app({**PUT, **scope}, receive, send) for _ in range(count)))

    asyncio.run(ask())
    return found


@pytest.mark.parametrize(
    ("kept", "refused"),
    [
        ({}, False),
        ({"me": dict.fromkeys(map(str, range(FILES - 1)), 1)}, False),
        ({"me": dict.fromkeys(map(str, range(FILES)), 1)}, True),
        ({"me": {"a": BYTES - 1}}, False),
        ({"me": {"a": BYTES}}, True),
        ({"other": {"a": BYTES}}, False),
        ({str(i): {"a": ALL_BYTES // 16} for i in range(16)}, True),
    ],
)
def test_what_one_session_and_all_may_keep(
    kept: dict[str, dict[str, int]], refused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (full(kept, "me") is not None) == refused
    monkeypatch.setattr(uploads, "stored", lambda: kept)
    assert status(BoundedUploads(answer)) == (413 if refused else 204)
    assert status(BoundedUploads(answer), method="DELETE") == 204


def test_few_uploads_are_taken_at_once() -> None:
    app = BoundedUploads(answer)
    assert sorted(statuses(app, AT_ONCE + 3)) == [204] * AT_ONCE + [429] * 3
    assert statuses(app, AT_ONCE) == [204] * AT_ONCE


def test_what_streamlit_keeps_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    manager = MemoryUploadedFileManager("/upload")
    manager.add_file("me", UploadedFileRec("one", "a.png", "image/png", b"12345"))
    monkeypatch.setattr(runtime, "exists", lambda: True)
    monkeypatch.setattr(runtime, "get_instance", lambda: type("R", (), {"uploaded_file_mgr": manager}))
    assert uploads.stored() == {"me": {"one": 5}}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/_stcore/metrics", 404),
        ("/base/_stcore/metrics", 404),
        ("/_stcore/agent/interact", 404),
        ("/_stcore/agent/openapi.json", 404),
        ("/_stcore/script-health-check", 404),
        ("/_stcore/health", 204),
        ("/train", 204),
    ],
)
def test_internal_routes_are_closed(path: str, expected: int) -> None:
    assert status(ClosedRoutes(answer), method="GET", path=path) == expected
