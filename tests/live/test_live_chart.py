"""The live chart in a real browser: it grows in place and keeps what the person in front of it has set.

Most tests share one page, and leave its charts as they found them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect
from tests.live.conftest import window
from tests.live.serving import Server, serving
from tests.live.waiting import wait_in_page

SCRIPT = Path(__file__).parent / "apps" / "charts.py"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with the two charts."""
    with serving(SCRIPT, tmp_path_factory.mktemp("charts")) as started:
        yield started


@pytest.fixture(scope="module")
def shared(context: BrowserContext) -> Iterator[Page]:
    with window(context) as opened:
        yield opened


def opened(page: Page, url: str, key: str) -> Locator:
    """A chart at this address, drawn and drawn again; the page is opened only where it is not there already."""
    if page.url != url:
        page.goto(url)
    chart = page.locator(f"[data-reglab-chart={key}]")
    after(chart, 1)
    return chart


@pytest.fixture
def chart(shared: Page, server: Server) -> Locator:
    """The growing chart."""
    return opened(shared, f"{server.url}/", "grows")


def updates(chart: Locator) -> int:
    return int(chart.get_attribute("data-updates") or 0)


def after(chart: Locator, more: int) -> None:
    """Wait until the chart has been redrawn ``more`` times."""
    chart.wait_for()
    goal = updates(chart) + more
    wait_in_page(chart.page, "([node, goal]) => node.dataset.updates >= goal", arg=[chart.element_handle(), goal])


def ticks(page: Page, count: int) -> None:
    """Wait until the text below the chart has changed ``count`` times."""
    text = page.get_by_text("below the chart")
    for _ in range(count):
        wait_in_page(page, "([node, was]) => node.innerText !== was", arg=[text.element_handle(), text.inner_text()])


def ask(chart: Locator, expression: str) -> Any:
    """The value of a JavaScript expression about ``node``."""
    return chart.evaluate(f"node => {expression}")


def drag(chart: Locator, start: tuple[float, float], end: tuple[float, float], *, release: bool = True) -> None:
    """Drag from one to another place, given as shares of the plot area."""
    spots = [place(chart, *spot) for spot in (start, end)]
    mouse = chart.page.mouse
    mouse.move(*spots[0])
    mouse.down()
    mouse.move(*spots[1], steps=4)
    if release:
        mouse.up()


def place(chart: Locator, across: float, down: float) -> tuple[float, float]:
    """The spot at these shares of the plot area, on the page."""
    box = chart.locator(".nsewdrag").bounding_box()
    assert box is not None
    return box["x"] + across * box["width"], box["y"] + down * box["height"]


def test_it_grows_on_the_same_node(chart: Locator) -> None:
    chart.evaluate("node => window.first = node")
    points = ask(chart, "node._fullData[0]._length")
    after(chart, 4)
    assert ask(chart, "node === window.first && node.isConnected")
    assert chart.get_attribute("data-mounts") == "1"
    assert ask(chart, "node._fullData[0]._length") > points
    assert ask(chart, "node.querySelector('.gtitle').textContent") == "Grows"


def test_zoom_and_hidden_lines_survive_updates(chart: Locator) -> None:
    drag(chart, (0.2, 0.2), (0.6, 0.8))
    zoom = ask(chart, "[...node.layout.xaxis.range, ...node.layout.yaxis.range]")
    chart.locator(".legendtoggle").nth(1).click()
    wait_in_page(chart.page, "node => node._fullData[1].visible === 'legendonly'", arg=chart.element_handle())
    after(chart, 4)
    assert ask(chart, "[...node.layout.xaxis.range, ...node.layout.yaxis.range]") == zoom
    assert ask(chart, "node._fullData.map(trace => trace.visible)") == [True, "legendonly"]
    assert chart.get_attribute("data-mounts") == "1"
    chart.locator(".legendtoggle").nth(1).click()
    wait_in_page(chart.page, "node => node._fullData[1].visible === true", arg=chart.element_handle())
    whole_curve_by_double_click(chart)


def whole_curve_by_double_click(chart: Locator) -> None:
    chart.page.mouse.dblclick(*place(chart, 0.5, 0.5))
    after(chart, 2)
    assert ask(chart, "node.layout.xaxis.range[1] >= node._fullData[0]._length - 1")


def test_an_update_waits_for_the_end_of_a_drag(chart: Locator) -> None:
    drag(chart, (0.2, 0.2), (0.6, 0.8), release=False)
    ticks(chart.page, 1)
    held = updates(chart)
    ticks(chart.page, 3)
    assert updates(chart) == held
    chart.page.mouse.up()
    after(chart, 1)
    assert ask(chart, "node.layout.xaxis.autorange") is False
    whole_curve_by_double_click(chart)


def test_the_theme_recolours_without_a_new_node(chart: Locator) -> None:
    page = chart.page
    colours = "[node._fullLayout.font.color, node._fullLayout.xaxis.gridcolor]"
    light = ask(chart, colours)
    page.emulate_media(color_scheme="dark")
    wait_in_page(page, f"([node, was]) => {colours}[0] !== was", arg=[chart.element_handle(), light[0]])
    dark = ask(chart, colours)
    assert dark[1] != light[1]
    assert brightness(light[0]) < 0.3
    assert brightness(dark[0]) > 0.7
    empty = page.locator("[data-reglab-chart=empty]")
    wait_in_page(
        page, "([node, colour]) => node._fullLayout.font.color === colour", arg=[empty.element_handle(), dark[0]]
    )
    assert chart.get_attribute("data-mounts") == empty.get_attribute("data-mounts") == "1"
    page.emulate_media(color_scheme="light")
    wait_in_page(page, f"([node, was]) => {colours}[0] === was", arg=[chart.element_handle(), light[0]])


def brightness(colour: str) -> float:
    return sum(int(colour[i : i + 2], 16) for i in (1, 3, 5)) / 765


def test_it_follows_the_width_of_its_column(chart: Locator) -> None:
    wide = ask(chart, "node._fullLayout.width")
    chart.page.set_viewport_size({"width": 1024, "height": 900})
    wait_in_page(
        chart.page,
        "([node, wide]) => node._fullLayout.width < wide && node._fullLayout.width === node.clientWidth",
        arg=[chart.element_handle(), wide],
    )
    assert ask(chart, "node.scrollWidth <= node.parentElement.clientWidth")
    assert chart.get_attribute("data-mounts") == "1"
    chart.page.set_viewport_size({"width": 1440, "height": 900})
    wait_in_page(chart.page, "([node, wide]) => node._fullLayout.width === wide", arg=[chart.element_handle(), wide])


def test_the_modebar_offers_reset_and_download(chart: Locator) -> None:
    chart.page.mouse.move(*place(chart, 0.5, 0.5))
    assert chart.locator(".modebar-btn").count() == 5
    with chart.page.expect_download() as download:
        chart.locator(".modebar-btn[data-title='Download PNG']").click()
    assert download.value.suggested_filename == "grows.png"


def show(page: Page) -> None:
    """Take the empty chart off the page, or put it there again."""
    box = page.get_by_role("checkbox", name="Show the empty chart")
    before = box.is_checked()
    page.get_by_text("Show the empty chart").click()
    expect(page.locator("[data-reglab-chart=empty]")).to_have_count(0 if before else 1)


def test_a_chart_whose_place_is_replaced_moves_to_the_new_one(chart: Locator) -> None:
    page = chart.page
    empty = page.locator("[data-reglab-chart=empty]")
    assert ask(empty, "node.querySelector('.gtitle').textContent") == "Nothing yet"
    empty.evaluate("node => window.first = node")
    show(page)
    show(page)
    assert empty.evaluate("node => node === window.first && Boolean(node._fullLayout)")
    assert empty.get_attribute("data-mounts") == "1"


def test_reruns_of_the_page_between_ticks_replace_no_chart(chart: Locator) -> None:
    chart.evaluate("node => window.first = node")
    for _ in range(6):
        show(chart.page)
    after(chart, 2)
    assert chart.evaluate("node => node === window.first")
    assert chart.get_attribute("data-mounts") == "1"


def test_a_chart_that_has_left_the_page_is_freed_while_the_hover_label_of_another_stays(chart: Locator) -> None:
    page = chart.page
    empty = page.locator("[data-reglab-chart=empty]")
    node, mounts = empty.element_handle(), int(empty.get_attribute("data-mounts") or 0)
    show(page)
    page.mouse.move(*place(chart, 0.5, 0.5))
    label = chart.locator(".hoverlayer .hovertext").first
    label.wait_for()
    after(chart, 3)
    label.wait_for()
    wait_in_page(page, "node => !node._fullLayout", arg=node)
    show(page)
    assert empty.get_attribute("data-mounts") == str(mounts + 1)


@pytest.fixture
def points(shared: Page, server: Server) -> Locator:
    """The chart whose points can be clicked."""
    return opened(shared, f"{server.url}/?click", "click")


def spot(points: Locator, x: float, y: float) -> tuple[float, float]:
    """Where on the page this point of the chart is."""
    at = points.evaluate(
        """(node, [x, y]) => {
            const { left, top } = node.getBoundingClientRect();
            const { xaxis, yaxis } = node._fullLayout;
            return [left + xaxis._offset + xaxis.d2p(x), top + yaxis._offset + yaxis.d2p(y)];
        }""",
        [x, y],
    )
    return at[0], at[1]


def click(points: Locator, x: float, y: float) -> None:
    """Click on this point as people do: with the pointer on it long enough for its label to appear."""
    page = points.page
    page.mouse.move(*spot(points, x, y))
    wait_in_page(page, "([node, x]) => node._hoverdata?.[0]?.x === x", arg=[points.element_handle(), x])
    page.mouse.down()
    page.mouse.up()


def cursor_is(points: Locator, cursor: str) -> None:
    """Wait until the pointer over the plot looks so."""
    wait_in_page(
        points.page,
        "([node, cursor]) => node.querySelector('.nsewdrag').style.cursor === cursor",
        arg=[points.element_handle(), cursor],
    )


def test_a_click_on_a_point_reaches_python_once_with_its_customdata(points: Locator) -> None:
    said = points.page.get_by_text("clicked: ")
    points.evaluate("node => window.first = node")
    expect(said).to_have_text("clicked: []")
    click(points, 1, 2)
    expect(said).to_have_text("clicked: [['coupled', 0, 0.03]]")
    after(points, 3)
    expect(said).to_have_text("clicked: [['coupled', 0, 0.03]]")
    click(points, 0, 1)
    expect(said).to_have_text("clicked: [['coupled', 0, 0.03], ['coupled', 0, 0]]")
    assert points.evaluate("node => node === window.first")
    assert points.get_attribute("data-mounts") == "1"


def test_the_pointer_tells_what_can_be_clicked(points: Locator) -> None:
    mouse = points.page.mouse
    mouse.move(*spot(points, 1, 2))
    cursor_is(points, "pointer")
    after(points, 3)
    cursor_is(points, "pointer")  # redraws leave it
    mouse.move(*spot(points, 0.5, 1.75))
    cursor_is(points, "")


def test_a_drag_over_a_point_is_a_zoom_and_no_click(points: Locator) -> None:
    said = points.page.get_by_text("clicked: ")
    before = said.inner_text()
    start = spot(points, 1, 2)
    mouse = points.page.mouse
    mouse.move(*start)
    mouse.down()
    mouse.move(start[0] + 60, start[1] + 60, steps=4)
    mouse.up()
    wait_in_page(points.page, "node => node.layout.xaxis.autorange === false", arg=points.element_handle())
    after(points, 3)
    expect(said).to_have_text(before)


# Holds the script of the chart library back. A route of Playwright's would have the browser forget all it has compiled.
HOLD = """(() => {
    const append = Node.prototype.appendChild;
    window.held = [];
    Node.prototype.appendChild = function (node) {
        if (node.tagName !== "SCRIPT" || !node.src.includes("plotly-")) return append.call(this, node);
        window.held.push(() => append.call(this, node));
        return node;
    };
})()"""


def test_nothing_moves_when_the_chart_is_drawn_and_its_library_comes_once_and_from_this_server(
    page: Page, shared: Page, server: Server
) -> None:
    shared.goto("about:blank")
    asked = list[str]()
    page.on("request", lambda request: asked.append(request.url))
    page.add_init_script(HOLD)
    page.goto(server.url)
    wait_in_page(page, "window.held.length")
    page.get_by_text("below the chart").wait_for()
    wait_in_page(page, "document.querySelector('[data-reglab-chart=grows]')")
    top = page.get_by_text("below the chart").evaluate("node => node.getBoundingClientRect().top")
    page.evaluate("window.held.pop()()")
    after(page.locator("[data-reglab-chart=grows]"), 2)
    assert page.get_by_text("below the chart").evaluate("node => node.getBoundingClientRect().top") == top
    assert len([url for url in asked if "plotly" in url.rpartition("/")[2]]) == 1
    assert [url for url in asked if not url.startswith((server.url, "data:", "blob:"))] == []
