"""What moves while runs train: progress, figures, and three charts side by side (loss, gap, weights)."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from reglab import columns
from reglab.charts import RunStyle, style_runs
from reglab.store import Run
from reglab.ui import chart_row, live_words
from reglab.ui.chart_row import Keys, Look, switches
from reglab.ui.live_chart import live_chart
from reglab.ui.markdown import literal
from reglab.ui.services import services
from reglab.ui.train.run_buttons import badge, stop_or_resume
from reglab.ui.train.run_figures import Figure, figures

HEIGHT, HEIGHT_BELOW_CARDS = 390, 360
"""Pixels of each chart: of one run, and of several."""

CARDS_ABOVE = 3
"""So many runs have their cards above the charts; more would push the charts off the screen, and stand below."""

ON_CARDS = 4
"""So many figures have room on the card of one of several runs."""

_ROW = 42  # pixels of a row with buttons, kept when the buttons go


@dataclass(frozen=True)
class Results:
    """What some runs have come to, and all that follows from it; ``at`` says how far they were when it was read."""

    at: tuple[Any, ...]
    epochs: pd.DataFrame
    layers: pd.DataFrame
    styles: Mapping[str, RunStyle]
    seconds: Mapping[str, list[float]]
    figures: Mapping[str, list[Figure]]


@dataclass(frozen=True)
class Drawn:
    """Three figures of some runs up to epoch ``planned``, and all that they were drawn from."""

    source: tuple[Any, ...]
    runs: tuple[str, ...]
    planned: int
    figures: Mapping[str, go.Figure]


def panels(runs: Sequence[Run]) -> None:
    """Draw everything for ``runs``, in places that keep their size."""
    results = _results(runs)
    if len(runs) == 1:
        _progress(runs[0], results)
        with st.container(border=True), st.grid(5, min_column_width=120, gap="small"):
            _metrics(results.figures[runs[0].id], with_more=True)
        _charts(runs, results)
    else:
        cards, charts = st.container(), st.container()
        if len(runs) > CARDS_ABOVE:
            cards, charts = charts, cards
        with cards, st.grid(min(len(runs), 4), min_column_width=260, gap="small"):
            for run in runs:
                _card(run, results)
        with charts:
            _charts(runs, results)


def _results(runs: Sequence[Run]) -> Results:
    """Read again only when a run has moved on: every moment spent here is one in which nothing trains."""
    at = tuple((run.id, run.name, run.epoch, run.state, run.environment is not None, run.step > 0) for run in runs)
    kept: Results | None = st.session_state.get("live_results")
    if kept is None or kept.at != at:
        kept = _read(runs, at)
        st.session_state["live_results"] = kept
    return kept


def _read(runs: Sequence[Run], at: tuple[Any, ...]) -> Results:
    store, ids = services().store, [run.id for run in runs]
    epochs, layers, short = store.epochs(ids), store.layers(ids, latest=True), live_words.labels(runs)
    return Results(
        at,
        epochs,
        layers,
        styles=style_runs([(run.id, short[run.id], run.l1, run.l2) for run in runs]),
        seconds={i: list(epochs.loc[epochs[columns.RUN] == i, columns.SECONDS]) for i in ids},
        figures={run.id: figures(run, layers[layers[columns.RUN] == run.id]) for run in runs},
    )


def _progress(run: Run, results: Results) -> None:
    position = services().runner.position(run.id) if run.state == "queued" else None
    st.progress(
        live_words.share_done(run), live_words.progress_line(run, results.seconds[run.id], position), width="stretch"
    )


def _metrics(values: Sequence[Figure], *, with_more: bool) -> None:
    for figure in values:
        st.metric(
            figure.label if with_more else figure.short, figure.value, figure.beside if with_more else None,
            delta_color="off", delta_arrow="off", help=figure.help,
        )  # fmt: skip


def _card(run: Run, results: Results) -> None:
    """One of several runs: its colour and name, its state, its progress and its figures."""
    with st.container(border=True, height="stretch", gap="xsmall"):
        left, right = st.columns([3, 2], gap="xsmall", vertical_alignment="center")
        with left:
            _name(results.styles[run.id])
        with right.container(
            horizontal=True, vertical_alignment="center", horizontal_alignment="right", height=_ROW, border=False
        ):
            if not stop_or_resume(run, f"stop_{run.id}", f"resume_{run.id}"):
                badge(run)
        _progress(run, results)
        with st.grid(4, min_column_width=110, gap="xsmall"):
            _metrics(results.figures[run.id][:ON_CARDS], with_more=False)
        if run.error:
            st.caption(f":red[{literal(run.error)}]")


def _name(style: RunStyle) -> None:
    """The run's name behind a dot of its colour, cut off where it is too long for its row."""
    cut = "overflow:hidden;text-overflow:ellipsis;white-space:nowrap;font-weight:600"
    dot = f'<span style="color:{style.colour};font-size:1.2em">●</span>'
    label = html.escape(style.label, quote=True)
    st.html(f'<div style="{cut}" title="{label}">{dot} {label}</div>')


def _charts(runs: Sequence[Run], results: Results) -> None:
    """Losses, gap and weights in one row, each with its own switches below."""
    name = "-".join(run.id for run in runs)
    boxes = [column.container(border=True, height="stretch", gap="xsmall") for column in st.columns(3)]
    places = [box.container() for box in boxes]
    keys = Keys("loss_view", "log_loss", "gap_measure", "weight_view", f"layer-{name}")
    drawn = _draw(runs, results, switches(boxes, results.layers, keys, keep_layer=False))
    for place, (kind, figure) in zip(places, drawn.figures.items(), strict=True):
        with place:
            live_chart(figure, key=f"{kind}-{name}", height=HEIGHT if len(runs) == 1 else HEIGHT_BELOW_CARDS)


def _draw(runs: Sequence[Run], results: Results, look: Look) -> Drawn:
    """Draw again only when there is something new to draw."""
    source, styles = (results.at, look), results.styles
    kept: Drawn | None = st.session_state.get("live_drawn")
    if kept is None or kept.source != source:
        planned = max(run.epochs if run.state in live_words.ACTIVE else run.epoch for run in runs)
        if kept is not None and kept.runs == tuple(styles):
            planned = max(planned, kept.planned)  # an axis that shrank when a run ends would undo a zoom
        made = chart_row.figures(
            look, styles, [run.spec for run in runs], planned, results.epochs, results.layers,
            lambda: services().store.pulls(list(styles)),
        )  # fmt: skip
        kept = Drawn(source, tuple(styles), planned, made)
        st.session_state["live_drawn"] = kept
    return kept
