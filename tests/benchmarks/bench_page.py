"""The dashboard in Chromium: how soon a cold form is usable, how quickly it answers while a run trains, and whether a
page that watches a run slows it down.

Everything goes through a real server; blocks with and without training (with and without a page) take turns.
"""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from tests.benchmarks.measuring import median_ratio, percentile, table
from tests.live.conftest import CHROMIUM
from tests.live.serving import APP, Server, serving
from tests.live.waiting import wait_in_page

from reglab.settings import load_settings
from reglab.spec import RunSpec
from reglab.store import Store, open_store

COLD_VISITS = 3
BLOCKS, ANSWERS = 5, 20  # blocks of each kind, and answers in a block
WINDOWS, WINDOW = 6, 5.0  # windows of each kind, and seconds of a window
LONG = RunSpec().with_changes({"train.epochs": 10_000})
SETTLE = 1.0  # seconds between the windows


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@contextmanager
def new_page(browser: Browser) -> Iterator[Page]:
    """A window of a browser that has never been here."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    yield context.new_page()
    context.close()


def seconds_to_form(page: Page, server: Server) -> float:
    """From the address to a form whose Start can be pressed."""
    start = time.perf_counter()
    page.goto(f"{server.url}/train")
    expect(page.locator(".st-key-start button")).to_be_enabled(timeout=60_000)
    expect(page.locator(".st-key-l2 input")).to_be_editable()
    return time.perf_counter() - start


@contextmanager
def training(store: Store, spec: RunSpec = LONG) -> Iterator[str]:
    """A run that trains until the block ends; its id."""
    run_id = store.create(spec).id
    wait_for(lambda: store.get(run_id).epoch > 0)
    yield run_id
    store.request_stop(run_id)
    wait_for(lambda: store.get(run_id).state == "cancelled")


def wait_for(condition: Callable[[], bool]) -> None:
    """Return once ``condition()`` holds, within a minute."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.timeout(900)
def test_a_cold_form(browser: Browser, tmp_path: Path) -> None:
    first: list[float] = []
    second: list[float] = []
    for visit in range(COLD_VISITS):
        with serving(APP, tmp_path / str(visit)) as server:
            for times in (first, second):
                with new_page(browser) as page:
                    times.append(seconds_to_form(page, server))
    rows = [
        (name, f"{statistics.median(times):.2f}", f"{max(times):.2f}")
        for name, times in (("first visit of a new server", first), ("another browser after it", second))
    ]
    print(table("Seconds from the address to a usable form (asked: 3)", ("", "median", "worst"), rows))


def answer(page: Page, value: str) -> float:
    """Type a λ₂ and wait until the page shows it in PyTorch's words; the seconds between."""
    field = page.locator(".st-key-l2 input")
    field.fill(value)
    start = time.perf_counter()
    field.press("Tab")
    wait_in_page(
        page,
        "text => [...document.querySelectorAll('code')].some(code => code.textContent === text)",
        arg=f"weight_decay={value}",
    )
    return time.perf_counter() - start


@pytest.mark.timeout(900)
def test_the_form_answers_while_a_run_trains(browser: Browser, tmp_path: Path) -> None:
    values = (f"0.{n}" for n in itertools.count(1001) if n % 10)
    idle: list[float] = []
    busy: list[float] = []
    with (
        serving(APP, tmp_path) as server,
        open_store(load_settings({"REGLAB_HOME": str(server.home)})) as store,
        new_page(browser) as page,
    ):
        seconds_to_form(page, server)
        for _ in range(5):
            answer(page, next(values))
        for _ in range(BLOCKS):
            idle += [answer(page, next(values)) for _ in range(ANSWERS)]
            with training(store):
                busy += [answer(page, next(values)) for _ in range(ANSWERS)]
    rows = [
        (name, *(f"{1e3 * value:.0f}" for value in (statistics.median(times), percentile(times, 0.95), max(times))))
        for name, times in (("idle", idle), ("while a run trains", busy))
    ]
    rows.append(("ratio of the p95", "", f"{percentile(busy, 0.95) / percentile(idle, 0.95):.2f}×", ""))
    title = f"Milliseconds from a new λ to the page's answer, {len(idle)} each (goal: p95 at most 1.2×)"
    print(table(title, ("", "median", "p95", "worst"), rows))


@pytest.mark.timeout(900)
def test_a_page_that_watches_a_run_does_not_slow_it_down(browser: Browser, tmp_path: Path) -> None:
    watched: list[float] = []
    alone: list[float] = []
    with (
        serving(APP, tmp_path) as server,
        open_store(load_settings({"REGLAB_HOME": str(server.home)})) as store,
        new_page(browser) as page,
        training(store) as run_id,
    ):
        for _ in range(WINDOWS):
            page.goto("about:blank")
            alone.append(epoch_seconds(store, run_id))
            page.goto(f"{server.url}/train?run={run_id}")
            expect(page.locator("[data-reglab-chart^=loss-]")).to_be_visible(timeout=60_000)
            watched.append(epoch_seconds(store, run_id))
    rows = [
        ("no page", f"{1e3 * statistics.median(alone):.1f}"),
        ("a live page", f"{1e3 * statistics.median(watched):.1f}"),
        ("speed, live against none", f"{median_ratio(alone, watched):.3f}"),
    ]
    print(table("Milliseconds of an epoch (goal: speed at least 0.97)", ("", "median of windows"), rows))


@pytest.mark.timeout(900)
def test_values_appear_soon_after_an_epoch_s_end(browser: Browser, tmp_path: Path) -> None:
    lags: list[float] = []
    with (
        serving(APP, tmp_path) as server,
        open_store(load_settings({"REGLAB_HOME": str(server.home)})) as store,
        new_page(browser) as page,
        training(store, LONG.with_changes({"data.train_size": None})) as run_id,
    ):
        page.goto(f"{server.url}/train?run={run_id}")
        loss = page.locator("[data-reglab-chart^=loss-]")
        loss.wait_for(timeout=60_000)
        for _ in range(ANSWERS):
            done = store.get(run_id).epoch
            wait_for(lambda done=done: store.get(run_id).epoch > done)  # type: ignore[misc]
            ended = time.perf_counter()
            drawn = "([node, epoch]) => (node._fullData?.[0]?.x?.at(-1) ?? 0) >= epoch"
            wait_in_page(page, drawn, arg=[loss.element_handle(), done + 1])
            lags.append(time.perf_counter() - ended)
    row = (f"{ANSWERS} epochs", *(f"{1e3 * lag:.0f}" for lag in (statistics.median(lags), max(lags))))
    print(
        table(
            "Milliseconds from an epoch's end to its point in the chart (asked: 1000)", ("", "median", "worst"), [row]
        )
    )


def epoch_seconds(store: Store, run_id: str) -> float:
    """The median length of the epochs that the next seconds bring."""
    time.sleep(SETTLE)
    before = store.get(run_id).epoch
    time.sleep(WINDOW)
    return float(store.epochs([run_id], since=before)["seconds"].median())
