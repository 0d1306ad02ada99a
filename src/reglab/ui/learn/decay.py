"""Why it is called decay: one weight under four ways of applying a penalty, stepped by the training engine."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from reglab.charts.decay import decay_chart, shrink_chart
from reglab.errors import RegLabError
from reglab.lessons.checks import within
from reglab.lessons.decay import MAX_STEPS, METHODS, SETTINGS, Walk, push, walk
from reglab.optimizers import OPTIMIZERS
from reglab.ui.learn import decay_text as words
from reglab.ui.learn.inputs import Example, defaults, examples, number
from reglab.ui.shared.live_chart import live_chart
from reglab.ui.shared.text import literal

START, RATE, STRENGTH, STEPS = "decay_start", "decay_lr", "decay_lambda", "decay_steps"
OPTIMIZER, DATA, OPTIMUM = "decay_optimizer", "decay_data", "decay_optimum"
FIRST = {START: "1", RATE: "0.1", STRENGTH: "0.3", STEPS: 100, OPTIMIZER: "sgd", DATA: False, OPTIMUM: "0.5"}
OPTIMIZER_LABELS = {
    **{name: entry.label for name, entry in OPTIMIZERS.entries.items() if name in SETTINGS},
    "sgd": "Plain SGD",
    "momentum": "Momentum 0.9",
}
EXAMPLES = (
    Example("The penalty alone", "L2 halves the weight again and again; L1 takes the same at every step.", FIRST),
    Example("Against data", "Data pull to 0.5: L2 stops between, and a strong enough L1 still stops at 0.",
            {**FIRST, DATA: True, STRENGTH: "0.6"}),
    Example("Adam is not AdamW", "Adam rescales the coupled penalty to full steps; decoupled decay stays a decay.",
            {**FIRST, OPTIMIZER: "adam", RATE: "0.03"}),
)  # fmt: skip


def decay() -> None:
    """Draw the section."""
    st.markdown(
        "A step under L2 takes a **share** of the weight, ηλ of what is left: that is decay. A step under L1 takes a "
        "**fixed amount**, ηλ, whatever is left. Below, one weight goes through the engine that trains the networks, "
        "in four ways at once."
    )
    defaults(FIRST)
    examples("decay", EXAMPLES)
    try:
        setting = _inputs()
        walks = {key: walk(setting, key) for key in METHODS}
    except RegLabError as error:
        st.error(literal(str(error)), icon=":material/error:")
        return
    _charts(setting, walks)
    _facts(setting, walks)


def _inputs() -> Walk:
    start, rate, strength, steps = st.columns(4, gap="small")
    with start:
        w = number("Start", START, "The weight before the first step, from −100 to 100.")
    with rate:
        lr = number("Learning rate η", RATE, "The size of a step, above 0 and at most 10.")
    with strength:
        lam = number("λ", STRENGTH, "The penalty's strength, from 0 to 100.")
    with steps:
        n = st.number_input(
            "Steps", value=None, key=STEPS, step=10, persist_state="session", help=f"From 1 to {MAX_STEPS}."
        )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        kind = st.segmented_control(
            "Optimizer", list(SETTINGS), format_func=OPTIMIZER_LABELS.__getitem__, key=OPTIMIZER, required=True,
            persist_state="session", help="What turns a gradient into a step.",
        )  # fmt: skip
        optimum = _optimum()
    return Walk(
        within(w, "The start", -100, 100), within(lr, "The learning rate η", 0, 10, above=True),
        within(lam, "λ", 0, 100), int(within(n, "Steps", 1, MAX_STEPS)), kind or "sgd", optimum,
    )  # fmt: skip


def _optimum() -> float | None:
    """The data's optimum; ``None`` where no data pull."""
    pulled = st.toggle(
        "Data pull too", key=DATA, persist_state="session",
        help="Adds a data loss of ½(w − optimum)²; without it, the penalty acts alone.",
    )  # fmt: skip
    if not pulled:
        return None
    with st.container(width=150):
        value = number("Data optimum", OPTIMUM, "Where the data loss is lowest, from −100 to 100.")
    return within(value, "The data optimum", -100, 100)


def _charts(setting: Walk, walks: dict[str, tuple[float, ...]]) -> None:
    steps = pd.concat(
        pd.DataFrame({"method": key, "step": np.arange(len(values)), "w": values}) for key, values in walks.items()
    )
    left, right = st.columns([3, 2], gap="medium")
    with left:
        live_chart(decay_chart(steps, setting.optimum), key="decay_steps_chart", height=380)
    with right:
        live_chart(shrink_chart(_pushes(setting)), key="decay_push_chart", height=380)


def _pushes(setting: Walk) -> pd.DataFrame:
    reach = max(abs(setting.start), 4 * setting.lr * setting.strength, 0.1)
    near = reach * 1e-9  # the two sides of the step at 0
    grid = np.unique(np.concatenate([np.linspace(-reach, reach, 161), [-near, 0.0, near]]))
    return pd.concat(pd.DataFrame({"method": key, "w": grid, "push": push(setting, key, grid)}) for key in METHODS)


def _facts(setting: Walk, walks: dict[str, tuple[float, ...]]) -> None:
    """One card for each penalty: what the walk has shown, in numbers."""
    for column, (title, text) in zip(st.columns(3, gap="small"), words.facts(setting, walks), strict=True):
        with column, st.container(border=True, height="stretch"):
            st.markdown(f"**{title}**\n\n{text}")
