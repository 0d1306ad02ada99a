"""What Start would do, beside the form: the button, what stands in its way, the objective, and warnings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from reglab.datasets import DATASETS, check_data, status
from reglab.errors import RegLabError, SpecError
from reglab.jobs import check_run
from reglab.models import MODELS
from reglab.penalties.mask import scope_kinds
from reglab.penalties.scope import multipliers
from reglab.spec import RunSpec
from reglab.ui.shared.export_panel import export_panel
from reglab.ui.shared.services import services
from reglab.ui.shared.spec_facts import tensors_of
from reglab.ui.shared.spec_fields import as_labels, to_spec
from reglab.ui.shared.text import literal
from reglab.ui.train import objective
from reglab.ui.train.advice import Advice, Facts, advice
from reglab.ui.train.state import FormState, current_values, form_state, show_runs
from reglab.ui.train.update_rule import update_rule, where

_SYMBOLS = (
    "$w$: the weights. $f_w(x_i)$: the network's answer for image $x_i$ with label $y_i$. CE: cross-entropy, the data "
    "loss. Kernels: the weights of convolutions and dense layers, without biases. "
    "λ decides how much small weights count beside a small data loss."
)

_STEP_HELP = (
    "What training does with every weight $w$ in step $t$ of epoch $e$, line by line, with this form's numbers. "
    "Each line uses what the lines above it have set; ← sets anew."
)


def preview(state: FormState) -> RunSpec | None:
    """Draw it for the form's present values; the spec, where they make one."""
    spec, problem = judge(current_values())
    _start_row(spec, problem)
    for sentence in (problem, state.start_problem):
        if sentence:
            st.error(literal(sentence), icon=":material/error:")
    if state.link_problem:
        st.warning(literal(state.link_problem), icon=":material/link_off:")
    if spec is not None:
        facts = facts_of(spec)
        _objective(spec, facts)
        for said in advice(spec, facts):
            if said.level == "warning":
                _say(said)
        _step_card(spec)
    return spec


def notes(spec: RunSpec) -> None:
    """What is worth knowing about ``spec`` and no warning, across the page."""
    said = [one for one in advice(spec, facts_of(spec)) if one.level == "info"]
    if said:
        with st.grid(min(len(said), 2), min_column_width=330, gap="small"):
            for one in said:
                _say(one)


def judge(values: Mapping[str, Any]) -> tuple[RunSpec | None, str | None]:
    """The spec of the form's ``values``, where they make one, and why it cannot be trained, in the page's words."""
    try:
        spec = to_spec(values)
    except SpecError as error:
        return None, str(error)
    try:
        check_run(spec, services().settings)
    except RegLabError as error:
        return spec, as_labels(str(error))
    here = status(DATASETS.get(spec.data.name), services().settings.data)
    return spec, f"{here.sentence}." if here.state == "missing" else None


def facts_of(spec: RunSpec) -> Facts:
    """What the checks need to know about the data and the CNN of ``spec``; unknown where they do not fit together."""
    entry = MODELS.entries.get(spec.model.name)
    try:
        sizes = check_data(spec.data)
    except RegLabError:
        return Facts()
    batch_norm = spec.model.batch_norm or bool(entry and entry.has_batch_norm)
    return Facts(sizes.train, sizes.val, batch_norm, _penalised(spec), DATASETS.get(spec.data.name).size)


def _penalised(spec: RunSpec) -> int | None:
    """How many tensors have a factor above 0."""
    tensors = tensors_of(spec)
    try:
        return sum(f > 0 for f in multipliers(scope_kinds(tensors), spec.penalty).values()) if tensors else None
    except SpecError:
        return None


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
        state.start_problem = as_labels(str(error))
        return
    show_runs([run.id])


def _start_row(spec: RunSpec | None, problem: str | None) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.text_input(
            "Name", key="run_name", placeholder="chosen for you", max_chars=200,
            help="What the run is called in lists. Empty: named after its data, CNN and λ.",
        )  # fmt: skip
        st.button(
            "Start", key="start", type="primary", icon=":material/play_arrow:", on_click=start,
            disabled=problem is not None,
        )  # fmt: skip
        if spec is not None and problem is None:
            export_panel(spec, "export_form")


def _objective(spec: RunSpec, facts: Facts) -> None:
    st.markdown("**What is minimised**", help=_SYMBOLS)
    st.latex(f"{objective.size(spec)} {objective.objective(spec, facts.n_train)}")
    words = objective.translation(spec)
    st.caption(f"{objective.meaning(spec)} {words}".strip())


def _say(said: Advice) -> None:
    """A sentence with its rule in small type below."""
    box = st.warning if said.level == "warning" else st.info
    icon = ":material/lightbulb:" if said.level == "warning" else ":material/school:"
    box(f"{said.text}\n\n:small[{said.rule}]", icon=icon)


def _step_card(spec: RunSpec) -> None:
    """The effective penalty: one step as training takes it, each line with what it means."""
    with st.container(border=True, gap="xsmall", key="step_rule"):
        st.markdown("**One step, exactly**", help=_STEP_HELP)
        st.caption(where(spec))
        for row in update_rule(spec):
            with st.container(gap=None):
                st.markdown(f":small[${row.latex}$]")  # in a line of text, so that it wraps in a narrow window
                st.caption(row.meaning)
