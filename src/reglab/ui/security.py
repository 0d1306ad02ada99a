"""What every answer of the server passes: a check of the Host header, and headers that limit what browsers may do.

The Host check stops DNS rebinding: a foreign page whose name suddenly resolves to this machine reaches the server under
that name, and a browser takes the two for the same origin.
"""

from __future__ import annotations

import base64
import hashlib
import re
import socket
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import streamlit
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import config
from streamlit.auth_util import get_redirect_uri, get_secrets_auth_section

from reglab.settings import load_hosts
from reglab.ui.signing_out import SignOutByPost
from reglab.ui.uploads import BoundedUploads

CLOSED = ("/_stcore/metrics", "/_stcore/agent/", "/_stcore/script-health-check")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_EVERYWHERE = ("", "0.0.0.0", "::")
_ADDRESS_FAMILIES = (socket.AF_INET, socket.AF_INET6)


def middleware() -> list[Middleware]:
    """The checks, outermost first, for ``st.App``; Streamlit's own check of its socket gets the same host names.

    :raises RegLabError: where ``REGLAB_HOSTS`` cannot be read.
    """
    allowed = load_hosts() or local_hosts(str(config.get_option("server.address") or ""))
    config.set_option("server.allowedHosts", list(allowed))
    return [
        Middleware(SecurityHeaders),
        Middleware(AllowedHosts, hosts=allowed),
        Middleware(ClosedRoutes),
        Middleware(SignOutByPost),
        Middleware(BoundedUploads),
    ]


def local_hosts(address: str) -> tuple[str, ...]:
    """Names by which this machine is reached when the server listens at ``address``: none of them is an attacker's.

    A server that listens everywhere also answers to the addresses of this machine's interfaces and to its host name.
    """
    if address not in _EVERYWHERE:
        return tuple(dict.fromkeys((*_LOOPBACK, address)))
    addresses = (one for card in psutil.net_if_addrs().values() for one in card if one.family in _ADDRESS_FAMILIES)
    found = [one.address.partition("%")[0] for one in addresses]
    return tuple(dict.fromkeys((*_LOOPBACK, "0.0.0.0", *found, socket.gethostname().lower())))


def is_allowed(host: str | None, hosts: Iterable[str]) -> bool:
    """Whether a Host header names one of ``hosts``, whatever its port; ``*.name`` is any name below, ``*`` any name."""
    try:
        parts = urlsplit(f"//{host or ''}")
        named, _ = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return False
    if not named or parts.username is not None or parts.path or parts.query or parts.fragment:
        return False
    return any(
        pattern in ("*", named) or (pattern.startswith("*.") and named.endswith(pattern[1:])) for pattern in hosts
    )


class AllowedHosts:
    """Refuses every request and every socket under a host name that is not in ``hosts``."""

    def __init__(self, app: ASGIApp, hosts: Iterable[str]) -> None:
        self.app, self.hosts = app, tuple(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        host = Headers(scope=scope).get("host") if scope["type"] in ("http", "websocket") else None
        if scope["type"] == "lifespan" or is_allowed(host, self.hosts):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": "host name"})
        else:
            name = (host or "")[:60]
            sentence = f"RegLab does not answer to the host name {name!r}; add it to REGLAB_HOSTS to allow it."
            await PlainTextResponse(sentence, status_code=400)(scope, receive, send)


class ClosedRoutes:
    """404 for what Streamlit serves and no page needs: figures of its memory, the agent API, a script's health."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and any(part in scope["path"] for part in CLOSED):
            await PlainTextResponse("Not found", status_code=404)(scope, receive, send)
        else:
            await self.app(scope, receive, send)


class SecurityHeaders:
    """Adds :func:`security_headers` to every answer over HTTP, and Secure to cookies where people come by HTTPS.

    Streamlit leaves it out of its cookies because one browser refused it on http://localhost; there it stays out.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in security_headers().items():
                    headers.setdefault(name, value)
                if "set-cookie" in headers and (scope["scheme"] == "https" or public_scheme() == "https"):
                    message["headers"] = [_secured(name, value) for name, value in message["headers"]]
            await send(message)

        await self.app(scope, receive, sending if scope["type"] == "http" else send)


def _secured(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    """The header, with Secure where it sets a cookie without it."""
    bare = name.lower() == b"set-cookie" and b"secure" not in [part.strip().lower() for part in value.split(b";")]
    return name, value + b"; Secure" if bare else value


def public_scheme() -> str:
    """The scheme of the address to which the provider sends people back; empty without sign-in."""
    return urlsplit(get_redirect_uri(get_secrets_auth_section()) or "").scheme


@cache
def security_headers() -> dict[str, str]:
    """Name → value. Everything comes from this server; each exception in the policy is named here.

    ``script-src``: the hashes of the scripts inside Streamlit's index.html; ``blob:``, from which Streamlit imports the
    code of components. ``style-src 'unsafe-inline'``: Streamlit's and Plotly's styles are made in the browser.
    ``img-src data: blob:``: icons, and Plotly's pictures of charts. ``font-src data:``: fonts inside a style sheet.
    """
    policy = {
        "default-src": "'self'",
        "script-src": " ".join(["'self'", "blob:", *_inline_scripts()]),
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "connect-src": "'self'",
        "worker-src": "'self' blob:",
        "object-src": "'none'",
        "base-uri": "'self'",
        "form-action": "'self'",
        "frame-ancestors": "'self'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "SAMEORIGIN",  # frame-ancestors for browsers that do not know it
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    }


def _inline_scripts() -> list[str]:
    """The hash of each script that stands inside Streamlit's index.html, as CSP sources."""
    page = (Path(streamlit.__file__).parent / "static" / "index.html").read_text("utf-8")
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    return [f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in scripts]
