"""Session state of the Data page: its view and the fields of the preview, in step with the query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import streamlit as st

from reglab.datasets.usual import usual_for
from reglab.spec import RunSpec
from reglab.ui.data.query import DEFAULT, Shown, View, owns, query_of
from reglab.ui.shared.query import Form, Query
from reglab.ui.shared.spec_fields import SETTINGS, WIDGETS, to_spec, to_values

VIEW_KEY = "data_view"
AUGMENT = "regularize.augment"
FIELDS: Mapping[str, str] = {
    setting: f"preview_{WIDGETS[setting]}" for setting in SETTINGS if setting.startswith("data.") or setting == AUGMENT
}
"""Setting → widget key on this page: those of the Train page stay as they are."""

QUERY = Query("data", owns)


def values_of(what: Shown) -> dict[str, Any]:
    """Widget key → value that shows ``what``."""
    values = to_values(what.spec)
    return {VIEW_KEY: what.view, **{key: values[WIDGETS[setting]] for setting, key in FIELDS.items()}}


def spec_of(values: Mapping[str, Any], base: RunSpec) -> RunSpec:
    """``base`` with data and augmentation as in the fields' ``values``.

    :raises FieldError: one sentence that names the field as the page does.
    """
    made = to_spec({WIDGETS[setting]: values[key] for setting, key in FIELDS.items() if key in values})
    regularize = base.regularize.model_copy(update={"augment": made.regularize.augment})
    return base.model_copy(update={"data": made.data, "regularize": regularize})


FORM = Form("data_form", VIEW_KEY, QUERY, (VIEW_KEY, *FIELDS.values()), DEFAULT, values_of, query_of)


def show_view(view: View, dataset: str) -> None:
    """Callback: show ``view`` of ``dataset``, with the other fields as they are."""
    size = usual_for(dataset).data.train_size
    all_images = {} if size is not None else {FIELDS["data.train_size"]: None}
    FORM.put({VIEW_KEY: view, FIELDS["data.name"]: dataset, **all_images})


def keep(view: View, spec: RunSpec | None) -> None:
    """Let the query follow the page; ``spec`` is None where the fields make none."""
    shown = DEFAULT if view == DEFAULT.view else None if spec is None else Shown(view, spec)
    FORM.keep(FORM.state(), shown)


def base_spec() -> RunSpec:
    """The spec of the query: what of it the fields do not have stays as it is there."""
    return replace(FORM.state().address).spec


def view_now() -> View:
    """The chosen view."""
    view: View = st.session_state[VIEW_KEY]
    return view
