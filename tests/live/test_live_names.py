"""Names are shown as they were typed, whatever Streamlit's Markdown would make of them."""

from __future__ import annotations

from playwright.sync_api import Page, expect
from tests.live.apps.names import NAMES
from tests.live.conftest import Serve
from tests.live.serving import ROOT
from tests.live.waiting import wait_in_page

AS_TYPED = "([where, name]) => document.querySelector(where)?.innerText.replaceAll('\\u2060', '').trim() === name"
"""Whether the text at a selector is the name, but for invisible joiners."""


def test_a_name_is_never_markdown(page: Page, serve: Serve) -> None:
    server = serve(ROOT / "tests/live/apps/names.py")
    page.goto(server.url)
    expect(page.locator(f".st-key-label-{len(NAMES) - 1}")).to_be_visible()
    for number, name in enumerate(NAMES):
        for place in ("text", "label"):
            where = f".st-key-{place}-{number}"
            wait_in_page(page, AS_TYPED, arg=[where, name])
            shown = page.locator(where)
            assert shown.locator("a, em, strong, code, del, img, svg.katex, [data-testid=stIconMaterial]").count() == 0
