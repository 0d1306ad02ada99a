"""Bounds on what visitors upload, which Streamlit keeps in memory until the session ends, however much it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import runtime

FILES, BYTES = 12, 40 * 2**20
"""What one session may keep."""

ALL_BYTES = 512 * 2**20
"""What all sessions may keep together."""

AT_ONCE = 8
"""Uploads that are taken at the same time; each holds up to 21 MB until it is whole."""

_ROUTE = "/_stcore/upload_file/"


class BoundedUploads:
    """Refuses an upload with 413 where its session, or all of them, keep too much, and with 429 beside too many."""

    def __init__(self, app: ASGIApp) -> None:
        self.app, self._under_way = app, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "PUT" or _ROUTE not in scope["path"]:
            await self.app(scope, receive, send)
            return
        session = scope["path"].partition(_ROUTE)[2].partition("/")[0]
        if self._under_way >= AT_ONCE:
            await PlainTextResponse("Too many uploads at once; try again.", 429)(scope, receive, send)
        elif reason := full(stored(), session):
            await PlainTextResponse(reason, 413)(scope, receive, send)
        else:
            self._under_way += 1
            try:
                await self.app(scope, receive, send)
            finally:
                self._under_way -= 1


def full(kept: Mapping[str, Mapping[str, int]], session: str) -> str | None:
    """Why ``session`` may upload nothing more; ``kept``: session → file → bytes."""
    own = kept.get(session, {})
    if len(own) >= FILES or sum(own.values()) >= BYTES:
        return f"A visitor may upload {FILES} files, {BYTES >> 20} MB in all; reload the page to begin anew."
    if sum(size for files in kept.values() for size in files.values()) >= ALL_BYTES:
        return "The server keeps too many uploads just now; try again later."
    return None


def stored() -> dict[str, dict[str, int]]:
    """Session → file → bytes that Streamlit keeps."""
    if not runtime.exists():
        return {}
    manager: Any = runtime.get_instance().uploaded_file_mgr
    return {
        session: {name: len(one.data) for name, one in list(files.items())}
        for session, files in list(manager.file_storage.items())
    }
