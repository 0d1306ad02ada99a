"""The Train page: the live view of the runs that the query names, or the form beside what Start would do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from reglab.datasets import DATASETS, check_data, pool_size, status
from reglab.errors import RegLabError, SpecError
from reglab.jobs import check_run
from reglab.models import MODELS
from reglab.penalties.mask import mask
from reglab.spec import RunSpec
from reglab.states import ACTIVE
from reglab.ui.shared.acting import act_button
from reglab.ui.shared.export_panel import export_panel
from reglab.ui.shared.fields import KEPT
from reglab.ui.shared.form_keys import form_keys
from reglab.ui.shared.query import LONGEST_NAME, MAX_RUNS, FormState, Link, read_link, unique
from reglab.ui.shared.services import services
from reglab.ui.shared.spec_facts import tensors_of
from reglab.ui.shared.spec_fields import (
    TERMS,
    WIDGETS,
    FieldError,
    beside_start,
    check_names,
    fault_of,
    field_error,
    title,
    to_spec,
)
from reglab.ui.shared.text import count_of, literal
from reglab.ui.shared.trouble import show
from reglab.ui.train import objective_text
from reglab.ui.train.advice import advice
from reglab.ui.train.advice_penalty import Advice, Facts
from reglab.ui.train.demo import demo_again, offer_demo
from reglab.ui.train.form import spec_form
from reglab.ui.train.mask import mask_card
from reglab.ui.train.run_view import run_view
from reglab.ui.train.state import FORM, QUERY, RUN_NAME, show_runs

FORM_AREA = "form_area"
"""Key of what holds the form and its Start."""

LAMBDAS = ("l2", "l1", *(WIDGETS[setting] for setting in TERMS))
"""Keys of the fields of λ."""

_SYMBOLS = (
    "$f_w(x_i)$ is the network's output for image $x_i$ with label $y_i$, and CE the cross-entropy, the data loss. "
    "The sums over $w$ are over the penalised parameters; weights are those of convolutions and dense layers."
)

_STEP_HELP = (
    "What training does with every parameter $w$ in step $t$ of epoch $e$, line by line, with the numbers of this "
    "form. Each line uses what the lines above it have set; ← assigns."
)


def train_page() -> None:
    """Draw the page that the query asks for."""
    QUERY.sync()
    query, repeated = unique(st.query_params)
    link = read_link(query, check_names, repeated)
    if link.runs:
        run_view(link.runs)
    else:
        _form(link)


def _form(link: Link) -> None:
    state = FORM.open(link.spec, link.problem)
    state.name(RUN_NAME, link.name)
    offered = offer_demo()
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        about = "Choose data, network and penalty. Runs train in the background, also while you visit other pages."
        st.title("Train a CNN", anchor=False, width="content", help=about)
        with st.container(horizontal=True, width="content", gap="small"):
            if not offered:
                demo_again()
            _training_now()
    spec, problem = judge(FORM.values())
    form_keys(FORM_AREA, "start", LAMBDAS)
    with st.container(key=FORM_AREA):
        left, right = st.columns([8, 5], gap="small")
    with left, fault_of(problem) as fault:
        spec_form()
    with right:
        found = _preview(state, spec, beside_start(problem, fault, title))
    _notes(found)
    mask_card(spec)
    FORM.keep(state, spec)


def _training_now() -> None:
    """A button that leads from the form to the runs that are training."""
    runs = services().store.runs(states=ACTIVE, limit=MAX_RUNS)
    if runs:
        text = f"{count_of(len(runs), 'run')} {'is' if len(runs) == 1 else 'are'} training"
        ids = [run.id for run in reversed(runs)]
        st.button(text, icon=":material/monitoring:", key="training_now", on_click=show_runs, args=(ids,))


def _preview(state: FormState[RunSpec], spec: RunSpec | None, problem: str | None) -> list[Advice]:
    """Draw the preview of ``spec``, if the form makes one, and the ``problem`` it has; returns all advice on it."""
    _start_row(spec, problem)
    for sentence in filter(None, (problem, state.start_problem)):
        show(sentence)
    if state.link_problem:
        st.warning(literal(state.link_problem), icon=":material/link_off:")
    if spec is None:
        return []
    facts = facts_of(spec)
    found = advice(spec, facts)
    st.markdown("**Objective**", help=_SYMBOLS)
    st.latex(f"{objective_text.size(spec)} {objective_text.objective(spec, facts.n_train)}")
    st.caption(f"{objective_text.meaning(spec)} {objective_text.translation(spec)}".strip())
    others = objective_text.other_regularizers(spec)
    if others:
        with st.container(border=True, gap="xsmall", key="other_regularizers"):
            weighted = spec.train.class_weights != "none"
            st.markdown("**Training criterion and other regularizers**" if weighted else "**Other regularizers**")
            _rows(others)
    for one in found:
        if one.level == "warning":
            _show_advice(one)
    with st.container(border=True, gap="xsmall", key="step_rule"):
        st.markdown("**Update rule**", help=_STEP_HELP)
        st.caption(objective_text.where(spec))
        _rows(objective_text.update_rule(spec))
    return found


def _rows(rows: Sequence[objective_text.Row]) -> None:
    for row in rows:
        with st.container(gap=None):
            st.markdown(f":small[${row.latex}$]")  # in a line of text, so that it wraps in a narrow window
            st.caption(row.meaning)


def _notes(found: Sequence[Advice]) -> None:
    """Advice that is no warning, across the page."""
    notes = [one for one in found if one.level == "info"]
    if notes:
        with st.grid(min(len(notes), 2), min_column_width=330, gap="small"):
            for one in notes:
                _show_advice(one)


def judge(values: Mapping[str, Any]) -> tuple[RunSpec | None, FieldError | None]:
    """The spec of the form's ``values`` if they make one, and why it cannot be trained, if so."""
    try:
        spec = to_spec(values)
    except SpecError as error:
        return None, error if isinstance(error, FieldError) else FieldError(str(error), None)
    try:
        check_run(spec, services().settings)
    except RegLabError as error:
        return spec, field_error(error)
    here = status(DATASETS.get(spec.data.name), services().settings.data)
    return spec, FieldError(f"{here.sentence}.", None) if here.state == "missing" else None


def facts_of(spec: RunSpec) -> Facts:
    """What the checks need to know of the data and the CNN of ``spec``; all unknown if the data do not fit."""
    entry, tensors = MODELS.entries.get(spec.model.name), tensors_of(spec)
    try:
        sizes = check_data(spec.data)
    except RegLabError:
        return Facts()
    try:
        acting = sum(row.penalised for row in mask(tensors, spec.penalty)) if tensors else None
    except SpecError:
        acting = None
    batch_norm = spec.model.batch_norm or bool(entry and entry.has_batch_norm)
    known = spec.data.train_size is not None or not spec.data.uneven  # else the images tell
    return Facts(sizes.train if known else None, sizes.val, batch_norm, acting, pool_size(spec.data))


def start() -> None:
    """Queue a run with the form's present values and show it. A second press on the same form shows the same run."""
    state = FORM.state()
    spec, problem = judge(FORM.values())
    if spec is None or problem:
        return  # the page explains it
    try:
        name = str(st.session_state.get(RUN_NAME) or "").strip()
        run = services().runner.submit(spec, name=name or None, key=state.key)
    except RegLabError as error:
        state.start_problem = str(field_error(error))
    else:
        show_runs([run.id])


def _start_row(spec: RunSpec | None, problem: str | None) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        about = "The run's name in lists. If empty, it is made of data, CNN and λ."
        st.text_input("Name", key=RUN_NAME, placeholder="automatic", max_chars=LONGEST_NAME, help=about, **KEPT)
        idle, icon = problem is not None, ":material/play_arrow:"
        look = {"type": "primary", "icon": icon, "shortcut": "Ctrl+Enter"}
        act_button("Start", "start", key="start", on_click=start, disabled=idle, **look)
        if spec is not None and problem is None:
            export_panel(spec, "export_form")


def _show_advice(found: Advice) -> None:
    """The text, with its rule in small type below."""
    text = f"{found.text}\n\n:small[{found.rule}]"
    if found.level == "warning":
        st.warning(text, icon=":material/lightbulb:")
    else:
        st.info(text, icon=":material/school:")
