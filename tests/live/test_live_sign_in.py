"""Sign-in with a provider of our own, in a real browser: viewer, experimenter and admin, and what each may do."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect
from tests.attacks.visitor import visiting
from tests.live.oidc_provider import CLIENT, SECRET, Provider, free_port, providing
from tests.live.serving import APP, Server, started
from tests.patience import PATIENCE

from reglab.access import Person
from reglab.settings import load_settings
from reglab.sharing import Limits
from reglab.spec import RunSpec
from reglab.store import open_store

pytest.importorskip("httpx2", reason="Authlib needs httpx2")

COOKIES = "0123456789abcdef" * 4
PEOPLE = {
    "REGLAB_SIGN_IN": "1",
    "REGLAB_VIEWERS": "vic@lab.org",
    "REGLAB_EXPERIMENTERS": "ann@lab.org",
    "REGLAB_ROLE_CLAIM": "roles",
}


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with providing() as running:
        yield running


@pytest.fixture(scope="module")
def bobs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A home with a run of another person that waits, and its id."""
    home = tmp_path_factory.mktemp("sign in") / "home"
    with open_store(load_settings({"REGLAB_HOME": str(home)})) as store:
        bob = store.acting_for(Person("bob@lab.org", "admin"), Limits(1, 1, 1))
        run = bob.create(RunSpec(), name="Bob's run")
        bob.request_stop(run.id)
    return home, run.id


@pytest.fixture(scope="module")
def server(provider: Provider, bobs: tuple[Path, str]) -> Iterator[Server]:
    port = free_port()
    environ = PEOPLE | {
        "REGLAB_HOME": str(bobs[0]), "REGLAB_RUNNER": "thread", "REGLAB_OIDC_URL": provider.metadata_url,
        "REGLAB_OIDC_CLIENT_ID": CLIENT, "REGLAB_OIDC_CLIENT_SECRET": SECRET, "REGLAB_COOKIE_SECRET": COOKIES,
        "REGLAB_PUBLIC_URL": f"http://127.0.0.1:{port}",
    }  # fmt: skip
    command = [sys.executable, "-m", "streamlit", "run", str(APP), f"--server.port={port}"]
    with started(command, bobs[0], APP.parent, **environ) as running:
        yield running


@pytest.fixture
def fresh(context: BrowserContext) -> Iterator[BrowserContext]:
    """A browser that nobody has signed in with, and that still has, compiled, what it has loaded before."""
    context.clear_cookies()
    context.set_default_timeout(PATIENCE * 1000)
    yield context
    for page in context.pages[1:]:
        page.close()


def sign_in(context: BrowserContext, provider: Provider, server: Server, **claims: object) -> Page:
    """Sign in as the person with these claims."""
    provider.claims = claims
    page = context.new_page()
    page.goto(server.url)
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    # a press while the page is being drawn can be lost with the script run that draws it
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    page.get_by_role("button", name="Sign in").click()
    return page


def account(page: Page, name: str, role: str) -> Locator:
    """The corner of the sidebar that names the person, whose address is no link."""
    return page.get_by_text(re.compile(rf"{name}\W*@lab.org · {role}"))


def button(page: Page, key: str) -> Locator:
    """The button with this key; Streamlit draws a second one that nobody sees, to measure it."""
    return page.locator(f".st-key-{key} [data-testid^=stBaseButton]").first


def test_signed_out_nothing_is_shown_on_any_address(
    fresh: BrowserContext, server: Server, bobs: tuple[Path, str]
) -> None:
    page = fresh.new_page()
    for path in ("/", "/runs", f"/train?run={bobs[1]}"):
        page.goto(server.url + path)
        expect(page.get_by_role("button", name="Sign in")).to_be_visible()
        expect(page.get_by_text("Bob's run")).to_have_count(0)
        expect(page.get_by_test_id("stSidebarNav")).to_have_count(0)


def test_a_message_without_a_cookie_gets_no_page(server: Server, bobs: tuple[Path, str]) -> None:
    """What a program sends past the browser: a socket, a page, and a run's address."""
    with visiting(server.url) as visitor:
        for page in ("train", "runs", "inspect"):
            visitor.visit(page, f"run={bobs[1]}")
        told = b"".join(message.SerializeToString() for message in visitor.heard)
    assert b"Sign in to see runs" in told
    assert b"Bob's run" not in told


def test_a_viewer_sees_and_changes_nothing(
    fresh: BrowserContext, provider: Provider, server: Server, bobs: tuple[Path, str]
) -> None:
    page = sign_in(fresh, provider, server, email="vic@lab.org", email_verified=True)
    expect(account(page, "vic", "viewer")).to_be_visible()
    expect(button(page, "start")).to_be_disabled()
    expect(page.get_by_role("button", name="Audit log")).to_have_count(0)
    page.goto(f"{server.url}/train?run={bobs[1]}")
    expect(page.get_by_role("heading", name="Bob's run")).to_be_visible()
    expect(button(page, "resume")).to_be_disabled()
    cookies = {cookie["name"]: cookie for cookie in fresh.cookies()}
    for name in ("_streamlit_user", "_streamlit_user_tokens"):
        assert cookies[name]["httpOnly"] is True
        assert cookies[name]["sameSite"] == "Lax"
        assert cookies[name]["secure"] is False  # http on 127.0.0.1, where browsers would drop it
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert "/end" in provider.asked
    assert "_streamlit_user" not in {cookie["name"] for cookie in fresh.cookies()}


def test_an_experimenter_owns_what_they_start_and_leaves_others_alone(
    fresh: BrowserContext, provider: Provider, server: Server, bobs: tuple[Path, str]
) -> None:
    page = sign_in(fresh, provider, server, email="Ann@lab.org")
    expect(account(page, "ann", "experimenter")).to_be_visible()
    page.goto(f"{server.url}/train?train.epochs=1&name=hers")
    button(page, "start").click()
    expect(page.get_by_role("heading", name="hers")).to_be_visible()
    page.goto(f"{server.url}/train?run={bobs[1]}")
    expect(page.get_by_role("heading", name="Bob's run")).to_be_visible()
    expect(button(page, "resume")).to_be_disabled()
    with open_store(load_settings({"REGLAB_HOME": str(bobs[0])})) as store:
        assert store.get("hers").person == "ann@lab.org"
        assert store.get(bobs[1]).state == "cancelled"


def test_an_admin_by_a_claim_reads_the_log_and_touches_every_run(
    fresh: BrowserContext, provider: Provider, server: Server, bobs: tuple[Path, str]
) -> None:
    page = sign_in(fresh, provider, server, email="ada@lab.org", roles=["staff", "admin"])
    expect(account(page, "ada", "admin")).to_be_visible()
    page.goto(f"{server.url}/train?run={bobs[1]}")
    button(page, "resume").click()
    expect(button(page, "resume")).to_have_count(0)
    page.get_by_role("button", name="Audit log").click()
    expect(page.get_by_role("dialog").get_by_test_id("stDataFrame")).to_be_visible()
    with open_store(load_settings({"REGLAB_HOME": str(bobs[0])})) as store:
        assert ("ada@lab.org", "resume", bobs[1]) in [(e.person, e.action, e.job) for e in store.audit_log(20)]


def test_people_without_a_role_or_a_verified_address_stay_outside(
    fresh: BrowserContext, provider: Provider, server: Server
) -> None:
    page = sign_in(fresh, provider, server, email="eve@lab.org")
    expect(page.get_by_text(re.compile(r"signed in as eve\W*@lab.org, who has no role here"))).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    page = sign_in(fresh, provider, server, email="ann@lab.org", email_verified=False)
    expect(page.get_by_text("whose address the provider has not verified")).to_be_visible()
