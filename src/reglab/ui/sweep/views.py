"""The views of which one is drawn at a time: loss curves, weights, norms and zeros, memorisation, the table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from reglab import columns
from reglab.analysis import layer_curves, sweep_histograms
from reglab.charts.sweep_losses import Role, sweep_losses_chart
from reglab.charts.sweep_memorised import sweep_memorised_chart
from reglab.charts.sweep_norms import What, sweep_norms_chart
from reglab.charts.sweep_weights import sweep_weights_chart
from reglab.store import Sweep
from reglab.sweep import SweepSpec
from reglab.ui.shared.live_chart import live_chart
from reglab.ui.shared.memo import shared_figure
from reglab.ui.sweep import links
from reglab.ui.sweep.data import Results, Shown, layers_at
from reglab.ui.sweep.query import Look, View
from reglab.ui.sweep.table import sweep_table_view
from reglab.ui.sweep.view_state import LAYER, ROLE, VIEW, WHAT

HEIGHT = 304
"""Pixels of the chosen view, below its switches."""

VIEWS: Mapping[View, str] = {
    "losses": "Losses", "weights": "Weights", "norms": "Norms & zeros", "memory": "Memorisation", "table": "Table",
}  # fmt: skip
ROLES: Mapping[Role, str] = {"val": "Validation", "train": "Training"}
WHATS: Mapping[What, str] = {"norm": "Norms", "zeros": "Exact zeros"}

ABOUT: Mapping[View, str] = {
    "losses": "Without the penalty.",
    "weights": "Same bins in all panels.",
    "norms": "Layer by layer.",
    "memory": "Training labels that the network reproduces.",
    "table": "Mean ± standard error at this epoch.",
}
_OPTIONS = 40  # pixels of the row with a view's own switches, whether it has any or not

VIEWS_HELP = (
    "**Losses**: the loss over the epochs, a line for each λ.  \n"
    "**Weights**: how many weights have which size, a panel for each λ on the same bins.  \n"
    "**Norms & zeros**: how large each layer's weights are, and how many are exactly 0.  \n"
    "**Memorisation**: with label noise, the share of right and of wrong training labels that the network reproduces.  "
    "\n**Table**: every figure with its standard error."
)


def views_of(spec: SweepSpec) -> list[View]:
    """Which views make sense: memorisation needs wrong labels; of a grid, one λ does not order the points."""
    if spec.kind == "grid":
        return ["losses", "table"]
    return [view for view in VIEWS if view != "memory" or spec.run.data.label_noise]


def view_box(results: Results, shown: Shown, look: Look) -> None:
    """The switches, and the view that they choose."""
    sweep = results.sweep
    offered = views_of(sweep.spec)
    if st.session_state.get(VIEW) not in offered:
        st.session_state[VIEW] = offered[0]
    with st.container(border=True, height="stretch", gap="xsmall"):
        st.segmented_control(
            "View", offered, format_func=VIEWS.__getitem__, key=VIEW, required=True, label_visibility="collapsed"
        )
        view: View = st.session_state[VIEW]
        with st.container(horizontal=True, vertical_alignment="center", gap="small", height=_OPTIONS, border=False):
            _options(view, results, shown)
            st.caption(ABOUT[view], help=VIEWS_HELP, width="content")
        if view == "table":
            sweep_table_view(sweep.spec, shown.table, look.measure, HEIGHT)
        else:
            _chart(view, sweep, results, shown)


def _options(view: View, results: Results, shown: Shown) -> None:
    """The switches that belong to this view alone."""
    if view == "losses":
        _segments("Loss on", ROLES, ROLE)
    elif view == "norms":
        _segments("Norms or zeros", WHATS, WHAT)
    elif view == "weights":
        names = [columns.ALL_WEIGHTS, *dict.fromkeys(layers_at(results, shown.moment.epoch)[columns.LAYER])]
        if len(names) > 1 and st.session_state.get(LAYER) not in names:
            st.session_state[LAYER] = columns.ALL_WEIGHTS
        st.selectbox(
            "Layer", names, key=LAYER, label_visibility="collapsed", width=170, disabled=len(names) == 1,
            persist_state="page",
        )  # fmt: skip


def _segments(label: str, options: Mapping[Any, str], key: str) -> None:
    st.segmented_control(
        label, list(options), format_func=options.__getitem__, key=key, required=True, label_visibility="collapsed",
        persist_state="page",
    )  # fmt: skip


def _chart(view: View, sweep: Sweep, results: Results, shown: Shown) -> None:
    state = st.session_state
    role: Role = state.get(ROLE) or "val"
    what: What = state.get(WHAT) or "norm"
    layer: str | None = state.get(LAYER)
    options = {"losses": (role,), "norms": (what,), "weights": (layer,)}.get(view, ())
    figure = shared_figure(
        (f"path-{view}", shown.source, options), lambda: _figure(view, sweep, results, shown, role, what, layer)
    )
    click = partial(links.open_point, sweep.id) if view in ("norms", "memory") else None
    live_chart(figure, key=f"path-{view}-{sweep.id}", height=HEIGHT, on_click=click)


def _figure(
    view: View, sweep: Sweep, results: Results, shown: Shown, role: Role, what: What, layer: str | None
) -> go.Figure:
    spec, epoch = sweep.spec, shown.moment.epoch
    lambdas: Sequence[float] = [point.value for point in spec.points]
    if view == "losses":
        epochs = results.epochs[results.epochs[columns.EPOCH] <= epoch]
        return sweep_losses_chart(results.lanes, epochs, role=role, planned=sweep.epochs, symbol=spec.symbol)
    if view == "memory":
        return sweep_memorised_chart(shown.table, symbol=spec.symbol)
    layers = layers_at(results, epoch)
    if view == "norms":
        paths = layer_curves(results.lanes, layers, epoch)
        return sweep_norms_chart(paths, what=what, symbol=spec.symbol, lambdas=lambdas)
    own = None if layer in (None, columns.ALL_WEIGHTS) else layer
    histograms = sweep_histograms(results.lanes, layers, own, epoch)
    return sweep_weights_chart(histograms, layer=own, symbol=spec.symbol, lambdas=lambdas)
