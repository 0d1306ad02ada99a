"""Real servers and a real headless Chromium; skipped where no Chromium is installed."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    ViewportSize,
    expect,
    sync_playwright,
)
from tests.live.serving import APP, Server, serving
from tests.patience import PATIENCE

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
Serve = Callable[..., Server]

_LONGEST = (
    "accessible",
    "train",
    "chart",
    "sweep",
    "ray",
    "runs",
    "test_dashboard",
    "sign_in",
    "present",
    "print",
    "claims",
)
"""The modules that take longest, in about this order, so that no worker is left with one while the others are done."""

expect.set_options(timeout=PATIENCE * 1000)

# Streamlit looks for its server at the address of the page first, so a deep link costs it two harmless 404s.
_HARMLESS = ("_stcore/health", "_stcore/host-config")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder is a live test; the longest modules come first, so that workers end at one time."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.live)
    items.sort(key=_rank)


def _rank(item: pytest.Item) -> int:
    if item.get_closest_marker("live") is None:
        return 0
    name = item.path.stem.removeprefix("test_live_")
    return 1 + (_LONGEST.index(name) if name in _LONGEST else len(_LONGEST))


@pytest.fixture(scope="session")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in which Chromium keeps what it has downloaded and compiled, some megabytes of JavaScript."""
    folder = tmp_path_factory.mktemp("chromium")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def context(profile: Path) -> Iterator[BrowserContext]:
    """Headless Chromium with a profile on the disk, without which it would compile all JavaScript for every page again.

    It is for one module: while it is open, no other test can run an event loop in this process.
    """
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    size: ViewportSize = {"width": 1440, "height": 900}
    args = ["--no-sandbox", "--disable-gpu"]
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch_persistent_context(
            profile, executable_path=CHROMIUM, args=args, viewport=size, color_scheme="light"
        ) as shared,
    ):
        yield shared


@pytest.fixture(scope="module")
def browser(context: BrowserContext) -> Browser:
    """The browser that ``context`` belongs to, for contexts of other visitors."""
    assert context.browser is not None
    return context.browser


@pytest.fixture
def page(context: BrowserContext, serve: Serve) -> Iterator[Page]:
    """A fresh browser window in light mode, see :func:`window`.

    It asks for ``serve`` only to be closed first: a page whose server is gone complains rightly.
    """
    with window(context) as opened:
        yield opened


@contextmanager
def window(context: BrowserContext) -> Iterator[Page]:
    """A browser window of its own for the block, which fails if a page complained in the console.

    Nothing is left of what a page before it has stored, but for downloads. Opening a page costs 3 s of CPU time: tests
    that leave it as they found it share one.
    """
    complaints: list[str] = []

    def complain(text: str) -> None:
        # A page left while it loads a module says so; a module that is missing or refused has an error of its own too.
        if "Failed to fetch dynamically imported module" not in text:
            complaints.append(text)

    def listen(message: ConsoleMessage) -> None:
        probe = str(message.location.get("url", "")).endswith(_HARMLESS)
        stopped = "ERR_CONNECTION_" in message.text  # the test has stopped the server under the page
        if message.type == "error" and not probe and not stopped:
            complain(message.text)

    opened = context.new_page()
    opened.set_default_timeout(PATIENCE * 1000)
    opened.on("console", listen)
    opened.on("pageerror", lambda error: complain(str(error)))
    yield opened
    stored = {"origin": opened.url, "storageTypes": "cookies,local_storage,indexeddb"}
    context.new_cdp_session(opened).send("Storage.clearDataForOrigin", stored)
    opened.close()
    assert not complaints, complaints


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """``serve(script, home=…, REGLAB_…=…)`` starts a server that lives until the test ends."""
    with ExitStack() as stack:

        def start(script: Path = APP, home: Path = tmp_path / "home", **environment: str) -> Server:
            return stack.enter_context(serving(script, home, **environment))

        yield start


@pytest.fixture(scope="session")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The dashboard, started once for all tests that leave it as they found it."""
    with serving(APP, tmp_path_factory.mktemp("dashboard")) as server:
        yield server
