"""The view Parallel: an axis for each setting in which the runs differ and for each figure, a line a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from reglab import columns
from reglab.analysis.run_differences import RunDifferences
from reglab.charts.parallel import parallel_chart
from reglab.jobs.run_comparing import compare_runs
from reglab.ui.compare.data import Selection
from reglab.ui.compare.differences import figure_title, setting_text, setting_title
from reglab.ui.compare.query import SEEDS
from reglab.ui.shared.legend import legend_html
from reglab.ui.shared.live_chart import live_chart
from reglab.ui.shared.memo import shared_figure

HEIGHT = 480
MOST_SETTINGS = 8
"""Axes of settings: more would be too narrow to read."""

_FIGURES = ("val_acc", "val_loss", "gap_loss", "best.val_loss")
_SHARES = ("val_acc",)


def parallel_view(selection: Selection) -> None:
    """The legend and the chart."""
    found, styles = compare_runs(selection.begun), selection.styles(grouped=False)
    keys = axes_of(found)
    if not keys:
        st.info("These runs have the same settings: there is no axis to draw.", icon=":material/show_chart:")
        return
    if left := [setting_title(key) for key in found.settings if key not in keys]:
        st.caption(f"Without axes: {', '.join(left)}.")
    st.html(legend_html(styles.values()))
    table = parallel_table(found, keys)
    key = ("compare parallel", selection.version, tuple(styles.items()))
    shares = [figure_title(name) for name in _SHARES]
    figure = shared_figure(key, lambda: parallel_chart(table, styles, shares=shares))
    live_chart(figure, key="compare-parallel", height=HEIGHT)


def axes_of(found: RunDifferences) -> tuple[str, ...]:
    """The settings with an axis: seeds last, and only as many as are legible; of two seeds that go together, one."""
    ordered = sorted(found.settings, key=lambda key: key in SEEDS)
    if {"data.seed", "train.seed"} <= set(ordered):
        apart = {one.settings["train.seed"] - one.settings["data.seed"] for one in found.runs}
        ordered = [key for key in ordered if key != "data.seed" or len(apart) > 1]
    return tuple(ordered[:MOST_SETTINGS])


def parallel_table(found: RunDifferences, keys: Sequence[str]) -> pd.DataFrame:
    """RUN, a column for each setting of ``keys`` (numbers where all are), and for each figure."""
    rows: Mapping[str, list[Any]] = {
        columns.RUN: [one.run for one in found.runs],
        **{setting_title(key): _values(key, [one.settings[key] for one in found.runs]) for key in keys},
        **{figure_title(name): [_nan(one.figures[name]) for one in found.runs] for name in _FIGURES},
    }
    return pd.DataFrame(rows)


def _values(key: str, values: Sequence[Any]) -> list[Any]:
    """Numbers as they are; anything else, and numbers beside an empty setting, as pages write them."""
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return [float(value) for value in values]
    return [setting_text(key, value) for value in values]


def _nan(value: float | None) -> float:
    return float("nan") if value is None else float(value)
