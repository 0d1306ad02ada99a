"""Ticked runs laid over each other: loss, gap and weight histograms side by side, one colour a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from reglab import columns
from reglab.charts import gap_chart, loss_chart, style_runs, weights_chart
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
    boxes = [column.container(border=True, height="stretch", gap="xsmall") for column in st.columns(3)]
    places = [box.container() for box in boxes]
    frames = _frames(store, runs)
    figures = _figures(runs, frames, _switches(boxes, frames.layers))
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


def _figures(runs: Sequence[Run], frames: Frames, look: Look) -> dict[str, go.Figure]:
    """Draw again only what would look different: figures cost more than anything else on the page."""
    labels = live_words.labels(runs)
    source = (frames.at, tuple(labels.items()), look)
    kept: tuple[Any, dict[str, go.Figure]] | None = st.session_state.get(f"{_KEPT}_figures")
    if kept is None or kept[0] != source:
        styles = style_runs([(run.id, labels[run.id], run.l1, run.l2) for run in runs])
        planned = max(run.epochs for run in runs)
        figures = {
            "loss": loss_chart(frames.epochs, styles, planned=planned, log_y=look.log),
            "gap": gap_chart(frames.epochs, styles, measure=look.measure, planned=planned),
            "weights": weights_chart(frames.layers, styles, look.layer),
        }
        kept = (source, figures)
        st.session_state[f"{_KEPT}_figures"] = kept
    return kept[1]
