"""Names are shown as they were typed, whatever Streamlit's Markdown would make of them."""

from __future__ import annotations

from playwright.sync_api import Page, expect
from tests.live.apps.names import NAMES
from tests.live.conftest import Serve
from tests.live.serving import ROOT


def test_a_name_is_never_markdown(page: Page, serve: Serve) -> None:
    server = serve(ROOT / "tests/live/apps/names.py")
    page.goto(server.url)
    expect(page.locator(f".st-key-label-{len(NAMES) - 1}")).to_be_visible()
    for number, name in enumerate(NAMES):
        for place in ("text", "label"):
            shown = page.locator(f".st-key-{place}-{number}")
            assert shown.inner_text().replace("\N{WORD JOINER}", "").strip() == name
            assert shown.locator("a, em, strong, code, del, img, svg.katex, [data-testid=stIconMaterial]").count() == 0
