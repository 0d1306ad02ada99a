"""A point of a live chart that can be dragged with the mouse, a finger, or moved with the arrow keys.

It is drawn by the browser on top of the chart ``chart`` (a key of :func:`reglab.ui.shared.live_chart.live_chart`), so
it moves smoothly however long Python takes to redraw what depends on it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import streamlit as st

_SCRIPT, _STYLE = (Path(__file__).with_suffix(suffix).read_text("utf-8") for suffix in (".js", ".css"))
_component = st.components.v2.component("reglab_drag_handle", js=_SCRIPT, css=_STYLE, isolate_styles=False)


def drag_handle(
    chart: str, x: float, y: float, *, reach: float, label: str, on_move: Callable[[float, float], None]
) -> None:
    """A handle at (``x``, ``y``) of ``chart``, kept within ±``reach``; ``on_move(x, y)`` runs before the rerun."""
    key, last = f"{chart}_handle", f"{chart}_handle_n"

    def moved() -> None:
        at = read(st.session_state[key].get("at"), reach)
        if at is not None:
            on_move(*at[:2])
            st.session_state[last] = at[2]

    facts = {"chart": chart, "x": x, "y": y, "reach": reach, "label": label, "n": st.session_state.get(last, 0)}
    _component(data=facts, key=key, height=1, on_at_change=moved)


def read(sent: object, reach: float) -> tuple[float, float, int] | None:
    """What the browser sent as (x, y, number of the message), within reach; ``None`` for anything else."""
    if not isinstance(sent, Mapping):
        return None
    x, y, n = (_finite(sent.get(name)) for name in ("x", "y", "n"))
    if x is None or y is None or n is None:
        return None
    return min(max(x, -reach), reach), min(max(y, -reach), reach), int(n)


def _finite(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)
