"""A visitor is signed out by a POST from a page of this server, and by nothing that another site can send."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope, Send

from reglab.ui import signing_out
from reglab.ui.signing_out import SignOutByPost, is_same_origin

HERE = {"host": "lab.org", "origin": "https://lab.org"}


def ask(method: str, path: str = "/auth/logout", **headers: str) -> tuple[int, dict[bytes, bytes], bytes]:
    """Status, headers and body of an answer; what passes gets Streamlit's redirect, which takes the cookie away."""
    sent: list[Message] = []

    async def streamlit(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["method"] == "GET"
        head = [(b"location", b"https://provider/end"), (b"set-cookie", b'_streamlit_user=""; Max-Age=0')]
        await send({"type": "http.response.start", "status": 302, "headers": head})
        await send({"type": "http.response.body", "body": b""})

    async def receive() -> Message:
        raise AssertionError("nothing is received")

    async def send(message: Message) -> None:
        sent.append(message)

    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope: dict[str, Any] = {"type": "http", "method": method, "path": path, "headers": pairs}
    asyncio.run(SignOutByPost(streamlit)(scope, receive, send))
    return sent[0]["status"], dict(sent[0]["headers"]), b"".join(one.get("body", b"") for one in sent)


def test_a_post_of_this_server_takes_the_cookie_and_leads_to_the_provider() -> None:
    status, headers, body = ask("POST", **HERE)
    assert (status, json.loads(body)) == (200, {"next": "https://provider/end"})
    assert headers[b"set-cookie"] == b'_streamlit_user=""; Max-Age=0'
    assert b"location" not in headers


@pytest.mark.parametrize("path", ["/auth/logout", "/auth/logout/", "/base/auth/logout"])
def test_a_picture_or_a_link_signs_nobody_out(path: str) -> None:
    status, headers, _ = ask("GET", path, **HERE)
    assert (status, headers[b"allow"]) == (405, b"POST")
    assert b"set-cookie" not in headers


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "lab.org"},
        {"host": "lab.org", "origin": "null"},
        {"host": "lab.org", "origin": "https://evil.org"},
        {"host": "lab.org", "origin": "https://lab.org.evil.org"},
        {"host": "lab.org", "origin": "https://lab.org:8443"},
        {"host": "lab.org", "origin": "http://lab.org", "sec-fetch-site": "same-site"},
        {"host": "lab.org", "origin": "https://lab.org", "sec-fetch-site": "cross-site"},
    ],
)
def test_a_form_of_another_site_signs_nobody_out(headers: dict[str, str]) -> None:
    status, found, _ = ask("POST", **headers)
    assert status == 403
    assert b"set-cookie" not in found


def test_behind_a_proxy_the_public_address_is_this_server(monkeypatch: pytest.MonkeyPatch) -> None:
    headers = Headers({"host": "127.0.0.1:8501", "origin": "https://lab.org", "sec-fetch-site": "same-origin"})
    assert not is_same_origin(headers)
    monkeypatch.setattr(signing_out, "get_redirect_uri", lambda _: "https://lab.org/oauth2callback")
    assert is_same_origin(headers)


def test_other_addresses_pass() -> None:
    assert ask("GET", "/auth/login")[0] == 302


def test_an_answer_that_is_no_redirect_passes_as_it_is() -> None:
    sent: list[Message] = []

    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 500, "headers": []})
        await send({"type": "http.response.body", "body": b"no session"})

    async def receive() -> Message:
        raise AssertionError("nothing is received")

    async def send(message: Message) -> None:
        sent.append(message)

    pairs = [(name.encode(), value.encode()) for name, value in HERE.items()]
    scope: dict[str, Any] = {"type": "http", "method": "POST", "path": "/auth/logout", "headers": pairs}
    asyncio.run(SignOutByPost(broken)(scope, receive, send))
    assert (sent[0]["status"], sent[1]["body"]) == (500, b"no session")
