"""A square to draw on, by mouse, pen or finger: white ink on black."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import streamlit as st
from numpy.typing import NDArray

SIDE = 112
"""Pixels of a side; the same in the script."""

_SCRIPT, _STYLE = (Path(__file__).with_suffix(suffix).read_text("utf-8") for suffix in (".js", ".css"))
_component = st.components.v2.component("reglab_drawing_pad", js=_SCRIPT, css=_STYLE, isolate_styles=False)


def drawing_pad(key: str) -> NDArray[np.uint8] | None:
    """Draw the pad; the drawing (SIDE, SIDE), bright on black, or None where there is none. It outlasts other views."""
    kept = f"{key}_pixels"

    def drawn() -> None:
        sent = st.session_state[key].get("drawing")
        text = sent.get("pixels") if isinstance(sent, Mapping) else None
        st.session_state[kept] = text if read(text) is not None else ""

    facts = {"label": "A pad to draw on; upload or pick an image instead", "pixels": st.session_state.get(kept, "")}
    _component(data=facts, key=key, height=272, on_drawing_change=drawn)
    return read(st.session_state.get(kept))


def read(sent: object) -> NDArray[np.uint8] | None:
    """The drawing in what the browser sent, base64 of SIDE² grey values; None for anything else, or without ink."""
    if not isinstance(sent, str) or len(sent) != 4 * -(-(SIDE**2) // 3):
        return None
    try:
        pixels = np.frombuffer(base64.b64decode(sent, validate=True), dtype=np.uint8)
    except (binascii.Error, ValueError):
        return None
    return pixels.reshape(SIDE, SIDE).copy() if len(pixels) == SIDE**2 and pixels.any() else None
