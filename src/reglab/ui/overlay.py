"""Ticked runs laid over each other: loss, gap and weight histograms side by side, one colour a run."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
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


def overlay(store: Store, ticked: Sequence[Run]) -> None:
    """The charts of the ``ticked`` runs; of the first MAX_RUNS, with a sentence, where there are more."""
    runs = ticked[:MAX_RUNS]
    ids, labels = [run.id for run in runs], live_words.labels(runs)
    epochs, layers = store.epochs(ids), store.layers(ids, latest=True)
    styles = style_runs([(run.id, labels[run.id], run.l1, run.l2) for run in runs])
    planned = max(run.epochs for run in runs)
    if len(ticked) > MAX_RUNS:
        sentence = f"The charts show the first {MAX_RUNS} of {len(ticked):,} ticked runs; untick some to see others."
        st.info(sentence, icon=":material/palette:")
    boxes = [column.container(border=True, height="stretch", gap="xsmall") for column in st.columns(3)]
    places = [box.container() for box in boxes]
    log, measure, layer = _switches(boxes, layers)
    drawn = {
        "runs_loss": loss_chart(epochs, styles, planned=planned, log_y=log),
        "runs_gap": gap_chart(epochs, styles, measure=measure, planned=planned),
        "runs_weights": weights_chart(layers, styles, layer),
    }
    for place, (key, figure) in zip(places, drawn.items(), strict=True):
        with place:
            live_chart(figure, key=key, height=HEIGHT)


def _switches(boxes: Sequence[DeltaGenerator], layers: pd.DataFrame) -> tuple[bool, Measure, str | None]:
    """What each chart shows: losses on a logarithmic axis, the gap's measure, the kernel (``None``: all of them)."""
    log = boxes[0].toggle("Logarithmic", key="runs_log_loss", persist_state="session")
    measure = boxes[1].segmented_control(
        "Gap in", MEASURES, default="loss", required=True, format_func=lambda measure: f"in {measure}",
        key="runs_gap_measure", label_visibility="collapsed", persist_state="session",
    )  # fmt: skip
    names = [ALL_LAYERS, *dict.fromkeys(layers[columns.LAYER])]
    layer = boxes[2].selectbox("Layer", names, key="runs_layer", label_visibility="collapsed", persist_state="session")
    return log, measure, None if layer == ALL_LAYERS else layer
