"""What moves while a sweep trains: the U-curve with its verdict, the epoch slider, the gap, and the view chosen.

Every place keeps its size, so that nothing jumps while figures and sentences arrive; only a verdict that is longer than
the chart beside it makes both places higher, because it must be read without scrolling.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from reglab.analysis import SweepVerdict, sweep_verdict
from reglab.charts.gap import Measure
from reglab.charts.sweep import sweep_chart
from reglab.charts.sweep_gap import sweep_gap_chart
from reglab.charts.sweep_grid import sweep_grid_chart
from reglab.store import Sweep
from reglab.sweep import Point
from reglab.ui.shared.live_chart import Scalar, live_chart
from reglab.ui.shared.memo import shared_figure
from reglab.ui.sweep import links, replay, verdict_text
from reglab.ui.sweep.data import VAL, Results, Shown, zeros_at
from reglab.ui.sweep.point_text import named_point
from reglab.ui.sweep.query import Look
from reglab.ui.sweep.view_state import EPOCH, MEASURE, stops, view_state
from reglab.ui.sweep.views import view_box

MAIN_HEIGHT, GAP_HEIGHT = 440, 384
"""Pixels of the U-curve, and of the gap beside the chosen view."""

MEASURES: dict[Measure, str] = {"accuracy": "Accuracy", "loss": "Loss"}
_NARROWEST = 440  # pixels in which a view's switches fit; in a narrower window gap and view stand one above the other
_BUTTONS = 88  # pixels of two rows of buttons below the verdict's text, which keep their place with one or none


def board(results: Results, shown: Shown, look: Look) -> None:
    """Draw it."""
    sweep = results.sweep
    if not results.common and not shown.moment.going:
        st.info("There are no figures: the path ended before its first epoch.", icon=":material/info:")
        return
    click = partial(links.open_point, sweep.id)
    left, right = st.columns([8, 5], gap="small")
    with left.container(border=True, height="stretch", gap=None):
        _main_chart(sweep, results, shown, look, click, MAIN_HEIGHT)
    with right.container(border=True, height="stretch", gap="xsmall", vertical_alignment="distribute"):
        _verdict(sweep, results, shown, look)
    _switches(sweep, results, shown)
    if sweep.spec.kind == "grid":
        view_box(results, shown, look)
        return
    with st.grid(2, min_column_width=_NARROWEST, gap="small"):
        with st.container(border=True, height="stretch", gap=None):
            figure = shared_figure(("path-gap", shown.source), lambda: sweep_gap_chart(
                shown.table, measure=look.measure, symbol=sweep.spec.symbol
            ))  # fmt: skip
            live_chart(figure, key=f"path-gap-{sweep.id}", height=GAP_HEIGHT, on_click=click)
        view_box(results, shown, look)


def _main_chart(
    sweep: Sweep, results: Results, shown: Shown, look: Look, click: Callable[[list[Scalar]], None], height: int
) -> None:
    """The U-curve; of a grid the map of both λ."""
    spec, key = sweep.spec, ("path-curve", shown.source)
    if spec.kind == "grid":
        figure = shared_figure(key, lambda: sweep_grid_chart(shown.table, measure=look.measure))
    else:
        chance = results.chance.accuracy if results.chance else None
        figure = shared_figure(key, lambda: sweep_chart(
            shown.table, measure=look.measure, symbol=spec.symbol, chance=chance
        ))  # fmt: skip
    live_chart(figure, key=f"path-curve-{sweep.id}", height=height, on_click=click)


def _switches(sweep: Sweep, results: Results, shown: Shown) -> None:
    """Accuracy or loss, and which epoch of the training is shown, in every chart."""
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="small"):
        st.segmented_control(
            "Measure", list(MEASURES), format_func=MEASURES.__getitem__, key=MEASURE, required=True,
            label_visibility="collapsed",
        )  # fmt: skip
        if sweep.epochs > 1:
            st.select_slider(
                "Epoch", stops(sweep.epochs), format_func=partial(_stop_text, sweep.epochs), key=EPOCH,
                label_visibility="collapsed", on_change=replay.slider_moved, disabled=results.common == 0,
            )  # fmt: skip
            st.markdown(_epoch_text(shown), width=96, help=EPOCH_HELP)
            _replay(sweep, results)


EPOCH_HELP = (
    "All charts and the verdict show this epoch, the same for every λ. At its right end the slider follows the newest "
    "epoch that all λ have reached."
)


def _stop_text(epochs: int, epoch: int) -> str:
    return "newest" if epoch == epochs else str(epoch)


def _epoch_text(shown: Shown) -> str:
    return f":small[epoch **{shown.moment.epoch}**]"


def _replay(sweep: Sweep, results: Results) -> None:
    if view_state().playing:
        st.button("", key="path_pause", icon=":material/pause:", on_click=replay.stop, help="Stays at this epoch.")
    else:
        st.button(
            "", key="path_play", icon=":material/play_arrow:", on_click=replay.start, disabled=results.common < 2,
            help="Replays how the curves formed, epoch by epoch.",
        )  # fmt: skip


def _verdict(sweep: Sweep, results: Results, shown: Shown, look: Look) -> None:
    """What the path says, with its rule, and the ways on: Train with the best λ, or with the simplest one."""
    spec, measure = sweep.spec, VAL[look.measure]
    verdict = sweep_verdict(shown.table, measure)
    simplest = verdict.one_se if verdict and verdict.one_se != verdict.best else None
    said = verdict_text.verdict_text(
        spec, shown.table, results.chance, shown.moment, measure=measure,
        zeros=zeros_at(sweep, results, shown.moment.epoch),
    )  # fmt: skip
    with st.container(gap="xsmall", key="sweep_verdict"):
        st.markdown("**Verdict**", help=verdict_text.rule_help(look.measure))
        st.markdown(said[0])
        for paragraph in said[1:]:
            st.markdown(f":small[{paragraph}]")
    with st.container(horizontal=True, gap="xsmall", height=_BUTTONS, border=False, key="path_uses"):
        if verdict is None:
            if shown.moment.going:
                st.button("Use this λ", key="path_use", icon=":material/arrow_forward:", disabled=True)
            return
        _use(sweep, verdict, verdict.best, "path_use", "the best")
        if simplest is not None:
            _use(sweep, verdict, simplest, "path_use_simple", "the simplest within one standard error")


def _use(sweep: Sweep, verdict: SweepVerdict, point: Point, key: str, which: str) -> None:
    apply = next(way for way in sweep.spec.applies if way == verdict.apply)
    named = named_point(sweep.spec, point) + (f", {apply}" if len(sweep.spec.applies) > 1 else "")
    st.button(
        f"Use {named}", key=key, icon=":material/arrow_forward:", type="primary" if key == "path_use" else "secondary",
        on_click=links.use, args=(links.run_with(sweep.spec, point, apply),),
        help=f"Opens Train with {which} λ and all other settings of this path.",
    )  # fmt: skip
