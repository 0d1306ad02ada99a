"""The dashboard as a visitor and an operator meet it: addresses, health, errors in plain words, a quick goodbye."""

from __future__ import annotations

import re
import signal
import socket
import sqlite3
from pathlib import Path
from urllib.parse import urlsplit

import orjson
import psutil
import pytest
from playwright.sync_api import Page, expect
from tests.jobs.processes import workers_of
from tests.jobs.running import wait_until
from tests.live.conftest import Serve
from tests.live.serving import ROOT, Server

from reglab.settings import load_settings
from reglab.spec import RunSpec
from reglab.store import open_store
from reglab.ui.frame import find_pages
from reglab.ui.shared.live_chart import plotly_route

PAGES = find_pages(ROOT / "pages")


def test_without_an_address_the_first_page_opens_and_keeps_the_parameters(page: Page, dashboard: Server) -> None:
    page.goto(f"{dashboard.url}/?some=thing")
    expect(page).to_have_title(f"{PAGES[0].title} · RegLab")
    expect(page).to_have_url(re.compile(rf"/{PAGES[0].address}\?.*some=thing"))
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_an_address_of_an_earlier_version_leads_to_its_page_and_keeps_the_parameters(
    page: Page, dashboard: Server
) -> None:
    page.goto(f"{dashboard.url}/lambda-path?l2=0,0.01,0.1&data.name=digits")
    expect(page).to_have_title("λ sweep · RegLab")
    expect(page).to_have_url(re.compile(r"/sweep\?.*l2=0"))
    expect(page.get_by_role("textbox", name="Values of λ₂")).to_have_value("0, 0.01, 0.1")
    expect(page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.parametrize("address", [file.address for file in PAGES])
def test_every_page_opens_and_asks_no_other_server(page: Page, dashboard: Server, address: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{dashboard.url}/{address}")
    expect(page.get_by_role("heading").first).to_be_visible()
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    expect(page.get_by_text("Something went wrong")).to_have_count(0)
    assert [url for url in asked if not url.startswith((dashboard.url, "data:", "blob:"))] == []


def test_health_is_about_the_store_and_the_runner(dashboard: Server) -> None:
    assert orjson.loads(dashboard.get("/api/health")) == {"status": "ok", "reason": None}


def test_a_store_that_cannot_be_opened_is_said_in_a_sentence(page: Page, serve: Serve, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    broken = home / "reglab.sqlite"
    broken.write_bytes(b"this is not a database " * 100)
    server = serve(home=home)
    answer = page.request.get(f"{server.url}/api/health")
    assert answer.status == 503
    reason = answer.json()["reason"]
    page.goto(server.url)
    expect(page.get_by_test_id("stAlert")).to_have_text(re.compile(re.escape(reason)))
    expect(page.get_by_test_id("stException")).to_have_count(0)
    assert "Traceback" not in server.log
    broken.unlink()
    sqlite3.connect(broken).close()
    page.reload()
    expect(page.get_by_role("heading").first).to_be_visible()
    assert page.request.get(f"{server.url}/api/health").status == 200


def test_a_link_opens_its_page_on_a_server_that_nobody_has_visited_whose_end_checkpoints_what_trains(
    page: Page, serve: Serve
) -> None:
    """Also where a visitor does not read the answer that is being sent to them."""
    server = serve()
    page.goto(f"{server.url}/{PAGES[-1].address}?some=thing")
    expect(page).to_have_title(f"{PAGES[-1].title} · RegLab")
    expect(page.get_by_test_id("stSidebarNavLink")).to_have_count(len(PAGES))
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page).to_have_url(re.compile(rf"/{PAGES[-1].address}\?.*some=thing"))
    where = urlsplit(server.url)
    request = f"GET {plotly_route().path} HTTP/1.1\r\nHost: {where.netloc}\r\n\r\n"
    with (
        open_store(load_settings({"REGLAB_HOME": str(server.home)})) as store,
        socket.create_connection((where.hostname, where.port)) as visitor,
    ):
        run = store.create(RunSpec().with_changes({"train.epochs": 10_000}))
        wait_until(lambda: store.get(run.id).epoch > 0, "an epoch")
        workers = workers_of(server.process.pid)
        assert workers
        page.goto("about:blank")  # a page whose server is gone complains rightly
        visitor.sendall(request.encode())
        assert visitor.recv(12) == b"HTTP/1.1 200"
        assert server.stop() <= 10
        assert not any(map(psutil.pid_exists, workers))
        assert server.process.returncode in (0, -signal.SIGTERM)
        assert store.get(run.id).state == "interrupted"
        assert store.files(run.id).load_checkpoint() is not None
