"""The toolbar of a chart in a real browser: pictures for slides, and the numbers of the curve to the last digit."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, ViewportSize, expect
from tests.factories import add_run, spec
from tests.live.serving import APP, Server, serving

from reglab import columns
from reglab.settings import load_settings
from reglab.store import Run, open_store


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(APP, tmp_path_factory.mktemp("toolbar")) as started:
        yield started


@pytest.fixture(scope="module")
def run(server: Server) -> Run:
    with open_store(load_settings({"REGLAB_HOME": str(server.home)})) as store:
        return add_run(store, spec(penalty__l2=0.03), epochs=8)


@pytest.fixture
def dark(browser: Browser, server: Server, run: Run) -> Iterator[Page]:
    """The run's view in dark colours, with a clipboard."""
    size: ViewportSize = {"width": 1440, "height": 900}
    with browser.new_context(color_scheme="dark", viewport=size) as context:
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = context.new_page()
        page.goto(f"{server.url}/train?run={run.id}")
        chart(page).locator(".modebar-btn").first.wait_for(state="attached")
        yield page


def chart(page: Page) -> Locator:
    return page.locator("[data-reglab-chart^=loss-]")


def downloaded(page: Page, tool: str) -> tuple[str, bytes]:
    """The name and the content of what a tool downloads; it is pressed by the keyboard."""
    button = page.get_by_role("button", name=f"{tool}: Loss", exact=True)
    button.focus()
    with page.expect_download() as started:
        page.keyboard.press("Enter")
    return started.value.suggested_filename, Path(started.value.path()).read_bytes()


def test_pictures_are_light_and_say_what_was_trained(dark: Page, run: Run) -> None:
    name, content = downloaded(dark, "Download PNG")
    assert name == f"run-{run.id}-loss.png"
    image = Image.open(io.BytesIO(content)).convert("RGB")
    assert image.size == (2400, 1350)
    assert {image.getpixel(corner) for corner in ((0, 0), (2399, 0), (0, 1349), (2399, 1349))} == {(255, 255, 255)}
    name, content = downloaded(dark, "Download SVG")
    assert name == f"run-{run.id}-loss.svg"
    drawing = content.decode()
    assert all(text in drawing for text in (">Loss<", "nats; J = training + penalty", "8×8", "λ₂ = 0.03"))


def test_the_table_has_the_numbers_of_the_curves_to_the_last_digit(dark: Page, server: Server, run: Run) -> None:
    name, content = downloaded(dark, "Download the data as CSV")
    assert name == f"run-{run.id}-loss.csv"
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    with open_store(load_settings({"REGLAB_HOME": str(server.home)})) as store:
        epochs = store.epochs([run.id])
    assert [int(float(row["epoch"])) for row in rows] == epochs[columns.EPOCH].tolist()
    for column, known in (("validation", columns.VAL_LOSS), ("training", columns.TRAIN_LOSS), ("J", columns.TOTAL)):
        drawn = epochs[known].to_numpy(np.float32)
        assert [np.float32(row[column]) for row in rows] == drawn.tolist()
        assert [len(row[column]) <= 12 for row in rows]


def test_the_picture_goes_to_the_clipboard(dark: Page) -> None:
    dark.get_by_role("button", name="Copy as image: Loss", exact=True).click()
    expect(dark.get_by_role("button", name="Copied")).to_have_count(1)
    kinds = dark.evaluate("navigator.clipboard.read().then((items) => items.flatMap(({ types }) => types))")
    assert kinds == ["image/png"]
