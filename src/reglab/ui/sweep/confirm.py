"""The Confirm button of a finished sweep: what it will do, its progress, and every confirmed λ on the test part."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from reglab.content.confirm_text import NO_TEST_PART, ConfirmedFigures, plan_text, table_rows, title_text
from reglab.content.epoch_view import COLUMNS, EpochView
from reglab.errors import RegLabError
from reglab.jobs import plan_confirmation, start_confirmation
from reglab.jobs.confirming import SEEDS
from reglab.states import ACTIVE
from reglab.store import Sweep
from reglab.sweep import MOST_REPEATS, SweepSpec
from reglab.ui.shared.acting import act_button
from reglab.ui.shared.services import services
from reglab.ui.shared.text import count_of, literal
from reglab.ui.shared.trouble import attempt
from reglab.ui.sweep.data import Results, openings_of
from reglab.ui.sweep.state import leave_for

_SEEDS = "sweep_confirm_seeds"
_TABLE = 620  # pixels: a popover is otherwise as narrow as its button, and cuts the figures off


def confirm_panel(results: Results, view: EpochView) -> None:
    """The button, or the progress of the confirmation that trains."""
    sweep, known = results.sweep, results.confirming
    if known is not None:
        if known.state in ACTIVE:
            seeds = count_of(known.spec.repeats, "fresh seed")
            st.progress(known.share, f":small[Confirming on {seeds}; the test part is opened at the end.]")
        else:
            st.caption(f"A confirmation is {known.label}. Resume it on its page.", width="content")
        st.button("Open the confirmation", key="sweep_confirming", on_click=leave_for, args=(known.id,))
    elif sweep.state == "finished" and sweep.confirmation is None and view.judgement.best is not None:
        label = "Confirm" if view.confirmed is None else "Confirm again"
        with st.popover(label, icon=":material/verified:", key="sweep_confirm", on_change="rerun") as opened:
            if opened.open:
                _plan(sweep, view)
        if view.confirmations:
            with st.popover("Confirmed λ", type="tertiary", key="sweep_confirmed"):
                _every(sweep.spec, view.confirmations)


def _every(spec: SweepSpec, confirmations: Sequence[ConfirmedFigures]) -> None:
    """Every confirmation, newest first, with its conditions and figures."""
    names = ["λ", "Why", "Validation accuracy", "Test accuracy [95 %]"]
    for found in confirmations:
        st.caption(title_text(found, spec.epoch_rule))
        if found.figures:
            rows = table_rows(spec, found)
            st.dataframe(pd.DataFrame(rows, columns=names), hide_index=True, width=_TABLE)


def _plan(sweep: Sweep, view: EpochView) -> None:
    """What Confirm trains and opens, and the button that does it; or why it cannot."""
    if not sweep.spec.run.data.test_fraction:
        st.info(NO_TEST_PART, icon=":material/lock:")
        return
    about = "How many networks are trained for each of these λ, with seeds that the sweep has not had."
    seeds = st.number_input("Fresh seeds", 2, MOST_REPEATS, SEEDS, key=_SEEDS, help=about)
    measure = COLUMNS[view.measure]
    try:
        spec, confirmation = plan_confirmation(services().store, sweep, seeds, measure=measure)
    except RegLabError as error:
        st.error(literal(str(error)), icon=":material/error:")
        return
    opened, images = openings_of(sweep)
    for paragraph in plan_text(spec, confirmation, _seconds(sweep, spec), images, opened):
        st.markdown(paragraph)
    start = attempt(lambda: _start(sweep.id, seeds, measure))
    label = f"Train, then open the test part {'once more' if opened else 'once'}"
    act_button(label, "start", key="sweep_confirm_start", icon=":material/lock_open:", type="primary", on_click=start)


def _start(sweep_id: str, seeds: int, measure: str) -> None:
    start_confirmation(services().runner, sweep_id, seeds, measure=measure)


def _seconds(sweep: Sweep, spec: SweepSpec) -> float | None:
    """About how long the runs of ``spec`` train: as long as those of ``sweep``, each."""
    return sweep.seconds * spec.size / sweep.size if sweep.seconds else None
