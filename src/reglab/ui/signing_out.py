"""Sign-out by a POST from a page of this server: no picture, link or form of another site signs a visitor out.

Streamlit signs out any browser that opens ``/auth/logout``. Here that address takes nothing but a POST with the Origin
of this server, and answers ``{"next": ADDRESS}``: the provider's end of session, or the first page.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.auth_util import get_redirect_uri, get_secrets_auth_section
from streamlit.user_info import AUTH_LOGOUT_ENDPOINT

_component = st.components.v2.component(
    "reglab_signing_out", js=Path(__file__).with_suffix(".js").read_text("utf-8"), isolate_styles=False
)


def sign_out_button() -> None:
    """The button, and once it is pressed what has the browser send the POST."""
    if st.button("Sign out", key="sign_out", icon=":material/logout:", type="tertiary"):
        _component(data={"address": sign_out_address()}, key="signing_out")


def sign_out_address() -> str:
    """Where to send the POST: "/auth/logout" below the server's base path."""
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"{'/' if base else ''}{base}{AUTH_LOGOUT_ENDPOINT}"


class SignOutByPost:
    """405 for any other method, 403 for any other origin; a redirect of Streamlit's becomes the answer in JSON."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].rstrip("/").endswith(AUTH_LOGOUT_ENDPOINT):
            await self.app(scope, receive, send)
        elif scope["method"] != "POST":
            sentence = "Sign out with the button of the page."
            await PlainTextResponse(sentence, 405, {"Allow": "POST"})(scope, receive, send)
        elif not is_same_origin(Headers(scope=scope)):
            await PlainTextResponse("Sign out from a page of this server.", 403)(scope, receive, send)
        else:
            await self._sign_out(scope, receive, send)

    async def _sign_out(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Streamlit's answer to a GET: its cookies stay, its Location is the answer; one without passes as it is."""
        redirected = False

        async def answer(message: Message) -> None:
            nonlocal redirected
            found = MutableHeaders(scope=message) if message["type"] == "http.response.start" else {}
            if "location" in found:
                redirected = True
                response = JSONResponse({"next": found["location"]}, headers={"Cache-Control": "no-store"})
                cookies = [header for header in message["headers"] if header[0].lower() == b"set-cookie"]
                response.raw_headers.extend(cookies)
                await response(scope, receive, send)
            elif not redirected:  # else it is the redirect's body
                await send(message)

        await self.app({**scope, "method": "GET"}, receive, answer)


def is_same_origin(headers: Headers) -> bool:
    """Whether a request comes from a page of this server: its Origin is the Host, or the address that people know.

    Browsers send Origin with every POST. Most also send Sec-Fetch-Site, which no page can write, and which tells http
    from https where a proxy hides it.
    """
    origin = urlsplit(headers.get("origin", ""))
    if headers.get("sec-fetch-site", "same-origin") != "same-origin" or origin.scheme not in ("http", "https"):
        return False
    public = urlsplit(get_redirect_uri(get_secrets_auth_section()) or "")
    return origin.netloc == headers.get("host") or origin[:2] == public[:2]
