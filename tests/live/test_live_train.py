"""The Train page in a real browser: the first visit, start, watch, stop, resume, side by side, the form."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, WebSocketRoute, expect
from tests.factories import add_run, layer_stats, metrics, spec
from tests.jobs.running import wait_until
from tests.live.conftest import window
from tests.live.serving import APP, Server, serving
from tests.live.test_live_chart import after, ask, drag
from tests.live.waiting import wait_in_page
from tests.patience import PATIENCE

from reglab.settings import load_settings
from reglab.spec import RunSpec
from reglab.store import Ending, Progress, Run, Store, open_store
from reglab.ui.train.demo import demo_specs

SMALL = "model.name=keras_cnn&data.train_size=200&data.label_noise=0.2"
LONG = f"{SMALL}&train.epochs=10000"
KINDS = ("loss", "gap", "weights")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A dashboard for this module; each test stops the runs that it starts."""
    with serving(APP, tmp_path_factory.mktemp("train"), REGLAB_SLOTS="2") as started:
        yield started


@pytest.fixture
def store(server: Server) -> Iterator[Store]:
    """The server's store, as another process sees it; every run has ended when the test ends."""
    with open_store(load_settings({"REGLAB_HOME": str(server.home)})) as opened:
        yield opened
        for run in opened.runs(states=("queued", "running")):
            if run.owner == opened.owner().id:  # one that the test has fed
                opened.finish([Ending(run.id, "cancelled")])
            else:
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


def feed(store: Store, run_ids: Sequence[str], epoch: int) -> None:
    """Record an epoch of running runs, as training would: at a moment of the test's own, and without training."""
    store.add_epochs([(run_id, metrics(epoch), layer_stats(epoch), epoch) for run_id in run_ids])
    for run_id in run_ids:
        store.progress(run_id, {run_id: Progress(epoch, 0, 13, 0.5 * epoch)})


def add_running(store: Store, l2: float) -> str:
    return add_run(store, spec(penalty__l2=l2, train__epochs=10_000), state="running", epochs=2).id


def test_a_first_visit_sees_overfitting_and_its_cure_in_one_press(page: Page, server: Server) -> None:
    """The first test of this module: its server has no run yet, and nobody has visited it."""
    page.goto(server.url)
    page.locator(".st-key-demo button").click()
    expect(page).to_have_url(re.compile(r"/train\?runs=\w+(%2C|,)\w+$"))
    expect(page.get_by_text("What to see:")).to_be_visible()
    expect(page.get_by_text("Result at epoch")).to_be_visible()
    wait_for_epoch(page, demo_specs()[0].train.epochs)
    gaps = ask(chart(page, "gap"), "node._fullData.map(line => line.y.at(-1))")
    assert min(gaps) < 0.1
    assert max(gaps) > 0.5
    assert chart(page, "loss").get_attribute("data-mounts") == "1"


def test_a_run_started_by_a_double_click_grows_three_charts_keeps_their_zoom_stops_and_goes_on(
    page: Page, server: Server, store: Store
) -> None:
    before = {run.id for run in store.runs()}
    open_form(page, server, LONG).dblclick()
    expect(page).to_have_url(re.compile(r"/train\?run=\w+$"))
    wait_for_epoch(page, 1)
    (run_id,) = {run.id for run in store.runs()} - before
    loss = chart(page, "loss")
    drag(loss, (0.1, 0.2), (0.5, 0.8))
    zoom = ask(loss, "[...node.layout.xaxis.range, ...node.layout.yaxis.range]")
    page.evaluate("() => window.nodes = [...document.querySelectorAll('[data-testid=reglab-chart]')]")
    drawn = epochs_drawn(page)
    for kind in KINDS:
        after(chart(page, kind), 2)
    assert epochs_drawn(page) > drawn
    same = "() => window.nodes.length === 3 && window.nodes.every(node => node.isConnected)"
    assert page.evaluate(same)
    assert ask(loss, "[...node.layout.xaxis.range, ...node.layout.yaxis.range]") == zoom
    page.locator(".st-key-stop button").click()
    expect(page.locator(".st-key-resume")).to_have_count(1)
    stopped = wait_for(store, run_id, "cancelled").epoch
    expect(progress(page)).to_contain_text(f"Stopped after {stopped} of 10000 epochs")
    assert page.evaluate(same)
    assert ask(loss, "[...node.layout.xaxis.range, ...node.layout.yaxis.range]") == zoom
    page.locator(".st-key-resume button").first.click()
    wait_for_epoch(page, stopped + 1)
    assert [chart(page, kind).get_attribute("data-mounts") for kind in KINDS] == ["1", "1", "1"]


def test_ctrl_enter_starts_with_what_is_typed_and_after_the_end_the_page_ticks_no_more(
    page: Page, server: Server, store: Store
) -> None:
    """All that is left is a look, every 5 s, whether the run is still there: one run of the script and its end."""
    start = open_form(page, server, f"{SMALL}&train.epochs=3")
    expect(start).to_contain_text("Enter")  # the button shows its shortcut
    page.locator(".st-key-l2 input").fill("0.07")
    page.keyboard.press("Control+Enter")
    expect(page).to_have_url(re.compile(r"/train\?run=\w+$"))
    run_id = page.url.rpartition("=")[2]
    expect(progress(page)).to_contain_text("Finished 3 epochs")
    expect(page.locator(".st-key-stop")).to_have_count(0)
    wait_for_epoch(page, 3)
    run = store.get(run_id)
    assert run.spec == RunSpec.from_query(dict(pair.split("=") for pair in SMALL.split("&"))).with_changes(
        {"train.epochs": 3, "penalty.l2": 0.07}
    )
    last = store.epochs([run_id])["val_loss"].iloc[-1]
    assert ask(chart(page, "loss"), "node._fullData[0].y.at(-1)") == pytest.approx(last, rel=1e-6)
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


def test_switching_to_the_objective_and_the_gradient_ratio_spares_the_gap_s_node(
    page: Page, server: Server, store: Store
) -> None:
    run_id = add_running(store, 0.03)
    page.goto(f"{server.url}/train?run={run_id}")
    wait_for_epoch(page, 2)
    page.evaluate("() => window.gap = document.querySelector('[data-reglab-chart^=gap-]')")
    page.get_by_role("radio", name="Objective").click()
    page.get_by_role("radio", name="Ratio").click()
    split, ratio = chart(page, "split"), chart(page, "ratio")
    ratio.wait_for()
    feed(store, [run_id], 3)
    for one in (split, ratio):
        one.wait_for()
        wait_in_page(page, "node => node._fullData?.[0]?.x?.at(-1) === 3", arg=one.element_handle())
    assert page.evaluate("window.gap.isConnected")
    assert chart(page, "loss").count() == chart(page, "weights").count() == 0
    drag(ratio, (0.1, 0.2), (0.5, 0.8))
    zoom = ask(ratio, "[...node.layout.xaxis.range, ...node.layout.yaxis.range]")
    feed(store, [run_id], 4)
    store.finish([Ending(run_id, "cancelled")])
    expect(progress(page)).to_contain_text("Stopped after 4 of 10000 epochs")
    wait_in_page(page, "node => node._fullData[0].x.at(-1) === 4", arg=ratio.element_handle())
    assert ask(ratio, "[...node.layout.xaxis.range, ...node.layout.yaxis.range]") == zoom
    assert [chart(page, kind).get_attribute("data-mounts") for kind in ("split", "gap", "ratio")] == ["1", "1", "1"]
    last = store.gradients([run_id]).iloc[-1]
    share = ask(ratio, "node._fullData.find(line => line.name === 'fc').y.at(-1)")
    assert share == pytest.approx(last["penalty_grad"] / last["data_grad"], rel=1e-5)
    page.get_by_role("radio", name="Weights").click()
    after(chart(page, "weights"), 0)
    expect(ratio).to_have_count(0)


def test_a_guest_sees_the_same_runs_as_they_train_each_with_its_own_view_and_stops_one_of_two(
    page: Page, context: BrowserContext, server: Server, store: Store
) -> None:
    first, second = add_running(store, 0.0), add_running(store, 0.1)
    page.goto(f"{server.url}/train?run={first}")
    wait_for_epoch(page, 2)
    page.reload()
    wait_for_epoch(page, 2)
    expect(page).to_have_url(re.compile(f"run={first}$"))
    page.locator(".st-key-link button").click()
    assert page.get_by_test_id("stCode").inner_text().strip() == page.url
    with window(context) as guest:
        guest.goto(f"{server.url}/train?runs={first},{second}")
        wait_for_epoch(guest, 2)
        assert ask(chart(guest, "gap"), "new Set(node._fullData.map(line => line.line.color)).size") == 2
        expect(guest.get_by_test_id("stProgress")).to_have_count(2)
        for epoch in (3, 4):  # every epoch is followed, on both pages
            feed(store, [first, second], epoch)
            for one in (page, guest):
                wait_for_epoch(one, epoch)
        assert chart(page, "loss").get_attribute("data-reglab-chart") == f"loss-{first}"
        guest.locator(f".st-key-stop_{second} button").click()
        wait_until(lambda: store.get(second).wanted == "stop", "the request to stop")
        store.finish([Ending(second, "cancelled")])
        expect(guest.locator(f".st-key-stop_{second}")).to_have_count(0)
        assert (store.get(first).state, store.get(first).wanted) == ("running", "run")
        assert chart(guest, "loss").get_attribute("data-mounts") == "1"
    store.finish([Ending(first, "cancelled")])
    expect(progress(page)).to_contain_text("Stopped after 4 of 10000 epochs")


def test_the_form_on_small_screens_follows_what_is_typed_and_settings_behind_more(page: Page, server: Server) -> None:
    page.set_viewport_size({"width": 1024, "height": 768})
    open_form(page, server, "optim.name=sgd&optim.momentum=0.8&optim.lr=0.1")
    expect(page.locator(".st-key-start button")).to_be_in_viewport(ratio=1)
    page.set_viewport_size({"width": 1440, "height": 900})
    expect(page.locator(".st-key-start button")).to_be_in_viewport(ratio=1)
    page.locator(".st-key-more_optim button").first.click()
    momentum = page.locator(".st-key-momentum input")
    expect(momentum).to_have_value("0.8")
    momentum.fill("0.7")
    momentum.press("Enter")
    expect(page).to_have_url(re.compile(r"optim\.momentum=0\.7"))
    page.keyboard.press("Escape")
    expect(momentum).to_have_count(0)
    typed(page, "l2", "1e-4")
    expect(page.locator(".katex-html").first).to_contain_text("10−4")
    expect(page).to_have_url(re.compile(r"penalty\.l2=0\.0001.*optim\.momentum=0\.7"))
    typed(page, "l2", "-1")
    expect(page.locator(".st-key-form_area")).to_contain_text("λ₂ (L2) must be at least 0, not -1.")
    expect(page.get_by_test_id("stAlert")).to_contain_text("λ₂ (L2) cannot be used; the reason is below its field.")
    expect(page.locator(".st-key-start button")).to_be_disabled()
    expect(page.get_by_test_id("stException")).to_have_count(0)


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
