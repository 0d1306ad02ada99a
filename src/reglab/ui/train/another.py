"""Another λ, or λ = 0, with all else equal, started from the live view and added to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from reglab.content.story import without_penalty
from reglab.number_format import exact
from reglab.spec import PenaltySpec, RunSpec
from reglab.store import Run
from reglab.ui.shared.acting import act_button
from reglab.ui.shared.query import MAX_RUNS
from reglab.ui.shared.services import services
from reglab.ui.shared.text import penalty_text
from reglab.ui.shared.trouble import attempt
from reglab.ui.train.state import show_runs

STRENGTHS = (0.0, 1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0)
"""λ on the slider: 0, and two a decade."""


def another_lambda(runs: Sequence[Run]) -> None:
    """A slider over λ and a button that trains the last of ``runs`` with it; nothing where no more runs fit."""
    if len(runs) >= MAX_RUNS:
        return
    spec, ids = runs[-1].spec, [run.id for run in runs]
    key, symbol = swept_term(spec.penalty)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        about = "Trains this run again with another λ: same data, seed and settings. The new run joins this view."
        tried = [run.spec.penalty.strengths.get(key, 0.0) for run in runs]
        field = f"another-{'-'.join(ids)}"
        st.select_slider(
            f"Try another {symbol}", STRENGTHS, next_strength(tried), format_func=exact, key=field, help=about
        )

        def start() -> None:
            _add(spec.with_changes({f"penalty.{key}": st.session_state[field]}), ids)

        act_button("Start", "start", key="another_start", icon=":material/play_arrow:", on_click=attempt(start))


def against_zero(run: Run) -> Run | None:
    """The run with λ = 0 and all else equal, where there is one; a button that shows it beside ``run``, or trains it.

    None, and nothing is drawn, for a run without a penalty.
    """
    if not any(run.spec.penalty.strengths.values()):
        return None
    spec, known = without_penalty(run.spec), baseline_of(run)
    label = "Compare with λ = 0" if known else "Train λ = 0"
    about = f"The same run with {penalty_text(spec.penalty)}, side by side with this one."
    start = attempt(lambda: _add(spec, [run.id], first=True))
    look: dict[str, Any] = {"key": "against_zero", "icon": ":material/balance:", "on_click": start, "help": about}
    if known:
        st.button(label, **look)
    else:
        act_button(label, "start", **look)
    return known


def baseline_of(run: Run) -> Run | None:
    """The run with λ = 0 and all else equal, where there is one and ``run`` has a penalty."""
    return services().store.run_with(without_penalty(run.spec)) if any(run.spec.penalty.strengths.values()) else None


def swept_term(penalty: PenaltySpec) -> tuple[str, str]:
    """Key and symbol of the term that the slider sets: the strongest one; L2 without any."""
    strengths = penalty.strengths
    key = max(strengths, key=lambda one: (strengths[one], one == "l2"))
    return key, dict(zip(strengths, penalty.symbols, strict=True))[key]


def next_strength(tried: Sequence[float]) -> float:
    """The strength next to the last one ``tried`` that is not tried yet, larger ones first."""
    last = tried[-1]
    left = [one for one in STRENGTHS if one not in tried]
    larger = [one for one in left if one > last]
    return (larger or left[::-1])[0] if last else 1e-2 if 1e-2 in left else left[-1]


def _add(spec: RunSpec, ids: Sequence[str], *, first: bool = False) -> None:
    """Show a run with ``spec`` beside the runs called ``ids``: the one that there is, or a new one."""
    run = services().store.run_with(spec) or services().runner.submit(spec)
    others = [one for one in ids if one != run.id]
    show_runs([run.id, *others] if first else [*others, run.id])
