"""The view Curves: one figure of all runs over epochs, steps or seconds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st
from numpy.typing import NDArray

from reglab import columns
from reglab.analysis.run_curves import Axis, curves, gradient_ratios, penalty_sum, places
from reglab.charts import RunStyle
from reglab.charts.compare_curves import Measured, compare_curves_chart
from reglab.store import Run
from reglab.ui.compare.data import Epochs, Selection, epochs_of
from reglab.ui.compare.query import SERIES, SMOOTHINGS, CompareQuery, Figure, Images, Scale
from reglab.ui.compare.state import choice, compare_state, switch
from reglab.ui.shared.legend import legend_html
from reglab.ui.shared.live_chart import live_chart
from reglab.ui.shared.memo import shared_figure
from reglab.ui.shared.services import services

HEIGHT = 470

FIGURES: Mapping[Figure, str] = {
    "accuracy": "Accuracy",
    "loss": "Loss",
    "gap_acc": "Gap in accuracy",
    "gap_loss": "Gap in loss",
    "penalty": "Penalty",
    "ratio": "Gradient ratio",
}
IMAGES: Mapping[Images, str] = {"val": "Validation", "train": "Training", "both": "Both"}
AXES: Mapping[Axis, str] = {"epoch": "Epochs", "step": "Steps", "seconds": "Seconds"}
SCALES: Mapping[Scale, str] = {"linear": "Linear", "x": "Log x", "y": "Log y", "xy": "Log both"}
SMOOTHED = {one: "No smoothing" if one == "0" else f"Smoothing {one}" for one in SMOOTHINGS}

HELP = (
    "**Groups**: runs that differ in their seed, fold or block alone are one line, their mean at each epoch, with ± "
    "one standard error as an area.  \n"
    "**Smoothing** f: the moving average Σ fᵏ v₍ₑ₋ₖ₎ / Σ fᵏ over the epochs so far; what was measured lies beneath, as "
    "a thin line.  \n"
    "**Loss** and gap are without the penalty, in eval mode. **Penalty** is the sum of all penalty terms in J. "
    "**Gradient ratio** is ‖∇penalty‖ / ‖∇data‖ over all layers."
)
_UNITS: Mapping[Figure, Measured] = {
    "accuracy": Measured("Accuracy", "share classified correctly", "%", ".0%"),
    "loss": Measured("Loss", "nats, without the penalty", "nats"),
    "gap_acc": Measured("Gap in accuracy", "training − validation accuracy", "%", ".0%"),
    "gap_loss": Measured("Gap in loss", "validation − training loss, nats", "nats"),
    "penalty": Measured("Penalty", "the sum of all penalty terms in J, nats", "nats"),
    "ratio": Measured("Gradient ratio", "‖∇penalty‖ / ‖∇data‖, all layers"),
}
_ROLES: Mapping[Figure, Mapping[str, str]] = {
    "accuracy": {"val": columns.VAL_ACC, "train": columns.TRAIN_ACC},
    "loss": {"val": columns.VAL_LOSS, "train": columns.TRAIN_LOSS},
}
_COLUMNS: Mapping[Figure, str] = {"gap_acc": columns.GAP_ACC, "gap_loss": columns.GAP_LOSS}


class Options(NamedTuple):
    """What the switches select; equal options of equal runs give equal figures."""

    figure: Figure
    images: Images
    x: Axis
    log: Scale
    smooth: float
    grouped: bool

    @classmethod
    def of(cls, shown: CompareQuery) -> Options:
        grouped = shown.series == "groups"
        return cls(shown.figure, shown.images, shown.x, shown.log, float(shown.smooth), grouped)


def curves_view(selection: Selection) -> None:
    """The switches, the legend and the chart."""
    _switches(selection)
    options = Options.of(compare_state().shown)
    epochs, styles = epochs_of(selection), selection.styles(grouped=options.grouped)
    st.html(legend_html(styles.values()))

    key = ("compare curves", epochs.version, options, tuple(styles.items()))
    figure = shared_figure(key, lambda: curves_figure(curve_table(selection, epochs, options), styles, options))
    live_chart(figure, key="compare-curves", height=HEIGHT)


def curves_figure(table: pd.DataFrame, styles: Mapping[str, RunStyle], options: Options) -> go.Figure:
    """The curves of ``table``, as of :func:`curve_table`."""
    log = {"log_x": "x" in options.log, "log_y": "y" in options.log.removeprefix("linear")}
    return compare_curves_chart(table, styles, what=_UNITS[options.figure], x=_x_title(options.x), **log)


def _switches(selection: Selection) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        switch("figure", "Figure", FIGURES)
        if compare_state().shown.figure in _ROLES:
            switch("images", "Images", IMAGES)
        st.markdown("", help=HELP, width="content")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        switch("x", "x axis", AXES)
        switch("log", "Scale of the axes", SCALES)
        choice("smooth", "Smoothing", SMOOTHED, width=160)
        if selection.has_groups:
            switch("series", "Lines", SERIES)


def _x_title(axis: Axis) -> str:
    return {"epoch": "epoch", "step": "optimizer step", "seconds": "seconds of training"}[axis]


def curve_table(selection: Selection, epochs: Epochs, options: Options) -> pd.DataFrame:
    """The curves of every series, as of :func:`reglab.analysis.run_curves.curves`; empty without any epoch."""
    if epochs.rows.empty:
        return pd.DataFrame()
    steps = {run.id: steps_per_epoch(run) for run in selection.runs}
    at = places(epochs.rows, options.x, {run: number for run, number in steps.items() if number})
    series = selection.series(grouped=options.grouped)
    return curves(epochs.rows, _values(selection, epochs.rows, options), at, series, options.smooth)


def _values(selection: Selection, rows: pd.DataFrame, options: Options) -> dict[str, NDArray[np.float64]]:
    """Role → the figure of each row."""
    if options.figure in _ROLES:
        names = _ROLES[options.figure]
        roles = names if options.images == "both" else {options.images: names[options.images]}
        return {role: rows[name].to_numpy(np.float64) for role, name in roles.items()}
    if options.figure == "penalty":
        return {"val": penalty_sum(rows)}
    if options.figure == "ratio":
        return {"val": gradient_ratios(rows, services().store.gradients([run.id for run in selection.runs]))}
    return {"val": rows[_COLUMNS[options.figure]].to_numpy(np.float64)}


def steps_per_epoch(run: Run) -> int | None:
    """⌈training images / batch size⌉, less one where a single image would be left; None before the run has begun."""
    images, size = (run.environment or {}).get("n_train"), run.spec.train.batch_size
    if not images:
        return None
    steps = -(-int(images) // size)
    return steps - 1 if steps > 1 and images % size == 1 else steps
