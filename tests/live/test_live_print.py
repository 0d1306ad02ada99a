"""A report opened from the disk without a network, and report and pages on paper: no chart is cut, none overlaps."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect
from tests.factories import add_run, add_sweep, spec
from tests.live.printing import Paper, check_charts, printed
from tests.live.serving import APP, Server, serving
from tests.live.waiting import wait_in_page
from tests.pages.sweeps import SMALL, WITH_TEST, figures
from tests.patience import PATIENCE

from reglab.report import Subjects, make_report
from reglab.settings import load_settings
from reglab.store import Store, open_store

PAPERS: tuple[Paper, ...] = get_args(Paper)
REPORT, PAGE = ".chart", "[data-reglab-chart]"
SLIDES = "[data-reglab-chart]:not(.st-key-present_forming *)"
WIDTH = {REPORT: 680, PAGE: 640, SLIDES: 640}
OTHER = {
    "penalty__l2": 0.03, "penalty__l1": 0.01, "penalty__apply": "proximal", "model__dropout": 0.3, "train__seed": 7,
    "train__precision": "float64",
    "regularize__label_smoothing": 0.1, "optim__schedule": "cosine", "optim__name": "sgd"
}  # fmt: skip
"""Settings of a run that differs from another one in so many that a table of them is wide."""
SHEETS: dict[Paper, tuple[float, float]] = {"A4": (595, 842), "Letter": (612, 792)}  # points


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(APP, tmp_path_factory.mktemp("print")) as started:
        yield started


@pytest.fixture(scope="module")
def store(server: Server) -> Iterator[Store]:
    """A sweep called "sweep", and two runs."""
    with open_store(load_settings({"REGLAB_HOME": str(server.home)})) as opened:
        add_sweep(opened, SMALL, figures=figures, environment=WITH_TEST, name="sweep")
        add_run(opened, spec(penalty__l2=0.0, train__epochs=6))
        add_run(opened, spec(**OTHER, train__epochs=6))
        yield opened


@pytest.fixture(scope="module")
def saved(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report on all of them."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    runs = [run for run in store.runs() if run.sweep is None]
    settings = load_settings({"REGLAB_HOME": str(store.home)})
    path.write_bytes(make_report(store, settings, Subjects.of([*store.sweeps(), *runs])))
    return path


@pytest.fixture
def offline(browser: Browser, saved: Path) -> Iterator[Page]:
    """The report from the disk in a browser that is offline; the test fails if it asks for anything, or complains."""
    with browser.new_context(offline=True, viewport={"width": 1280, "height": 800}) as context:
        context.set_default_timeout(PATIENCE * 1000)
        page, heard = context.new_page(), list[str]()
        page.on("request", lambda request: heard.append(request.url))
        page.on("console", lambda message: heard.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: heard.append(str(error)))
        page.goto(saved.as_uri())
        drawn(page)
        yield page
        assert [what for what in heard if not what.startswith(("blob:", "data:"))] == [saved.as_uri()]


def drawn(page: Page) -> int:
    """Wait until every chart of the report is drawn; how many there are."""
    expect(page.locator("html")).to_have_attribute("data-drawn", str(page.locator(REPORT).count()))
    return page.locator(REPORT).count()


def check_print(page: Page, selector: str, number: int) -> str:
    """On A4 and Letter every chart is as wide as its place, and whole on one sheet; the text of all sheets."""
    text = ""
    for paper in PAPERS:
        found = printed(page, selector, paper)
        check_charts(found, number)
        assert found.sheet == pytest.approx(SHEETS[paper], abs=1)
        for (box,) in found.charts.values():
            assert box.size[0] == pytest.approx(WIDTH[selector], abs=2)
        text += "\n".join(found.texts)
    return text


def widths(page: Page, selector: str) -> set[float]:
    """Widths of the drawings in the charts."""
    found: list[float] = page.evaluate(
        "(all) => [...document.querySelectorAll(all)].map((one) => one._fullLayout.width)", selector
    )
    return {round(one) for one in found}


def test_a_report_from_the_disk_draws_every_chart_without_a_network(offline: Page) -> None:
    number = drawn(offline)
    assert number >= 14
    assert offline.locator("#trouble").is_hidden()
    traces = offline.evaluate("() => [...document.querySelectorAll('.chart')].map((one) => one._fullData.length)")
    assert len(traces) == number
    assert all(traces)
    smallest = offline.evaluate(
        "() => Math.min(...[...document.querySelectorAll('.chart text')].filter((one) => one.textContent.trim())"
        ".map((one) => parseFloat(getComputedStyle(one).fontSize)))"
    )
    assert smallest >= 14
    highest = offline.evaluate(
        "() => Math.min(...[...document.querySelectorAll('.chart .gtitle')].map((one) =>"
        " one.getBoundingClientRect().top - one.closest('.chart').getBoundingClientRect().top))"
    )
    assert highest >= 2  # a title that begins above its chart is cut off
    offline.evaluate("""() => {
        const node = document.querySelector(".chart");
        const curve = node._fullData.findIndex((one) => one.hoverinfo === "text");
        Plotly.Fx.hover(node, [{curveNumber: curve, pointNumber: node._fullData[curve].hovertext.findIndex(Boolean)}]);
    }""")
    expect(offline.locator(".chart .hoverlayer text").first).to_be_visible()


def test_a_report_prints_each_chart_whole(offline: Page) -> None:
    check_print(offline, REPORT, drawn(offline))


def test_a_report_is_dark_where_the_reader_is_and_light_on_paper(offline: Page) -> None:
    def colours() -> list[str]:
        return [
            offline.evaluate("() => getComputedStyle(document.body).backgroundColor"),
            offline.evaluate("() => document.querySelector('.chart .xtick text').style.fill"),
        ]

    offline.emulate_media(color_scheme="dark")
    wait_in_page(offline, "document.querySelector('.chart .xtick text').style.fill === 'rgb(226, 232, 238)'")
    assert colours()[0] == "rgb(16, 22, 29)"
    offline.emulate_media(color_scheme="dark", media="print")
    wait_in_page(offline, "document.querySelector('.chart .xtick text').style.fill === 'rgb(28, 39, 51)'")
    assert colours()[0] == "rgb(255, 255, 255)"
    assert widths(offline, REPORT) == {680}


def test_a_report_passes_axe(offline: Page) -> None:
    found = Axe().run(offline)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize(("address", "number"), [("train", 3), ("sweep", 3), ("compare", 1)])
def test_a_page_prints_each_chart_whole(address: str, number: int, server: Server, store: Store, page: Page) -> None:
    (sweep,), runs = store.sweeps(), [run.id for run in store.runs() if run.sweep is None]
    query = {"train": f"run={runs[0]}", "sweep": f"sweep={sweep.id}", "compare": f"runs={','.join(runs)}"}[address]
    page.goto(f"{server.url}/{address}?{query}")
    expect(page.locator(f"{PAGE} .main-svg").nth(2 * number)).to_be_attached()
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    text = check_print(page, PAGE, number)
    for absent in ("Experiment", "Duplicate", "Copy methods", "Link", "New run"):
        assert absent not in text
    assert widths(page, PAGE) != {WIDTH[PAGE]}  # as before


def test_a_dark_page_is_dark_on_white_on_paper_and_its_table_too(server: Server, store: Store, page: Page) -> None:
    run = next(run for run in store.runs() if run.sweep is None)
    page.emulate_media(color_scheme="dark")
    page.goto(f"{server.url}/train?run={run.id}")
    value = page.get_by_test_id("stMetricValue").first
    expect(value).to_be_visible()
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(color_scheme="dark", media="print")
    assert value.evaluate("(one) => getComputedStyle(one).color") == "rgb(28, 39, 51)"
    page.emulate_media(color_scheme="dark", media="screen")
    page.goto(f"{server.url}/inspect?run={run.id}&view=layers")
    table = page.get_by_test_id("stDataFrame").locator("canvas").first
    expect(table).to_be_visible()
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    assert lightness(table) < 60
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(color_scheme="dark", media="print")
    assert lightness(table) > 220


def lightness(shown: Locator) -> float:
    """The median grey, 0 to 255, of what an element looks like: that of its background."""
    picture = Image.open(io.BytesIO(shown.screenshot())).convert("L")
    return float(np.median(np.asarray(picture)))


def test_a_presentation_prints_every_slide_dark_on_light(server: Server, store: Store, page: Page) -> None:
    (sweep,) = store.sweeps()
    page.goto(f"{server.url}/sweep?sweep={sweep.id}&present=1&step=verdict")
    slides = page.locator(SLIDES)
    expect(page.locator(".st-key-present_verdict .main-svg").first).to_be_attached()
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    expect(page.locator(f"{SLIDES} .main-svg").nth(3 * slides.count() - 1)).to_be_attached()
    text = check_print(page, SLIDES, slides.count())
    for part in ("Which λ₂ is best?", "Validation loss", "Loss against λ₂", "Memorisation"):
        assert part in text.replace("\n", " ")
    page.emulate_media(color_scheme="dark", media="print")
    look = page.locator(".reglab-head h1").evaluate("(one) => [getComputedStyle(one).color, one.offsetParent !== null]")
    assert look == ["rgb(28, 39, 51)", True]
