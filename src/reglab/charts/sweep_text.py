"""What the charts over λ say when the pointer is on a point."""

from __future__ import annotations

import numpy as np
import pandas as pd

from reglab import columns
from reglab.charts.base import values_of
from reglab.charts.lambda_axis import lambda_text
from reglab.charts.sweep_parts import Mode
from reglab.number_format import PERCENT, fixed, short

WRONG = "training labels partly wrong"
"""What a subtitle adds where labels were flipped: training accuracy below validation accuracy is no mistake then."""


def with_wrong_labels(table: pd.DataFrame) -> bool:
    """Whether any training label was flipped, as far as the epochs so far tell."""
    return columns.FLIPPED_ACC in table and bool(np.isfinite(values_of(table, columns.FLIPPED_ACC)).any())


def said(rows: pd.DataFrame, column: str, name: str, symbol: str, unit: str, *, mode: Mode | None) -> list[str]:
    """What hovering over each row says: λ, mean ± standard error, how many repeats."""
    texts = []
    means, errors = rows[column].to_numpy(np.float64), rows[column + columns.SE].to_numpy(np.float64)
    for mean, error, value, n in zip(means, errors, rows[columns.LAMBDA], rows[columns.N], strict=True):
        where = f"<b>{symbol} = {lambda_text(value)}</b>" + (f", {mode.apply}" if mode else "")
        spread = f" ± {_number(error, unit)}" if np.isfinite(error) else ""
        told = f"{_number(mean, unit)}{spread}{PERCENT if unit == '%' else f' {unit}'}"
        texts.append(f"{where}<br>{name} {told}<br>{_repeats(n)}")
    return texts


def _number(value: float, unit: str) -> str:
    return fixed(100 * value, 1) if unit == "%" else short(value, 3)


def _repeats(n: float) -> str:
    return "one run" if n == 1 else f"mean of {n:.0f} runs"
