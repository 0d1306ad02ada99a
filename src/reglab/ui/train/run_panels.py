"""What moves while runs train: progress, figures, and three charts side by side (loss, gap, weights)."""

from __future__ import annotations

import html
from collections.abc import Sequence

import streamlit as st

from reglab.charts import RunStyle
from reglab.store import Run
from reglab.ui.shared import chart_row, run_text
from reglab.ui.shared.chart_row import Keys, Source, switches
from reglab.ui.shared.live_chart import live_chart
from reglab.ui.shared.run_data import Figure, Results, results_of
from reglab.ui.shared.services import services
from reglab.ui.shared.tables import ACTIVE, badge
from reglab.ui.shared.text import literal
from reglab.ui.train.run_buttons import stop_or_resume

HEIGHT, HEIGHT_BELOW_CARDS = 390, 360
"""Pixels of each chart: of one run, and of several."""

CARDS_ABOVE = 3
"""So many runs have their cards above the charts; more would push the charts off the screen, and stand below."""

ON_CARDS = 4
"""So many figures have room on the card of one of several runs."""

_PLANNED = "live_planned"
_ROW = 42  # pixels of a row with buttons, kept when the buttons go


def panels(runs: Sequence[Run]) -> None:
    """Draw everything for ``runs``, in places that keep their size."""
    results = results_of(runs)
    runs = results.runs
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


def _progress(run: Run, results: Results) -> None:
    position = services().runner.position(run.id) if run.state == "queued" else None
    st.progress(
        run_text.share_done(run), run_text.progress_line(run, results.seconds[run.id], position), width="stretch"
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
                badge(run.state)
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
    choice = switches(boxes, results.layers, keys, keep_layer=False)
    drawn = chart_row.figures(
        Source(
            results.version, results.styles, [run.spec for run in runs], _planned(runs), results.epochs, results.layers,
            lambda: services().store.pulls(list(results.styles)),
        ),
        choice,
    )  # fmt: skip
    for place, (kind, figure) in zip(places, drawn.items(), strict=True):
        with place:
            live_chart(figure, key=f"{kind}-{name}", height=HEIGHT if len(runs) == 1 else HEIGHT_BELOW_CARDS)


def _planned(runs: Sequence[Run]) -> int:
    """The last epoch on the axes. In one session it never shrinks: that, when a run ends, would undo a zoom."""
    planned = max(run.epochs if run.state in ACTIVE else run.epoch for run in runs)
    ids = tuple(run.id for run in runs)
    before, longest = st.session_state.get(_PLANNED, (ids, 0))
    planned = max(planned, longest) if before == ids else planned
    st.session_state[_PLANNED] = ids, planned
    return planned
