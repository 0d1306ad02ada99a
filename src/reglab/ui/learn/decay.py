"""Why weight decay is called decay: one weight under four penalty modes, stepped by the training engine."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from reglab.charts.decay import decay_chart, shrink_chart
from reglab.errors import RegLabError
from reglab.lessons.checks import within
from reglab.lessons.decay import (
    MAX_STEPS,
    METHODS,
    SETTINGS,
    Walk,
    band,
    first_at_most,
    half_life,
    push,
    walk,
    zero_from_step,
)
from reglab.number_format import exact, short
from reglab.optimizers import OPTIMIZERS
from reglab.ui.learn.sections import Example, defaults, examples, number
from reglab.ui.shared.fields import segments
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
    Example("Penalty only", "L2 halves the weight again and again; L1 subtracts the same amount at every step.", FIRST),
    Example(
        "Penalty and data",
        "The data loss is lowest at 0.5. L2 stops in between; L1, if strong enough, still ends at 0.",
        {**FIRST, DATA: True, STRENGTH: "0.6"},
    ),
    Example(
        "Adam is not AdamW",
        "Adam rescales the coupled penalty to full steps; decoupled decay remains a decay.",
        {**FIRST, OPTIMIZER: "adam", RATE: "0.03"},
    ),
)

Walks = Mapping[str, Sequence[float]]


def decay() -> None:
    """Draw the section."""
    st.markdown(
        "A step under L2 removes a **share** of the weight, ηλ of what is left: exponential decay. A step under L1 "
        "subtracts a **fixed amount**, ηλ. Below, the training engine steps one weight under four penalty modes."
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
    for column, (title, text) in zip(st.columns(3, gap="small"), facts(setting, walks), strict=True):
        with column, st.container(border=True, height="stretch"):
            st.markdown(f"**{title}**\n\n{text}")


def _inputs() -> Walk:
    start, rate, strength, steps = st.columns(4, gap="small")
    w = number("Start", START, "The weight before the first step, from −100 to 100.", start)
    lr = number("Learning rate η", RATE, "The step size, above 0 and at most 10.", rate)
    lam = number("λ", STRENGTH, "The strength of the penalty, from 0 to 100.", strength)
    about = f"From 1 to {MAX_STEPS}."
    n = steps.number_input("Steps", value=None, key=STEPS, step=10, persist_state="session", help=about)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        look: dict[str, Any] = {"persist_state": "session", "label_visibility": "visible"}
        look["help"] = "Computes the step from the gradient."
        kind = segments("Optimizer", {name: OPTIMIZER_LABELS[name] for name in SETTINGS}, OPTIMIZER, **look)
        optimum = _optimum()
    return Walk(
        start=within(w, "The start", -100, 100),
        lr=within(lr, "The learning rate η", 0, 10, above=True),
        strength=within(lam, "λ", 0, 100),
        steps=int(within(n, "Steps", 1, MAX_STEPS)),
        optimizer=kind or "sgd",
        optimum=optimum,
    )


def _optimum() -> float | None:
    """Where the data loss is lowest; ``None`` without a data loss."""
    about = "Adds the data loss ½(w − optimum)²; without it, the penalty acts alone."
    if not st.toggle("Add a data loss", key=DATA, persist_state="session", help=about):
        return None
    about = "Where the data loss is lowest, from −100 to 100."
    return within(number("Data optimum", OPTIMUM, about, st.container(width=150)), "The data optimum", -100, 100)


def _charts(setting: Walk, walks: Mapping[str, tuple[float, ...]]) -> None:
    steps = pd.concat(
        pd.DataFrame({"method": key, "step": np.arange(len(values)), "w": values}) for key, values in walks.items()
    )
    reach = max(abs(setting.start), 4 * setting.lr * setting.strength, 0.1)
    near = reach * 1e-9  # the two sides of the step at 0
    grid = np.unique(np.concatenate([np.linspace(-reach, reach, 161), [-near, 0.0, near]]))
    pushes = pd.concat(pd.DataFrame({"method": key, "w": grid, "push": push(setting, key, grid)}) for key in METHODS)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        live_chart(decay_chart(steps, setting.optimum), key="decay_steps_chart", height=380)
    with right:
        live_chart(shrink_chart(pushes), key="decay_push_chart", height=380)


# Text


def facts(setting: Walk, walks: Walks) -> list[tuple[str, str]]:
    """(title, Markdown) for L2, subgradient L1 and proximal L1, with measured numbers."""
    with_data = setting.optimum is not None
    return [
        ("L2", f"{_halving(setting, walks)} {_pair(setting, walks)}"),
        ("Subgradient L1", _hovering(walks["L1 subgradient"], with_data)),
        ("Proximal L1", _arriving(walks["L1 proximal"], with_data)),
    ]


def _halving(setting: Walk, walks: Walks) -> str:
    """The half-life where one exists, and the step at which the weight was halved."""
    if setting.optimum is not None:
        end = short(walks["L2 coupled"][-1])
        return f"The data loss pulls to {exact(setting.optimum)}, L2 to 0: the coupled weight ends between, at {end}."
    step = first_at_most(walks["L2 decoupled"], abs(setting.start) / 2)
    seen = "Decoupled decay has not halved the weight" if step is None else f"Decoupled decay halved it at step {step}"
    life = half_life(setting.lr, setting.strength)
    if life is None or not setting.is_plain:
        return f"{seen}."
    product = setting.lr * setting.strength
    return (
        f"Each step keeps 1 − ηλ = {short(1 - product)} of the weight, so its half-life is "
        f"$\\frac{{\\ln 2}}{{-\\ln(1 - \\eta\\lambda)}}$ = **{short(life)} steps** "
        f"(about 0.69/(ηλ) = {short(math.log(2) / product)}). {seen}."
    )


def _pair(setting: Walk, walks: Walks) -> str:
    """Whether coupled and decoupled agree."""
    apart = max(abs(a - b) for a, b in zip(walks["L2 coupled"], walks["L2 decoupled"], strict=True))
    if apart <= 1e-12 * max(1.0, abs(setting.start)):
        return "Coupled and decoupled agree to rounding."
    return f"Coupled and decoupled differ by up to {short(apart, 3)}: λ has a different meaning in each."


def _hovering(values: Sequence[float], with_data: bool) -> str:
    around, end = band(values), values[-1]
    if not any(values):
        return "The weight is 0 and stays there."
    if around is None and with_data:
        return f"The data loss holds it away from 0: it ends at {short(end)}."
    if around is None:
        return f"It has not reached 0 yet; it ends at {short(end)}. Use more steps."
    if around == (0, 0):
        return "Its steps happen to land on exactly 0, where the subgradient is 0, so it stays there: a rare case."
    zeros = sum(w == 0 for w in values)
    low, high = (short(edge, 3) for edge in around)
    return (
        f"Near 0, each step overshoots and the next one returns: in the last quarter of the steps, the weight stays "
        f"between {low} and {high}. It was "
        + (f"exactly 0 at {zeros} of {len(values)} steps." if zeros else "never exactly 0.")
    )


def _arriving(values: Sequence[float], with_data: bool) -> str:
    step, end = zero_from_step(values), short(values[-1])
    if step is not None:
        return f"The proximal step stops at 0 instead of overshooting: **exactly 0 from step {step} on**."
    if with_data:
        return f"The data loss is stronger than the penalty: the weight ends at {end}, not at 0. Try a larger λ."
    return f"It has not reached 0 yet; it ends at {end}. Use more steps or a larger λ."
