"""One form field for one setting of the spec: its title, help and kind of input come from the spec itself."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import streamlit as st

from reglab.ui.shared.number_field import number_field
from reglab.ui.train.form_values import MAY_BE_EMPTY, WIDGETS, field, title

STEPS: Mapping[str, int] = {
    "data.train_size": 100, "data.val_size": 100, "train.epochs": 10, "train.batch_size": 16,
}  # fmt: skip
"""What one press on + or − changes; 1 for the whole numbers that are not here."""

WORDS: Mapping[str, str] = {
    "sgd": "SGD", "adam": "Adam", "adamw": "AdamW", "weights": "weights", "weights+biases": "weights and biases",
    "float32": "32 bits", "float64": "64 bits",
}  # fmt: skip
"""How a choice reads on the page, where it differs from the spec's word."""

EMPTY: Mapping[str, str] = {"data.folds": "none"}
"""What an empty number means, where it does not mean all."""

Callback = Callable[[], None]


def draw(
    setting: str, *, disabled: bool = False, help_more: str = "", on_change: Callback | None = None,
    key: str | None = None,
) -> None:  # fmt: skip
    """The input for ``setting``; its value lives in session state under ``key``, or the setting's own widget key."""
    kind = _kind(setting)
    about = f"{field(setting).description} {help_more}".strip()
    shared: dict[str, Any] = {"key": key or WIDGETS[setting], "help": about, "disabled": disabled}
    # a field behind a closed "More" keeps its value
    shared |= {"on_change": on_change, "persist_state": "session"}
    if get_origin(kind) is Literal:
        _choice(setting, get_args(kind), shared)
    elif kind is bool:
        st.toggle(title(setting), **shared)
    elif kind is float:
        number_field(title(setting), **shared)
    else:
        _whole(setting, shared)


def draw_names(
    setting: str, labels: Mapping[str, str], on_change: Callback | None = None, key: str | None = None
) -> None:
    """A choice among registry entries: name → label; ``key`` as for :func:`draw`."""
    st.selectbox(
        title(setting), list(labels), format_func=lambda name: labels.get(name, name), key=key or WIDGETS[setting],
        help=field(setting).description, on_change=on_change, persist_state="session",
    )  # fmt: skip


def _choice(setting: str, options: Sequence[str], shared: dict[str, Any]) -> None:
    words = lambda option: WORDS.get(option, option)  # noqa: E731
    if setting == "penalty.apply":
        st.segmented_control(title(setting), options, format_func=words, required=True, width="stretch", **shared)
    else:
        st.selectbox(title(setting), options, format_func=words, **shared)


def _whole(setting: str, shared: dict[str, Any]) -> None:
    """A whole number without limits of its own: the spec's limits are checked, and explained, on the server."""
    shared |= {"step": STEPS.get(setting, 1), "format": "%d"}
    if setting in MAY_BE_EMPTY:
        st.number_input(title(setting), value=None, placeholder=EMPTY.get(setting, "all"), **shared)
    else:
        st.number_input(title(setting), **shared)


def _kind(setting: str) -> Any:
    """The setting's type, without ``None`` where it may be empty."""
    kind = field(setting).annotation
    if get_origin(kind) in (Union, types.UnionType):
        kind = next(k for k in get_args(kind) if k is not type(None))
    return get_args(kind)[0] if get_origin(kind) is Annotated else kind
