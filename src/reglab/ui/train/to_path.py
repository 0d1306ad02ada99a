"""From the Train page to the λ path page: instead of one λ, many at once."""

from __future__ import annotations

import streamlit as st

from reglab.errors import SpecError
from reglab.spec import RunSpec
from reglab.ui.train.form_state import current_values
from reglab.ui.train.form_values import to_spec

LAMBDA_PATH = "pages/1_Experiment/2_lambda_path.py"
ICON = ":material/ssid_chart:"


def path_button() -> None:
    """Opens the λ path page's form with the settings of this form."""
    st.button(
        "Path over λ", key="to_path", type="tertiary", icon=ICON, on_click=_with_this_form,
        help="Many λ at once instead of one, with the settings of this form: opens the λ path page.",
    )  # fmt: skip


def see_paths() -> None:
    """Opens the λ path page; to be called as a callback."""
    st.switch_page(LAMBDA_PATH)


def path_query(spec: RunSpec) -> dict[str, str]:
    """The address of a path with the settings of ``spec``; it names the data set, as an empty one would mean others."""
    return {"data.name": spec.data.name, **spec.to_query()}


def _with_this_form() -> None:
    try:
        spec = to_spec(current_values())
    except SpecError:
        see_paths()  # what is wrong with the form is said beside Start
        return
    st.switch_page(LAMBDA_PATH, query_params=path_query(spec))
