"""Ticked runs laid over each other: three charts side by side, one colour a run."""

from __future__ import annotations

import html
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from reglab.charts import RunStyle, style_runs
from reglab.store import Run, Store
from reglab.ui import chart_row, live_words
from reglab.ui.chart_row import Keys, Look, switches
from reglab.ui.live_chart import live_chart
from reglab.ui.urls import MAX_RUNS

HEIGHT = 340
"""Pixels of each chart."""

_KEYS = Keys("runs_loss_view", "runs_log_loss", "runs_gap_measure", "runs_weight_view", "runs_layer")
_KEPT = "runs_overlay"


@dataclass(frozen=True)
class Frames:
    """Epochs, and the first and newest layer statistics, of runs that were as ``at`` says."""

    at: tuple[Any, ...]
    epochs: pd.DataFrame
    layers: pd.DataFrame


def overlay(store: Store, ticked: Sequence[Run]) -> None:
    """The charts of the ``ticked`` runs; of the first MAX_RUNS, with a sentence, where there are more."""
    runs = ticked[:MAX_RUNS]
    if len(ticked) > MAX_RUNS:
        sentence = f"The charts show the first {MAX_RUNS} of {len(ticked):,} ticked runs; untick some to see others."
        st.info(sentence, icon=":material/palette:")
    legend = st.container(key="runs_legend")
    grid = st.grid(3, min_column_width=270, gap="small", border=True)
    boxes = [grid.cell() for _ in range(3)]
    places = [box.container() for box in boxes]
    frames, labels = _frames(store, runs), live_words.labels(runs)
    styles = style_runs([(run.id, labels[run.id], run.l1, run.l2) for run in runs])
    figures = _figures(store, runs, frames, styles, switches(boxes, frames.layers, _KEYS, keep_layer=True))
    if len(runs) > 1:
        legend.html(_legend(styles.values()))
    for place, (kind, figure) in zip(places, figures.items(), strict=True):
        with place:
            live_chart(figure, key=f"runs_{kind}", height=HEIGHT)


def _frames(store: Store, runs: Sequence[Run]) -> Frames:
    """Read again only where a run has moved on."""
    at = tuple((run.id, run.epoch, run.environment is None) for run in runs)
    kept: Frames | None = st.session_state.get(f"{_KEPT}_frames")
    if kept is None or kept.at != at:
        ids = [run.id for run in runs]
        kept = Frames(at, store.epochs(ids), store.layers(ids, latest=True))
        st.session_state[f"{_KEPT}_frames"] = kept
    return kept


def _figures(
    store: Store, runs: Sequence[Run], frames: Frames, styles: Mapping[str, RunStyle], look: Look
) -> dict[str, go.Figure]:
    """Draw again only what would look different: figures cost more than anything else on the page."""
    source = (frames.at, tuple(styles.items()), look)
    kept: tuple[Any, dict[str, go.Figure]] | None = st.session_state.get(f"{_KEPT}_figures")
    if kept is None or kept[0] != source:
        planned = max(run.epochs for run in runs)
        figures = chart_row.figures(
            look, styles, [run.spec for run in runs], planned, frames.epochs, frames.layers,
            lambda: store.pulls(list(styles)),
        )  # fmt: skip
        if len(runs) > 1:
            for figure in figures.values():
                _unnamed(figure, styles.values())
        kept = (source, figures)
        st.session_state[f"{_KEPT}_figures"] = kept
    return kept[1]


def _unnamed(figure: go.Figure, styles: Collection[RunStyle]) -> None:
    """Leave the runs out of the figure's own legend: eight names would take the room of the curves."""
    labels = {style.label for style in styles}
    figure.for_each_trace(lambda trace: trace.update(showlegend=False) if trace.name in labels else None)


def _legend(styles: Iterable[RunStyle]) -> str:
    """The runs' colours and names, once for all charts."""
    dot = '<span style="color:{};font-size:1.5em;vertical-align:-0.08em">●</span>'
    entries = (
        f'<span style="white-space:nowrap">{dot.format(style.colour)} {html.escape(style.label)}</span>'
        for style in styles
    )
    return f'<div style="display:flex;flex-wrap:wrap;gap:0.1rem 1.2rem;font-size:0.9em">{"".join(entries)}</div>'
