"""What λ acts on: presets and an editable table below the form, and the same table read-only beside a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import streamlit as st

from reglab.errors import RegLabError
from reglab.penalties.mask import Parameter, Row, mask
from reglab.penalties.presets import PRESETS, fitting, offered, recognise, with_factor, with_preset
from reglab.spec import PenaltySpec, RunSpec
from reglab.ui.shared.spec_facts import initial_squares, tensors_of
from reglab.ui.shared.spec_fields import factors_from, factors_text
from reglab.ui.shared.text import literal
from reglab.ui.train import mask_text
from reglab.ui.train.mask_columns import column_config
from reglab.ui.train.mask_text import FACTOR
from reglab.ui.train.state import chosen, put

ROWS_SHOWN = 12
"""More tensors than these scroll within the table."""

_HEIGHT = 430  # pixels of a table that scrolls

_ALT = "Every tensor with its own λ and its share of Σw²"

_HELP = (
    "Every parameter tensor of this CNN, and whether λ acts on it. Each has its own λ: the form's, times its factor. "
    "Factor 0 exempts a tensor; a factor on a tensor outside the scope widens the scope for that tensor alone. "
    "Shares are parts of Σw² of the initial weights: where the L2 term comes from."
)


def mask_card(spec: RunSpec | None) -> None:
    """The card on the form; edits go into the form's scope and factors, and so into the address and the run."""
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center"):  # the table's own buttons need the right end
            st.markdown("**What λ acts on**", help=_HELP, width="content")
            tensors = tensors_of(spec) if spec else None
            rows = _rows(spec, tensors) if spec and tensors else None
            if spec and tensors and rows:
                _presets(spec, tensors)
        if spec is None or tensors is None:
            st.caption("The table comes back as soon as the form's values fit together.")
        elif rows is None:
            _forget_unfitting(spec, tensors)
        else:
            _editor(spec, tensors, rows)


def run_mask(spec: RunSpec, squares: Mapping[str, float], when: str) -> None:
    """The table of a run, read-only; ``squares`` is Σw² by tensor, ``when`` says of which weights."""
    tensors = tensors_of(spec)
    if tensors is None:
        st.caption("The CNN of this run is not known here.")
        return
    rows = mask(tensors, spec.penalty, squares)
    st.caption(mask_text.in_short(rows, when))
    st.dataframe(
        mask_text.table(rows), hide_index=True, height=_height(rows), column_config=column_config(rows),
        column_order=mask_text.columns(spec.penalty, rows, narrow=True), alt=_ALT,
    )  # fmt: skip


def follow_model(before: RunSpec, now: RunSpec) -> None:
    """A preset stays the same preset in another CNN, whose tensors have other names."""
    old, new = tensors_of(before), tensors_of(now)
    if old is None or new is None:
        return
    try:
        preset = recognise(old, before.penalty)
    except RegLabError:
        return
    if preset in offered(new):
        _take(with_preset(preset, new, now.penalty))


def take_edits(key: str, tensors: Sequence[Parameter]) -> None:
    """Put the edited factors into the form; a factor that is none leaves it as it was, with a sentence."""
    try:
        penalty = _penalty()
        for row, change in st.session_state[key]["edited_rows"].items():
            penalty = with_factor(tensors[int(row)].name, _number(change.get(FACTOR)), tensors, penalty)
    except RegLabError as error:
        st.session_state["mask_problem"] = str(error)
    else:
        _take(penalty)


def _rows(spec: RunSpec, tensors: Sequence[Parameter]) -> tuple[Row, ...] | None:
    try:
        return mask(tensors, spec.penalty, initial_squares(spec))
    except RegLabError:
        return None  # the sentence stands beside Start


def _presets(spec: RunSpec, tensors: Sequence[Parameter]) -> None:
    """Buttons for the usual answers; the one that the form stands for is lit."""
    put("mask_preset", recognise(tensors, spec.penalty))

    def take() -> None:
        preset = chosen("mask_preset")
        if preset is not None:
            _take(with_preset(preset, tensors, _penalty()))

    st.pills(
        "Presets", offered(tensors), format_func=lambda name: PRESETS[name].label, key="mask_preset", on_change=take,
        label_visibility="collapsed", wrap=True,
    )  # fmt: skip


def _editor(spec: RunSpec, tensors: Sequence[Parameter], rows: Sequence[Row]) -> None:
    key = _editor_key([row.factor for row in rows])
    problem = st.session_state.pop("mask_problem", None)
    if problem:
        st.error(literal(problem), icon=":material/error:")
    table = mask_text.table(rows)
    fixed = [name for name in table.columns if name != FACTOR]
    st.data_editor(
        table, key=key, hide_index=True, height=_height(rows), column_config=column_config(rows),
        column_order=mask_text.columns(spec.penalty, rows), disabled=fixed,
        on_change=take_edits, args=(key, tensors), alt=_ALT,
    )  # fmt: skip
    st.caption(mask_text.in_short(rows, "of the initial weights"))


def _editor_key(factors: Sequence[float]) -> str:
    """The table's key: the same while its own edits are what the form says, a new one where something else changed it.

    A new key makes a new table, without the edits of the old one; the same key leaves scroll and focus where they are.
    """
    version = st.session_state.setdefault("mask_version", 0)
    edits = st.session_state.get(f"mask_{version}", {}).get("edited_rows", {})
    known = {int(row): change[FACTOR] for row, change in edits.items() if FACTOR in change}
    if any(row >= len(factors) or factors[row] != value for row, value in known.items()):
        st.session_state["mask_version"] = version = version + 1
    return f"mask_{version}"


def _number(value: object) -> float:
    """An emptied cell is a factor of 1, as if there had never been one."""
    return float(value) if isinstance(value, int | float) else 1.0


def _forget_unfitting(spec: RunSpec, tensors: Sequence[Parameter]) -> None:
    """The way on where a factor names no tensor of this CNN, or one that the scope leaves out."""
    kept = fitting(tensors, spec.penalty)
    gone = [name for name in spec.penalty.factors if name not in kept.factors]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            f"The form has factors that do not fit this CNN and scope: {literal(', '.join(gone))}.", width="content"
        )
        st.button("Remove them", key="forget_factors", on_click=_take, args=(kept,))


def _penalty() -> PenaltySpec:
    """Scope and factors as the form has them now."""
    state = st.session_state
    return PenaltySpec(scope=state["scope"], factors=factors_from(state["factors"]))


def _take(penalty: PenaltySpec) -> None:
    put("scope", penalty.scope)
    put("factors", factors_text(penalty.factors))


def _height(rows: Sequence[Row]) -> int | Literal["content"]:
    return "content" if len(rows) <= ROWS_SHOWN else _HEIGHT
