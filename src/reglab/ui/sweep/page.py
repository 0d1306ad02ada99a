"""The λ sweep page: the live view of the sweep in the query, or the form with presets and previous sweeps."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import partial
from typing import Literal

import streamlit as st

from reglab.datasets import check_data
from reglab.errors import RegLabError, StoreError
from reglab.states import FACTS
from reglab.store import Sweep, Unreadable
from reglab.sweep import SweepSpec
from reglab.training import LaneSize, free_memory
from reglab.ui.shared.acting import act_button
from reglab.ui.shared.fields import KEPT
from reglab.ui.shared.form_keys import form_keys
from reglab.ui.shared.query import LONGEST_NAME, FormState, unique
from reglab.ui.shared.services import services
from reglab.ui.shared.spec_fields import beside_start, check_names, fault_of
from reglab.ui.shared.sweep_choice import choice_of
from reglab.ui.shared.tables import pager, undo_notice, unreadable_list
from reglab.ui.shared.text import literal
from reglab.ui.shared.trouble import show
from reglab.ui.sweep import progress_text
from reglab.ui.sweep import query as queries
from reglab.ui.sweep.form import (
    FORM_AREA,
    LAMBDAS,
    NAME,
    judge,
    name_of,
    settle,
    start_form,
    start_preset,
    sweep_form,
)
from reglab.ui.sweep.live import sweep_view
from reglab.ui.sweep.presets import DEMO, PRESETS, Preset
from reglab.ui.sweep.query import to_values
from reglab.ui.sweep.state import FORM, QUERY, START, show_sweep

ABOUT = (
    "A sweep trains one network for every λ, all from the same initial weights and batches, and repeats that with "
    "other seeds. The best λ comes with an error bar and with its difference to no penalty."
)
SHOWN = 8
"""Previous sweeps on a page of the list."""

_DELETED = "sweep_deleted"  # (key of the form, id, name) of the sweep that Undo restores
_AUTOMATIC = re.compile(r"^λ (sweep|path) · ")  # how automatic names begin, those of earlier versions included


def sweep_page() -> None:
    """Draw the page that the query asks for."""
    QUERY.sync()
    query, repeated = unique(st.query_params, queries.SETTINGS)
    address = queries.read(query, check_names, repeated)
    if address.sweep is not None:
        sweep_view(address)
        return
    state = FORM.open(address.form, address.problem)
    state.name(NAME, address.name)
    first = not services().store.sweeps(limit=1)
    st.title("λ sweep", anchor=False, help=ABOUT)
    _demonstration(first)
    with st.grid(3, min_column_width=180, gap="small"):
        for preset in PRESETS:
            with st.container(border=True, height="stretch", gap="xsmall"):
                _preset(preset)
    settle()
    spec, size, problem = judge(FORM.values())
    form_keys(FORM_AREA, START, LAMBDAS)
    with st.container(key=FORM_AREA):
        left, right = st.columns([8, 5], gap="small")
    with left, fault_of(problem) as fault:
        st.markdown("**Your own sweep**")
        sweep_form()
    with right:
        _start_row(state, beside_start(problem, fault, name_of), first)
        if spec is not None and problem is None:
            _about(spec, size)
        _previous_sweeps(state)
    FORM.keep(state, spec)


def _demonstration(first: bool) -> None:
    """The demonstration, with the page's primary button on a ``first`` visit."""
    with st.container(border=True):
        text, button = st.columns([3, 1.2], vertical_alignment="center")
        text.markdown(
            "**Which λ?** Train all of them at once and compare. "
            f"{DEMO.about} {progress_text.size_text(DEMO.spec)}, in less than a minute."
        )
        with button:
            act_button(
                DEMO.title,
                "start",
                key="sweep_demo",
                type="primary" if first else "secondary",
                icon=DEMO.icon,
                on_click=start_preset,
                args=(DEMO,),
                width="stretch",
                wrap=True,
            )


def _preset(preset: Preset) -> None:
    st.markdown(f"{preset.icon} **{preset.title}**")
    st.caption(preset.about)
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="bottom", height="stretch"):
        more = f", and {len(preset.beside)} sweeps like it beside it" if preset.beside else ""
        icon, about = ":material/play_arrow:", f"Starts {progress_text.amount_text(preset.spec)}{more}."
        start = partial(start_preset, preset)
        act_button("Start", "start", key=f"{START}_{preset.name}", icon=icon, on_click=start, help=about)
        key, about = f"sweep_fill_{preset.name}", "Fills the form below with these settings."
        fill = partial(FORM.put, to_values(preset.spec))
        st.button("Customise", key=key, type="tertiary", on_click=fill, help=about)


def _start_row(state: FormState[SweepSpec], problem: str | None, first: bool) -> None:
    """Name and Start, and why the form's sweep cannot be trained, if so."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        help_ = "The name in lists. Empty: made of the dataset, the CNN and λ."
        st.text_input("Name", key=NAME, placeholder="automatic", max_chars=LONGEST_NAME, help=help_, **KEPT)
        kind: Literal["primary", "secondary"] = "secondary" if first else "primary"
        idle, icon = problem is not None, ":material/play_arrow:"
        look = {"type": kind, "icon": icon, "shortcut": "Ctrl+Enter"}
        act_button("Start", "start", key=START, on_click=start_form, disabled=idle, **look)
    for sentence in dict.fromkeys(filter(None, (problem, state.start_problem))):
        show(sentence)
    if state.link_problem:
        st.warning(literal(state.link_problem), icon=":material/link_off:")


def _about(spec: SweepSpec, size: LaneSize | None) -> None:
    """What Start trains."""
    st.markdown(f"Start trains {progress_text.amount_text(spec)}.")
    if size is not None:
        free = free_memory(services().settings.device)
        st.caption(progress_text.memory_text(size.memory, size.memory * spec.size, free))
    if spec.blocks:
        sizes = check_data(spec.lanes()[0].run.data)
        st.caption(f"Each block: {sizes.train:,} training and {sizes.val:,} validation images, shared with no other.")
    if spec.repeats == 1:
        st.caption(":material/lightbulb: One seed gives no error bars, and fewer than 6 only suggest: use 6 or more.")
    if spec.axes[0].setting.is_lambda and all(point.value for point in spec.points):
        st.caption(":material/lightbulb: The sweep has no λ = 0 to compare with.")


def _previous_sweeps(state: FormState[SweepSpec]) -> None:
    """The list of sweeps, newest first; empty without sweeps."""
    form, sweep_id, name = st.session_state.get(_DELETED, ("", "", ""))
    if sweep_id and form == state.key:  # until the form opens again
        with st.container(border=True, horizontal=True, wrap=False, vertical_alignment="center", key="sweep_undo_bar"):
            deleted = f":material/delete: Deleted “{literal(name)}” with its runs."
            st.markdown(f"{deleted} :small[{undo_notice()}]", width="stretch")
            act_button("Undo", "restore", key="sweep_undo", icon=":material/undo:", on_click=_undo, args=(sweep_id,))
    total = services().store.count_sweeps()
    if not total:
        return
    st.markdown("**Previous sweeps**")
    above = st.container()
    rows = services().store.every_sweep(offset=pager(total, SHOWN, key="past", thing="sweeps"), limit=SHOWN)
    with above:
        for row in rows:
            if isinstance(row, Sweep):
                with st.container(border=True, gap=None, key=f"sweep_row_{row.id}"):
                    _row(row)
    unreadable_list([row for row in rows if isinstance(row, Unreadable)], "sweep_unreadable")


def _row(sweep: Sweep) -> None:
    """Name, state, age and best λ of a sweep; Open and Delete."""
    name = _AUTOMATIC.sub("", sweep.name)
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f":small[**{literal(name)}**]")
        with st.container(horizontal=True, gap="xsmall", width="content", wrap=False):
            st.button("Open", key=f"sweep_open_{sweep.id}", on_click=show_sweep, args=(sweep.id,))
            key, icon, delete = f"sweep_delete_{sweep.id}", ":material/delete:", partial(_delete, sweep.id, sweep.name)
            about = "Deletes this sweep and its runs; Undo restores them."
            act_button("", "delete", sweep, key=key, icon=icon, type="tertiary", on_click=delete, help=about)
    facts = FACTS[sweep.state]
    best = _best(sweep) if sweep.state == "finished" else ""
    st.caption(
        f":{facts.colour}[{facts.icon} {sweep.label}] · {progress_text.ago(sweep.created, datetime.now(UTC))}{best}"
    )
    st.caption(progress_text.data_text(sweep.spec))


def _best(sweep: Sweep) -> str:
    """The λ that the sweep chooses: " · best λ₂ = 0.03 (loss 0.312, 90.4 %)"; empty without one."""
    try:
        choice = choice_of(services().store, sweep)
    except RegLabError as error:  # one of its runs cannot be read, or its dataset is unknown here
        return f" · {literal(str(error))}"
    return f" · best {choice.brief}" if choice else ""


def _delete(sweep_id: str, name: str) -> None:
    state = FORM.state()
    try:
        if services().store.sweep(sweep_id).state == "running":
            raise StoreError(f"“{name}” is still training; stop it first.")
        services().store.delete([sweep_id])
    except RegLabError as error:
        state.start_problem = str(error)
    else:
        st.session_state[_DELETED], state.start_problem = (state.key, sweep_id, name), None


def _undo(sweep_id: str) -> None:
    try:
        services().store.restore([sweep_id])
    except RegLabError as error:
        FORM.state().start_problem = str(error)
    del st.session_state[_DELETED]
