"""Three charts of the ticked runs side by side, one colour a run."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

import streamlit as st

from reglab.charts import RunStyle
from reglab.store import Run, Store
from reglab.ui.shared import chart_row
from reglab.ui.shared.chart_row import Keys, Source, switches
from reglab.ui.shared.live_chart import live_chart
from reglab.ui.shared.query import MAX_RUNS
from reglab.ui.shared.run_data import results_of

HEIGHT = 340
"""Pixels of each chart."""

_KEYS = Keys("runs_loss_view", "runs_log_loss", "runs_gap_measure", "runs_weight_view", "runs_layer")


def overlay(store: Store, ticked: Sequence[Run]) -> None:
    """The charts of the ``ticked`` runs, of the first MAX_RUNS where there are more."""
    runs = ticked[:MAX_RUNS]
    if len(ticked) > MAX_RUNS:
        sentence = f"The charts show the first {MAX_RUNS} of {len(ticked):,} ticked runs; untick some to see others."
        st.info(sentence, icon=":material/palette:")
    legend = st.container(key="runs_legend")
    grid = st.grid(3, min_column_width=270, gap="small", border=True)
    boxes = [grid.cell() for _ in range(3)]
    places = [box.container() for box in boxes]
    results = results_of(runs)
    source = Source(
        results.version, results.styles, [run.spec for run in runs], max(run.epochs for run in runs), results.epochs,
        results.layers, lambda: store.pulls(list(results.styles)), own_legend=len(runs) > 1,
    )  # fmt: skip
    figures = chart_row.figures(source, switches(boxes, source.layers, _KEYS, keep_layer=True))
    if len(runs) > 1:
        legend.html(_legend(results.styles.values()))
    for place, (kind, figure) in zip(places, figures.items(), strict=True):
        with place:
            live_chart(figure, key=f"runs_{kind}", height=HEIGHT)


def _legend(styles: Iterable[RunStyle]) -> str:
    """The colours and names of the runs, once for all charts."""
    dot = '<span style="color:{};font-size:1.5em;vertical-align:-0.08em">●</span>'
    entries = (
        f'<span style="white-space:nowrap">{dot.format(style.colour)} {html.escape(style.label)}</span>'
        for style in styles
    )
    return f'<div style="display:flex;flex-wrap:wrap;gap:0.1rem 1.2rem;font-size:0.9em">{"".join(entries)}</div>'
