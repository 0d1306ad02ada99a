"""The translator in a real browser: its fields write the address, a link restores them, others' parameters stay."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect
from tests.live.serving import Server


def test_a_translation_is_shared_by_its_link(page: Page, dashboard: Server) -> None:
    page.goto(f"{dashboard.url}/learn?section=translator&embed_options=light_theme")
    snippet = page.locator("[data-testid=stCode]")
    expect(snippet).to_have_text("keras.regularizers.L2(0.005)")
    value = page.get_by_label("weight_decay")
    value.fill("0.3")
    value.press("Enter")
    expect(snippet).to_have_text("keras.regularizers.L2(0.15)")
    expect(page).to_have_url(re.compile(r"translate_value=0\.3"))
    expect(page).to_have_url(re.compile(r"section=translator"))
    expect(page).to_have_url(re.compile(r"embed_options=light_theme"))
    page.reload()
    expect(snippet).to_have_text("keras.regularizers.L2(0.15)")
    page.get_by_text("Geometry", exact=True).first.click()
    expect(page).to_have_url(re.compile(r"section=geometry"))
    page.get_by_text("Translator", exact=True).first.click()
    expect(snippet).to_have_text("keras.regularizers.L2(0.15)")
