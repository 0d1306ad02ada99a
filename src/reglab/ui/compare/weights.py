"""The view Weights: histograms on the same bins, through the epochs, and the norms of each run against a baseline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from reglab import columns
from reglab.analysis.run_weights import DISTANCE, run_weights
from reglab.charts import RunStyle, weight_panels, weight_ridge, weights_chart
from reglab.charts.base import note
from reglab.charts.weight_panels import weight_panels_chart
from reglab.charts.weight_ridge import weight_ridge_chart
from reglab.number_format import column, percent
from reglab.store import Run
from reglab.ui.compare.data import Selection
from reglab.ui.compare.query import Weights
from reglab.ui.compare.state import choice, switch
from reglab.ui.shared.legend import legend_html
from reglab.ui.shared.live_chart import live_chart
from reglab.ui.shared.memo import shared_figure, shared_frame
from reglab.ui.shared.services import services
from reglab.ui.shared.text import named

HEIGHT = 430
KINDS: Mapping[Weights, str] = {"overlay": "Overlay", "panels": "Small multiples", "ridge": "Through the epochs"}
RIDGES = 10
"""Epochs of a run that are drawn, the initial weights apart."""

HELP = (
    "All histograms have the same bins, so they can be laid over each other; the height is density on a logarithmic "
    "scale. Exact zeros have no width and are in no bin: the table has their share.  \n"
    "**Distance**: Wasserstein's W₁ between the distributions, the mean way that weights would have to move to make "
    "the one distribution the other; in units of weights. It compares distributions, not weight with weight."
)


def weights_view(selection: Selection) -> None:
    """The switches, the charts, and the table of norms."""
    runs = selection.begun[: weight_panels.MOST]
    if len(selection.begun) > len(runs):
        st.info(f"The first {len(runs)} of {len(selection.begun):,} runs are drawn.", icon=":material/filter_list:")
    styles = {
        run_id: one for run_id, one in selection.styles(grouped=False).items() if any(run.id == run_id for run in runs)
    }
    layers, version = latest_layers(runs)
    if layers.empty:
        st.info("No weights are recorded of these runs.", icon=":material/block:")
        return
    kind, layer, baseline = _switches(layers, styles)
    if kind == "ridge":
        _ridges(runs, styles, layer)
    else:
        st.html(legend_html(styles.values()))
        _histograms(kind, layers, version, styles, layer, baseline)
    table = run_weights(layers, layer, baseline)
    st.dataframe(readable(table, styles, baseline), hide_index=True, alt="Norms of the weights of each run")
    absent = [style.label for run, style in styles.items() if run not in set(table[columns.RUN])]
    left_out = f" Without this layer: {named(absent)}." if absent else ""
    st.caption(f"Newest epoch of each run.{left_out}", help=HELP)


def _switches(layers: pd.DataFrame, styles: Mapping[str, RunStyle]) -> tuple[str, str | None, str]:
    """The kind of chart, the layer (None: all), and the baseline."""
    names = [columns.ALL_WEIGHTS, *dict.fromkeys(layers[columns.LAYER])]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        kind = switch("weights", "Histograms", KINDS)
        layer = choice("layer", "Layer", {name: name for name in names}, width=200)
        with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content"):
            st.markdown("Baseline", width="content")
            baseline = choice("baseline", "Baseline", {run: style.label for run, style in styles.items()}, width=260)
    return kind, None if layer == columns.ALL_WEIGHTS else layer, baseline


def latest_layers(runs: Sequence[Run]) -> tuple[pd.DataFrame, tuple[object, ...]]:
    """The layers of the initial weights and of each run's newest epoch, and their version."""
    store = services().store
    version = (store.home, *((run.id, run.epoch) for run in runs))
    ids = [run.id for run in runs]
    return shared_frame(("compare layers", version), lambda: store.layers(ids, latest=True)), version


def _histograms(
    kind: str,
    layers: pd.DataFrame,
    version: tuple[object, ...],
    styles: Mapping[str, RunStyle],
    layer: str | None,
    baseline: str,
) -> None:
    key = ("compare weights", kind, version, layer, baseline, tuple(styles.items()))
    make, height = partial(_overlay, layers, styles, layer), HEIGHT
    if kind == "panels":
        newest = layers[layers[columns.EPOCH] > 0]
        make = partial(weight_panels_chart, newest, styles, layer, baseline=baseline)
        height = weight_panels.height_of(len(styles))
    live_chart(shared_figure(key, make), key=f"compare-weights-{kind}", height=height)


def _overlay(layers: pd.DataFrame, styles: Mapping[str, RunStyle], layer: str | None) -> go.Figure:
    """All runs in one chart; the page names them."""
    figure = weights_chart(layers, styles, layer)
    note(figure, legend=True)
    figure.update_layout(showlegend=False, margin={"b": 40})
    return figure


def _ridges(runs: Sequence[Run], styles: Mapping[str, RunStyle], layer: str | None) -> None:
    """Up to MOST runs side by side, each at an even choice of its epochs."""
    shown, store = list(runs[: weight_ridge.MOST]), services().store
    if len(runs) > len(shown):
        st.caption(f"The first {len(shown)} of {len(runs):,} runs; fewer panels are wider.")
    version = (store.home, *((run.id, run.epoch) for run in shown))

    def read() -> pd.DataFrame:
        parts = [store.layers([run.id], epochs=ridge_epochs(run.epoch)) for run in shown]
        return pd.concat(parts, ignore_index=True)

    def make() -> go.Figure:
        own = {run.id: styles[run.id] for run in shown}
        return weight_ridge_chart(shared_frame(("compare ridges", version), read), own, layer)

    key = ("compare ridge", version, layer, tuple(styles.items()))
    live_chart(shared_figure(key, make), key="compare-weights-ridge", height=weight_ridge.HEIGHT)


def ridge_epochs(last: int) -> list[int]:
    """The initial weights, and an even choice of at most RIDGES epochs, the last one among them."""
    return sorted({0, *np.linspace(1, last, min(RIDGES, last)).round().astype(int).tolist()})


def readable(table: pd.DataFrame, styles: Mapping[str, RunStyle], baseline: str) -> pd.DataFrame:
    """A row a run: norms, largest weight, shares of zeros, and the distance to the baseline."""
    rows = table.to_dict("records")
    away = column((row[DISTANCE] for row in rows), 3)
    return pd.DataFrame(
        {
            "Run": [styles[str(row[columns.RUN])].label for row in rows],
            "Epoch": [int(row[columns.EPOCH]) for row in rows],
            "‖w‖₂": column(row[columns.L2_NORM] for row in rows),
            "‖w‖₁": column(row[columns.L1_NORM] for row in rows),
            "max |w|": column((row[columns.MAX_ABS] for row in rows), 3),
            "Exact zeros": [percent(row[columns.ZERO_SHARE]) for row in rows],
            "Near zero": [percent(row[columns.NEAR_ZERO_SHARE]) for row in rows],
            "Distance": [
                "baseline" if row[columns.RUN] == baseline else far for row, far in zip(rows, away, strict=True)
            ],
        }
    )
