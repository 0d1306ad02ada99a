"""The part of the view that changes as a sweep trains: main chart and verdict, switches and replay, gap and views.

Every place keeps its size, so that nothing moves when figures and sentences arrive. Only a verdict that is longer than
the chart beside it makes both higher, because it must be readable without scrolling.
"""

from __future__ import annotations

from typing import Literal

import streamlit as st

from reglab.charts.gap import Measure
from reglab.sweep import Point, SweepSpec
from reglab.ui.sweep import links, views
from reglab.ui.sweep.data import Results
from reglab.ui.sweep.state import EPOCH, MEASURE, shown_sweep, slider_moved, start_replay, stop_replay, stops
from reglab.ui.sweep.verdict_text import EpochView, named_point, rule_help, verdict_text

MEASURES: dict[Measure, str] = {"accuracy": "Accuracy", "loss": "Loss"}
EPOCH_HELP = (
    "All charts and the verdict show this epoch, which is the same for every λ. At its right end the slider follows "
    "the newest epoch that every λ has reached."
)
_BUTTONS = 88  # pixels of two rows of buttons, kept also with one or none
_NARROWEST = 440  # pixels that a view's switches need; in a narrower window gap and view stand one above the other


def board(results: Results, view: EpochView) -> None:
    """Draw the board, or why there is nothing to draw."""
    if not results.common and not view.training:
        st.info("No figures: the sweep ended before its first epoch.", icon=":material/info:")
        return
    left, right = st.columns([8, 5], gap="small")
    with left.container(border=True, height="stretch", gap=None):
        views.main_chart(results, view)
    with right.container(border=True, height="stretch", gap="xsmall", vertical_alignment="distribute"):
        _verdict(view)
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="small"):
        _switches(results, view)
    if view.spec.kind == "grid":
        views.view_box(results, view)
        return
    with st.grid(2, min_column_width=_NARROWEST, gap="small"):
        with st.container(border=True, height="stretch", gap=None):
            views.gap_chart(results, view)
        views.view_box(results, view)


def _verdict(view: EpochView) -> None:
    """The verdict with its rules, and the buttons that open Train with the best λ or the 1-SE choice."""
    first, *rest = verdict_text(view)
    with st.container(gap="xsmall", key="sweep_verdict"):
        st.markdown("**Verdict**", help=rule_help(view.measure))
        st.markdown(first)
        for paragraph in rest:
            st.markdown(f":small[{paragraph}]")
    verdict = view.verdict()
    with st.container(horizontal=True, gap="xsmall", height=_BUTTONS, border=False, key="sweep_uses"):
        if verdict is not None:
            _use(view.spec, verdict.apply, verdict.best, "sweep_use", "the best λ", "primary")
            if verdict.one_se is not None and verdict.one_se != verdict.best:
                _use(view.spec, verdict.apply, verdict.one_se, "sweep_use_one_se", "the 1-SE choice", "secondary")
        elif view.training:
            st.button("Use this λ", key="sweep_use", icon=":material/arrow_forward:", disabled=True)


def _use(spec: SweepSpec, mode: str, point: Point, key: str, which: str, kind: Literal["primary", "secondary"]) -> None:
    apply = next(own for own in spec.applies if own == mode)
    st.button(
        f"Use {named_point(spec, point)}" + (f", {mode}" if len(spec.applies) > 1 else ""),
        key=key,
        icon=":material/arrow_forward:",
        type=kind,
        on_click=links.use,
        args=(links.run_with(spec, point, apply),),
        help=f"Opens Train with {which} and all other settings of this sweep.",
    )


def _switches(results: Results, view: EpochView) -> None:
    """Accuracy or loss; the epoch; the replay."""
    epochs = results.sweep.epochs
    st.segmented_control(
        "Measure",
        list(MEASURES),
        format_func=MEASURES.__getitem__,
        key=MEASURE,
        required=True,
        label_visibility="collapsed",
    )
    if epochs == 1:
        return
    st.select_slider(
        "Epoch",
        stops(epochs),
        format_func=lambda epoch: "newest" if epoch == epochs else str(epoch),
        key=EPOCH,
        label_visibility="collapsed",
        on_change=slider_moved,
        disabled=results.common == 0,
    )
    st.markdown(f":small[epoch **{view.epoch}**]", width=96, help=EPOCH_HELP)
    if shown_sweep().playing:
        st.button("", key="sweep_pause", icon=":material/pause:", on_click=stop_replay, help="Stays at this epoch.")
    else:
        st.button(
            "",
            key="sweep_play",
            icon=":material/play_arrow:",
            on_click=start_replay,
            disabled=results.common < 2,
            help="Replays the training, epoch by epoch.",
        )
