"""The Train page in a real browser: start, watch, leave, come back, stop, resume, side by side, the first visit."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, WebSocketRoute, expect
from tests.live.serving import APP, Server, serving
from tests.live.test_live_chart import after, ask, drag
from tests.live.waiting import wait_in_page
from tests.patience import PATIENCE

from reglab.settings import load_settings
from reglab.spec import RunSpec
from reglab.store import Run, Store, open_store
from reglab.ui.train.demo import demo_specs

SMALL = "model.name=keras_cnn&data.train_size=200&data.label_noise=0.2"
LONG = f"{SMALL}&train.epochs=10000"
KINDS = ("loss", "gap", "weights")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A dashboard for this module; each test stops the runs that it starts."""
    with serving(APP, tmp_path_factory.mktemp("train"), REGLAB_SLOTS="2") as started:
        yield started


@pytest.fixture(scope="module")
def unvisited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A dashboard that has no run until the first visit's demonstration."""
    with serving(APP, tmp_path_factory.mktemp("unvisited")) as started:
        yield started


@pytest.fixture
def store(server: Server) -> Iterator[Store]:
    """The server's store, as another process sees it; every run has ended when the test ends."""
    with open_store(load_settings({"REGLAB_HOME": str(server.home)})) as opened:
        yield opened
        for run in opened.runs(states=("queued", "running")):
            opened.request_stop(run.id)
        deadline = time.monotonic() + PATIENCE
        while opened.runs(states=("queued", "running")) and time.monotonic() < deadline:
            time.sleep(0.05)


def open_form(page: Page, server: Server, query: str) -> Locator:
    """The form with these settings; its Start button."""
    page.goto(f"{server.url}/train?{query}")
    start = page.locator(".st-key-start button")
    expect(start).to_be_enabled()
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    return start


def start(page: Page, server: Server, query: str) -> str:
    """Start a run from the page; its id, from the address."""
    open_form(page, server, query).click()
    expect(page).to_have_url(re.compile(r"/train\?run=\w+$"))
    return page.url.rpartition("=")[2]


def chart(page: Page, kind: str) -> Locator:
    return page.locator(f"[data-reglab-chart^={kind}-]")


def progress(page: Page) -> Locator:
    return page.get_by_test_id("stProgress")


def epochs_drawn(page: Page) -> int:
    """The last epoch in the loss chart; 0 where there is none."""
    return int(ask(chart(page, "loss"), "node._fullData?.[0]?.x?.at(-1) ?? 0"))


def wait_for_epoch(page: Page, epoch: int) -> None:
    chart(page, "loss").wait_for()
    wait_in_page(
        page,
        "([node, epoch]) => (node._fullData?.[0]?.x?.at(-1) ?? 0) >= epoch",
        arg=[chart(page, "loss").element_handle(), epoch],
    )


def wait_for(store: Store, run_id: str, *states: str) -> Run:
    deadline = time.monotonic() + PATIENCE
    while (run := store.get(run_id)).state not in states:
        assert time.monotonic() < deadline, f"{run_id} is still {run.state}"
        time.sleep(0.02)
    return run


def test_a_run_started_from_the_page_grows_three_charts_to_its_end(page: Page, server: Server, store: Store) -> None:
    run_id = start(page, server, f"{SMALL}&train.epochs=600&penalty.l2=0.03")
    wait_for_epoch(page, 2)
    first = epochs_drawn(page)
    for kind in KINDS:
        after(chart(page, kind), 2)
    assert epochs_drawn(page) > first
    expect(page.locator(".st-key-stop")).to_have_count(0)
    expect(progress(page)).to_contain_text("Finished 600 epochs")
    wait_for_epoch(page, 600)
    assert [chart(page, kind).get_attribute("data-mounts") for kind in KINDS] == ["1", "1", "1"]
    run = store.get(run_id)
    assert run.state == "finished"
    assert run.spec == RunSpec.from_query(dict(pair.split("=") for pair in SMALL.split("&"))).with_changes(
        {"train.epochs": 600, "penalty.l2": 0.03}
    )
    last = store.epochs([run_id])["val_loss"].iloc[-1]
    assert ask(chart(page, "loss"), "node._fullData[0].y.at(-1)") == pytest.approx(last, rel=1e-6)


def test_after_the_end_the_page_ticks_no_more(page: Page, server: Server, store: Store) -> None:
    """All that is left is a look, every 5 s, whether the run is still there: one run of the script and its end."""
    start(page, server, f"{SMALL}&train.epochs=3")
    expect(progress(page)).to_contain_text("Finished 3 epochs")
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    page.evaluate(
        """() => {
            window.runs = 0;
            new MutationObserver(() => window.runs++).observe(
                document.querySelector('[data-testid=stApp]'), {attributeFilter: ['data-test-script-state']})
        }"""
    )
    loss = chart(page, "loss")
    drawn = loss.get_attribute("data-updates")
    page.wait_for_timeout(2500)
    assert page.evaluate("window.runs") <= 2
    assert loss.get_attribute("data-updates") == drawn


def test_zoom_and_nodes_survive_updates_and_the_end(page: Page, server: Server, store: Store) -> None:
    run_id = start(page, server, LONG)
    wait_for_epoch(page, 2)
    loss = chart(page, "loss")
    drag(loss, (0.1, 0.2), (0.5, 0.8))
    zoom = ask(loss, "[...node.layout.xaxis.range, ...node.layout.yaxis.range]")
    page.evaluate("() => window.nodes = [...document.querySelectorAll('[data-testid=reglab-chart]')]")
    after(loss, 10)
    same = "() => window.nodes.length === 3 && window.nodes.every(node => node.isConnected)"
    assert page.evaluate(same)
    assert ask(loss, "[...node.layout.xaxis.range, ...node.layout.yaxis.range]") == zoom
    page.locator(".st-key-stop button").click()
    expect(page.locator(".st-key-resume")).to_have_count(1)
    wait_for(store, run_id, "cancelled")
    assert page.evaluate(same)
    assert ask(loss, "[...node.layout.xaxis.range, ...node.layout.yaxis.range]") == zoom
    assert [chart(page, kind).get_attribute("data-mounts") for kind in KINDS] == ["1", "1", "1"]


def test_switching_to_the_objective_and_the_gradient_ratio_spares_the_gap_s_node(
    page: Page, server: Server, store: Store
) -> None:
    run_id = start(page, server, f"{LONG}&penalty.l2=0.03")
    wait_for_epoch(page, 2)
    page.evaluate("() => window.gap = document.querySelector('[data-reglab-chart^=gap-]')")
    page.get_by_role("radio", name="Objective").click()
    page.get_by_role("radio", name="Ratio").click()
    split, ratio = chart(page, "split"), chart(page, "ratio")
    for one in (split, ratio):
        after(one, 3)
    assert page.evaluate("window.gap.isConnected")
    assert chart(page, "loss").count() == chart(page, "weights").count() == 0
    drag(ratio, (0.1, 0.2), (0.5, 0.8))
    zoom = ask(ratio, "[...node.layout.xaxis.range, ...node.layout.yaxis.range]")
    page.locator(".st-key-stop button").click()
    expect(page.locator(".st-key-resume")).to_have_count(1)
    done = wait_for(store, run_id, "cancelled").epoch
    wait_in_page(page, "([node, epoch]) => node._fullData[0].x.at(-1) >= epoch", arg=[ratio.element_handle(), done])
    assert ask(ratio, "[...node.layout.xaxis.range, ...node.layout.yaxis.range]") == zoom
    assert [chart(page, kind).get_attribute("data-mounts") for kind in ("split", "gap", "ratio")] == ["1", "1", "1"]
    last = store.gradients([run_id]).iloc[-1]
    share = ask(ratio, "node._fullData.find(line => line.name === 'fc').y.at(-1)")
    assert share == pytest.approx(last["penalty_grad"] / last["data_grad"], rel=1e-5)
    page.get_by_role("radio", name="Weights").click()
    after(chart(page, "weights"), 0)
    expect(ratio).to_have_count(0)


def test_the_page_follows_the_epochs_of_a_run(page: Page, server: Server, store: Store) -> None:
    run_id = start(page, server, "data.train_size=&train.epochs=10000")
    wait_for_epoch(page, 1)
    for _ in range(3):
        wait_for_epoch(page, store.get(run_id).epoch + 1)
    assert store.get(run_id).state == "running"


def test_reload_and_another_browser_show_the_same_run(
    page: Page, browser: Browser, server: Server, store: Store
) -> None:
    run_id = start(page, server, LONG)
    wait_for_epoch(page, 2)
    page.reload()
    wait_for_epoch(page, 2)
    expect(page).to_have_url(re.compile(f"run={run_id}$"))
    page.locator(".st-key-link button").click()
    shared = page.get_by_test_id("stCode").inner_text().strip()
    assert shared == page.url
    other = browser.new_context()
    other.set_default_timeout(PATIENCE * 1000)
    guest = other.new_page()
    guest.goto(shared)
    wait_for_epoch(guest, epochs_drawn(page))
    guest.locator(".st-key-stop button").click()
    expect(page.locator(".st-key-resume")).to_have_count(1)
    assert wait_for(store, run_id, "cancelled").epoch >= 2
    other.close()


def test_a_stopped_run_goes_on_from_where_it_stopped(page: Page, server: Server, store: Store) -> None:
    run_id = start(page, server, LONG)
    wait_for_epoch(page, 2)
    page.locator(".st-key-stop button").click()
    expect(page.locator(".st-key-resume")).to_have_count(1)
    stopped = wait_for(store, run_id, "cancelled").epoch
    expect(progress(page)).to_contain_text(f"Stopped after {stopped} of 10000 epochs")
    page.locator(".st-key-resume button").first.click()
    wait_for_epoch(page, stopped + 2)
    assert chart(page, "loss").get_attribute("data-mounts") == "1"


def test_a_double_click_starts_one_run(page: Page, server: Server, store: Store) -> None:
    before = {run.id for run in store.runs()}
    open_form(page, server, LONG).dblclick()
    expect(page.locator(".st-key-stop")).to_have_count(1)
    wait_for_epoch(page, 1)
    assert len({run.id for run in store.runs()} - before) == 1


def test_ctrl_enter_in_a_field_starts_with_what_is_typed_there(page: Page, server: Server, store: Store) -> None:
    start = open_form(page, server, f"{SMALL}&train.epochs=3")
    expect(start).to_contain_text("Enter")  # the button shows its shortcut
    page.locator(".st-key-l2 input").fill("0.07")
    page.keyboard.press("Control+Enter")
    expect(page).to_have_url(re.compile(r"/train\?run=\w+$"))
    assert store.get(page.url.rpartition("=")[2]).l2 == 0.07


def test_two_runs_train_at_once_each_with_its_own_view(
    page: Page, browser: Browser, server: Server, store: Store
) -> None:
    first = start(page, server, f"{LONG}&penalty.l2=0")
    with browser.new_context() as context:
        context.set_default_timeout(PATIENCE * 1000)
        beside = context.new_page()
        second = start(beside, server, f"{LONG}&penalty.l2=0.1")
        for window, own in ((page, first), (beside, second)):
            wait_for_epoch(window, 3)
            assert chart(window, "loss").get_attribute("data-reglab-chart") == f"loss-{own}"
        assert {store.get(run).state for run in (first, second)} == {"running"}
        beside.goto(f"{server.url}/train?runs={first},{second}")
        wait_for_epoch(beside, 3)
        assert ask(chart(beside, "gap"), "new Set(node._fullData.map(line => line.line.color)).size") == 2
        expect(beside.get_by_test_id("stProgress")).to_have_count(2)
        after(chart(beside, "loss"), 3)
        beside.locator(f".st-key-stop_{second} button").click()
        wait_for(store, second, "cancelled")
        expect(beside.locator(f".st-key-resume_{second}")).to_have_count(1)
        assert store.get(first).state == "running"
        assert chart(beside, "loss").get_attribute("data-mounts") == "1"


def test_typing_updates_the_objective_and_the_address(page: Page, server: Server, store: Store) -> None:
    open_form(page, server, SMALL)
    field = page.locator(".st-key-l2 input")
    field.fill("1e-4")
    field.press("Tab")
    expect(page.locator(".katex-html").first).to_contain_text("10−4")
    expect(page).to_have_url(re.compile(r"penalty\.l2=0\.0001"))
    field.fill("-1")
    field.press("Tab")
    expect(page.locator(".st-key-form_area")).to_contain_text("λ₂ (L2) must be at least 0, not -1.")
    expect(page.get_by_test_id("stAlert")).to_contain_text("λ₂ (L2) cannot be used; the reason is below its field.")
    expect(page.locator(".st-key-start button")).to_be_disabled()
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_a_setting_behind_more_shows_what_the_link_says(page: Page, server: Server, store: Store) -> None:
    open_form(page, server, "optim.name=sgd&optim.momentum=0.8&optim.lr=0.1")
    page.locator(".st-key-more_optim button").first.click()
    momentum = page.locator(".st-key-momentum input")
    expect(momentum).to_have_value("0.8")
    momentum.fill("0.7")
    momentum.press("Enter")
    expect(page).to_have_url(re.compile(r"optim\.momentum=0\.7"))
    page.keyboard.press("Escape")
    expect(momentum).to_have_count(0)
    page.locator(".st-key-l2 input").fill("0.5")
    page.locator(".st-key-l2 input").press("Tab")
    expect(page).to_have_url(re.compile(r"penalty\.l2=0\.5.*optim\.momentum=0\.7"))


def test_start_is_in_sight_on_small_screens(page: Page, server: Server, store: Store) -> None:
    for width, height in ((1440, 900), (1024, 768)):
        page.set_viewport_size({"width": width, "height": height})
        open_form(page, server, SMALL)
        expect(page.locator(".st-key-start button")).to_be_in_viewport(ratio=1)


def test_a_link_opens_the_right_page_on_a_server_that_nobody_has_visited(page: Page, unvisited: Server) -> None:
    page.goto(f"{unvisited.url}/train?penalty.l2=0.03&data.label_noise=0.2")
    expect(page.locator(".st-key-l2 input")).to_have_value("0.03")
    expect(page.locator(".st-key-label_noise input")).to_have_value("0.2")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page).to_have_url(re.compile(r"/train\?penalty\.l2=0\.03&data\.label_noise=0\.2$"))


def test_a_first_visit_sees_overfitting_and_its_cure_in_one_press(page: Page, unvisited: Server) -> None:
    page.goto(unvisited.url)
    page.locator(".st-key-demo button").click()
    expect(page).to_have_url(re.compile(r"/train\?runs=\w+(%2C|,)\w+$"))
    expect(page.get_by_text("What to see:")).to_be_visible()
    expect(page.get_by_text("Result at epoch")).to_be_visible()
    wait_for_epoch(page, demo_specs()[0].train.epochs)
    gaps = ask(chart(page, "gap"), "node._fullData.map(line => line.y.at(-1))")
    assert min(gaps) < 0.1
    assert max(gaps) > 0.5
    assert chart(page, "loss").get_attribute("data-mounts") == "1"


def typed(page: Page, key: str, value: str) -> None:
    page.locator(f".st-key-{key} input").fill(value)
    page.keyboard.press("Tab")


def test_back_right_after_an_edit_undoes_it_and_forward_repeats_it(page: Page, server: Server) -> None:
    open_form(page, server, "penalty.l2=0.03")
    field = page.locator(".st-key-l2 input")
    typed(page, "l2", "0.5")
    expect(page).to_have_url(re.compile(r"penalty\.l2=0\.5"))
    page.go_back()
    expect(field).to_have_value("0.03")
    page.go_forward()
    expect(field).to_have_value("0.5")
    typed(page, "l2", "0.7")
    expect(page).to_have_url(re.compile(r"penalty\.l2=0\.7"))
    expect(field).to_have_value("0.7")


def test_edits_that_cross_with_late_answers_are_kept(page: Page, server: Server) -> None:
    """The server's messages are held back, as on a busy machine: the second edit is sent with the query of before."""
    held: list[str | bytes] = []
    hold = False

    def route(socket: WebSocketRoute) -> None:
        there = socket.connect_to_server()
        there.on_message(lambda message: held.append(message) if hold else socket.send(message))
        sockets.append(socket)

    sockets: list[WebSocketRoute] = []
    page.route_web_socket(re.compile(r"/_stcore/stream"), route)
    open_form(page, server, "penalty.l2=0.03")
    hold = True
    typed(page, "l2", "0.5")
    typed(page, "l1", "0.1")
    while held:  # in their order: those that arrive meanwhile are held, too
        sockets[-1].send(held.pop(0))
    hold = False
    expect(page).to_have_url(re.compile(r"penalty\.l1=0\.1&penalty\.l2=0\.5"))
    expect(page.locator(".st-key-l1 input")).to_have_value("0.1")
    expect(page.locator(".st-key-l2 input")).to_have_value("0.5")
