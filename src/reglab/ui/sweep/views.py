"""Every chart of a sweep: the U-curve or the map of a grid, the gap, and the view that is chosen of the others."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from functools import partial
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from reglab import columns
from reglab.analysis import layer_curves, sweep_histograms
from reglab.charts.sweep import sweep_chart
from reglab.charts.sweep_gap import sweep_gap_chart
from reglab.charts.sweep_grid import sweep_grid_chart
from reglab.charts.sweep_losses import Role, sweep_losses_chart
from reglab.charts.sweep_memorised import sweep_memorised_chart
from reglab.charts.sweep_norms import What, sweep_norms_chart
from reglab.charts.sweep_weights import sweep_weights_chart
from reglab.sweep import SweepSpec
from reglab.ui.shared.live_chart import live_chart
from reglab.ui.shared.memo import shared_figure
from reglab.ui.sweep import links
from reglab.ui.sweep.data import Results, layers_at
from reglab.ui.sweep.query import View, ViewState
from reglab.ui.sweep.state import LAYER, ROLE, VIEW, WHAT, view_state
from reglab.ui.sweep.table import sweep_table
from reglab.ui.sweep.verdict_text import EpochView

MAIN_HEIGHT, GAP_HEIGHT, VIEW_HEIGHT = 440, 384, 304
"""Pixels of the U-curve, of the gap, and of the chosen view beside it, which has its switches above."""

VIEWS: Mapping[View, tuple[str, str, str]] = {
    "losses": ("Losses", "Without the penalty.", "the loss over the epochs, a line for each λ."),
    "weights": ("Weights", "Same bins in all panels.", "histograms of the weights, a panel for each λ."),
    "norms": ("Norms & zeros", "Layer by layer.", "the norm of each layer's weights, and their share of exact zeros."),
    "memory": (
        "Memorisation",
        "Training labels that the network reproduces.",
        "with label noise, the share of right and of wrong training labels that the network reproduces.",
    ),
    "table": ("Table", "Mean ± standard error at this epoch.", "every figure with its standard error."),
}
"""View → its name, a caption, and its explanation."""

VIEWS_HELP = "  \n".join(f"**{name}**: {about}" for name, _, about in VIEWS.values())
ROLES: Mapping[Role, str] = {"val": "Validation", "train": "Training"}
WHATS: Mapping[What, str] = {"norm": "Norms", "zeros": "Exact zeros"}
_OPTIONS = 40  # pixels of the row with a view's own switches, kept also without any


def main_chart(results: Results, view: EpochView) -> None:
    """The U-curve; of a grid, the map of both λ."""

    def make() -> go.Figure:
        if view.spec.kind == "grid":
            return sweep_grid_chart(view.table, measure=view.measure)
        chance = view.chance.accuracy if view.chance else None
        return sweep_chart(view.table, measure=view.measure, symbol=view.spec.symbol, chance=chance)

    _draw("curve", results, view, make, MAIN_HEIGHT)


def gap_chart(results: Results, view: EpochView) -> None:
    """The generalisation gap over λ."""
    make = partial(sweep_gap_chart, view.table, measure=view.measure, symbol=view.spec.symbol)
    _draw("gap", results, view, make, GAP_HEIGHT)


def views_of(spec: SweepSpec) -> list[View]:
    """The views that apply: memorisation needs wrong labels; one λ does not order the points of a grid."""
    if spec.kind == "grid":
        return ["losses", "table"]
    return [view for view in VIEWS if view != "memory" or spec.run.data.label_noise]


def view_box(results: Results, view: EpochView) -> None:
    """The chosen view below its switches."""
    offered = views_of(view.spec)
    if st.session_state.get(VIEW) not in offered:
        st.session_state[VIEW] = offered[0]
    with st.container(border=True, height="stretch", gap="xsmall"):
        _segments("View", {name: VIEWS[name][0] for name in offered}, VIEW)
        chosen: View = st.session_state[VIEW]
        with st.container(horizontal=True, vertical_alignment="center", gap="small", height=_OPTIONS, border=False):
            if chosen == "losses":
                _segments("Loss on", ROLES, ROLE, persist_state="page")
            elif chosen == "norms":
                _segments("Norms or zeros", WHATS, WHAT, persist_state="page")
            elif chosen == "weights":
                _layer(results, view)
            st.caption(VIEWS[chosen][1], help=VIEWS_HELP, width="content")
        if chosen == "table":
            sweep_table(view, VIEW_HEIGHT)
            return
        state = view_state(results.sweep.epochs)
        option = {"losses": state.role, "norms": state.what, "weights": state.layer}.get(chosen)
        make = partial(_figure, chosen, results, view, state)
        _draw(chosen, results, view, make, VIEW_HEIGHT, option, clickable=chosen in ("norms", "memory"))


def _figure(chosen: View, results: Results, view: EpochView, state: ViewState) -> go.Figure:
    spec, symbol = view.spec, view.spec.symbol
    if chosen == "losses":
        epochs = results.epochs[results.epochs[columns.EPOCH] <= view.epoch]
        planned = results.sweep.epochs
        return sweep_losses_chart(results.lanes, epochs, role=state.role, planned=planned, symbol=symbol)
    if chosen == "memory":
        return sweep_memorised_chart(view.table, symbol=symbol)
    layers, lambdas = layers_at(results, view.epoch), [point.value for point in spec.points]
    if chosen == "norms":
        curves = layer_curves(results.lanes, layers, view.epoch)
        return sweep_norms_chart(curves, what=state.what, symbol=symbol, lambdas=lambdas)
    histograms = sweep_histograms(results.lanes, layers, state.layer, view.epoch)
    return sweep_weights_chart(histograms, layer=state.layer, symbol=symbol, lambdas=lambdas)


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
    click = partial(links.open_point, results.sweep.id) if clickable else None
    live_chart(figure, key=f"{key}-{results.sweep.id}", height=height, on_click=click)


def _layer(results: Results, view: EpochView) -> None:
    names = [columns.ALL_WEIGHTS, *dict.fromkeys(layers_at(results, view.epoch)[columns.LAYER])]
    if len(names) > 1 and st.session_state.get(LAYER) not in names:
        st.session_state[LAYER] = columns.ALL_WEIGHTS
    st.selectbox(
        "Layer",
        names,
        key=LAYER,
        label_visibility="collapsed",
        width=170,
        disabled=len(names) == 1,
        persist_state="page",
    )


def _segments(label: str, options: Mapping[Any, str], key: str, **more: Any) -> None:
    hidden: dict[str, Any] = {"required": True, "label_visibility": "collapsed", **more}
    st.segmented_control(label, list(options), format_func=options.__getitem__, key=key, **hidden)
