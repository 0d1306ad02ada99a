"""Tables as CSV that a spreadsheet opens as it is: in UTF-8 with a byte order mark, and with no text run as a formula.

Excel, LibreOffice and Google Sheets compute a cell that begins with =, +, − or @, whoever typed it: a run called
``=HYPERLINK(…)`` would send what is in the table away. An apostrophe in front keeps it text (OWASP, "CSV Injection").
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

import pandas as pd

_FORMULA = re.compile(r"(?:^|(?<=[;\t\r\n]))(?=[ \u00a0]*[=+\-−@\t\r＝＋－＠])")
"""Where a formula may begin: at the front, or where a spreadsheet that separates by ";" or tab would begin a cell."""


def csv_bytes(table: pd.DataFrame, *, figures: Collection[str] = ()) -> bytes:
    """``table`` without its index. Numbers keep their full precision; what is missing is an empty cell.

    :param figures: columns of numbers in which NaN is a value, written "nan", rather than missing.
    """
    cells = table.apply(_column, axis="index") if len(table) else table
    named = {name: cells[name].map(_figure) for name in figures}
    text: str = cells.assign(**named).rename(columns=_plain).to_csv(index=False, lineterminator="\n")
    return f"\ufeff{text}".encode()  # the byte order mark tells Excel that this is UTF-8


def _column(column: pd.Series[Any]) -> pd.Series[Any]:
    return column if pd.api.types.is_numeric_dtype(column) else column.astype(object).map(_plain)


def _figure(value: float | None) -> str:
    return "" if value is None else repr(value)


def _plain(value: Any) -> Any:
    """``value``; a text with an apostrophe where a spreadsheet would find a formula."""
    return _FORMULA.sub("'", value) if isinstance(value, str) else value
