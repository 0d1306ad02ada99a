"""Starting a sweep: what stands in its way, and the callbacks of all buttons that start one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from reglab.datasets import DATASETS, status
from reglab.errors import RegLabError, SpecError
from reglab.jobs import check_sweep
from reglab.sweep import SweepSpec
from reglab.training import LaneSize
from reglab.ui.shared.services import services
from reglab.ui.sweep.form_values import as_labels, to_sweep
from reglab.ui.sweep.presets import Preset
from reglab.ui.sweep.progress_text import size_text
from reglab.ui.sweep.state import current_values, form_state, show_sweep

NAME = "path_name"
"""Key of the field for the sweep's name."""


def judge(values: Mapping[str, Any]) -> tuple[SweepSpec | None, LaneSize | None, str | None]:
    """The sweep of the form's ``values``, where they make one; the size of a lane; why it cannot be trained, if so."""
    try:
        spec = to_sweep(values)
    except SpecError as error:
        return None, None, str(error)
    try:
        size = check_sweep(spec, services().settings)
        here = status(DATASETS.get(spec.run.data.name), services().settings.data)
    except RegLabError as error:
        return spec, None, as_labels(str(error))
    return spec, size, f"{here.sentence}." if here.state == "missing" else None


def start_form() -> None:
    """Queue a sweep of the form as it is now, and show it. A second press of the same form shows the same sweep."""
    state = form_state()
    spec, _, problem = judge(current_values())
    if spec is None or problem:
        state.start_problem = problem
        return
    _start(spec, str(st.session_state.get(NAME) or "").strip() or None, state.key)


def start_preset(preset: Preset) -> None:
    """Queue the preset's sweep, and show it; a second press shows the same one."""
    _start(preset.spec, preset_name(preset), f"{form_state().key} {preset.name}")


def preset_name(preset: Preset) -> str:
    """For example "Noisy labels · digits · 9 λ₂ × 3 seeds"."""
    return f"{preset.title} · {preset.spec.run.data.name} · {size_text(preset.spec)}"


def _start(spec: SweepSpec, name: str | None, key: str) -> None:
    try:
        sweep = services().runner.submit_sweep(spec, name=name, key=key)
    except RegLabError as error:
        form_state().start_problem = as_labels(str(error))
        return
    show_sweep(sweep.id)
