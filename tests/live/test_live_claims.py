"""Claims in a real browser: tested by a press, with figures and a chart, and their runs opened."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect
from tests.live.conftest import Serve


def test_a_claim_is_tested_by_a_press_and_its_runs_can_be_opened(page: Page, serve: Serve) -> None:
    """The claim whose runs take the least time."""
    server = serve()
    page.goto(f"{server.url}/learn?section=claims")
    card = page.locator(".st-key-claim_factor-two")
    expect(card).to_contain_text("(recorded)")
    card.get_by_role("button", name=re.compile("^Test")).click()
    expect(card).to_contain_text("Its verdict: holds.")
    figure = re.compile(r"without the factor: 0\.\d+ to 0\.\d+ \(3 seeds\)")
    expect(card).to_contain_text(figure)
    expect(card).not_to_contain_text("(recorded)")
    expect(card.locator(".js-plotly-plot")).to_be_visible()
    card.get_by_role("button", name="Open the runs").click()
    expect(page).to_have_url(re.compile(r"/train\?runs="))
    expect(page.get_by_text("runs side by side")).to_be_visible()
