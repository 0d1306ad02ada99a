"""The λ translator: the same strength in another system's words, step by step, or why there is no equivalent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

import pandas as pd
import streamlit as st

from reglab.conventions import (
    CONVENTIONS,
    Combination,
    MissingContext,
    Step,
    Translation,
    Values,
    combine,
    translate_parts,
    translate_parts_to_all,
)  # fmt: skip
from reglab.errors import RegLabError
from reglab.number_format import short
from reglab.ui.learn import translator_fields as fields
from reglab.ui.shared.text import literal

EXACT = ":green-badge[:material/check: Exact]"
EXACT_IF = ":blue-badge[:material/rule: Exact if]"
INEXACT = ":orange-badge[:material/block: No exact equivalent]"


def translator() -> None:
    """Draw the section."""
    st.markdown(
        "Every library means something else by λ: with ½ or without, a sum or a mean, in the loss or beside the step. "
        "Choose what you have and what you want; where no number does the same, this says so."
    )
    try:
        _translate()
    except RegLabError as error:
        st.error(literal(str(error)), icon=":material/error:")


def _translate() -> None:
    left, right = st.columns([3, 2], gap="medium")
    with left:
        typed = fields.parts()
    with right:
        goal = fields.target()
    context = fields.context([part.name for part in typed], goal)
    given = [part.read() for part in typed]
    together = combine(given, context) if len(given) > 1 else None
    if together:
        _together(together)
    if goal is None:
        _table(translate_parts_to_all(given, context))
    else:
        _answer(translate_parts(given, goal, context))
        _formulas([*(part.name for part in given), goal])


def _together(found: Combination) -> None:
    """What several at once amount to; a warning where they count twice."""
    if found.doubled:
        st.warning(found.sentence, icon=":material/control_point_duplicate:")
    else:
        st.info(found.sentence, icon=":material/join:")


def _answer(found: Translation) -> None:
    with st.container(border=True, key="translation"):
        if found.exact:
            _result(found.values or {}, found.code, f"{EXACT_IF} **{found.condition}**" if found.conditions else EXACT)
        else:
            st.markdown(INEXACT)
            st.markdown(found.reason)
            if found.approximation:
                clause = f" if **{found.condition}**" if found.conditions else ""
                _result(found.approximation, found.code, f":gray-badge[≈ At rest only, not on the way]{clause}")
        _steps(found.steps)
    for note in found.notes:
        st.caption(f":material/info: {note}")


def _result(values: Values, code: str, badge: str) -> None:
    """The numbers large, and the target's own syntax to copy."""
    st.markdown(badge)
    numbers, snippet = st.columns([2, 5], vertical_alignment="center", gap="medium")
    with numbers, st.container(horizontal=True):
        for name, value in values.items():
            st.metric(name, short(value, 6), width="content")
    with snippet:
        st.code(code, wrap_lines=True)


def _steps(steps: Sequence[Step]) -> None:
    for i, (about, together) in enumerate(groupby(steps, lambda step: step.about), 1):
        st.markdown(f"{i}. {about}" + "".join(f"  \n`{step.equation}`" for step in together))


def _formulas(names: Sequence[str]) -> None:
    """What each of the conventions adds, and to which tensors."""
    different = list(dict.fromkeys(names))
    for column, name in zip(st.columns(len(different), gap="small"), different, strict=True):
        entry = CONVENTIONS.get(name)
        with column, st.container(border=True, height="stretch"):
            st.markdown(f"**{entry.label}**", help=entry.source)
            st.latex(entry.formula)
            st.caption(f"{entry.help}  \nActs on {entry.tensors}.")


def _table(found: Mapping[str, Translation | MissingContext]) -> None:
    """The exact ones with their code, then those under conditions, then those that are not, each with its reason."""
    exact, limited, others = [], [], []
    for name, answer in found.items():
        label = CONVENTIONS.get(name).label
        if isinstance(answer, MissingContext):
            others.append((label, str(answer)))
        elif answer.exact and answer.conditions:
            limited.append((label, f"`{answer.code}`", answer.condition))
        elif answer.exact:
            exact.append((label, f"`{answer.code}`"))
        else:
            clause = f", if {answer.condition}" if answer.conditions else ""
            others.append((label, answer.reason + (f" `{answer.code}`{clause}" if answer.code else "")))
    for badge, columns, rows in (
        (EXACT, ["In", "Say"], exact), (EXACT_IF, ["In", "Say", "If"], limited), (INEXACT, ["In", "Why not"], others),
    ):  # fmt: skip
        if rows:
            st.markdown(badge)
            st.table(pd.DataFrame(rows, columns=columns).set_index("In"))
