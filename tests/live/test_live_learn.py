"""The Learn page in a real browser: links to sections, and the data optimum dragged with the mouse."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect
from tests.live.conftest import window
from tests.live.serving import Server
from tests.live.waiting import wait_in_page

from reglab.ui.learn.page import SECTIONS

AXES = "[...node._fullLayout.xaxis.range, ...node._fullLayout.yaxis.range, node._fullLayout.xaxis._length]"

ON_OPTIMUM = """([ring, node]) => {
    if (!node._fullLayout) return false;
    const { xaxis, yaxis } = node._fullLayout;
    const at = ring.getBoundingClientRect(), { left, top } = node.getBoundingClientRect();
    return Math.abs(at.left + at.width / 2 - left - xaxis._offset - xaxis.d2p(1)) < 1
        && Math.abs(at.top + at.height / 2 - top - yaxis._offset - yaxis.d2p(2.5)) < 1;
}"""
"""Whether the ring lies on (1, 2.5) of the chart."""


@pytest.fixture(scope="module")
def shared(context: BrowserContext, dashboard: Server) -> Iterator[Page]:
    with window(context) as opened:
        opened.goto(f"{dashboard.url}/learn?section=geometry")
        yield opened


@pytest.fixture
def handle(shared: Page) -> Locator:
    """The ring on the geometry's chart, in its place: w₁ = 1, w₂ = 2.5."""
    ring = shared.get_by_role("slider", name="Data optimum")
    ring.wait_for()
    for weight, value in (("w₁", "1"), ("w₂", "2.5")):
        if field(ring, weight).input_value() != value:
            field(ring, weight).fill(value)
            field(ring, weight).press("Enter")
    expect(ring).to_have_attribute("aria-valuetext", "w₁ = 1, w₂ = 2.5")
    wait_in_page(shared, ON_OPTIMUM, arg=[ring.element_handle(), chart(ring).element_handle()])
    return ring


def chart(handle: Locator) -> Locator:
    return handle.page.locator("[data-reglab-chart=geometry]")


def field(handle: Locator, weight: str) -> Locator:
    return handle.page.get_by_role("textbox", name=f"Optimum, {weight}")


def middle(handle: Locator) -> tuple[float, float]:
    box = handle.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def spot(handle: Locator, x: float, y: float) -> tuple[float, float]:
    """Where (x, y) of the chart lies on the page."""
    left, top = chart(handle).evaluate(
        """(node, [x, y]) => {
          const { xaxis, yaxis } = node._fullLayout, box = node.getBoundingClientRect();
          return [box.left + xaxis._offset + xaxis.d2p(x), box.top + yaxis._offset + yaxis.d2p(y)];
        }""",
        [x, y],
    )
    return left, top


def test_dragging_the_ring_moves_the_solution(handle: Locator) -> None:
    page, node = handle.page, chart(handle)
    expect(page.get_by_text("w₁ is exactly 0.")).to_be_visible()
    axes = node.evaluate(f"node => {AXES}")
    page.mouse.move(*middle(handle))
    page.mouse.down()
    page.mouse.move(*spot(handle, 2.5, 0.5), steps=8)
    assert middle(handle) == pytest.approx(spot(handle, 2.5, 0.5), abs=1)  # at once, whatever Python does
    expect(page.get_by_text("w₂ is exactly 0.")).to_be_visible()  # while the button is still held
    page.mouse.up()
    expect(field(handle, "w₁")).to_have_value(re.compile(r"^2\.(49|5|51)$"))
    expect(field(handle, "w₂")).to_have_value(re.compile(r"^0\.(49|5|51)$"))
    assert middle(handle) == pytest.approx(spot(handle, 2.5, 0.5), abs=2)
    assert node.evaluate(f"node => {AXES}") == axes  # neither zoomed nor moved
    assert node.get_attribute("data-mounts") == "1"


def test_the_ring_stays_within_reach(handle: Locator) -> None:
    handle.page.mouse.move(*middle(handle))
    handle.page.mouse.down()
    handle.page.mouse.move(*spot(handle, 4.9, 4.6), steps=4)
    handle.page.mouse.up()
    for weight in ("w₁", "w₂"):
        expect(field(handle, weight)).to_have_value("4")


def test_arrow_keys_move_the_ring(handle: Locator) -> None:
    handle.focus()
    handle.press("ArrowRight")
    expect(field(handle, "w₁")).to_have_value("1.1")
    handle.press("Shift+ArrowDown")
    expect(field(handle, "w₂")).to_have_value("2")


def test_no_key_press_is_lost_while_answers_to_earlier_ones_arrive(handle: Locator) -> None:
    handle.focus()
    for _ in range(40):
        handle.press("ArrowDown", delay=20)  # answers take several presses to arrive
    expect(field(handle, "w₂")).to_have_value("-1.5")


def test_a_typed_optimum_moves_the_ring_and_a_bad_one_says_so(handle: Locator) -> None:
    page = handle.page
    field(handle, "w₁").fill("-2")
    field(handle, "w₁").press("Enter")
    expect(handle).to_have_attribute("aria-valuetext", "w₁ = -2, w₂ = 2.5")
    field(handle, "w₁").fill("9")
    field(handle, "w₁").press("Enter")
    expect(page.get_by_test_id("stAlert")).to_contain_text("The optimum's w₁ must be from −4 to 4, not 9.")
    field(handle, "w₁").fill("3")
    field(handle, "w₁").press("Enter")
    expect(page.get_by_test_id("stAlert")).to_have_count(0)
    expect(handle).to_have_attribute("aria-valuetext", "w₁ = 3, w₂ = 2.5")


def test_zoom_survives_a_drag(handle: Locator) -> None:
    page, node = handle.page, chart(handle)
    page.mouse.move(*spot(handle, -1, 3.5))
    page.mouse.down()
    page.mouse.move(*spot(handle, 3, -0.5), steps=4)
    page.mouse.up()
    wait_in_page(page, "node => node._fullLayout.xaxis.range[1] < 4", arg=node.element_handle())
    zoomed = node.evaluate(f"node => {AXES}")
    page.mouse.move(*middle(handle))
    page.mouse.down()
    page.mouse.move(*spot(handle, 2, 1), steps=4)
    page.mouse.up()
    expect(field(handle, "w₂")).to_have_value(re.compile(r"^(0\.99|1|1\.01)$"))
    assert node.evaluate(f"node => {AXES}") == zoomed


def test_the_chart_follows_every_example(handle: Locator) -> None:
    page, node = handle.page, chart(handle)
    optima = {"L2 has no corners": "w₁ = 1, w₂ = 2.5", "A long valley": "w₁ = 2, w₂ = 1.5"}
    for name, optimum in [*optima.items(), *optima.items()]:
        page.get_by_role("button", name=name).click()
        expect(handle).to_have_attribute("aria-valuetext", optimum)
    for name, mark in (("L2 ○", 0), ("L1 ◇", 2), ("Elastic net", 2), ("L2 ○", 0)):
        page.get_by_role("radio", name=name).click()
        wait_in_page(
            page,
            "([node, n]) => node.data.filter((trace) => trace.uid.endsWith('is-0')).length === n",
            arg=[node.element_handle(), mark],
        )
    assert node.get_attribute("data-mounts") == "1"


def test_sections_open_by_link_by_choice_and_by_the_button_below(page: Page, dashboard: Server) -> None:
    page.goto(f"{dashboard.url}/learn")
    page.locator("[data-reglab-chart=objective_split]").wait_for()
    page.set_viewport_size({"width": 1440, "height": 500})
    below = page.get_by_test_id("stMain").get_by_role("button", name=SECTIONS[1].title)
    below.scroll_into_view_if_needed()
    below.click()
    page.locator("[data-reglab-chart=geometry]").wait_for()
    expect(page).to_have_url(re.compile(rf"/learn\?section={SECTIONS[1].key}$"))
    wait_in_page(page, "document.querySelector('[data-testid=stMain]').scrollTop === 0")  # it begins at its top
    page.get_by_role("radio", name=SECTIONS[2].title).click()
    page.locator("[data-reglab-chart=decay_steps_chart]").wait_for()
    expect(page).to_have_url(re.compile(rf"section={SECTIONS[2].key}$"))
    expect(page.locator("[data-reglab-chart=geometry]")).to_have_count(0)
    page.reload()
    page.locator("[data-reglab-chart=decay_push_chart]").wait_for()
