"""Penalised parameters in a real browser: factors typed into the table's cells leave the table in place."""

from __future__ import annotations

from playwright.sync_api import Page, expect
from tests.live.serving import Server
from tests.live.waiting import wait_in_page

MARK = "() => { document.querySelector('[data-testid=stDataFrame]').dataset.mark = 'same'; }"
MARKED = "() => document.querySelector('[data-testid=stDataFrame]').dataset.mark"


def address_has(page: Page, text: str) -> None:
    wait_in_page(page, "text => decodeURIComponent(location.search.replaceAll('+', ' ')).includes(text)", arg=text)


def enter(page: Page, factor: str) -> None:
    """Type a factor into the chosen cell; the choice goes on to the cell below."""
    page.keyboard.press("Enter")
    page.locator("#portal input").fill(factor)
    page.keyboard.press("Enter")


def test_typed_factors_reach_the_address_and_the_table_stays(dashboard: Server, page: Page) -> None:
    page.goto(f"{dashboard.url}/train")
    table = page.get_by_test_id("stDataFrame")
    table.scroll_into_view_if_needed()
    expect(page.get_by_text("4 of 8 tensors are penalised")).to_be_visible()
    page.evaluate(MARK)
    table.click(position={"x": 30, "y": 50})  # conv1.weight, below the header
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    enter(page, "0.5")
    address_has(page, '{"conv1.weight": 0.5}')
    enter(page, "2")  # conv1.bias, which the scope leaves out
    address_has(page, '"conv1.bias": 2.0')
    expect(page.get_by_text("5 of 8 tensors are penalised")).to_be_visible()
    assert page.evaluate(MARKED) == "same"
    page.get_by_text("dense only", exact=True).click()
    address_has(page, '{"conv1.weight": 0.0, "conv2.weight": 0.0}')
    expect(page.get_by_text("2 of 8 tensors are penalised")).to_be_visible()
