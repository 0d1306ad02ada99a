"""The Inspect page in a real browser: a drawing is predicted in a worker process, and outlasts other views."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from tests.factories import spec
from tests.jobs.running import settings_in, work
from tests.live.serving import APP, Server, serving

from reglab.store import Run, open_store

SPEC = spec(data__train_size=60, model__name="small_cnn", train__epochs=1, train__batch_size=20)
_WHITE = """() => {
    const canvas = document.querySelector(".reglab-pad canvas");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return data.filter((value, place) => place % 4 === 0 && value > 200).length;
}"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(APP, tmp_path_factory.mktemp("inspect"), REGLAB_SLOTS="1") as started:
        yield started


@pytest.fixture(scope="module")
def run(server: Server) -> Run:
    """A run that was trained to its end."""
    settings = settings_in(server.home)
    with open_store(settings) as store:
        return work(store, settings, SPEC)


def test_a_drawing_is_predicted_and_outlasts_other_views(server: Server, run: Run, page: Page) -> None:
    page.goto(f"{server.url}/inspect?run={run.id}&view=image&source=draw")
    canvas = page.locator(".reglab-pad canvas")
    expect(canvas).to_be_visible()
    expect(page.locator("[data-reglab-chart]")).to_contain_text("Draw, upload")
    box = canvas.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 60, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + 160, box["y"] + 180, steps=5)
    page.mouse.up()
    seen = page.get_by_alt_text("The image as the network sees it")
    expect(seen).to_be_visible()
    expect(page.locator("[data-reglab-chart] .barlayer .point").first).to_be_visible()
    drawn = page.evaluate(_WHITE)
    assert drawn > 100
    page.get_by_role("radio", name="Layers").click()
    expect(canvas).to_have_count(0)
    page.get_by_role("radio", name="Try an image").click()
    expect(canvas).to_be_visible()
    expect(seen).to_be_visible()
    assert page.evaluate(_WHITE) == drawn
    page.get_by_role("button", name="Clear").click()
    expect(seen).to_have_count(0)
    assert page.evaluate(_WHITE) == 0
