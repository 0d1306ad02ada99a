"""The demonstration sweep in Chromium: seconds from the press of Start to the final verdict, and memory meanwhile.

A cold start is the first sweep of a new server, whose worker processes have to start and whose shapes are timed; the
warm ones follow it. The page is open all the time, in a browser on the same cores.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from time import perf_counter
from urllib.parse import urlencode

import psutil
import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from tests.benchmarks.bench_page import new_page
from tests.benchmarks.measuring import table
from tests.live.conftest import CHROMIUM
from tests.live.serving import APP, Server, serving

from reglab.sweep import SweepSpec
from reglab.ui.sweep.presets import DEMO
from reglab.ui.sweep.query import form_query

WARM = 3  # sweeps after the first one
SEEDS = (3, 6)
_MIB = 2**20


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.mark.timeout(1200)
def test_press_to_verdict(browser: Browser, tmp_path: Path) -> None:
    rows: list[tuple[str, ...]] = []
    memory: list[tuple[str, ...]] = []
    for seeds in SEEDS:
        spec = DEMO.spec.model_copy(update={"seeds": seeds})
        with serving(APP, tmp_path / str(seeds)) as server, new_page(browser) as page:
            memory.append((f"{seeds} seeds", "no worker yet", *texts(sizes(server))))
            with largest(server) as most:
                cold, *warm = (press_to_verdict(page, server, spec, number) for number in range(1 + WARM))
            memory += [
                (f"{seeds} seeds", "training, at most", *most),
                (f"{seeds} seeds", "after it", *texts(sizes(server))),
            ]
        rows.append((f"9 λ × {seeds} seeds", f"{statistics.median(warm):.1f}", f"{cold:.1f}"))
    title = "Seconds from the press of Start to the verdict (goals: 10 and 13 s with 3 seeds, 15 s with 6)"
    print(table(title, ("", "workers warm", "cold"), rows))
    head = ("MiB", "", "server", "workers", "of them the largest", "all")
    print(table("Resident memory (goal: 1,638 MiB for the server and two workers)", head, memory))


def press_to_verdict(page: Page, server: Server, spec: SweepSpec, number: int) -> float:
    """Seconds until the page of a new sweep says that it has finished, and has its verdict, from the same tick."""
    seeds = {"train.seed": 100 * number, "data.seed": 100 * number}
    own = spec.model_copy(update={"run": spec.run.with_changes(seeds)})
    page.goto(f"{server.url}/sweep?{urlencode({'name': f'press {number}', **form_query(own)})}")
    start = page.locator(".st-key-sweep_start button:enabled")
    start.wait_for(timeout=60_000)
    page.wait_for_load_state("networkidle")
    began = perf_counter()
    start.click()
    page.get_by_text(f"Finished {own.size} runs").wait_for(timeout=300_000)
    page.get_by_text("Verdict", exact=True).wait_for(timeout=60_000)
    return perf_counter() - began


def sizes(server: Server) -> tuple[float, ...]:
    """Resident MiB: the server, its workers, the largest worker, and all; pages that they share count for each."""
    process = psutil.Process(server.process.pid)
    workers = [child.memory_info().rss / _MIB for child in process.children()]
    own = process.memory_info().rss / _MIB
    return (own, sum(workers), max(workers, default=0.0), own + sum(workers))


def texts(figures: tuple[float, ...]) -> list[str]:
    """As the table has them."""
    return [f"{figure:,.0f}" for figure in figures]


@contextmanager
def largest(server: Server) -> Iterator[list[str]]:
    """The figures of :func:`sizes` when all was largest, filled at the end of the block."""
    done, found = Event(), [sizes(server)]
    result: list[str] = []  # of the texts

    def watch() -> None:
        while not done.wait(0.2):
            found.append(sizes(server))

    watcher = Thread(target=watch)
    watcher.start()
    try:
        yield result
    finally:
        done.set()
        watcher.join()
        result += texts(max(found, key=lambda one: one[-1]))
