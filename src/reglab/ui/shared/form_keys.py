"""Keys of a form: Enter in a field starts, and the arrow keys step a λ through 0, 1e-5, 3e-5, 1e-4 … 1000."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from reglab.ui.shared.following import unseen

STEPS_HELP = "↑ and ↓ step through 0, 1e-5, 3e-5, 1e-4 and so on."
"""What the help of a λ says of its keys."""

_component = st.components.v2.component(
    "reglab_form_keys", js=Path(__file__).with_name("form_keys.js").read_text("utf-8"), isolate_styles=False
)


def form_keys(form: str, start: str, lambdas: Sequence[str]) -> None:
    """``form``: key of the container with the fields; ``start``: of the button; ``lambdas``: of the fields of λ."""
    with unseen("form_keys"):
        _component(data={"form": form, "start": start, "lambdas": list(lambdas)}, key=f"{form}_keys", height=1)
