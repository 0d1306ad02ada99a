"""The page without a sweep: the demonstration, presets, the form, what it would train, and the paths so far."""

from __future__ import annotations

import streamlit as st

from reglab.errors import SpecError
from reglab.sweep import SweepSpec
from reglab.training import LaneSize, free_memory
from reglab.ui.shared.services import services
from reglab.ui.shared.text import literal
from reglab.ui.sweep import progress_text
from reglab.ui.sweep.form import sweep_form
from reglab.ui.sweep.form_values import KIND, LISTED, SYMBOLS, read_list, to_values
from reglab.ui.sweep.past import previous_sweeps
from reglab.ui.sweep.presets import DEMO, PRESETS, Preset
from reglab.ui.sweep.query import SweepQuery
from reglab.ui.sweep.start import NAME, judge, start_form, start_preset
from reglab.ui.sweep.state import START, FormState, current_values, fill, keep, open_or_follow

_ABOUT = (
    "A λ path trains one network for every λ at once, all from the same initial weights and batches, and repeats that "
    "with other seeds. The best λ comes with an error bar and with the difference it makes to no penalty."
)


def form_page(address: SweepQuery) -> None:
    """Draw it."""
    state = open_or_follow(address)
    first = not services().store.sweeps(limit=1)
    st.header("λ path", anchor=False, help=_ABOUT)
    _demonstration(first)
    _presets()
    left, right = st.columns([8, 5], gap="small")
    with left:
        st.markdown("**Your own path**")
        sweep_form()
    with right:
        spec = _preview(state, first)
        previous_sweeps(state)
    keep(state, spec)


def _demonstration(first: bool) -> None:
    """The one thing to press on a ``first`` visit."""
    with st.container(border=True):
        text, button = st.columns([3, 1.2], vertical_alignment="center")
        text.markdown(
            f"**Which λ?** Train all of them at once and see. {DEMO.about} "
            f"{progress_text.size_text(DEMO.spec)}, in seconds."
        )
        button.button(
            DEMO.title, key="path_demo", type="primary" if first else "secondary", icon=DEMO.icon,
            on_click=start_preset, args=(DEMO,), width="stretch", wrap=True,
        )  # fmt: skip


def _presets() -> None:
    with st.grid(len(PRESETS), min_column_width=210, gap="small"):
        for preset in PRESETS:
            with st.container(border=True, height="stretch", gap="xsmall"):
                st.markdown(f"{preset.icon} **{preset.title}**")
                st.caption(preset.about)
                with st.container(horizontal=True, gap="xsmall", vertical_alignment="bottom", height="stretch"):
                    st.button(
                        "Start", key=f"path_start_{preset.name}", icon=":material/play_arrow:", on_click=start_preset,
                        args=(preset,), help=f"Starts {progress_text.amount_text(preset.spec)}.",
                    )  # fmt: skip
                    st.button(
                        "Edit first", key=f"path_fill_{preset.name}", type="tertiary", on_click=_fill, args=(preset,),
                        help="Puts these settings into the form below.",
                    )  # fmt: skip


def _fill(preset: Preset) -> None:
    fill(to_values(preset.spec))


def _preview(state: FormState, first: bool) -> SweepSpec | None:
    """Start, and what it would train or what stands in its way; the sweep, where the form makes one."""
    spec, size, problem = judge(current_values())
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.text_input(
            "Name", key=NAME, placeholder="chosen for you", max_chars=200,
            help="What the path is called in lists. Empty: named after its data, CNN and λ.",
        )  # fmt: skip
        st.button(
            "Start", key=START, type="secondary" if first else "primary", icon=":material/play_arrow:",
            on_click=start_form, disabled=problem is not None,
        )  # fmt: skip
    for sentence in dict.fromkeys(filter(None, (_short(problem), state.start_problem))):
        st.error(literal(sentence), icon=":material/error:")
    if state.link_problem:
        st.warning(literal(state.link_problem), icon=":material/link_off:")
    if spec is not None and problem is None:
        st.markdown(f"Start trains {progress_text.amount_text(spec)}.")
        _estimate(spec, size)
    return spec


def _short(problem: str | None) -> str | None:
    """``problem``; of a list of λ only which one, as the rest stands below its field."""
    values = current_values()
    for name in LISTED[values[KIND]]:
        try:
            read_list(values, name)
        except SpecError:
            return f"The values of {SYMBOLS[name]} cannot be used; below their field it says why."
    return problem


def _estimate(spec: SweepSpec, size: LaneSize | None) -> None:
    """Memory, and a word where no error bars are to be expected."""
    if size is not None:
        free = free_memory(services().settings.device)
        st.caption(progress_text.memory_text(size.memory, size.memory * spec.size, free))
    if spec.repeats == 1:
        st.caption(":material/lightbulb: One seed gives no error bars; 3 or more tell how sure the result is.")
    if all(point.l1 or point.l2 for point in spec.points):
        st.caption(":material/lightbulb: The path has no λ = 0, so there is nothing to compare with.")
