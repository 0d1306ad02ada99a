"""How each column of the mask table looks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import streamlit as st

from reglab.penalties.mask import Row
from reglab.ui.train.mask_text import FACTOR, KIND, L1, L2, SHAPE, SHARE, SHARE_ALL, TENSOR, WEIGHTS, shape

_KIND_WIDTH, _NUMBER, _BAR, _EDGES, _LETTER = 92, 72, 116, 20, 6.2
"""Pixels of columns, of a cell's edges, and of a letter."""


def column_config(rows: Sequence[Row]) -> dict[str, Any]:
    """Widths, formats and help of every column; only the factors' can be edited."""
    number, bar, text = st.column_config.NumberColumn, st.column_config.ProgressColumn, st.column_config.TextColumn
    share: dict[str, Any] = {"format": "percent", "width": _BAR, "min_value": 0, "max_value": 1}
    return {
        TENSOR: text(pinned=True, width=_fit(row.parameter.name for row in rows)),
        KIND: text(width=_KIND_WIDTH),
        SHAPE: text(width=_fit(shape(row) for row in rows)),
        WEIGHTS: number(format="localized", width=_NUMBER),
        FACTOR: number(
            min_value=0, max_value=1000, format="%.6g", required=True, width=_NUMBER,
            help="λ of this tensor is the form's λ times this; 0 exempts it. Click a cell to edit it.",
        ),
        L1: number(format="%.6g", width=_NUMBER, help="λ₁ of the form × factor"),
        L2: number(format="%.6g", width=_NUMBER, help="λ₂ of the form × factor"),
        SHARE: bar(help="This tensor's part of Σw² over the penalised tensors", **share),
        SHARE_ALL: bar(help="This tensor's part of Σw² over all tensors", **share),
    }  # fmt: skip


def _fit(words: Iterable[str]) -> int:
    """Pixels in which the longest of ``words`` fits; the table itself looks at its first lines only."""
    return round(_EDGES + _LETTER * max(map(len, words)))
