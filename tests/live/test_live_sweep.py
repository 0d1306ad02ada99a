"""The λ sweep page in a real browser: start from the form, watch the curve form, click a point, come back by link."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect
from tests.factories import add_sweep, metrics, spec
from tests.live.serving import APP, Server, serving
from tests.live.test_live_chart import ask
from tests.live.waiting import wait_in_page

from reglab.events import EpochMetrics
from reglab.settings import load_settings
from reglab.store import Store, Sweep, open_store
from reglab.sweep import LaneSpec, SweepSpec

SMALL = "data.train_size=100&model.name=small_cnn&l2=0,0.01,0.1&seeds=2&by=loss"
KINDS = ("sweep-curve", "sweep-gap", "sweep-losses")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(APP, tmp_path_factory.mktemp("sweeps")) as started:
        yield started


@pytest.fixture
def store(server: Server) -> Iterator[Store]:
    """The server's store, as another process sees it."""
    with open_store(load_settings({"REGLAB_HOME": str(server.home)})) as opened:
        yield opened


def chart(page: Page, kind: str) -> Locator:
    return page.locator(f"[data-reglab-chart^={kind}-]")


def settled(page: Page) -> None:
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")


def finished_sweep(store: Store) -> Sweep:
    """λ₂ = 0.01 is best."""
    wanted = SweepSpec(run=spec(train__epochs=6), l2=(0.0, 0.01, 0.1), seeds=2)
    best = {0.0: 0.8, 0.01: 0.9, 0.1: 0.85}

    def figures(lane: LaneSpec, epoch: int) -> EpochMetrics:
        return metrics(epoch, val_acc=best[lane.point.value], val_loss=1 - best[lane.point.value])

    return add_sweep(store, wanted, figures=figures)


def centre(page: Page, kind: str, number: int) -> tuple[float, float]:
    """Where the point of this number lies on the page, among the points of the first line that can be clicked."""
    x, y = ask(
        chart(page, kind),
        f"""(() => {{
            const line = node._fullData.find((trace) => trace.customdata?.some((point) => point));
            const at = line.customdata.map((point, i) => [point, i]).filter(([point]) => point)[{number}][1];
            const {{xaxis, yaxis}} = node._fullLayout, box = node.getBoundingClientRect();
            return [box.left + xaxis._offset + xaxis.l2p(line.x[at]), box.top + yaxis._offset + yaxis.l2p(line.y[at])];
        }})()""",
    )
    return x, y


def test_a_sweep_started_from_the_form_grows_its_charts_to_a_verdict(server: Server, store: Store, page: Page) -> None:
    page.goto(f"{server.url}/lambda-path?{SMALL}&train.epochs=150")
    expect(page.get_by_text("Start trains 3 λ₂ × 2 seeds = 6 runs of 150 epochs.")).to_be_visible()
    settled(page)
    page.locator(".st-key-sweep_start button").first.click()
    expect(page).to_have_url(re.compile(r"/sweep\?sweep=s\w+$"))
    expect(page.get_by_text(re.compile(r"So far, after epoch \d+ of 150"))).to_be_visible()
    before = int(chart(page, "sweep-curve").get_attribute("data-updates") or 0)
    wait_in_page(page, f"document.querySelector('[data-reglab-chart^=sweep-curve]').dataset.updates > {before + 2}")
    expect(page.get_by_text("Finished 6 runs of 150 epochs")).to_be_visible()
    expect(page.get_by_text("is best")).to_be_visible()
    for name in ("Loss", "Last epoch (declared)"):  # the end of polling leaves the switches as they are
        expect(page.get_by_role("radio", name=name, exact=True)).to_be_checked()
    assert [chart(page, kind).get_attribute("data-mounts") for kind in KINDS] == ["1", "1", "1"]
    sweep = store.sweeps()[0]
    assert (sweep.state, sweep.counts["finished"], sweep.spec.seeds) == ("finished", 6, 2)


def test_a_click_on_a_point_opens_its_runs(server: Server, store: Store, page: Page) -> None:
    sweep = finished_sweep(store)
    page.goto(f"{server.url}/sweep?sweep={sweep.id}")
    chart(page, "sweep-curve").wait_for()
    settled(page)
    wait_in_page(page, "document.querySelector('[data-reglab-chart^=sweep-curve]')._fullData?.length > 0")
    expect(chart(page, "sweep-curve").locator(".ytick text").last).to_have_text(re.compile(r"^[\d.]+$"))
    page.mouse.click(*centre(page, "sweep-curve", 1))
    expect(page).to_have_url(re.compile(r"/train\?sweep=\w+&runs="))
    expect(page.get_by_role("heading", name="2 runs side by side")).to_be_visible()
    ids = [run.id for run, lane in zip(store.sweep_runs(sweep.id), sweep.spec.lanes(), strict=True)
           if lane.point.value == 0.01]  # fmt: skip
    assert page.url.endswith(f"runs={','.join(ids)}") or page.url.endswith(f"runs={'%2C'.join(ids)}")
    page.go_back()
    expect(page).to_have_url(re.compile(rf"/sweep\?sweep={sweep.id}"))
    expect(page.get_by_text("is best")).to_be_visible()
    page.go_forward()
    page.locator(".st-key-back_to_sweep button").first.click()
    expect(page).to_have_url(re.compile(rf"/sweep\?.*sweep={sweep.id}"))
    expect(page.get_by_text("is best")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="2 runs side by side")).to_be_visible()


def test_a_reload_restores_all_and_a_lambda_goes_to_train_and_back(server: Server, store: Store, page: Page) -> None:
    sweep = finished_sweep(store)
    page.goto(f"{server.url}/sweep?sweep={sweep.id}")
    chart(page, "sweep-losses").wait_for()
    settled(page)
    page.get_by_role("radio", name="Norms").click()
    expect(chart(page, "sweep-norms")).to_be_visible()
    page.get_by_role("radio", name="Accuracy").click()
    page.get_by_role("slider").focus()
    page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(re.compile(r"view=norms&measure=accuracy&epoch=5$"))
    page.reload()
    expect(chart(page, "sweep-norms")).to_be_visible()
    expect(page.get_by_text("After epoch 5 of 6")).to_be_visible()
    curve = chart(page, "sweep-curve").element_handle()
    wait_in_page(page, "node => node._fullLayout?.title.text.includes('Accuracy against')", arg=curve)
    page.locator(".st-key-sweep_use button").first.click()
    expect(page).to_have_url(re.compile(r"/train\?"))
    expect(page.locator(".st-key-epochs input").first).to_have_value("6")
    page.go_back()
    expect(page.get_by_text("After epoch 5 of 6")).to_be_visible()
    expect(page).to_have_url(re.compile(rf"/sweep\?sweep={sweep.id}&view=norms&measure=accuracy&epoch=5"))
    page.go_forward()
    expect(page.locator(".st-key-epochs input").first).to_have_value("6")
    page.locator(".st-key-to_sweep button").first.click()
    expect(page).to_have_url(re.compile(r"/sweep\?.*train\.epochs=6"))
    expect(page.get_by_text("9 values: 0,")).to_be_visible()
