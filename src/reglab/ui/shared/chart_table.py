"""The figures of a live chart as a table, which its button opens. Live pages pay nothing until a person asks."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import orjson
import pandas as pd
import streamlit as st

from reglab.charts.table import figure_table, title_of
from reglab.exports.csv import csv_bytes
from reglab.number_format import short
from reglab.ui.shared.memo import Drawn

MOST = 1000
"""Rows on the page; the CSV file has all."""

SCRIPT, STYLE = (Path(__file__).with_suffix(suffix).read_text("utf-8") for suffix in (".js", ".css"))
"""What the live chart adds to its own."""

_NUMBERS = count(1)  # of requests: the browser opens the dialog once for each


def ask(key: str) -> Callable[[], None]:
    """A callback: the next message of the chart ``key`` has its table."""

    def asked() -> None:
        st.session_state[_asked(key)] = next(_NUMBERS)

    return asked


def answer(figure: Drawn, key: str) -> dict[str, Any] | None:
    """The table of the chart ``key`` if its button was pressed before this run, once."""
    number = st.session_state.pop(_asked(key), None)
    return None if number is None else {"number": number, **table_message(figure)}


def table_message(figure: Drawn) -> dict[str, Any]:
    """Title, columns, rows of texts and the CSV file of a chart; ``left``: rows that only the file has."""
    drawn = restored(orjson.loads(figure.json))
    table = figure_table(drawn)
    title, subtitle = title_of(drawn)
    return {
        "title": title,
        "subtitle": subtitle,
        "columns": list(map(str, table.columns)),
        "numeric": [pd.api.types.is_numeric_dtype(table[name]) for name in table],
        "rows": [[_cell(value) for value in row] for row in table.head(MOST).itertuples(index=False)],
        "left": max(len(table) - MOST, 0),
        "csv": csv_bytes(table).decode(),
    }


def restored(figure: dict[str, Any]) -> dict[str, Any]:
    """``figure`` with the title and the name of its x axis, where a page has taken them away."""
    layout = figure["layout"]
    meta = layout.get("meta", {})
    heading, x = meta.get("heading"), meta.get("whole", {}).get("x")
    named: dict[str, Any] = {"title": {"text": f"{heading['title']}<br>{heading['subtitle']}"}} if heading else {}
    named |= {"xaxis": {**layout.get("xaxis", {}), "title": x}} if x else {}
    return {**figure, "layout": {**layout, **named}}


def _cell(value: Any) -> str:
    if isinstance(value, int | float):
        return "" if math.isnan(value) else short(float(value), 4)
    return str(value)


def _asked(key: str) -> str:
    return f"{key} asked for its table"
