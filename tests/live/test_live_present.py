"""Presentations and pictures of charts in a real browser: nothing small or clipped, steps by keys, titles in the link,
replays; downloads that are light and say what was trained, and the numbers of the curve to the last digit.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, expect
from tests.factories import add_run, add_sweep, metrics, spec
from tests.live.qr_reading import read_picture
from tests.live.serving import APP, Server, serving
from tests.live.waiting import wait_in_page
from tests.patience import PATIENCE

from reglab import columns
from reglab.events import EpochMetrics
from reglab.settings import load_settings
from reglab.store import open_store
from reglab.sweep import LaneSpec, SweepSpec

PUBLIC = "https://lab.example.com"
BEST = {0.0: 0.80, 1e-3: 0.85, 1e-2: 0.90, 1e-1: 0.82}
STEPS = ["question", "curves", "forming", "verdict", "memorised", "link"]

# Every text of the step on screen: its size in pixels where a chart has it, and whether it lies outside the window, or
# outside of what clips it.
MEASURE = """() => {
    const slide = document.querySelector(`.st-key-present_${document.documentElement.dataset.reglabStep}`);
    const small = [], clipped = [];
    const parts = (selector) => slide?.querySelectorAll(selector) ?? [];
    const inside = (box, edge) => box.left >= edge.left - 4 && box.top >= edge.top - 4  // boxes are larger than letters
        && box.right <= edge.right + 4 && box.bottom <= edge.bottom + 4;
    const page = {left: 0, top: 0, right: innerWidth, bottom: innerHeight};
    for (const text of parts(".main-svg text")) {
        const box = text.getBoundingClientRect();
        if (!box.width || getComputedStyle(text).visibility === "hidden") continue;
        for (const part of [text, ...text.querySelectorAll("tspan")])
            if (parseFloat(getComputedStyle(part).fontSize) < 17.99) small.push(part.textContent);
        const edge = text.closest("svg").getBoundingClientRect();
        if (!inside(box, edge) || !inside(box, page)) clipped.push(text.textContent);
    }
    for (const part of parts("p, img, .reglab-address, .reglab-legend span")) {
        if (part.textContent && parseFloat(getComputedStyle(part).fontSize) < 17.99) small.push(part.textContent);
        if (!inside(part.getBoundingClientRect(), slide.getBoundingClientRect())) clipped.push(part.textContent);
    }
    for (const part of document.querySelectorAll(".reglab-head h1, .reglab-head p, .reglab-foot"))
        if (!inside(part.getBoundingClientRect(), page)) clipped.push(part.textContent);
    const root = document.documentElement;
    const scrolls = slide?.scrollHeight > slide?.clientHeight + 1 || root.scrollHeight > innerHeight;
    return {small, clipped, scrolls, charts: parts(".main-svg").length};
}"""


@pytest.fixture(scope="module")
def ids(server: Server) -> dict[str, str]:
    """A run, a second one, and a sweep, with wrong labels."""
    noisy = {"data__label_noise": 0.2, "train__epochs": 30}
    done = [metrics(epoch, flipped_acc=epoch / 40, clean_acc=1 - 0.5 / epoch) for epoch in range(1, 31)]

    def figures(lane: LaneSpec, epoch: int) -> EpochMetrics:
        best = BEST[lane.point.value] + 0.003 * lane.repeat
        memory = {"clean_acc": 0.97, "flipped_acc": 0.8 - 6 * lane.point.value, "true_acc": 0.1 + 2 * lane.point.value}
        return metrics(epoch, val_acc=best, val_loss=1.6 - best + 2 / epoch, **memory)

    with open_store(load_settings({"REGLAB_HOME": str(server.home)})) as store:
        run = add_run(store, spec(penalty__l2=0.01, **noisy), epochs=done)
        other = add_run(store, spec(penalty__l2=0.0, **noisy), epochs=done)
        sweep = add_sweep(store, SweepSpec(run=spec(**noisy), l2=tuple(BEST), seeds=3), epochs=30, figures=figures)
        return {"run": run.id, "runs": f"{run.id},{other.id}", "sweep": sweep.id}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(APP, tmp_path_factory.mktemp("presented"), REGLAB_PUBLIC_URL=PUBLIC) as started:
        yield started


def links(ids: dict[str, str]) -> list[str]:
    return [f"train?run={ids['run']}", f"sweep?sweep={ids['sweep']}", f"compare?runs={ids['runs']}"]


def step(page: Page) -> str:
    return str(page.evaluate("document.documentElement.dataset.reglabStep"))


def opened(page: Page, address: str) -> None:
    """Every chart of the presentation drawn, a replay at its end."""
    page.goto(address)
    page.locator(".reglab-head h1").wait_for()
    for name in ("curves", "verdict"):
        wait_in_page(page, f"() => document.querySelector('.st-key-present_{name} [data-reglab-chart]')?._fullLayout")


@pytest.mark.parametrize(("width", "height", "scheme"), [(1280, 720, "light"), (1920, 1080, "dark")])
def test_every_step_is_large_and_nothing_is_clipped(
    browser: Browser, server: Server, ids: dict[str, str], width: int, height: int, scheme: Any
) -> None:
    look = {"viewport": {"width": width, "height": height}, "color_scheme": scheme, "reduced_motion": "reduce"}
    with browser.new_context(**look) as context:
        context.set_default_timeout(PATIENCE * 1000)
        page = context.new_page()
        for link in links(ids):
            opened(page, f"{server.url}/{link}&present=1")
            for name in [step for step in STEPS if step != "forming" or link.startswith("sweep")]:
                wait_in_page(page, "(name) => document.documentElement.dataset.reglabStep === name", arg=name)
                wait_in_page(page, SETTLED)
                found = page.evaluate(MEASURE)
                assert (found["small"], found["clipped"], found["scrolls"]) == ([], [], False), (link, name)
                assert bool(found["charts"]) == (name in ("curves", "forming", "verdict", "memorised"))
                if name in ("curves", "forming"):  # which stand, since this visitor wants little motion
                    expect(page.locator(".reglab-player output")).to_have_text("epoch 30")
                    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
                page.keyboard.press("ArrowRight")
            expect(page.get_by_test_id("stSidebar")).to_have_count(0)


# The charts have the size that the stage gives them.
SETTLED = """() => {
    const slide = document.querySelector(`.st-key-present_${document.documentElement.dataset.reglabStep}`);
    const chart = slide?.querySelector("[data-reglab-chart]");
    return !chart || (chart._fullLayout && chart._fullLayout.height === chart.clientHeight
        && Math.abs(chart.getBoundingClientRect().bottom - slide.getBoundingClientRect().bottom) < 2);
}"""


def test_keys_dots_and_buttons_move_and_a_reload_stays(page: Page, server: Server, ids: dict[str, str]) -> None:
    page.goto(f"{server.url}/{links(ids)[1]}")
    verdict = page.locator(".st-key-sweep_verdict")
    expect(verdict).to_contain_text("is best")
    first = verdict.locator("p").nth(1).inner_text()
    page.locator(".st-key-sweep_present button").first.click()
    expect(page).to_have_url(re.compile(r"present=1"))
    page.locator(".reglab-head h1").wait_for()
    assert step(page) == "question"
    for key, name in [("ArrowRight", "curves"), ("PageDown", "forming"), ("ArrowLeft", "curves"), ("End", "link")]:
        page.keyboard.press(key)
        assert step(page) == name
        expect(page).to_have_url(re.compile(f"step={name}"))
    page.get_by_role("button", name="Step 4 of 6: Verdict").click()
    expect(page.locator(".st-key-present_verdict p").first).to_have_text(first)
    page.reload()
    wait_in_page(page, "() => document.documentElement.dataset.reglabStep === 'verdict'")
    page.get_by_role("button", name="Next step").click()
    page.get_by_role("button", name="Next step").click()
    address = f"{PUBLIC}/sweep?sweep={ids['sweep']}"
    code = page.get_by_alt_text(f"QR code of {address}")
    expect(code).to_be_visible()
    wait_in_page(page, "() => getComputedStyle(document.querySelector('.st-key-present_link')).opacity === '1'")
    assert read_picture(Image.open(io.BytesIO(code.screenshot()))) == address
    page.keyboard.press("Escape")
    expect(page.locator(".st-key-sweep_verdict")).to_contain_text("is best")
    expect(page).to_have_url(f"{server.url}/{links(ids)[1]}")


def test_titles_are_edited_in_place_and_kept_in_the_link(page: Page, server: Server, ids: dict[str, str]) -> None:
    page.goto(f"{server.url}/{links(ids)[0]}&present=1")
    title = page.get_by_role("textbox", name="Title", exact=True)
    expect(title).to_have_text("Does λ₂ = 0.01 keep this network from overfitting?")
    title.fill('A <b>bold</b> & "quoted" title?')
    page.keyboard.press("ArrowRight")  # in the text, not in the presentation
    page.keyboard.press("Enter")
    assert step(page) == "question"
    page.reload()
    expect(title).to_have_text('A <b>bold</b> & "quoted" title?')
    assert page.locator(".reglab-head b").count() == 0
    title.fill("")
    page.keyboard.press("Enter")
    expect(title).to_have_text("Does λ₂ = 0.01 keep this network from overfitting?")
    expect(page).not_to_have_url(re.compile("title="))


# The label of the button after each of two presses of the space bar, between which no frame can pass.
PRESS_TWICE = """() => [0, 1].map(() => {
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key: " ", bubbles: true }));
    return document.querySelector(".reglab-player button").title;
})"""


def test_curves_form_epoch_by_epoch_and_can_be_paused(page: Page, server: Server, ids: dict[str, str]) -> None:
    page.goto(f"{server.url}/{links(ids)[0]}&present=1&step=curves")
    shown = page.locator(".reglab-player output")
    expect(shown).to_have_text("epoch 30")  # it plays by itself
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    assert page.evaluate(PRESS_TWICE) == ["Pause", "Play"]
    page.keyboard.press(" ")
    page.get_by_role("slider", name="Epoch").fill("9")  # which stops it
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    expect(shown).to_have_text("epoch 10")
    chart = page.locator("[data-reglab-chart=present-curves]")
    wait_in_page(page, "(node) => node._fullData[0]._length === 10", arg=chart.element_handle())
    axis = chart.evaluate("node => node._fullLayout.yaxis.range")
    page.keyboard.press("End")
    wait_in_page(page, "(node) => node._fullData[0]._length === 30", arg=chart.element_handle())
    assert chart.evaluate("node => node._fullLayout.yaxis.range") == axis
    assert chart.get_attribute("data-mounts") == "1"


@pytest.fixture
def dark(browser: Browser, server: Server, ids: dict[str, str]) -> Iterator[Page]:
    """The run's view in dark colours, with a clipboard."""
    size: ViewportSize = {"width": 1440, "height": 900}
    with browser.new_context(color_scheme="dark", viewport=size) as context:
        context.set_default_timeout(PATIENCE * 1000)
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = context.new_page()
        page.goto(f"{server.url}/train?run={ids['run']}")
        page.locator("[data-reglab-chart^=loss-] .modebar-btn").first.wait_for(state="attached")
        yield page


def downloaded(page: Page, tool: str) -> tuple[str, bytes]:
    """The name and the content of what a tool downloads; it is pressed by the keyboard."""
    page.get_by_role("button", name=f"{tool}: Loss", exact=True).focus()
    with page.expect_download() as started:
        page.keyboard.press("Enter")
    return started.value.suggested_filename, Path(started.value.path()).read_bytes()


def test_the_tools_of_a_chart(dark: Page, server: Server, ids: dict[str, str]) -> None:
    name, content = downloaded(dark, "Download PNG")
    assert name == f"run-{ids['run']}-loss.png"
    image = Image.open(io.BytesIO(content)).convert("RGB")
    assert image.size == (2400, 1350)
    assert {image.getpixel(corner) for corner in ((0, 0), (2399, 0), (0, 1349), (2399, 1349))} == {(255, 255, 255)}

    name, content = downloaded(dark, "Download SVG")
    assert name == f"run-{ids['run']}-loss.svg"
    drawing = content.decode()
    assert all(text in drawing for text in (">Loss<", "nats; J = training + penalty", "8×8", "λ₂ = 0.01"))

    name, content = downloaded(dark, "Download the data as CSV")
    assert name == f"run-{ids['run']}-loss.csv"
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    with open_store(load_settings({"REGLAB_HOME": str(server.home)})) as store:
        epochs = store.epochs([ids["run"]])
    assert [int(row["epoch"]) for row in rows] == epochs[columns.EPOCH].tolist()
    for column, known in (("validation", columns.VAL_LOSS), ("training", columns.TRAIN_LOSS), ("J", columns.TOTAL)):
        assert [row[column] for row in rows] == [str(value) for value in epochs[known].to_numpy(np.float32)]

    dark.get_by_role("button", name="Copy as image: Loss", exact=True).click()
    expect(dark.get_by_role("button", name="Copied")).to_have_count(1)
    kinds = dark.evaluate("navigator.clipboard.read().then((items) => items.flatMap(({ types }) => types))")
    assert kinds == ["image/png"]
