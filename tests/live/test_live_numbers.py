"""Numbers typed in a real browser: decimal commas, typographic minus, and what could mean two numbers."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect
from tests.live.serving import Server

SMALL = "model.name=small_cnn&data.train_size=100"


def type_into(field: Locator, text: str) -> None:
    """Type key by key, as a person does: a number field of the browser would drop some of the keys."""
    field.click()
    field.press("Control+a")
    field.press_sequentially(text)
    field.press("Tab")


def test_train_reads_what_is_typed(page: Page, dashboard: Server) -> None:
    """At λ₂; test_train_form types into other fields without a browser."""
    page.goto(f"{dashboard.url}/train?{SMALL}")
    field, setting = page.locator(".st-key-l2 input"), r"penalty\.l2"
    for typed, written in (("0,05", r"0\.05"), ("1e−4", r"0\.0001"), ("1,5e-3", r"0\.0015"), (".5", r"0\.5")):
        type_into(field, typed)
        expect(page).to_have_url(re.compile(rf"{setting}={written}(&|$)"))
        expect(field).to_have_value(typed)
    type_into(field, "1,000")
    expect(page.get_by_text("'1,000' could mean 1 or 1000; write 1 or 1000.", exact=True)).to_be_visible()
    expect(page.locator(".st-key-start button")).to_be_disabled()
    expect(field).to_have_value("1,000")
    type_into(field, "0,02")
    expect(page).to_have_url(re.compile(rf"{setting}=0\.02(&|$)"))
    expect(page.locator(".st-key-start button")).to_be_enabled()


def test_a_list_of_lambdas_reads_what_is_typed(page: Page, dashboard: Server) -> None:
    page.goto(f"{dashboard.url}/sweep?{SMALL}")
    field = page.locator(".st-key-sweep_l2_values input")
    type_into(field, "0,01")
    expect(page.get_by_text("λ₂: '0,01' could be one number or two; write 0.01, or separate")).to_be_visible()
    expect(page.locator(".st-key-sweep_start button")).to_be_disabled()
    type_into(field, "0;0,01;0,1")
    expect(page.get_by_text("3 values: 0, 0.01, 0.1")).to_be_visible()
    expect(page).to_have_url(re.compile(r"l2=0(,|%2C)0\.01(,|%2C)0\.1"))
