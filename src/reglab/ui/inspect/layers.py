"""The layers of a run as a table that sorts: norms, exact zeros, zero filters, gradient ratio; and as CSV."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from reglab import columns
from reglab.exports.csv import csv_bytes
from reglab.number_format import PERCENT, printf
from reglab.store import Run
from reglab.ui.inspect.data import figures_of, nothing_recorded
from reglab.ui.inspect.query import At
from reglab.ui.inspect.state import KEYS
from reglab.ui.shared.fields import segments

START_RATIO = "l2_of_start"
"""‖w‖₂ over ‖w‖₂ at epoch 0."""

_ORDER = (
    *(columns.LAYER, columns.SIZE, columns.L1_NORM, columns.L2_NORM, START_RATIO, columns.MAX_ABS),
    *(columns.ZEROS, columns.ZERO_SHARE, columns.NEAR_ZERO_SHARE, columns.UNITS, columns.ZERO_UNITS),
    columns.GRADIENT_RATIO,
)


_SHARES = (START_RATIO, columns.ZERO_SHARE, columns.NEAR_ZERO_SHARE)


def at_names(run: Run) -> dict[At, str]:
    """The last and the best epoch, as the switch names them."""
    names: dict[At, str] = {"last": f"Last epoch ({run.epoch})"}
    return names | ({"best": f"Best epoch ({run.best_epoch})"} if run.best_epoch else {})


def at_switch(run: Run) -> At:
    """Draw the switch between the last and the best epoch; the last where there is no best one."""
    names = at_names(run)
    if st.session_state[KEYS["at"]] not in names:
        st.session_state[KEYS["at"]] = "last"
    return segments("Epoch", names, KEYS["at"], persist_state="session")


def layers_view(run: Run) -> None:
    """Draw the table."""
    table = None
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        at = at_switch(run)
        epoch = run.best_epoch if at == "best" and run.best_epoch else run.epoch
        table = layer_table(figures_of(run, epoch), figures_of(run, 0))
        if not table.empty:
            _csv(run, table, epoch)
    if table.empty:
        st.info(nothing_recorded(run), icon=":material/hourglass_empty:")
        return
    st.dataframe(
        table.assign(**{name: 100 * table[name] for name in _SHARES}),
        hide_index=True,
        height="content" if len(table) <= 16 else 600,
        column_config=_config(table),
        column_order=[name for name in _ORDER if not table[name].isna().all()],
        placeholder="–",
        alt=f"Norms, zeros and gradient ratios of the layers at epoch {epoch}",
        key=f"inspect_layer_table_{run.id}",
    )
    st.caption(
        "A click on a head sorts. The last row is all layers as one vector; the units of the classifier are classes "
        "and do not count among its filters."
    )


def layer_table(now: pd.DataFrame, start: pd.DataFrame) -> pd.DataFrame:
    """The layers' figures ``now``, with ‖w‖₂ over that at the ``start`` where it is known and above 0."""
    before = start.set_index(columns.LAYER)[columns.L2_NORM] if len(start) else pd.Series(dtype=float)
    norms = now[columns.LAYER].map(before).astype(float)
    ratio = (now[columns.L2_NORM].astype(float) / norms.where(norms > 0)).astype(float)
    return now.assign(**{START_RATIO: ratio})[list(_ORDER)]


def _csv(run: Run, table: pd.DataFrame, epoch: int) -> None:
    figures = [name for name in _ORDER if name not in (columns.LAYER, columns.SIZE, columns.ZEROS)]
    text = csv_bytes(table.assign(**{columns.EPOCH: epoch}), figures=figures)
    with st.container(horizontal=True, width="content", gap="small"):
        with st.popover("Copy CSV", icon=":material/content_copy:", key="inspect_copy_csv"):
            st.code(text.decode("utf-8-sig"), language=None, height=320)
        name = f"reglab-{run.id}-layers.csv"
        look: Mapping[str, Any] = {"icon": ":material/download:", "on_click": "ignore", "mime": "text/csv"}
        st.download_button("CSV", text, name, key="inspect_layers_csv", **look)


def _config(table: pd.DataFrame) -> dict[str, Any]:
    column = st.column_config
    share: Mapping[str, Any] = {"format": f"%.1f{PERCENT}%", "width": 82}
    count: Mapping[str, Any] = {"format": "localized", "width": 72}
    ratio = "Penalty-to-data gradient ratio ‖∇penalty‖ / ‖∇data‖, the data gradient averaged over the epoch."
    return {
        columns.LAYER: column.TextColumn("Layer", pinned=True),
        columns.SIZE: column.NumberColumn("Weights", **count),
        columns.L1_NORM: column.NumberColumn("‖w‖₁", help="Σ|w|", width=72, format=printf(table[columns.L1_NORM])),
        columns.L2_NORM: column.NumberColumn("‖w‖₂", help="√Σw²", width=72, format=printf(table[columns.L2_NORM])),
        START_RATIO: column.NumberColumn("of start", help="‖w‖₂ over its value before training.", **share),
        columns.MAX_ABS: column.NumberColumn("max |w|", width=72, format=printf(table[columns.MAX_ABS])),
        columns.ZEROS: column.NumberColumn("Zeros", help="Weights that are exactly 0.", **count),
        columns.ZERO_SHARE: column.NumberColumn(
            "Exact zeros", help="Share of the weights that are exactly 0.", **share
        ),
        columns.NEAR_ZERO_SHARE: column.NumberColumn("Near zero", help=columns.NEAR_ZERO_HELP, **share),
        columns.UNITS: column.NumberColumn(
            "Filters", help="Filters of a convolution, units of a dense layer.", **count
        ),
        columns.ZERO_UNITS: column.NumberColumn("At zero", help="Filters whose weights are all exactly 0.", **count),
        columns.GRADIENT_RATIO: column.NumberColumn("Gradient ratio", help=ratio, format="%.4g", width=102),
    }
