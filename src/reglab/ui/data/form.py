"""The fields of the preview: the settings of the data, as on the Train page, under keys of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from reglab.datasets import check_data
from reglab.errors import RegLabError
from reglab.spec import DataSpec, RunSpec
from reglab.ui.data.state import AUGMENT, FIELDS, FORM, base_spec, spec_of
from reglab.ui.shared.class_maps import is_idle
from reglab.ui.shared.spec_fields import Fault, FieldError, draw, fault_of, field_error
from reglab.ui.shared.trouble import show

PREVIEWED = (
    "data.name",
    "data.train_size",
    "data.train_balance",
    "data.imbalance",
    "data.label_noise",
    "data.noise_kind",
    "data.input_noise",
    "data.val_fraction",
    "data.seed",
    AUGMENT,
)
"""Fields of the preview that are not behind "More"."""


SPLIT = ("data.name", "data.val_fraction", "data.test_fraction", "data.seed")
"""Fields that decide which part an image is in."""


def data_form(
    placed: Sequence[str], *, more: bool, used: Callable[[DataSpec], DataSpec] = lambda data: data
) -> RunSpec | None:
    """Draw the fields ``placed``, and with ``more`` all others behind a panel; the spec that they make.

    None where its data, or what of them is ``used``, cannot be used; the reason is below its field.
    """
    spec, problem = judge(used)
    with st.container(border=True, gap="xsmall", key="data_form_area"), fault_of(problem) as fault:
        for setting in placed:
            draw(setting, key=FIELDS[setting])
        if more:
            _more(placed)
    if problem is not None:
        _explain(problem, fault)
    return spec if problem is None else None


def _more(placed: Sequence[str]) -> None:
    kind = st.session_state[FIELDS["data.noise_kind"]]
    with st.expander("More", on_change="rerun", key="data_more") as panel:
        if panel.open:
            for setting, key in FIELDS.items():
                if setting not in placed:
                    draw(setting, key=key, disabled=is_idle(setting, kind))


def judge(used: Callable[[DataSpec], DataSpec]) -> tuple[RunSpec | None, FieldError | None]:
    """The spec of the fields, and why its data cannot be trained on, if so."""
    try:
        spec = spec_of(FORM.values(), base_spec())
    except FieldError as error:
        return None, error
    try:
        check_data(used(spec.data))
    except RegLabError as error:
        return spec, field_error(error)
    return spec, None


def _explain(problem: FieldError, fault: Fault | None) -> None:
    if fault is None or not fault.stands:
        show(str(problem))
