"""The Inspect page in a real browser: a drawing is predicted in a worker process, and outlasts other views."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from tests.factories import add_run, layer_stats, metrics, spec
from tests.jobs.running import settings_in, work
from tests.live.serving import APP, Server, serving

from reglab.store import Ending, Progress, Run, open_store

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


def test_the_page_follows_a_run_that_trains(server: Server, page: Page) -> None:
    with open_store(settings_in(server.home)) as store:
        run, other = add_run(store, state="running", epochs=2, name="live"), add_run(store, name="other")
        page.goto(f"{server.url}/inspect?run={run.id}")
        chart = page.locator("[data-reglab-chart]")
        expect(page.get_by_text("epoch 2 of 30 is the newest here")).to_be_visible()
        expect(chart).to_contain_text("Weights of all layers")
        updates = int(chart.get_attribute("data-updates") or 0)
        store.add_epochs([(run.id, metrics(3), layer_stats(3), 3)])
        store.progress(run.id, {run.id: Progress(3, 0, 13, 1.5)})
        expect(page.get_by_text("epoch 3 of 30 is the newest here")).to_be_visible()
        expect(page.get_by_text("none at epoch 3")).to_be_visible()
        expect(chart).not_to_have_attribute("data-updates", str(updates))
        expect(chart).to_have_attribute("data-mounts", "1")
        page.get_by_role("radio", name="Layers").click()
        expect(page).to_have_url(re.compile("view=layers"))
        expect(page.get_by_text("Last epoch (3)")).to_be_visible()
        store.add_epochs([(run.id, metrics(4), layer_stats(4), 4)])
        store.progress(run.id, {run.id: Progress(4, 0, 13, 2.0)})
        expect(page.get_by_text("Last epoch (4)")).to_be_visible()
        page.get_by_role("combobox", name="Run").click()
        page.get_by_role("option", name="other").click()
        expect(page).to_have_url(re.compile(f"run={other.id}"))
        expect(page.get_by_text("Last epoch (6)")).to_be_visible()
        page.go_back()
        expect(page.get_by_text("Last epoch (4)")).to_be_visible()
        store.finish([Ending(run.id, "finished")])
        expect(page.get_by_text("This page follows.")).to_have_count(0)


@pytest.mark.parametrize("place", ["inspect", "train"])
def test_a_page_of_an_ended_run_notices_that_it_is_deleted_elsewhere(server: Server, page: Page, place: str) -> None:
    with open_store(settings_in(server.home)) as store:
        run = add_run(store, name=f"held on {place}")
        page.goto(f"{server.url}/{place}?run={run.id}")
        expect(page.get_by_role("heading", name=run.name)).to_be_visible()
        store.delete([run.id])
        expect(page.get_by_text("This run is deleted.")).to_be_visible()
        page.get_by_role("button", name="Restore").click()
        expect(page.get_by_text("This run is deleted.")).to_have_count(0)
        assert store.get(run.id).deleted is None
