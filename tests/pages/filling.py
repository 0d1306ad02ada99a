"""Fields of a form: text is typed into a text field, whole numbers into a number field."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest


def fill(app: AppTest, key: str, value: int | str | None) -> None:
    """Set the field ``key`` without running the page."""
    if isinstance(value, str):
        app.text_input(key=key).set_value(value)
    else:
        app.number_input(key=key).set_value(value)
