"""The form of the Train page: one card for each part of the spec, the less used settings behind "More".

Settings that no card places by hand land under their part's "More", so a new one shows up by itself.
"""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from reglab.errors import SpecError
from reglab.models import MODELS
from reglab.number_format import exact
from reglab.number_text import NotANumber, number_text, read_number
from reglab.spec import Optimizer
from reglab.ui.shared.spec_facts import data_facts, layer_table, model_facts
from reglab.ui.shared.spec_fields import SETTINGS, WIDGETS, draw, to_spec
from reglab.ui.train.mask import follow_model
from reglab.ui.train.state import chosen, current_values, form_state, put
from reglab.ui.train.to_sweep import sweep_button

COMMON_L2 = (0.0, 1e-4, 1e-3, 1e-2, 3e-2, 1e-1)
"""λ on buttons; anything else is typed."""

PLACED = frozenset({
    "data.name", "data.train_size", "data.label_noise", "model.name", "model.dropout", "model.batch_norm",
    "penalty.l1", "penalty.l2", "penalty.apply", "penalty.scope", "penalty.factors", "optim.name", "optim.lr",
    "train.epochs", "train.batch_size",
})  # fmt: skip


def spec_form() -> None:
    """Draw all fields into the current container; their values live in session state."""
    with st.grid(2, min_column_width=270, gap="small"):
        _data_card()
        _model_card()
        _penalty_card()
        with st.container(gap="small"):
            _optimizer_card()
            _training_card()


def _data_card() -> None:
    with st.container(border=True, height="stretch", gap="xsmall"):
        _heading_with_more("Data", "data")
        draw("data.name")
        _pair("data.train_size", "data.label_noise", widths=(6, 5))  # the first has one more button
        st.caption(data_facts(st.session_state[WIDGETS["data.name"]]))


def _model_card() -> None:
    with st.container(border=True, height="stretch", gap="xsmall"):
        with _heading("Network"):
            layers = st.popover("Layers", type="tertiary", on_change="rerun", key="layers")
        if layers.open:
            with layers:
                layer_table(*_network()[:3])
        draw("model.name", on_change=_change_model)
        switches = _switches()
        left, right = st.columns(2, vertical_alignment="bottom")
        with left:
            draw("model.dropout", disabled="dropout" not in switches)
        with right, st.container():  # a container of its own, so that a long label wraps
            draw("model.batch_norm", disabled="batch_norm" not in switches)
        st.caption(model_facts(*_network()))


def _penalty_card() -> None:
    with st.container(border=True, height="stretch", gap="xsmall"):
        with _heading("Penalty"):
            sweep_button()
        _pair("penalty.l2", "penalty.l1")
        _common("l2", "Common λ₂", COMMON_L2)
        draw("penalty.apply", help_more="The step is written out at the right.")
        draw("penalty.scope", help_more="The table below shows every tensor, and sets single ones.")


def _optimizer_card() -> None:
    with st.container(border=True, gap="xsmall"):
        _heading_with_more("Optimizer", "optim")
        left, right = st.columns(2)
        with left:
            draw("optim.name", on_change=_follow_adamw)
        with right:
            draw("optim.lr")


def _training_card() -> None:
    with st.container(border=True, height="stretch", gap="xsmall"):
        _heading_with_more("Training", "train")
        _pair("train.epochs", "train.batch_size")


def _heading(text: str) -> DeltaGenerator:
    """The card's name; what the returned row gets stands at its right end."""
    row = st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute")
    row.markdown(f"**{text}**", width="content")
    return row


def _heading_with_more(text: str, part: str) -> None:
    """The card's name, and a button with the settings of ``part`` that the card itself does not show."""
    with _heading(text):
        more = st.popover("More", type="tertiary", on_change="rerun", key=f"more_{part}")
    if not more.open:
        return
    with more:
        for setting in SETTINGS:
            if setting.startswith(f"{part}.") and setting not in PLACED:
                draw(setting, disabled=_idle(setting))


def _pair(first: str, second: str, widths: tuple[int, int] = (1, 1)) -> None:
    for column, setting in zip(st.columns(widths), (first, second), strict=True):
        with column:
            draw(setting)


def _common(key: str, label: str, values: tuple[float, ...]) -> None:
    """Buttons that set the λ in ``key``; the one equal to it is lit."""
    pick = f"{key}_pick"
    typed = st.session_state[key]
    put(pick, next((value for value in values if _is(typed, value)), None))

    def take() -> None:
        value = chosen(pick)
        if value is not None:
            put(key, number_text(value))

    st.pills(label, values, format_func=exact, key=pick, on_change=take)


def _is(typed: str, value: float) -> bool:
    try:
        return read_number(typed) == value
    except NotANumber:
        return False


def _network() -> tuple[str, str, bool, int | None, Optimizer]:
    """What decides the network's size: dataset, CNN, batch norm, batch size, optimizer."""
    state = st.session_state
    return state["dataset"], state["model"], bool(state["batch_norm"]), state["batch_size"], state["optimizer"]


def _switches() -> frozenset[str]:
    entry = MODELS.entries.get(st.session_state[WIDGETS["model.name"]])
    return frozenset(entry.switches) if entry else frozenset()


def _idle(setting: str) -> bool:
    """Whether ``setting`` changes nothing beside the present optimizer and schedule."""
    values = current_values()
    if setting in ("optim.momentum", "optim.nesterov"):
        return bool(values["optimizer"] != "sgd")
    return setting in ("optim.step_every", "optim.step_factor") and values["schedule"] != "step"


def _change_model() -> None:
    """Another CNN keeps the preset of what λ acts on, and has what it does not know switched off."""
    _obey_switches()
    before = form_state().values
    try:
        if before is not None:
            follow_model(to_spec(before), to_spec(current_values()))
    except SpecError:
        return  # the sentence stands beside Start


def _obey_switches() -> None:
    """A CNN without a switch has it off."""
    switches = _switches()
    if "dropout" not in switches:
        put("dropout", "0")
    if "batch_norm" not in switches:
        put("batch_norm", False)


def _follow_adamw() -> None:
    """AdamW means decoupled decay: choosing it, or leaving it, moves "Applied" along; any later choice stands."""
    before = (form_state().values or {}).get("optimizer")
    optimizer, applied = st.session_state["optimizer"], st.session_state["apply"]
    if optimizer == "adamw" and applied == "coupled":
        put("apply", "decoupled")
    elif before == "adamw" and applied == "decoupled":
        put("apply", "coupled")
