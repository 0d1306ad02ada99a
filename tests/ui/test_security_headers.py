"""The headers of every answer: one policy, nothing from elsewhere, and no more exceptions than Streamlit needs."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.types import Message, Receive, Scope, Send

from reglab.ui.security import SecurityHeaders, security_headers

POLICY = {line.split()[0]: line.split()[1:] for line in security_headers()["Content-Security-Policy"].split("; ")}


def headers_of(scope: Scope, own: list[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """The headers that an application with headers of its ``own`` sends through the middleware."""
    sent: list[Message] = []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": list(own)})

    async def receive() -> Message:
        raise AssertionError("nothing is received")

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(SecurityHeaders(application)(scope, receive, send))
    found: Any = sent[0]["headers"]
    return dict(found)


def test_every_answer_has_every_header() -> None:
    found = headers_of({"type": "http"}, [(b"content-type", b"text/plain")])
    for name, value in security_headers().items():
        assert found[name.lower().encode()] == value.encode()
    assert found[b"content-type"] == b"text/plain"


def test_a_header_that_a_route_sets_itself_stays() -> None:
    assert headers_of({"type": "http"}, [(b"referrer-policy", b"no-referrer")])[b"referrer-policy"] == b"no-referrer"


def test_no_source_but_this_server() -> None:
    words = {word for sources in POLICY.values() for word in sources}
    hashes = {word for word in words if word.startswith("'sha256-")}
    assert words - hashes == {"'self'", "'none'", "'unsafe-inline'", "data:", "blob:"}
    assert [name for name, sources in POLICY.items() if "'unsafe-inline'" in sources] == ["style-src"]
    assert POLICY["frame-ancestors"] == ["'self'"]
    assert POLICY["object-src"] == ["'none'"]


def test_the_scripts_inside_streamlits_page_are_allowed_one_by_one() -> None:
    assert sum(word.startswith("'sha256-") for word in POLICY["script-src"]) == 1
