"""The learning-rate check of a finished sweep: what it trains and how long, its progress, and the way to its map."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from reglab.charts.lambda_axis import lambda_text
from reglab.content.epoch_view import EpochView
from reglab.errors import RegLabError
from reglab.jobs import plan_rate_check, start_rate_check
from reglab.states import ACTIVE, FINAL
from reglab.store import Sweep
from reglab.sweep import SweepSpec
from reglab.ui.shared.acting import act_button
from reglab.ui.shared.services import services
from reglab.ui.shared.text import count_of, duration, literal
from reglab.ui.shared.trouble import attempt
from reglab.ui.sweep.data import Results
from reglab.ui.sweep.progress_text import size_text
from reglab.ui.sweep.state import leave_for


def rate_check_panel(results: Results, view: EpochView) -> None:
    """The button, the progress of the check that trains, or the way to the one that has ended.

    Sweeps with two axes or over the learning rate have none: they have the answer, or no room for a third axis.
    """
    sweep, known = results.sweep, results.checking
    if known is not None:
        if known.state in ACTIVE:
            st.progress(known.share, f":small[Checking at learning rates {rates_text(known.spec)}.]")
        elif known.state not in FINAL:
            st.caption(f"The check of the learning rate is {known.label}. Resume it on its page.", width="content")
        kind: Literal["tertiary", "secondary"] = "tertiary" if known.state in FINAL else "secondary"
        icon, leave = ":material/speed:", leave_for
        st.button("Learning rates", key="sweep_lr_checked", icon=icon, type=kind, on_click=leave, args=(known.id,))
    elif sweep.state == "finished" and _has_room(view.spec) and view.judgement.best is not None:
        about = "Does the choice move with the learning rate?"
        with st.popover(
            "Check learning rate", icon=":material/speed:", key="sweep_lr_check", help=about, on_change="rerun"
        ) as opened:
            if opened.open:
                _plan(sweep)


def _has_room(spec: SweepSpec) -> bool:
    """Whether the learning rate can be a second axis of all that ``spec`` trains."""
    return not spec.is_map and not spec.only and spec.axes[0].key != "optim.lr"


def _plan(sweep: Sweep) -> None:
    """What the check trains, and the button that does it; or why it cannot."""
    try:
        spec = plan_rate_check(sweep)
    except RegLabError as error:
        st.info(literal(str(error)), icon=":material/info:")
        return
    for paragraph in plan_text(sweep.spec, spec):
        st.markdown(paragraph)
    start = attempt(lambda: _start(sweep.id))
    label = cost_text(spec, sweep.seconds * spec.size / sweep.size)
    act_button(label, "start", key="sweep_lr_check_start", icon=":material/play_arrow:", type="primary", on_click=start)


def _start(sweep_id: str) -> None:
    start_rate_check(services().runner, sweep_id)


def cost_text(check: SweepSpec, seconds: float) -> str:
    """What the button costs: "Train 60 runs, about 35 s"."""
    return f"Train {count_of(check.size, 'run')}{f', about {duration(seconds)}' if seconds else ''}"


def plan_text(sweep: SweepSpec, check: SweepSpec) -> list[str]:
    """What pressing the button trains, and what that is compared with."""
    rate = lambda_text(sweep.run.optim.lr)
    return [
        f"Trains {size_text(sweep)} again at **learning rates {rates_text(check)}**, a third and three times that of "
        f"this sweep: {count_of(check.size, 'run')} of {count_of(check.run.train.epochs, 'epoch')}.",
        f"The runs at {rate} are those of this sweep, with the same {sweep.repeated_over}s, so only the rate differs. "
        "The test part stays locked.",
    ]


def rates_text(check: SweepSpec) -> str:
    """For example "0.001 and 0.009"."""
    return " and ".join(map(lambda_text, check.axes[1].values))
