"""Weights through training: the histograms of every epoch as a heat map, as a ridge, or one at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from reglab import columns
from reglab.charts.weight_history import weight_epoch_chart, weight_heat_map_chart, weight_ridge_chart
from reglab.errors import shown as shown_text
from reglab.exports.csv import csv_bytes
from reglab.number_format import PERCENT, percent, printf
from reglab.store import Run
from reglab.ui.inspect.data import history_of, layer_names, norms_of, nothing_recorded, version_of
from reglab.ui.inspect.query import Show
from reglab.ui.inspect.state import ALL, KEYS, put, shown
from reglab.ui.shared.fields import segments
from reglab.ui.shared.live_chart import live_chart
from reglab.ui.shared.memo import shared_figure
from reglab.ui.shared.text import literal

HEIGHT, HEIGHT_BELOW_SLIDER = 500, 420
"""Pixels of the chart."""

_POPOVER = 600  # pixels

SHOWS: Mapping[Show, str] = {"heat": "Heat map", "ridge": "Ridge", "epoch": "One epoch"}
FIGURES = "Norms and zeros at every epoch, as a table."
HELP = (
    "**Heat map**: every epoch is a column, every bin of weight values a row.  \n**Ridge**: up to 12 epochs, one "
    "histogram above the other.  \n**One epoch**: the slider moves through the epochs, on axes that stand still.  \n"
    "Exact zeros are in no bin; their share is shown apart."
)


_SHARES = (columns.ZERO_SHARE, columns.NEAR_ZERO_SHARE)
_COLUMNS = (columns.EPOCH, columns.L1_NORM, columns.L2_NORM, columns.MAX_ABS, columns.ZEROS, *_SHARES)


def weights_view(run: Run) -> None:
    """Draw the switches and the chosen chart."""
    names = [ALL, *layer_names(run)]
    if len(names) == 1:
        st.info(nothing_recorded(run), icon=":material/hourglass_empty:")
        return
    if (asked := st.session_state[KEYS["layer"]]) not in names:
        st.warning(f"This run has no layer {literal(shown_text(asked))}.", icon=":material/link_off:")
        put("layer", None)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        show = segments("Chart", SHOWS, KEYS["show"], persist_state="session")
        st.markdown("", help=HELP, width="content")
        look: dict[str, Any] = {"label_visibility": "collapsed", "width": 240, "persist_state": "session"}
        chosen = st.selectbox("Layer", names, key=KEYS["layer"], **look)
        figures = st.popover("Figures", icon=":material/table:", key="inspect_figures", on_change="rerun", help=FIGURES)
    layer = None if chosen == ALL else chosen
    history = history_of(run, layer)
    if history.empty:
        st.info("The weights of this run are not finite numbers at any recorded epoch.", icon=":material/trending_up:")
        return
    epoch = _slider(history) if show == "epoch" else None
    charts: Mapping[Show, Callable[[], go.Figure]] = {
        "heat": partial(weight_heat_map_chart, history, layer=layer, best_epoch=run.best_epoch),
        "ridge": partial(weight_ridge_chart, history, layer=layer),
        "epoch": partial(weight_epoch_chart, history, epoch or 0, layer=layer),
    }
    key = ("inspect weights", show, layer, epoch, version_of(run))
    height = HEIGHT if epoch is None else HEIGHT_BELOW_SLIDER
    with st.container(border=True):
        live_chart(shared_figure(key, charts[show]), key=f"inspect_weights_{show}", height=height)
    st.caption(summary(history, layer))
    if figures.open:
        with figures, st.container(width=_POPOVER):
            _figures(run, layer)


def _figures(run: Run, layer: str | None) -> None:
    """The norms of every epoch as a table, which is the chart's alternative in text."""
    table = norms_of(run, layer)
    name = f"reglab-{run.id}-norms.csv"
    st.dataframe(
        table.assign(**{name: 100 * table[name] for name in _SHARES}),
        hide_index=True,
        column_order=_COLUMNS,
        column_config=_config(table),
        height=360,
        alt=f"Norms and zeros of {layer or columns.ALL_WEIGHTS} at every epoch",
    )
    text = csv_bytes(
        table[list(_COLUMNS)], figures=[one for one in _COLUMNS if one not in (columns.EPOCH, columns.ZEROS)]
    )
    st.download_button("CSV", text, name, mime="text/csv", icon=":material/download:", on_click="ignore")


def _config(table: pd.DataFrame) -> dict[str, Any]:
    column = st.column_config.NumberColumn
    share: Mapping[str, Any] = {"format": f"%.1f{PERCENT}%"}
    return {
        columns.EPOCH: column("Epoch", format="%d"),
        columns.L1_NORM: column("‖w‖₁", format=printf(table[columns.L1_NORM])),
        columns.L2_NORM: column("‖w‖₂", format=printf(table[columns.L2_NORM])),
        columns.MAX_ABS: column("max |w|", format=printf(table[columns.MAX_ABS])),
        columns.ZEROS: column("Zeros", format="localized"),
        columns.ZERO_SHARE: column("Exact zeros", **share),
        columns.NEAR_ZERO_SHARE: column("Near zero", help=columns.NEAR_ZERO_HELP, **share),
    }


def _slider(history: pd.DataFrame) -> int:
    """The epoch of the slider; the newest where it has none of the recorded ones."""
    stops: list[int] = history[columns.EPOCH].tolist()
    key, now = KEYS["epoch"], st.session_state.get(KEYS["epoch"])
    shown().newest = stops[-1]
    if now not in stops:
        near = stops[-1] if now is None else min(stops, key=lambda stop: abs(stop - now))
        st.session_state[key] = near
    if len(stops) == 1:
        return stops[0]
    epoch: int = st.select_slider("Epoch", stops, key=key, persist_state="session")
    return epoch


def summary(history: pd.DataFrame, layer: str | None) -> str:
    """For example "1,568 weights in all layers. Exact zeros: none at epoch 0, 533 (34.0 %) at epoch 30."."""
    where = f"in {layer}" if layer else "in all layers"
    size, zeros = history[columns.SIZE], history[columns.ZEROS]
    shares = [
        (f"{zeros.iloc[row]:,} ({percent(zeros.iloc[row] / size.iloc[row])})" if zeros.iloc[row] else "none")
        + f" at epoch {epoch}"
        for row, epoch in ((0, history[columns.EPOCH].iloc[0]), (-1, history[columns.EPOCH].iloc[-1]))
    ]
    return f"{size.iloc[-1]:,} weights {where}. Exact zeros: {', '.join(dict.fromkeys(shares))}."
