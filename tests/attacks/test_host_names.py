"""DNS rebinding: under a host name that is not its own, the server answers nothing, on no route and on no socket."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.attacks.visitor import visiting
from tests.live.serving import APP, Server, serving
from tests.patience import PATIENCE
from websockets.exceptions import InvalidStatus

from reglab.ui.security import is_allowed, local_hosts
from reglab.ui.shared.live_chart import library_url

ROUTES = ["/", "/train", "/api/health", library_url(), "/_stcore/health", "/_stcore/metrics", "/media/x", "/nothing"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(APP, tmp_path_factory.mktemp("hosts"), REGLAB_HOSTS="127.0.0.1,lab.example.com") as running:
        yield running


def answer(server: Server, path: str, host: str) -> tuple[int, str]:
    """Status and text of one request under the name ``host``."""
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=PATIENCE)
    connection.request("GET", path, headers={"Host": host})
    got = connection.getresponse()
    text = got.read().decode("utf-8", "replace")
    connection.close()
    return got.status, text


@pytest.mark.parametrize("path", ROUTES)
def test_no_route_answers_under_a_foreign_name(server: Server, path: str) -> None:
    status, text = answer(server, path, "evil.example:8501")
    assert status == 400
    assert "REGLAB_HOSTS" in text
    assert answer(server, path, "lab.example.com")[0] != 400


def test_a_refusal_repeats_little_of_what_was_sent(server: Server) -> None:
    assert len(answer(server, "/", "x" * 5_000)[1]) < 200


def test_no_socket_opens_under_a_foreign_name(server: Server) -> None:
    port = urlsplit(server.url).port
    with (
        pytest.raises(InvalidStatus) as refused,
        visiting(server.url, name="evil.example", origin=f"http://evil.example:{port}"),
    ):
        pass
    assert refused.value.response.status_code == 403
    with visiting(server.url, name="lab.example.com", origin=f"http://lab.example.com:{port}") as visitor:
        visitor.visit()
        assert visitor.heard


def test_a_page_of_another_origin_opens_no_socket(server: Server) -> None:
    with pytest.raises(InvalidStatus), visiting(server.url, origin="http://evil.example"):
        pass


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("localhost", True),
        ("LOCALHOST:8501", True),
        ("localhost.", True),
        ("127.0.0.1:80", True),
        ("[::1]:8501", True),
        ("a.lab.org", True),
        ("lab.org", False),
        ("evil.example", False),
        ("localhost.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("", False),
        (None, False),
        ("localhost:x", False),
        ("localhost:99999", False),
        ("evil@localhost", False),
        ("localhost/evil", False),
        ("[::1", False),
        ("evil.example#localhost", False),
    ],
)
def test_which_host_headers_are_ours(host: str | None, allowed: bool) -> None:
    assert is_allowed(host, ("localhost", "127.0.0.1", "::1", "*.lab.org")) is allowed


def test_any_name_where_the_setting_says_so() -> None:
    assert is_allowed("evil.example", ("*",))
    assert not is_allowed("", ("*",))


def test_names_of_this_machine() -> None:
    assert local_hosts("127.0.0.1") == ("localhost", "127.0.0.1", "::1")
    assert local_hosts("10.1.2.3") == ("localhost", "127.0.0.1", "::1", "10.1.2.3")
    assert {"localhost", "127.0.0.1", "::1", "0.0.0.0"} < set(local_hosts("0.0.0.0"))
    assert set(local_hosts("")) == set(local_hosts("0.0.0.0"))


def test_a_server_without_the_setting_knows_its_own_names(tmp_path: Path) -> None:
    with serving(APP, tmp_path / "home") as running:
        assert answer(running, "/api/health", "localhost")[0] == 200
        assert answer(running, "/api/health", "evil.example")[0] == 400
