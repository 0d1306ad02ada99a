"""The λ translator: the equivalent number in another convention, step by step, or the reason why there is none.

Every field is bound to the query, so that a link shares a translation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import pandas as pd
import streamlit as st

from reglab.conventions import (
    CONVENTIONS,
    OPTIMIZERS,
    Context,
    Convention,
    MissingContext,
    Parameter,
    Part,
    Translation,
    Values,
    combine,
    needed,
    translate_parts,
    translate_parts_to_all,
)
from reglab.errors import RegLabError
from reglab.number_format import short
from reglab.number_text import read_named
from reglab.ui.shared.fields import number_field
from reglab.ui.shared.text import literal

EXACT = ":green-badge[:material/check: Exact]"
EXACT_IF = ":blue-badge[:material/rule: Exact if]"
INEXACT = ":orange-badge[:material/block: No exact equivalent]"

ALL = "all"
SOURCE, TARGET, MORE, OTHER = "translate_from", "translate_to", "translate_more", "translate_and"

_FIRST = {"value": "0.01", "l1": "0", "share": "0.5"}
_CONTEXT: Mapping[str, tuple[str, str, int | str]] = {
    "n": ("Training examples n", "Sums over all examples grow with n, means do not.", 400),
    "batch_size": ("Batch size", "Some systems divide the penalty by it.", 32),
    "lr": ("Learning rate", "Some decays are multiplied by it, others are not.", "0.001"),
    "momentum": ("Momentum", "0 is plain SGD, where coupled and decoupled are the same.", "0.9"),
}
"""Field of the context → label, help, first value: a whole number, or the text of another."""

_STEPS = {"n": 100, "batch_size": 16}
_LONGEST = 40  # characters of a number in the query
_BOUND: dict[str, Any] = {"bind": "query-params", "persist_state": "session"}


@dataclass(frozen=True)
class TypedPart:
    """A convention with its numbers as they were typed."""

    name: str
    texts: Mapping[str, str]

    def read(self) -> Part:
        """:raises SpecError: where one of them is not a number."""
        return Part(self.name, {name: read_named(text, name) for name, text in self.texts.items()})


def translator() -> None:
    """Draw the section."""
    st.markdown(
        "Libraries define λ differently: with or without ½, as a sum or a mean, in the loss or as a decay in the step. "
        "Choose a source and a target; where no number is equivalent, the answer says why."
    )
    try:
        _translate()
    except RegLabError as error:
        st.error(literal(str(error)), icon=":material/error:")


def _translate() -> None:
    left, right = st.columns([3, 2], gap="medium")
    with left:
        typed = _parts()
    with right:
        goal = _target()
    context = _context([part.name for part in typed], goal)
    given = [part.read() for part in typed]
    if len(given) > 1:
        together = combine(given, context)
        if together.doubled:
            st.warning(together.sentence, icon=":material/control_point_duplicate:")
        else:
            st.info(together.sentence, icon=":material/join:")
    if goal is None:
        _table(translate_parts_to_all(given, context))
    else:
        _answer(translate_parts(given, goal, context))
        _formulas([*(part.name for part in given), goal])


# Fields


def _parts() -> list[TypedPart]:
    """The source, and what is added to it where the switch is on; their numbers are not checked yet."""
    first = _part("From", SOURCE, "torch-sgd", "translate")
    about = "For example weight_decay in the optimizer and a penalty in the loss: is it counted twice?"
    more = st.toggle("Add a second penalty", key=MORE, bind="query-params", help=about)
    return [first, _part("And", OTHER, "sum-squares", "translate_also")] if more else [first]


def _part(label: str, key: str, first: str, prefix: str) -> TypedPart:
    options = CONVENTIONS.names()
    with st.container(horizontal=True, gap="small"):
        name = st.selectbox(label, options, options.index(first), _label, key=key, **_BOUND)
        entry = CONVENTIONS.get(str(name))
        kinds = {p.name: _kind(entry, p) for p in entry.parameters}
        texts = {name: _text(name, f"{prefix}_{kind}", _FIRST[kind], 160) for name, kind in kinds.items()}
    return TypedPart(entry.name, texts)


def _kind(convention: Convention, parameter: Parameter) -> str:
    """Which field holds the number: the strength, the L1 strength beside it, or a share.

    A field keeps its value when another convention is chosen, under that one's name.
    """
    if parameter.most == 1:
        return "share"
    return "l1" if parameter.name == "l1" and len(convention.parameters) > 1 else "value"


def _target() -> str | None:
    """The target; None for all."""
    options = [*CONVENTIONS.names(), ALL]
    about = "The convention to translate to; the last choice is a table of all."
    chosen = st.selectbox("To", options, options.index("keras-l2"), _label, key=TARGET, help=about, **_BOUND)
    return None if chosen == ALL else str(chosen)


def _label(name: str) -> str:
    return "all of them, as a table" if name == ALL else CONVENTIONS.get(name).label


def _context(sources: list[str], goal: str | None) -> Context:
    """The context that matters between these conventions.

    :raises SpecError: for a value that is not a number or is out of range.
    """
    chosen: dict[str, Any] = {}
    with st.container(horizontal=True, gap="small"):
        if "optimizer" in needed(sources, goal):
            chosen["optimizer"] = _optimizer()
        for name in needed(sources, goal, Context(**chosen)):
            if name in _CONTEXT:
                chosen[name] = _number(name)
    numbers = {
        name: read_named(typed, _CONTEXT[name][0]) for name, typed in chosen.items() if name in ("lr", "momentum")
    }
    return Context(**{**chosen, **numbers})


def _optimizer() -> str:
    about = "Only under plain SGD is a penalty in the objective the same as a decay."
    look: dict[str, Any] = {"key": "translate_optimizer", "help": about, "width": 200, **_BOUND}
    chosen = st.selectbox("Optimizer", list(OPTIMIZERS), format_func=lambda name: OPTIMIZERS[name].label, **look)
    return str(chosen) if chosen in OPTIMIZERS else "sgd"


def _number(name: str) -> int | str | None:
    label, about, first = _CONTEXT[name]
    key = f"translate_{name}"
    if isinstance(first, str):
        return _text(label, key, first, 200, about)
    look = {"step": _STEPS[name], "format": "%d", "width": 200, **_BOUND}
    value: int | None = st.number_input(label, value=first, key=key, help=about, **look)
    return value


def _text(label: str, key: str, first: str, width: int, about: str | None = None) -> str:
    with st.container(width=width, gap=None):
        return number_field(label, key, value=first, help=about, max_chars=_LONGEST, **_BOUND)


# Answer


def _answer(found: Translation) -> None:
    with st.container(border=True, key="translation"):
        if found.exact:
            _result(found.values or {}, found.code, f"{EXACT_IF} **{found.condition}**" if found.conditions else EXACT)
        else:
            st.markdown(INEXACT)
            st.markdown(found.reason)
            if found.approximation:
                clause = f" if **{found.condition}**" if found.conditions else ""
                _result(found.approximation, found.code, f":gray-badge[≈ Same optimum, different steps]{clause}")
        for i, (about, steps) in enumerate(groupby(found.steps, lambda step: step.about), 1):
            st.markdown(f"{i}. {about}" + "".join(f"  \n`{step.equation}`" for step in steps))
    for note in found.notes:
        st.caption(f":material/info: {note}")


def _result(values: Values, code: str, badge: str) -> None:
    """The numbers, and the target's code to copy."""
    st.markdown(badge)
    numbers, snippet = st.columns([2, 5], vertical_alignment="center", gap="medium")
    with numbers, st.container(horizontal=True):
        for name, value in values.items():
            st.metric(name, short(value, 6), width="content")
    snippet.code(code, wrap_lines=True)


def _formulas(names: Sequence[str]) -> None:
    """What each convention adds, and to which tensors."""
    different = list(dict.fromkeys(names))
    for column, name in zip(st.columns(len(different), gap="small"), different, strict=True):
        entry = CONVENTIONS.get(name)
        with column, st.container(border=True, height="stretch"):
            st.markdown(f"**{entry.label}**", help=entry.source)
            st.latex(entry.formula)
            st.caption(f"{entry.help}  \nActs on {entry.tensors}.")


def _table(found: Mapping[str, Translation | MissingContext]) -> None:
    """Exact translations with their code, then those under conditions, then the impossible ones with their reasons."""
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
    tables = (
        (EXACT, ["To", "Code"], exact),
        (EXACT_IF, ["To", "Code", "If"], limited),
        (INEXACT, ["To", "Why"], others),
    )
    for badge, columns, rows in tables:
        if rows:
            st.markdown(badge)
            st.table(pd.DataFrame(rows, columns=columns).set_index("To"))
