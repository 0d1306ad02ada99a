"""A server with sign-in behind HTTPS: its cookies, its closed routes, and servers that refuse to start."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey
from tests.live.oidc_provider import CLIENT, SECRET, Provider, providing
from tests.live.serving import APP, Server, serving
from tests.patience import PATIENCE

from reglab.cli import main

COOKIES = "0123456789abcdef" * 4
PUBLIC = "lab.example.com"


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with providing() as running:
        yield running


@pytest.fixture(scope="module")
def server(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    pytest.importorskip("httpx2", reason="Authlib needs httpx2")
    environ = {
        "REGLAB_SIGN_IN": "1", "REGLAB_ADMINS": "*@lab.org", "REGLAB_OIDC_URL": provider.metadata_url,
        "REGLAB_OIDC_CLIENT_ID": CLIENT, "REGLAB_OIDC_CLIENT_SECRET": SECRET, "REGLAB_COOKIE_SECRET": COOKIES,
        "REGLAB_PUBLIC_URL": f"https://{PUBLIC}", "REGLAB_HOSTS": f"127.0.0.1,{PUBLIC}",
    }  # fmt: skip
    with serving(APP, tmp_path_factory.mktemp("signed in"), **environ) as running:
        yield running


def ask(server: Server, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], SimpleCookie]:
    """Status, headers and cookies of an answer; no redirect is followed."""
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=PATIENCE)
    connection.request(method, path, headers={"Host": PUBLIC, **headers})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    cookies = SimpleCookie()
    for value in answer.headers.get_all("Set-Cookie", []):
        cookies.load(value)
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, cookies


def redirect_of(url: str) -> str:
    """Where the provider sends the browser."""

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_args: Any) -> None:
            return None

    try:
        urllib.request.build_opener(Stay).open(url, timeout=PATIENCE)
    except urllib.error.HTTPError as answer:
        return str(answer.headers["Location"])
    raise AssertionError("no redirect")


def test_every_cookie_is_signed_bound_and_secure_where_people_come_by_https(server: Server, provider: Provider) -> None:
    provider.claims = {"email": "ann@lab.org", "email_verified": True}
    claims = {"provider": "default", "exp": int(time.time()) + 60}
    token = jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(COOKIES))
    status, headers, begun = ask(server, f"/auth/login?provider={token}")
    assert status == 302
    back = urlsplit(redirect_of(headers["location"]))
    assert (back.scheme, back.netloc, back.path) == ("https", PUBLIC, "/oauth2callback")
    session = f"_streamlit_session={begun['_streamlit_session'].value}"
    status, headers, ended = ask(server, f"{back.path}?{back.query}", Cookie=session)
    assert status == 302
    for cookie in (begun["_streamlit_session"], ended["_streamlit_user"], ended["_streamlit_user_tokens"]):
        assert (cookie["httponly"], cookie["samesite"].lower(), cookie["secure"]) == (True, "lax", True)
    _, _, others = ask(server, "/_stcore/health")
    assert others["_streamlit_xsrf"]["secure"] is True
    assert others["_streamlit_xsrf"]["samesite"] == "Lax"


def test_a_code_without_the_session_that_asked_for_it_signs_nobody_in(server: Server, provider: Provider) -> None:
    status, _, cookies = ask(server, "/oauth2callback?code=stolen&state=guessed")
    assert status == 302
    assert "_streamlit_user" not in {name for name, cookie in cookies.items() if cookie.value}


def test_only_a_page_of_the_public_address_signs_out(server: Server) -> None:
    for method, origin, expected in (
        ("GET", f"https://{PUBLIC}", 405),
        ("POST", "https://evil.org", 403),
        ("POST", f"https://{PUBLIC}", 200),
    ):
        status, _, cookies = ask(server, "/auth/logout", method, Origin=origin)
        assert status == expected
        assert ("_streamlit_user" in cookies) is (expected == 200)


def test_nothing_internal_is_served_and_every_answer_has_its_headers(server: Server) -> None:
    for path in ("/_stcore/metrics", "/_stcore/agent/openapi.json", "/_stcore/%6detrics"):
        status, headers, _ = ask(server, path)
        assert status == 404
        assert headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'self'" in headers["content-security-policy"]
    assert ask(server, "/api/health")[0] == 200


def test_a_server_that_others_could_reach_does_not_start_without_sign_in() -> None:
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("REGLAB_", "STREAMLIT_"))}
    command = [sys.executable, "-m", "streamlit", "run", str(APP), "--server.address=0.0.0.0", "--server.port=0"]
    ended = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert ended.returncode == 2
    [sentence] = [line for line in ended.stderr.splitlines() if line.startswith("reglab: ")]
    assert sentence.startswith(
        "reglab: RegLab does not listen on '0.0.0.0', where others can reach it, without sign-in"
    )
    assert "Traceback" not in ended.stderr


def test_the_command_says_the_same_before_it_starts_anything(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REGLAB_ALLOW_OPEN", raising=False)
    assert main(["dashboard", "--address", "0.0.0.0", "--port", "0"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("reglab: RegLab does not listen on '0.0.0.0'")
