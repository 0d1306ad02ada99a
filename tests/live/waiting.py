"""Waiting for something inside the page, under its content security policy."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page
from tests.patience import PATIENCE

# Playwright's own wait_for_function evaluates text again and again inside the page, which the policy forbids.
_LOOP = """async ([given, patience]) => {
    const holds = (given) => { const value = (%s); return typeof value === "function" ? value(given) : value; };
    const end = performance.now() + patience;
    while (!holds(given)) {
        if (performance.now() > end) throw new Error("waited in vain: " + holds);
        await new Promise((resume) => setTimeout(resume, 20));  // frames, which nothing else asks for, cost more
    }
}"""


def wait_in_page(page: Page, condition: str, arg: Any = None) -> None:
    """Return once ``condition``, a JavaScript expression or a function of ``arg``, is true; asked every 20 ms."""
    page.evaluate(_LOOP % condition, [arg, PATIENCE * 1000])
