"""The translator's fields: which convention, its numbers, and the circumstances where they matter.

Every field is part of the address, so that a translation can be shared by its link.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from reglab.conventions import CONVENTIONS, OPTIMIZERS, Context, Convention, Parameter, Part, needed
from reglab.number_text import read_named
from reglab.ui.shared.spec_fields import number_field

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
_LONGEST = 40  # characters of a number in the address


@dataclass(frozen=True)
class TypedPart:
    """A convention with its numbers as they were typed."""

    name: str
    texts: Mapping[str, str]

    def read(self) -> Part:
        """:raises SpecError: where one of them is no number."""
        return Part(self.name, {name: read_named(text, name) for name, text in self.texts.items()})


def parts() -> list[TypedPart]:
    """Draw the source, and what is added to it where the switch is on; their numbers are not checked yet."""
    first = _part("I have", SOURCE, "torch-sgd", "translate")
    more = st.toggle(
        "Something else is added as well", key=MORE, bind="query-params",
        help="For example weight_decay in the optimizer and a penalty in the loss: is it counted twice?",
    )  # fmt: skip
    return [first, _part("And also", OTHER, "sum-squares", "translate_also")] if more else [first]


def target() -> str | None:
    """Draw the target; None for all."""
    options = [*CONVENTIONS.names(), ALL]
    chosen = st.selectbox(
        "I want", options, options.index("keras-l2"), _label, key=TARGET, bind="query-params", persist_state="session",
        help="What to say it in; the last choice is a table of all.",
    )  # fmt: skip
    return None if chosen == ALL else str(chosen)


def context(sources: list[str], goal: str | None) -> Context:
    """Draw the circumstances that matter between these conventions.

    :raises SpecError: for one that is no number or out of range.
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


def _part(label: str, key: str, first: str, prefix: str) -> TypedPart:
    options = CONVENTIONS.names()
    with st.container(horizontal=True, gap="small"):
        name = st.selectbox(
            label, options, options.index(first), _label, key=key, bind="query-params", persist_state="session"
        )
        entry = CONVENTIONS.get(str(name))
        texts = {p.name: _value(p.name, f"{prefix}_{_kind(entry, p)}") for p in entry.parameters}
    return TypedPart(entry.name, texts)


def _kind(convention: Convention, parameter: Parameter) -> str:
    """Which field holds this number: its strength, the L1 strength beside it, or a share."""
    if parameter.most == 1:
        return "share"
    return "l1" if parameter.name == "l1" and len(convention.parameters) > 1 else "value"


def _value(name: str, key: str) -> str:
    """A field for one number; it keeps its value when another convention is chosen, under that one's name."""
    return _text(name, key, _FIRST[key.rpartition("_")[2]], 160)


def _number(name: str) -> int | str | None:
    label, about, first = _CONTEXT[name]
    if isinstance(first, str):
        return _text(label, f"translate_{name}", first, 200, about)
    return st.number_input(
        label, value=first, step=_STEPS[name], format="%d", key=f"translate_{name}", help=about, bind="query-params",
        persist_state="session", width=200,
    )  # fmt: skip


def _text(label: str, key: str, first: str, width: int, about: str | None = None) -> str:
    with st.container(width=width, gap=None):
        return number_field(
            label, key, value=first, help=about, max_chars=_LONGEST, bind="query-params", persist_state="session"
        )


def _optimizer() -> str:
    chosen = st.selectbox(
        "Optimizer", list(OPTIMIZERS), format_func=lambda name: OPTIMIZERS[name].label, key="translate_optimizer",
        help="A penalty in the objective is the same as a decay only under plain SGD.", bind="query-params",
        persist_state="session", width=200,
    )  # fmt: skip
    return str(chosen) if chosen in OPTIMIZERS else "sgd"


def _label(name: str) -> str:
    return "all of them, as a table" if name == ALL else CONVENTIONS.get(name).label
