"""The objective calculator: weights, data loss and λ in; sums, penalties, totals and gradients out, digit by digit."""

from __future__ import annotations

from fractions import Fraction

import pandas as pd
import streamlit as st

from reglab.charts.loss_split import objective_split_chart
from reglab.errors import RegLabError
from reglab.lessons.checks import BadInput, exact, read_weights
from reglab.lessons.objective import CONVENTIONS, Convention, Objective, digits, result
from reglab.ui.learn import objective_text as words
from reglab.ui.learn.inputs import Example, defaults, examples, number
from reglab.ui.shared.live_chart import live_chart
from reglab.ui.shared.text import literal

WEIGHTS, DATA, STRENGTH = "objective_weights", "objective_data", "objective_lambda"
FIRST = {WEIGHTS: "1, 2, 3, 4", DATA: "0.5", STRENGTH: "0.1"}
EXAMPLES = (
    Example("Four weights", "Penalty 1.5 with the half, 3.0 without it.", FIRST),
    Example("One large weight", "Squares punish one weight of 4 far more than four weights of 1; L1 does not.",
            {WEIGHTS: "4, 0, 0, 0"}),
    Example("The same, spread out", "Σ|w| is 4 as for one weight of 4, but Σw² falls from 16 to 4.",
            {WEIGHTS: "1, 1, 1, 1"}),
)  # fmt: skip


def objective() -> None:
    """Draw the section."""
    st.markdown(
        "Training makes **data loss + penalty** small. The penalty is a price on the weights, and λ sets the price. "
        "Texts write it in two ways, with and without ½, so the same λ can mean two strengths: **always ask which.**"
    )
    defaults(FIRST)
    examples("objective", EXAMPLES)
    try:
        _results(_inputs())
    except RegLabError as error:
        st.error(literal(str(error)), icon=":material/error:")


def _inputs() -> Objective:
    typed, data, strength = st.columns([2, 1, 1], gap="small")
    with typed:
        weights = st.text_input(
            "Weights", key=WEIGHTS, persist_state="session",
            help="At most 50 numbers between commas; between spaces or semicolons they may have decimal commas.",
        )  # fmt: skip
    with data:
        loss = number("Data loss", DATA, "How badly the network fits the data, without any penalty.")
    with strength:
        lam = number("λ", STRENGTH, "The strength of the penalty; 0 switches it off.")
    return Objective(read_weights(weights or ""), _typed(loss, "The data loss"), _typed(lam, "λ"))


def _typed(text: str, name: str) -> Fraction:
    if not text.strip():
        raise BadInput(f"{name} is empty; type a number, for example 0.1.")
    return exact(text, name)


def _results(given: Objective) -> None:
    st.latex(words.sums(given))
    for column, convention in zip(st.columns(len(CONVENTIONS), gap="small"), CONVENTIONS, strict=True):
        with column, st.container(border=True, height="stretch"):
            _card(given, convention)
    left, right = st.columns([1, 1], gap="medium")
    with left:
        live_chart(objective_split_chart(_split(given)), key="objective_split", height=300)
    with right:
        _gradients(given)


def _card(given: Objective, convention: Convention) -> None:
    """One way of writing the penalty: its formula with the numbers filled in, penalty and total."""
    st.markdown(f"**{convention.name}**  \n$P = {convention.formula}$")
    penalty, total = st.columns(2)
    penalty.metric("Penalty", result(given.penalty(convention)))
    total.metric("Total", result(given.total(convention)), help="Data loss + penalty: what training makes small.")
    st.latex(words.filled(given, convention))
    st.caption(words.NOTES[convention.key])


def _split(given: Objective) -> pd.DataFrame:
    rows = [(c.name, given.data, given.penalty(c), given.total(c)) for c in CONVENTIONS]
    return pd.DataFrame(
        [(name, float(data), float(penalty), float(total), result(total)) for name, data, penalty, total in rows],
        columns=["convention", "data", "penalty", "total", "text"],
    )


def _gradients(given: Objective) -> None:
    """∂P/∂w of every weight, with its product written out."""
    st.markdown(
        "**The penalty's gradient** of each weight. It is added to the data gradient, and the step goes against the "
        "sum: so the penalty pushes every weight towards 0."
    )
    table = {"w": [digits(w) for w in given.weights]}
    table |= {words.HEADS[c.key]: words.gradients(given, c) for c in CONVENTIONS}
    st.dataframe(pd.DataFrame(table), hide_index=True)
