"""The Runs page in a real browser: ticks, charts, sorting, editing and deleting, while a run trains beside."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect
from tests.factories import add_many, add_run, add_sweep, spec
from tests.jobs.running import wait_until
from tests.live.serving import APP, Server, serving
from tests.live.waiting import wait_in_page

from reglab.settings import load_settings
from reglab.store import Store, open_store
from reglab.sweep import SweepSpec

NAMES = ("none", "weak", "strong")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(APP, tmp_path_factory.mktemp("runs")) as started:
        yield started


@pytest.fixture
def store(server: Server) -> Iterator[Store]:
    """Three finished runs with λ₂ = 0, 0.03 and 0.1, until the test ends."""
    with open_store(load_settings({"REGLAB_HOME": str(server.home)})) as opened:
        for seed, (name, l2) in enumerate(zip(NAMES, (0.0, 0.03, 0.1), strict=True)):
            add_run(opened, spec(penalty__l2=l2), name=name, seed=seed)
        yield opened
        opened.delete([run.id for run in opened.runs()])


def open_page(page: Page, server: Server, query: str = "") -> None:
    page.goto(f"{server.url}/runs{query}")
    expect(grid(page)).to_be_visible()
    settled(page)


def settled(page: Page) -> None:
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")


def grid(page: Page) -> Locator:
    return page.get_by_role("treegrid", name="Runs with their settings and results")


def rows(page: Page) -> Locator:
    """The rows below the ticked ones."""
    return grid(page).locator("tbody").nth(1).get_by_role("row")


def tick(page: Page, row: int) -> None:
    rows(page).nth(row).get_by_role("checkbox").click()


def sort_by_name(page: Page) -> None:
    grid(page).get_by_role("button", name="Name").click()


def press(page: Page, key: str) -> None:
    """Press the button with this widget key."""
    page.locator(f".st-key-{key} button").first.click()


def names(page: Page) -> list[str]:
    return rows(page).locator(".text").all_inner_texts()


def test_two_ticks_show_three_charts_and_a_reload_brings_them_back(store: Store, server: Server, page: Page) -> None:
    open_page(page, server)
    assert names(page) == ["strong", "weak", "none"]
    expect(grid(page).get_by_role("columnheader", name="Name")).not_to_have_attribute("aria-sort", "ascending")
    charts = page.get_by_test_id("reglab-chart")
    expect(charts).to_have_count(0)
    tick(page, 0)
    expect(page).to_have_url(re.compile(r"runs=\w+$"))
    tick(page, 2)
    expect(page).to_have_url(re.compile(r"runs=\w+(,|%2C)\w+$"))
    expect(grid(page).locator("tbody").first.get_by_role("row")).to_have_count(0)  # no row moves under the pointer
    page.mouse.move(1, 1)
    expect(grid(page).locator("tbody").first.locator(".text")).to_have_text(["strong", "none"])
    expect(charts).to_have_count(3)
    expect(page.locator(".st-key-runs_legend")).to_have_text(re.compile("λ₂ = 0.1.*no penalty"))
    for i in range(3):
        expect(charts.nth(i)).to_have_attribute("data-mounts", "1")
    page.reload()
    expect(charts).to_have_count(3)
    expect(page.get_by_text("2 selected")).to_be_visible()


def test_the_keyboard_opens_groups_ticks_rows_and_sorts(store: Store, server: Server, page: Page) -> None:
    sweep = add_sweep(store, SweepSpec(run=spec(train__epochs=1), l2=(0.0, 0.1), seeds=2), epochs=1, name="mine")
    open_page(page, server)
    group = rows(page).first
    expect(group).to_have_attribute("aria-expanded", "false")
    grid(page).get_by_role("button", name="Name").focus()
    page.keyboard.press("Tab")
    expect(group).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(group).to_have_attribute("aria-expanded", "true")
    expect(rows(page)).to_have_count(8)
    expect(group).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(rows(page).nth(1)).to_be_focused()
    expect(rows(page).nth(1)).to_have_attribute("aria-level", "2")
    page.keyboard.press("Space")
    expect(page.get_by_text("1 selected")).to_be_visible()
    page.keyboard.press("ArrowLeft")
    expect(group).to_be_focused()
    page.keyboard.press("Space")
    expect(page.get_by_text("4 selected")).to_be_visible()
    expect(grid(page).locator("tbody").first.get_by_role("row")).to_have_count(4)
    page.keyboard.press("ArrowLeft")
    expect(rows(page)).to_have_count(4)
    expect(page).to_have_url(re.compile(r"runs=\w+"))
    store.delete([run.id for run in store.sweep_runs(sweep.id)])


def test_columns_and_views_are_there_at_the_next_visit(store: Store, server: Server, page: Page) -> None:
    open_page(page, server, "?find=weak&columns=gap_loss,state")
    expect(grid(page).get_by_role("columnheader")).to_have_count(4)
    press(page, "views_panel")
    page.get_by_label("Name", exact=True).fill("only weak")
    press(page, "save_view_button")
    expect(page).to_have_url(re.compile("view=only"))
    settled(page)
    page.goto(f"{server.url}/runs")
    expect(rows(page)).to_have_count(3)
    expect(grid(page).get_by_role("columnheader")).to_have_count(4)
    press(page, "views_panel")
    page.get_by_role("button", name="only weak", exact=True).click()
    expect(rows(page)).to_have_count(1)
    expect(page).to_have_url(re.compile("find=weak"))


def test_pages_of_the_table_keep_ticks_and_are_in_the_address(store: Store, server: Server, page: Page) -> None:
    add_many(store, 120, 2)
    open_page(page, server, "?group=none")
    expect(page.get_by_text("1–100 of 123 runs")).to_be_visible()
    tick(page, 1)
    expect(page.get_by_text("1 selected")).to_be_visible()
    page.locator(".st-key-page button", has_text=re.compile(r"^2$")).click()
    expect(page.get_by_text("101–123 of 123 runs")).to_be_visible()
    expect(page.get_by_text("1 selected")).to_be_visible()
    settled(page)
    expect(rows(page).first).to_contain_text("run 22")
    tick(page, 0)
    expect(page.get_by_text("2 selected")).to_be_visible()
    expect(page).to_have_url(re.compile(r"page=2"))
    page.reload()
    expect(grid(page).locator("tbody").first.get_by_role("row")).to_have_count(2)
    expect(page.get_by_text("101–123 of 123 runs")).to_be_visible()
    sort_by_name(page)
    expect(page.get_by_text("1–100 of 123 runs")).to_be_visible()


def test_a_running_run_moves_while_the_table_and_what_is_typed_stay(store: Store, server: Server, page: Page) -> None:
    store.create(spec(train__epochs=10_000), name="busy")
    open_page(page, server)
    expect(page.get_by_text("1 training")).to_be_visible()
    tick(page, 0)
    expect(page.get_by_test_id("reglab-chart")).to_have_count(3)
    grid(page).evaluate("table => table.dataset.mark = 'same'")
    press(page, "edit_runs")
    name = page.get_by_label("Name", exact=True)
    name.fill("half ty")
    loss = page.locator('[data-reglab-chart="runs_loss"]')
    before = int(loss.get_attribute("data-updates") or 0)
    wait_in_page(page, f"document.querySelector('[data-reglab-chart=runs_loss]').dataset.updates > {before + 2}")
    expect(loss).to_have_attribute("data-mounts", "1")
    expect(name).to_have_value("half ty")
    expect(grid(page)).to_have_attribute("data-mark", "same")
    name.press_sequentially("ped")
    name.press("Enter")
    expect(name).to_have_count(0)
    expect(rows(page).first).to_contain_text("half typed")
    press(page, "stop_runs")
    expect(page.get_by_text("1 training")).to_have_count(0)
    wait_until(lambda: store.runs()[0].state == "cancelled", "the run to stop")


def test_open_and_duplicate_lead_to_the_train_page(store: Store, server: Server, page: Page) -> None:
    strong = store.runs()[0]
    open_page(page, server, f"?runs={strong.id}")
    press(page, "open_runs")
    expect(page).to_have_url(re.compile(rf"/train\?run={strong.id}"))
    expect(page.get_by_role("heading", name="strong")).to_be_visible()
    page.go_back()
    expect(grid(page)).to_be_visible()
    settled(page)
    press(page, "duplicate_run")
    expect(page).to_have_url(re.compile(r"/train\?.*penalty\.l2=0\.1"))
    expect(page.locator(".st-key-l2 input").first).to_have_value("0.1")
