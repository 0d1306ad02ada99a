"""The form of the Train page: a card for each part of the spec, with rarer settings behind "More".

New settings of data, optimizer and training show up under "More" by themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from reglab.errors import SpecError
from reglab.models import MODELS
from reglab.number_format import exact
from reglab.number_text import NotANumber, number_text, read_number
from reglab.optimizers import OPTIMIZERS
from reglab.spec import OptimSpec
from reglab.ui.shared.class_maps import is_idle
from reglab.ui.shared.form_keys import STEPS_HELP
from reglab.ui.shared.query import DATA_PAGE, SWEEP_PAGE
from reglab.ui.shared.size_help import size_help
from reglab.ui.shared.spec_facts import data_facts, knobs_text, layer_table, model_facts, network_of
from reglab.ui.shared.spec_fields import (
    OTHER_REGULARIZERS,
    SETTINGS,
    TERMS,
    WIDGETS,
    draw,
    draw_below_heading,
    has,
    to_spec,
)
from reglab.ui.train.mask import follow_model
from reglab.ui.train.state import FORM, SWEEP_ICON, see_sweeps, sweep_page_query

COMMON_L2 = (0.0, 1e-4, 1e-3, 1e-2, 3e-2, 1e-1)
"""Values of λ₂ on buttons; any other is typed."""

_OTHERS_HELP = (
    "What regularizes besides the penalty; each one alone is a rival of λ. Dropout is on the Network card, early "
    "stopping under Training, More. With label smoothing or mixup, J has a training criterion in place of the data "
    "loss; it is a curve of its own."
)

_PLACED = frozenset(
    {"data.name", "data.train_size", "data.label_noise", "optim.name", "optim.lr", "train.epochs", "train.batch_size"}
)
"""Settings of the cards with "More" that stand on the card itself."""


def spec_form() -> None:
    """Draw all fields into the current container; their values live in session state."""
    with st.grid(2, min_column_width=270, gap="small"):
        with st.container(border=True, height="stretch", gap="xsmall"):
            _heading_with_more("Data", "data", _preview_button)
            draw("data.name")
            _pair("data.train_size", "data.label_noise", widths=(6, 5))  # the first has one more button
            st.caption(data_facts(st.session_state["dataset"], st.session_state["resize"]))
            if text := _knobs():
                st.caption(text)
        with st.container(border=True, height="stretch", gap="xsmall"):
            _model_card()
        with st.container(border=True, height="stretch", gap="xsmall"):
            with _heading("Penalty"):
                about = "Train many λ at once with the settings of this form, and compare them."
                st.button(
                    "λ sweep", key="to_sweep", type="tertiary", icon=SWEEP_ICON, on_click=_sweep_this_form, help=about
                )
            _pair("penalty.l2", "penalty.l1", help_more=STEPS_HELP)
            _common_l2()
            for setting in TERMS:
                draw(setting)
            draw("penalty.apply", help_more="The step is written out on the right.")
            draw("penalty.scope", help_more="The table below lists every tensor and can exempt single ones.")
        with st.container(gap="small"):
            with st.container(border=True, gap="xsmall"):
                _heading_with_more("Optimizer", "optim")
                left, right = st.columns(2)
                with left:
                    draw("optim.name", on_change=_follow_optimizer)
                with right:
                    draw("optim.lr")
            with st.container(border=True, height="stretch", gap="xsmall"):
                _heading_with_more("Training", "train")
                _pair("train.epochs", "train.batch_size")
        with st.container(border=True, height="stretch", gap="xsmall"):
            st.markdown("**Other regularizers**", help=_OTHERS_HELP)
            _others()


def _knobs() -> str:
    """What the settings behind "More" do to the data; empty while the form makes no spec."""
    try:
        spec = to_spec(FORM.values())
    except SpecError:
        return ""
    return knobs_text(spec.data, spec.train)


def _others() -> None:
    *numbers, augment = sorted(OTHER_REGULARIZERS, key=lambda setting: setting == "regularize.augment")
    for column, setting in zip(st.columns(len(numbers), vertical_alignment="bottom"), numbers, strict=True):
        with column:
            draw(setting)
    draw(augment)


def _model_card() -> None:
    network = network_of(WIDGETS)
    with _heading("Network"):
        layers = st.popover("Layers", type="tertiary", on_change="rerun", key="layers")
    if layers.open:
        with layers:
            layer_table(network)
    draw("model.name", on_change=_change_model)
    switches = _switches()
    left, right = st.columns(2, vertical_alignment="bottom")
    with left:
        draw("model.dropout", disabled="dropout" not in switches)
    with right, st.container():  # a container of its own, so that a long label wraps
        draw("model.batch_norm", disabled="batch_norm" not in switches)
    if "head" in switches:
        draw("model.head")
    st.caption(model_facts(network, st.session_state["batch_size"]))
    size_help(network, lambda values: FORM.put({WIDGETS[setting]: value for setting, value in values.items()}), "size")


def _heading(text: str) -> DeltaGenerator:
    """The card's name; the returned row takes what stands at its right end."""
    row = st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute")
    row.markdown(f"**{text}**", width="content")
    return row


def _heading_with_more(text: str, part: str, beside: Callable[[], None] = lambda: None) -> None:
    """The card's name, and a button with the settings of ``part`` that the card does not show; ``beside`` draws what
    stands before it.
    """
    with _heading(text), st.container(horizontal=True, width="content", gap="small"):
        beside()
        more = st.popover("More", type="tertiary", on_change="rerun", key=f"more_{part}")
    if more.open:
        values = FORM.values()
        with more:
            for setting in SETTINGS:
                if setting.startswith(f"{part}.") and setting not in _PLACED and has(values["optimizer"], setting):
                    draw_below_heading(setting, disabled=_idle(setting))


def _pair(first: str, second: str, widths: tuple[int, int] = (1, 1), help_more: str = "") -> None:
    for column, setting in zip(st.columns(widths), (first, second), strict=True):
        with column:
            draw(setting, help_more=help_more)


def _common_l2() -> None:
    """Buttons that set λ₂; the one equal to it is lit."""
    try:
        typed = read_number(st.session_state["l2"])
    except NotANumber:
        typed = None
    FORM.put({"l2_pick": typed if typed in COMMON_L2 else None})

    def take() -> None:
        value = FORM.chosen("l2_pick")
        if value is not None:
            FORM.put({"l2": number_text(value)})

    st.pills("Common λ₂", COMMON_L2, format_func=exact, key="l2_pick", on_change=take)


def _switches() -> frozenset[str]:
    entry = MODELS.entries.get(st.session_state["model"])
    return frozenset(entry.switches) if entry else frozenset()


def _idle(setting: str) -> bool:
    """Whether ``setting`` has no effect with the present optimizer and schedule."""
    values = FORM.values()
    if setting.startswith("optim.") and not OPTIMIZERS.get(values["optimizer"]).reads(setting.removeprefix("optim.")):
        return True
    if is_idle(setting, values["noise_kind"]):
        return True
    return setting in ("optim.step_every", "optim.step_factor") and values["schedule"] != "step"


def _change_model() -> None:
    """Keep the preset of penalised parameters for another CNN, and switch off what that CNN does not have."""
    switches = _switches()
    if "dropout" not in switches:
        FORM.put({"dropout": "0"})
    if "batch_norm" not in switches:
        FORM.put({"batch_norm": False})
    if "head" not in switches:
        FORM.put({"head": "dense"})
    before = FORM.state().values
    try:
        if before is not None:
            follow_model(to_spec(before), to_spec(FORM.values()))
    except SpecError:
        return  # the sentence stands beside Start


def _follow_optimizer() -> None:
    """Move "Applied" when an optimizer that implies decoupled decay is chosen or left; a later choice stands."""
    names = (FORM.state().values or {}).get("optimizer"), st.session_state["optimizer"]
    before, after = (OPTIMIZERS.get(name or OptimSpec().name).mode for name in names)
    if before != after and st.session_state["apply"] == before:
        FORM.put({"apply": after})


def _preview_button() -> None:
    about = "What training would see: images by class, wrong labels, class balance, pixels."
    look: dict[str, Any] = {"type": "tertiary", "icon": ":material/photo_library:", "help": about}
    st.button("Preview", key="to_preview", on_click=_preview_this_form, **look)


def _preview_this_form() -> None:
    """Open the preview on the Data page with this form's settings; with its dataset alone while they are not valid."""
    try:
        query = {"data.test_fraction": "0", **to_spec(FORM.values()).to_query()}  # absent there is the usual share
    except SpecError:
        query = {"data.name": st.session_state["dataset"]}
    st.switch_page(DATA_PAGE, query_params={"view": "preview", **query})


def _sweep_this_form() -> None:
    """Open the sweep page with this form's settings; with its defaults while they are not valid."""
    try:
        spec = to_spec(FORM.values())
    except SpecError:
        see_sweeps()
        return
    st.switch_page(SWEEP_PAGE, query_params=sweep_page_query(spec))
