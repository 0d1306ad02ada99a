"""From the Train page to the λ path page: instead of one λ, many at once."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from reglab.errors import SpecError
from reglab.spec import RunSpec
from reglab.store import Run
from reglab.ui.shared.query import SWEEP_PAGE, run_query
from reglab.ui.shared.spec_fields import to_spec
from reglab.ui.train.state import current_values

ICON = ":material/ssid_chart:"


def sweep_button() -> None:
    """Opens the λ path page's form with the settings of this form."""
    st.button(
        "Path over λ", key="to_path", type="tertiary", icon=ICON, on_click=_with_this_form,
        help="Many λ at once instead of one, with the settings of this form: opens the λ path page.",
    )  # fmt: skip


def sweep_spec_of(runs: Sequence[Run]) -> None:
    """The way back to the λ path that all of ``runs`` are part of; nothing where there is no such path."""
    sweeps = {run.sweep for run in runs}
    sweep = sweeps.pop()
    if sweep is not None and not sweeps:
        st.button(
            "λ path", key="back_to_path", icon=ICON, on_click=_see_sweep, args=(sweep, [run.id for run in runs]),
            help="Part of a λ path: opens it with all its λ.",
        )  # fmt: skip


def see_sweeps() -> None:
    """Opens the λ path page; to be called as a callback."""
    st.switch_page(SWEEP_PAGE)


def sweep_page_query(spec: RunSpec) -> dict[str, str]:
    """The address of a path with the settings of ``spec``; it names the data set, as an empty one would mean others."""
    return {"data.name": spec.data.name, **spec.to_query()}


def _see_sweep(sweep: str, runs: Sequence[str]) -> None:
    # with the runs, too: the browser adds all of it to the present page's address first, to which Back leads
    st.switch_page(SWEEP_PAGE, query_params={**run_query(runs), "sweep": sweep})


def _with_this_form() -> None:
    try:
        spec = to_spec(current_values())
    except SpecError:
        see_sweeps()  # what is wrong with the form is said beside Start
        return
    st.switch_page(SWEEP_PAGE, query_params=sweep_page_query(spec))
