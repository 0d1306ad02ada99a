"""The form of a λ path: which λ, how often and how applied in one card, what the runs have in common in the other."""

from __future__ import annotations

import streamlit as st

from reglab.errors import SpecError
from reglab.sweep import Kind, values_text
from reglab.ui.shared.spec_facts import data_facts
from reglab.ui.shared.spec_fields import SETTINGS, draw, field_problem, number_field
from reglab.ui.sweep.form_values import (
    FIXED,
    KIND,
    KINDS,
    LISTED,
    LISTS,
    MODES,
    OVER,
    RATIO,
    REPEATS,
    RUN_WIDGETS,
    SYMBOLS,
    read_list,
)
from reglab.ui.sweep.state import current_values

MODE_NAMES = ("coupled", "decoupled", "proximal")

KIND_HELP = (
    "Which penalty's strength moves along the path.  \n"
    "**L2**: (λ₂/2)·Σw², shrinks weights in proportion.  \n"
    "**L1**: λ₁·Σ|w|, a constant pull; applied proximal it makes weights exactly 0.  \n"
    "**Elastic net**: both from one λ, λ₁ = ρλ and λ₂ = (1 − ρ)λ.  \n"
    "**L1 × L2**: every pair of two lists."
)
LIST_HELP = (
    "Values and ranges between commas, from 0 to 1000; decimal commas need semicolons: 0,001; 0,01.  \n"
    "A range FIRST:LAST:COUNT has COUNT values at equal ratios: "
    "1e-4:1e-1:8 is 0.0001 to 0.1 in 8 steps. Include 0: every other λ is compared with it. 9 to 15 values show the "
    "curve."
)
MODES_HELP = (
    "Several make one curve each, from the same initial weights.  \n"
    "**coupled**: the penalty's gradient joins the data's (weight_decay of SGD and Adam).  \n"
    "**decoupled**: weights shrink beside the step (AdamW).  \n"
    "**proximal**: a data step, then the exact proximal map; L1 reaches true zeros."
)
OVER_HELP = (
    "What repeats every λ, for error bars.  \n"
    "**Seeds**: other initial weights, batches and split each time.  \n"
    "**Folds**: cross-validation; every image is validated on once.  \n"
    "All λ of one repeat start from the same weights and see the same batches, so their differences are due to λ alone."
)
RATIO_HELP = "ρ, from 0 to 1: the share of λ that goes to L1. 0 is all L2, 1 is all L1."
REPEATS_HELP = "1 to 50 seeds or 2 to 50 folds. One seed gives no error bars, 3 give rough ones, 5 or more sound ones."

MOST_TEXT = 200_000
"""Characters of a list of λ that are taken in; whether they make too many values is for the server to say."""

PLACED = frozenset({
    "data.name", "data.train_size", "data.label_noise", "model.name", "optim.name", "optim.lr", "train.epochs",
    "train.batch_size", "penalty.l1", "penalty.l2",
})  # fmt: skip


def sweep_form() -> None:
    """Draw all fields into the current container; their values live in session state."""
    with st.grid(2, min_column_width=270, gap="small"):
        _sweep_card()
        _runs_card()


def _sweep_card() -> None:
    with st.container(border=True, height="stretch", gap="xsmall"):
        st.markdown("**Path**")
        st.segmented_control(
            "Penalty", list(KINDS), format_func=KINDS.__getitem__, key=KIND, required=True, help=KIND_HELP,
            persist_state="session",
        )  # fmt: skip
        kind: Kind = st.session_state[KIND]
        for name in LISTED[kind]:
            _list(name)
        if kind == "elastic":
            number_field("L1 ratio ρ", RATIO, help=RATIO_HELP, persist_state="session")
        st.pills("Applied", MODE_NAMES, selection_mode="multi", key=MODES, help=MODES_HELP, persist_state="session")
        left, right = st.columns(2, vertical_alignment="bottom")
        left.segmented_control(
            "Repeated over", ["seed", "fold"], format_func={"seed": "Seeds", "fold": "Folds"}.__getitem__, key=OVER,
            required=True, help=OVER_HELP, persist_state="session",
        )  # fmt: skip
        right.number_input("How many", value=None, step=1, key=REPEATS, help=REPEATS_HELP, persist_state="session")
        if kind in FIXED:
            draw(FIXED[kind], key=RUN_WIDGETS[FIXED[kind]], help_more="The same for every run of the path.")


def _list(name: str) -> None:
    """The field for a list of λ, and below it what was read."""
    key, symbol = LISTS[name], SYMBOLS[name]
    st.text_input(
        f"Values of {symbol}", key=key, help=LIST_HELP, live="300ms", persist_state="session",
        placeholder="0, 1e-4:1e-1:8", max_chars=MOST_TEXT,
    )  # fmt: skip
    try:
        values = read_list(current_values(), name)
    except SpecError as error:
        field_problem(str(error))
        return
    st.caption(f"{len(values)} value{'s' if len(values) != 1 else ''}: {_echo(values)}")


def _echo(values: tuple[float, ...]) -> str:
    """The values as they will be used; of many, the first and the last ones."""
    if len(values) <= 12:
        return values_text(values)
    return f"{values_text(values[:6])}, …, {values_text(values[-3:])}"


def _runs_card() -> None:
    with st.container(border=True, height="stretch", gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown("**Every run**", width="content")
            more = st.popover("More", type="tertiary", on_change="rerun", key="path_more")
        if more.open:
            with more:
                _more()
        draw("data.name", key=RUN_WIDGETS["data.name"])
        _pair("data.train_size", "data.label_noise")
        st.caption(data_facts(st.session_state[RUN_WIDGETS["data.name"]]))
        draw("model.name", key=RUN_WIDGETS["model.name"])
        _pair("optim.name", "optim.lr")
        _pair("train.epochs", "train.batch_size")


def _pair(first: str, second: str) -> None:
    for column, setting in zip(st.columns(2), (first, second), strict=True):
        with column:
            draw(setting, key=RUN_WIDGETS[setting])


def _more() -> None:
    """Every setting of a run that the cards do not show."""
    for setting in SETTINGS:
        if setting in RUN_WIDGETS and setting not in PLACED and setting != "penalty.factors":
            draw(setting, key=RUN_WIDGETS[setting])
    st.text_area(
        "Factors", key=RUN_WIDGETS["penalty.factors"], persist_state="session", placeholder="conv1.weight: 0",
        help="Multiplier of λ for single tensors, one “name: factor” a line; 0 exempts a tensor.",
    )  # fmt: skip
