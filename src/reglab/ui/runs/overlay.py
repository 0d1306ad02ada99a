"""Ticked runs laid over each other: loss, gap and weight histograms side by side, one colour a run."""

from __future__ import annotations

import html
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from reglab import columns
from reglab.charts import RunStyle, gap_chart, loss_chart, style_runs, weights_chart
from reglab.charts.gap import Measure
from reglab.store import Run, Store
from reglab.ui import live_words
from reglab.ui.live_chart import live_chart
from reglab.ui.urls import MAX_RUNS

HEIGHT = 340
"""Pixels of each chart."""

ALL_LAYERS = "all kernels"
MEASURES: tuple[Measure, ...] = ("loss", "accuracy")
_KEPT = "runs_overlay"


@dataclass(frozen=True)
class Frames:
    """Epochs, and the first and newest layer statistics, of runs that were as ``at`` says."""

    at: tuple[Any, ...]
    epochs: pd.DataFrame
    layers: pd.DataFrame


@dataclass(frozen=True)
class Look:
    """What the switches below the charts say; ``layer`` is None for all kernels."""

    log: bool
    measure: Measure
    layer: str | None


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
    figures = _figures(runs, frames, styles, _switches(boxes, frames.layers))
    if len(runs) > 1:
        legend.html(_legend(styles.values()))
    for place, (kind, figure) in zip(places, figures.items(), strict=True):
        with place:
            live_chart(figure, key=f"runs_{kind}", height=HEIGHT)


def _switches(boxes: Sequence[DeltaGenerator], layers: pd.DataFrame) -> Look:
    log = boxes[0].toggle("Logarithmic", key="runs_log_loss", persist_state="session")
    measure = boxes[1].segmented_control(
        "Gap in", MEASURES, default="loss", required=True, format_func=lambda measure: f"in {measure}",
        key="runs_gap_measure", label_visibility="collapsed", persist_state="session",
    )  # fmt: skip
    names = [ALL_LAYERS, *dict.fromkeys(layers[columns.LAYER])]
    layer = boxes[2].selectbox("Layer", names, key="runs_layer", label_visibility="collapsed", persist_state="session")
    return Look(log, measure, None if layer == ALL_LAYERS else layer)


def _frames(store: Store, runs: Sequence[Run]) -> Frames:
    """Read again only where a run has moved on."""
    at = tuple((run.id, run.epoch, run.environment is None) for run in runs)
    kept: Frames | None = st.session_state.get(f"{_KEPT}_frames")
    if kept is None or kept.at != at:
        ids = [run.id for run in runs]
        kept = Frames(at, store.epochs(ids), store.layers(ids, latest=True))
        st.session_state[f"{_KEPT}_frames"] = kept
    return kept


def _figures(runs: Sequence[Run], frames: Frames, styles: Mapping[str, RunStyle], look: Look) -> dict[str, go.Figure]:
    """Draw again only what would look different: figures cost more than anything else on the page."""
    source = (frames.at, tuple(styles.items()), look)
    kept: tuple[Any, dict[str, go.Figure]] | None = st.session_state.get(f"{_KEPT}_figures")
    if kept is None or kept[0] != source:
        planned = max(run.epochs for run in runs)
        figures = {
            "loss": loss_chart(frames.epochs, styles, planned=planned, log_y=look.log),
            "gap": gap_chart(frames.epochs, styles, measure=look.measure, planned=planned),
            "weights": weights_chart(frames.layers, styles, look.layer),
        }
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
