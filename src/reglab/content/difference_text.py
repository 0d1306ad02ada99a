"""Settings and figures of compared runs as text, each figure with its change against the baseline."""

from __future__ import annotations

from typing import Any

from reglab.jobs.run_comparing import SHARES
from reglab.number_format import NONE, exact, fixed, percent, points, short


def setting_text(value: Any) -> str:
    """A setting's value: numbers with every digit, anything else as it is written."""
    if value is None:
        return NONE
    return exact(value) if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def with_change(name: str, value: float | None, change: float | None) -> str:
    """For example "91.20 % (+1.3)" or "0.3120 (−0.0210)"."""
    if name in SHARES:
        return percent(value, 2) + (f" ({points(change, 2)})" if change is not None else "")
    if isinstance(value, int):
        return str(value)
    shown = short(value)
    return shown + (f" ({fixed(change, 4, sign=True)})" if change is not None else "")
