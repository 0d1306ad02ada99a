"""The part of the view that changes as a sweep trains: main chart and verdict, switches and replay, gap and views.

Every place keeps its size, so that nothing moves when figures and sentences arrive. Only a verdict that is longer than
the chart beside it makes both higher, because it must be readable without scrolling.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import partial
from typing import Literal

import plotly.graph_objects as go
import streamlit as st

from reglab import columns
from reglab.charts.sweep_norms import What
from reglab.content.epoch_view import EpochView
from reglab.content.methods_text import methods_text
from reglab.content.sweep_charts import (
    calibration_chart,
    epochs_chart,
    gap_chart,
    losses_chart,
    main_chart,
    memorised_chart,
    norms_chart,
    weights_chart,
)
from reglab.content.verdict_details import details_text
from reglab.content.verdict_help import REGIMES
from reglab.content.verdict_lines import named_point
from reglab.content.verdict_text import verdict_text
from reglab.spec import Apply, RunSpec
from reglab.states import ACTIVE
from reglab.sweep import Point, SweepSpec
from reglab.ui.shared.chart_row import MEASURES
from reglab.ui.shared.fields import KEPT, segments
from reglab.ui.shared.live_chart import Scalar, live_chart
from reglab.ui.shared.memo import shared_figure
from reglab.ui.shared.query import MAX_RUNS, TRAIN_PAGE, run_query
from reglab.ui.shared.services import services
from reglab.ui.sweep import state
from reglab.ui.sweep.confirm import confirm_panel
from reglab.ui.sweep.data import Results, calibration_of, layers_at, sweep_table
from reglab.ui.sweep.query import SWEEP, SWITCHES, LossView, View, ViewState
from reglab.ui.sweep.rate_check import rate_check_panel
from reglab.ui.train.state import FORM as TRAIN_FORM

EPOCH_HELP = (
    "All charts and the verdict show this epoch, which is the same for every λ. At its right end the slider follows "
    "the newest epoch that every λ has reached."
)
_NARROW = 380  # pixels that a verdict needs; in a narrower window it stands below the U-curve
_NARROWEST = 440  # pixels that a view's switches need; in a narrower window gap and view stand one above the other


def board(results: Results, view: EpochView) -> None:
    """Draw the board, or why there is nothing to draw."""
    if not results.common and not view.training:
        st.info("No figures: the sweep ended before its first epoch.", icon=":material/info:")
        return
    with st.grid(2, min_column_width=_NARROW, gap="small"):
        with st.container(border=True, height="stretch", gap=None):
            _main_chart(results, view)
        with st.container(border=True, height="stretch", gap="xsmall", vertical_alignment="distribute"):
            _verdict(results, view)
    with st.grid(2, min_column_width=_NARROW, gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            _measures(results, view)
        with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="small", key="sweep_epochs"):
            _epochs(results, view)
    if view.spec.is_map:
        _view_box(results, view)
        return
    with st.grid(2, min_column_width=_NARROWEST, gap="small"):
        with st.container(border=True, height="stretch", gap=None):
            _draw("gap", results, view, partial(gap_chart, view), GAP_HEIGHT)
        _view_box(results, view)


def _verdict(results: Results, view: EpochView) -> None:
    """The verdict, each line with its rule, and the buttons that open Train with the best λ or the 1-SE choice."""
    first, *rest = verdict_text(view)
    with st.container(gap="xsmall", key="sweep_verdict"):
        st.markdown("**Verdict**", help=first.help or None)
        st.markdown(first.text)
        for line in rest:
            st.markdown(f":small[{line.text}]", help=line.help or None)
        if details := details_text(view):
            with st.expander("Where it over- and underfits", key="sweep_details"):
                for paragraph in details:
                    st.markdown(f":small[{paragraph}]", help=REGIMES)
    verdict = view.shown.best
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center", key="sweep_uses"):
        if verdict is not None:
            _use(view.spec, verdict.apply, verdict.best, "sweep_use", f"the best {view.spec.axes[0].noun}", "primary")
            if verdict.one_se is not None and verdict.one_se != verdict.best:
                _use(view.spec, verdict.apply, verdict.one_se, "sweep_use_one_se", "the 1-SE choice", "secondary")
        elif view.training:
            st.button(
                f"Use this {view.spec.axes[0].noun}", key="sweep_use", icon=":material/arrow_forward:", disabled=True
            )
        confirm_panel(results, view)
        rate_check_panel(results, view)
        if results.environment and verdict is not None:
            with st.popover("Copy methods", icon=":material/description:", type="tertiary", key="sweep_methods"):
                st.caption("Every condition of these figures in one paragraph, for a paper.")
                st.code(methods_text(view, results.environment), language=None, wrap_lines=True)


def _use(spec: SweepSpec, mode: str, point: Point, key: str, which: str, kind: Literal["primary", "secondary"]) -> None:
    apply = next(own for own in spec.applies if own == mode)
    st.button(
        f"Use {named_point(spec, point)}" + (f", {mode}" if len(spec.applies) > 1 else ""),
        key=key,
        icon=":material/arrow_forward:",
        type=kind,
        on_click=_open_train,
        args=(run_with(spec, point, apply),),
        help=f"Opens Train with {which} and all other settings of this sweep.",
    )


def _measures(results: Results, view: EpochView) -> None:
    """Loss or accuracy; the epoch rule."""
    segments("Measure", MEASURES, state.MEASURE)
    if results.sweep.epochs > 1:
        names = {"last": "Last epoch", "best": "Best", "common": "Common"}
        names[view.judgement.declared] += " (declared)"
        segments("Epoch rule", names, state.SHOWN_RULE)


def _epochs(results: Results, view: EpochView) -> None:
    """The epoch; the replay."""
    epochs = results.sweep.epochs
    if epochs == 1:
        return
    st.select_slider(
        "Epoch",
        state.stops(epochs),
        format_func=lambda epoch: "newest" if epoch == epochs else str(epoch),
        key=state.EPOCH,
        label_visibility="collapsed",
        on_change=state.slider_moved,
        disabled=results.common == 0,
        **KEPT,
    )
    st.markdown(f":small[epoch **{view.epoch}**]", width=96, help=EPOCH_HELP)
    if state.shown_sweep().playing:
        icon, about = ":material/pause:", "Stays at this epoch."
        st.button("", key="sweep_pause", icon=icon, on_click=state.stop_replay, help=about)
    else:
        icon, idle, about = ":material/play_arrow:", results.common < 2, "Replays the training, epoch by epoch."
        st.button("", key="sweep_play", icon=icon, on_click=state.start_replay, disabled=idle, help=about)


MAIN_HEIGHT, GAP_HEIGHT, VIEW_HEIGHT = 500, 384, 304
"""Pixels of the U-curve, of the gap, and of the chosen view beside it, which has its switches above."""

VIEWS: Mapping[View, tuple[str, str, str]] = {
    "losses": (
        "Losses",
        "Without the penalty.",
        "the loss over the epochs, a line for each λ; as a map, with the best λ under each epoch rule.",
    ),
    "weights": ("Weights", "Same bins in all panels.", "histograms of the weights, a panel for each λ."),
    "norms": ("Norms", "Layer by layer.", "the norm of each layer's weights, and their share of exact zeros."),
    "calibration": (
        "Calibration",
        "Of runs that have ended.",
        "how far the confidence of the network is from its accuracy (expected calibration error, 15 bins), at the last "
        "and at the best epoch of every run, whatever epoch is shown. Too much and too little confidence "
        "count alike. A network at chance that knows it is calibrated.",
    ),
    "memory": (
        "Memorised",
        "Training labels that the network reproduces.",
        "with label noise, the share of right and of wrong training labels that the network reproduces.",
    ),
    "table": ("Table", "Mean ± standard error at this epoch.", "every figure with its standard error."),
}
"""View → its name, a caption, and its explanation."""

VIEWS_HELP = "  \n".join(f"**{name}**: {about}" for name, _, about in VIEWS.values())
ROLES: Mapping[LossView, str] = {"val": "Validation", "train": "Training", "map": "Map"}
WHATS: Mapping[What, str] = {"norm": "Norms", "zeros": "Exact zeros"}
_OPTIONS = 40  # pixels of the row with a view's own switches, kept also without any


def _main_chart(results: Results, view: EpochView) -> None:
    """The U-curve; of two axes their map."""
    _draw("curve", results, view, partial(main_chart, view), MAIN_HEIGHT)


def views_of(spec: SweepSpec) -> list[View]:
    """The views that apply: memorisation needs wrong labels; one λ does not order the points of a map."""
    if spec.is_map:
        return ["losses", "table"]
    return [view for view in VIEWS if view != "memory" or spec.run.data.has_label_noise]


def _view_box(results: Results, view: EpochView) -> None:
    """The chosen view below its switches."""
    offered = views_of(view.spec)
    if st.session_state.get(state.VIEW) not in offered:
        st.session_state[state.VIEW] = offered[0]
    with st.container(border=True, height="stretch", gap="xsmall"):
        segments("View", {name: VIEWS[name][0] for name in offered}, state.VIEW)
        chosen: View = st.session_state[state.VIEW]
        with st.container(horizontal=True, vertical_alignment="center", gap="small", height=_OPTIONS, border=False):
            if chosen == "losses":
                segments("Loss on", ROLES, state.ROLE, persist_state="page")
            elif chosen == "norms":
                segments("Norms or zeros", WHATS, state.WHAT, persist_state="page")
            elif chosen == "weights":
                _layer(results, view)
            st.caption(VIEWS[chosen][1], help=VIEWS_HELP, width="content")
        if chosen == "table":
            sweep_table(view, VIEW_HEIGHT)
            return
        shown = state.view_state(results.sweep.epochs)
        option = {"losses": shown.role, "norms": shown.what, "weights": shown.layer}.get(chosen)
        make = partial(_figure, chosen, results, view, shown)
        _draw(chosen, results, view, make, VIEW_HEIGHT, option, clickable=chosen in ("norms", "calibration", "memory"))


def _figure(chosen: View, results: Results, view: EpochView, shown: ViewState) -> go.Figure:
    planned = results.sweep.epochs
    if chosen == "losses":
        if shown.role == "map":
            return epochs_chart(view, results.runs, results.epochs, planned)
        return losses_chart(view, results.runs, results.epochs, planned, shown.role)
    if chosen == "calibration":
        return calibration_chart(view, calibration_of(results), ended=results.sweep.state not in ACTIVE)
    if chosen == "memory":
        return memorised_chart(view)
    layers = layers_at(results, view.epoch)
    if chosen == "norms":
        return norms_chart(view, results.runs, layers, shown.what)
    return weights_chart(view, results.runs, layers, shown.layer)


def _draw(
    name: str,
    results: Results,
    view: EpochView,
    make: Callable[[], go.Figure],
    height: int,
    option: Hashable = None,
    *,
    clickable: bool = True,
) -> None:
    """Draw the figure that ``make`` returns, once for all sessions; a click on a point opens its runs."""
    key = f"sweep-{name}"
    figure = shared_figure((key, view.source, option), make)
    click = partial(_open_point, results.sweep.id) if clickable else None
    live_chart(figure, key=f"{key}-{results.sweep.id}", height=height, on_click=click)


def _layer(results: Results, view: EpochView) -> None:
    names = [columns.ALL_WEIGHTS, *dict.fromkeys(layers_at(results, view.epoch)[columns.LAYER])]
    if len(names) > 1 and st.session_state.get(state.LAYER) not in names:
        st.session_state[state.LAYER] = columns.ALL_WEIGHTS
    st.selectbox(
        "Layer",
        names,
        key=state.LAYER,
        label_visibility="collapsed",
        width=170,
        disabled=len(names) == 1,
        **KEPT,
    )


def runs_at(spec: SweepSpec, clicked: Sequence[Scalar]) -> list[int]:
    """Numbers of the runs at a clicked point [penalty mode, λ, λ₁, λ₂, second value if there is one], one a repeat.

    Empty for anything else.
    """
    mode, *numbers = clicked or (None,)
    known = [number for number in numbers if isinstance(number, int | float)]
    near = partial(math.isclose, rel_tol=1e-9)

    def is_at(point: Point) -> bool:
        own = [value for value in (point.value, point.l1, point.l2, point.second) if value is not None]
        return len(own) == len(known) == len(numbers) and all(map(near, own, known))

    return [number for number, lane in enumerate(spec.lanes()) if lane.apply == mode and is_at(lane.point)]


def run_with(spec: SweepSpec, point: Point, apply: Apply) -> RunSpec:
    """One run at this point: as in the sweep, but with a validation share in place of folds."""
    return spec.run_at(point, apply)


def _open_point(sweep_id: str, clicked: Sequence[Scalar]) -> None:
    """Callback: open the runs at a clicked point on the Train page, at most MAX_RUNS."""
    numbers = runs_at(services().store.sweep(sweep_id).spec, clicked)
    if numbers:
        runs = services().store.sweep_runs(sweep_id)
        _go(run_query([runs[number].id for number in numbers[:MAX_RUNS]]))


def _open_train(spec: RunSpec) -> None:
    """Callback: open the Train page's form with this run."""
    TRAIN_FORM.prepare(spec)
    _go(TRAIN_FORM.to_query(spec))


def _go(query: Mapping[str, str]) -> None:
    """Go to the Train page, with this page's own parameters before ``query``.

    Streamlit's browser side puts the query into the current address before it goes to the next page. The first Back
    leads there, so the sweep's own parameters must be part of it.
    """
    own = {key: value for key, value in st.query_params.items() if key == SWEEP or key in SWITCHES}
    st.switch_page(TRAIN_PAGE, query_params={**own, **query})
