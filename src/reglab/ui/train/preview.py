"""What Start would do, beside the form: the button, what stands in its way, the objective, and warnings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from reglab.datasets import DATASETS, status
from reglab.errors import RegLabError, SpecError
from reglab.spec import RunSpec
from reglab.training import check
from reglab.ui.services import services
from reglab.ui.train import objective
from reglab.ui.train.advice import Facts, advice
from reglab.ui.train.facts import facts_of
from reglab.ui.train.form_state import FormState, current_values, form_state, show_runs
from reglab.ui.train.form_values import in_page_words, to_spec

_SYMBOLS = (
    "$w$: the weights. $f_w(x_i)$: the network's answer for image $x_i$ with label $y_i$. CE: cross-entropy, the data "
    "loss. Kernels: the weights of convolutions and dense layers, without biases. "
    "λ decides how much small weights count beside a small data loss."
)


def preview(state: FormState) -> RunSpec | None:
    """Draw it for the form's present values; the spec, where they make one."""
    spec, problem = judge(current_values())
    _start_row(problem)
    for sentence in (problem, state.start_problem):
        if sentence:
            st.error(sentence, icon=":material/error:")
    if state.link_problem:
        st.warning(state.link_problem, icon=":material/link_off:")
    if spec is not None:
        facts = facts_of(spec)
        _objective(spec, facts)
        for text in advice(spec, facts):
            st.warning(text, icon=":material/lightbulb:")
    return spec


def judge(values: Mapping[str, Any]) -> tuple[RunSpec | None, str | None]:
    """The spec of the form's ``values``, where they make one, and why it cannot be trained, in the page's words."""
    try:
        spec = to_spec(values)
    except SpecError as error:
        return None, str(error)
    try:
        check(spec)
    except RegLabError as error:
        return spec, in_page_words(str(error))
    here = status(DATASETS.get(spec.data.name), services().settings.data)
    return spec, f"{here.sentence}." if here.state == "missing" else None


def start() -> None:
    """Queue a run of the form as it is now, and show it. A second press of the same form shows the same run."""
    state, values = form_state(), current_values()
    spec, problem = judge(values)
    if spec is None or problem:
        state.start_problem = problem
        return
    try:
        name = str(st.session_state.get("run_name") or "").strip()
        run = services().runner.submit(spec, name=name or None, key=state.key)
    except RegLabError as error:
        state.start_problem = in_page_words(str(error))
        return
    show_runs([run.id])


def _start_row(problem: str | None) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.text_input(
            "Name", key="run_name", placeholder="chosen for you", max_chars=200,
            help="What the run is called in lists. Empty: named after its data, CNN and λ.",
        )  # fmt: skip
        st.button(
            "Start", key="start", type="primary", icon=":material/play_arrow:", on_click=start,
            disabled=problem is not None,
        )  # fmt: skip


def _objective(spec: RunSpec, facts: Facts) -> None:
    st.markdown("**What is minimised**", help=_SYMBOLS)
    st.latex(r"\small " + objective.objective(spec, facts.n_train))
    words = objective.translation(spec)
    st.caption(f"{objective.meaning(spec)} {words}".strip())
    with st.expander("One step of the optimizer", key="step_rule"):
        st.latex(r"\small " + objective.update(spec))
        st.caption(objective.symbols(spec))
