"""The live view of one run or several: its story, progress, headline figures, and three charts (loss, gap, weights).

The main chart has two thirds of the width, gap and weights the third beside it; all three follow the window's height.

All of it is one fragment, polled only while a run is queued or training. The page is drawn anew when polling begins or
ends, and when it slows down or speeds up with the number of sessions. Every other change (state, buttons, metrics) is a
tick of the fragment, because only ticks are sure to keep the charts' nodes, and with them the zoom.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import streamlit as st

from reglab import columns
from reglab.charts import RunStyle
from reglab.charts.style import elided
from reglab.content.several_runs import story_of_several
from reglab.content.story import difference, headline, story
from reglab.errors import UnknownRun
from reglab.jobs import data_remarks, machine_remark
from reglab.states import ACTIVE
from reglab.store import Run, UnreadableRow
from reglab.ui.present import stage
from reglab.ui.present.query import present_button, presenting
from reglab.ui.shared import chart_row, text, trouble
from reglab.ui.shared.acting import act_button
from reglab.ui.shared.chart_row import Keys, Source, switches
from reglab.ui.shared.ended import deleted_notice, watch
from reglab.ui.shared.export_panel import export_panel
from reglab.ui.shared.extend_panel import extend_panel
from reglab.ui.shared.following import follow, following
from reglab.ui.shared.legend import sample
from reglab.ui.shared.live_chart import described, live_chart
from reglab.ui.shared.query import INSPECT_PAGE, SWEEP_PAGE, run_query
from reglab.ui.shared.report_button import report_button
from reglab.ui.shared.run_data import Figure, Results, results_of
from reglab.ui.shared.services import services
from reglab.ui.shared.tables import badge, link_button
from reglab.ui.shared.text import literal
from reglab.ui.shared.ticks import steady, tick_every, watched_interval
from reglab.ui.train.another import against_zero, another_lambda, baseline_of
from reglab.ui.train.demo import commentary, is_demo
from reglab.ui.train.mask import mask_button
from reglab.ui.train.slides import names_of, slides
from reglab.ui.train.state import FORM, SWEEP_ICON

TICK = 1.0
"""Seconds between looks at the store while something trains and few sessions watch."""

ABOVE = {1: 454, 2: 512}
"""Pixels of what stands above and below the main chart in a window 1,280 pixels wide, for so many runs."""

_ABOVE_CARDS, _BELOW_CARDS = 566, 306  # the same for more runs
_LOWEST, _TALLEST = 225, 900  # pixels of the main chart
_BETWEEN = 82  # pixels of switches, borders and the space between the two charts beside it

STYLE = """<style>
.st-key-live_charts [data-testid="stVerticalBlock"] [data-testid="stVerticalBlock"] { padding-block: 0.4rem }
.st-key-live_charts [data-testid="stButtonGroup"] button { padding-inline: 0.55rem }
@media (max-width: 640px) {  /* where a line of progress wraps */
  [data-testid="stLayoutWrapper"]:has(> [class*="st-key-row_of_"]), [class*="st-key-row_of_"] {
    height: auto !important; overflow: visible !important
  }
}
</style>"""

CARDS_ABOVE = 3
"""Up to this many runs have their cards above the charts; more would push the charts off the screen."""

DUPLICATE_HELP = (
    "Opens the form with the settings of this run. Started unchanged on this kind of CPU, they train on the same "
    "number of threads, to the same bits."
)

_PLANNED = "live_planned"
_TWO_LINES = 30  # letters of a name in the narrowest window with figures beside it
_ROW = 42  # pixels of a row with buttons, kept when the buttons go


@dataclass(frozen=True)
class Live:
    """The runs on screen, and the seconds between looks at them; None if none is queued or training."""

    ids: tuple[str, ...]
    every: float | None


def run_view(ids: Sequence[str]) -> None:
    """Draw the runs called ``ids``, and a sentence for each that cannot be found."""
    runs: dict[str, Run] = {}
    heading = st.empty()
    for wanted in ids:
        try:
            run = services().store.get(wanted)
            runs[run.id] = run
        except (UnknownRun, UnreadableRow) as error:
            st.error(f"{literal(str(error))} Is the link complete?", icon=":material/search_off:")
    if not runs:
        heading.title("No run to show", anchor=False)
        st.button("Open the form", key="open_form", icon=":material/arrow_back:", on_click=FORM.show)
        return
    if presenting():
        _present(list(runs.values()))
        return
    live = Live(tuple(runs), _every(list(runs.values())))
    st.session_state["live"] = live
    tick_every(live.every, _tick)
    if live.every is None:
        watch(list(runs.values()), services().store.get)


def _present(runs: Sequence[Run]) -> None:
    baseline = baseline_of(runs[0]) if len(runs) == 1 else None
    stage.show(slides(results_of(runs), baseline, services().settings.public_url))


@steady
def _tick() -> None:
    """One look at the runs."""
    live: Live = st.session_state["live"]
    runs = [services().store.get(run_id) for run_id in live.ids]
    follow(following(runs, [text.share_done(run) for run in runs]))
    results = results_of(runs)
    facts = text.facts(runs[0]) if len(runs) == 1 else text.common_facts(runs)
    with st.container(gap="xsmall"), described(facts, text.file_name(runs)):
        _head(runs, results)
        _panels(results)
    if _every(runs) != live.every:
        st.rerun()
    trouble.refresh()


def _every(runs: Sequence[Run]) -> float | None:
    return watched_interval(TICK) if any(run.state in ACTIVE for run in runs) else None


def _head(runs: Sequence[Run], results: Results) -> None:
    """Name and state on the left, buttons on the right, and below them what the runs train."""
    alone = runs[0] if len(runs) == 1 else None
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content", key="named"):
            title = literal(alone.name) if alone else f"{len(runs)} runs side by side"
            st.title(title, width="content", anchor=False)
            if alone:
                badge(alone)
            if any(run.epoch for run in runs):
                present_button("present_run")
        with st.container(horizontal=True, gap="small", width="content"):
            _buttons(runs)
    trouble.button_problem()
    deleted_notice(runs)
    if alone:
        st.caption(text.literal(text.facts(alone)) + text.started_by(alone))
        _explain(alone)
    elif is_demo(runs):
        st.info(commentary(runs, results.epochs), icon=":material/school:")
    else:
        st.caption(text.literal(text.common_facts(runs)))
        if len(runs) > 1 and (sentence := story_of_several(runs, names_of(results.styles))):
            st.markdown(sentence)


def _buttons(runs: Sequence[Run]) -> None:
    """What a person can do with one run or several; New run keeps the settings of the last of several."""
    alone = runs[0] if len(runs) == 1 else None
    if alone:
        _stop_or_resume(alone)
        if alone.state == "finished" and alone.sweep is None and alone.deleted is None:
            extend_panel(alone, "extend")
        icon, about = ":material/content_copy:", DUPLICATE_HELP
        st.button("Duplicate", key="duplicate", icon=icon, on_click=FORM.leave_for, args=(alone.spec,), help=about)
        inspect = partial(st.switch_page, INSPECT_PAGE, query_params={"run": alone.id})
        about = "Weights and layers through training, and how the run was made."
        st.button("Inspect", key="inspect", icon=":material/biotech:", on_click=inspect, help=about)
        mask_button(alone)
    sweeps, query = {run.sweep for run in runs}, run_query([run.id for run in runs])
    if len(sweeps) == 1 and None not in sweeps:
        # with the runs, too: the browser first adds all of it to the present page's address, to which Back leads
        go = partial(st.switch_page, SWEEP_PAGE, query_params={**query, "sweep": str(sweeps.pop())})
        about = "Opens the sweep that this is part of, with all its λ."
        st.button("λ sweep", key="back_to_sweep", icon=SWEEP_ICON, on_click=go, help=about)
    about = "Opens a new form." if alone else f"Opens the form with the settings of {literal(runs[-1].name)}."
    spec = None if alone else runs[-1].spec
    st.button("New run", key="new_run", icon=":material/add:", on_click=FORM.leave_for, args=(spec,), help=about)
    link_button(query, "link")
    report_button(runs, f"reglab-{alone.id if alone else len(runs)}", "report")
    if alone:
        export_panel(alone, "export_run")


def _stop_or_resume(run: Run, suffix: str = "") -> bool:
    """Stop, Cancel or Resume, as the run's state allows; False if it allows none. ``suffix`` ends the widget keys."""
    runner = services().runner
    if run.state in ACTIVE:
        stopping = run.wanted == "stop"
        label = "Cancel" if run.state == "queued" else "Stopping…" if stopping else "Stop"
        stop, icon = trouble.attempt(lambda: runner.stop(run.id)), ":material/stop:"
        act_button(label, "stop", run, key=f"stop{suffix}", icon=icon, disabled=stopping, on_click=stop)
    elif run.resumable:
        resume, icon = trouble.attempt(lambda: runner.resume(run.id)), ":material/play_arrow:"
        about = text.resume_text(run)
        key = f"resume{suffix}"
        act_button("Resume", "resume", run, key=key, icon=icon, type="primary", on_click=resume, help=about)
    else:
        return False
    return True


def _explain(run: Run) -> None:
    """Sentences on data that are unusual, and on a run that did not finish."""
    if remarks := data_remarks(run):
        st.warning(literal(" ".join(remarks)), icon=":material/balance:")
    if remark := machine_remark(run):
        st.info(literal(remark), icon=":material/memory:")
    if run.state in ("failed", "diverged"):
        trouble.show(run.error or "The run failed without a message; the server's log has the details.")
    if missing := services().store.missing(run):
        st.warning(literal(missing), icon=":material/folder_off:")
    if run.state == "interrupted" and run.resumable:
        st.info(text.resume_text(run), icon=":material/replay:")


def _panels(results: Results) -> None:
    """Everything that moves while runs train, in places that keep their size."""
    match results.runs:
        case [run]:
            _one_run(run, results)
            _charts(results, ABOVE[1])
            st.caption(_further(results.figures[run.id]))
        case [first, second]:
            _two_runs(first, second, results)
            _charts(results, ABOVE[2])
        case runs if len(runs) <= CARDS_ABOVE:
            _cards(results)
            _charts(results, _ABOVE_CARDS)
        case _:
            _charts(results, _BELOW_CARDS)
            _cards(results)


def _one_run(run: Run, results: Results) -> None:
    """Progress, story and headline of a run, with what to start from it beside them."""
    _progress(run, results)
    left, right = st.columns([2, 1], vertical_alignment="center")
    with right:
        another_lambda([run])
    with left:
        baseline = None
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            place = st.container(width="stretch")
            baseline = against_zero(run)
        place.markdown(story(run, baseline) or "\N{NO-BREAK SPACE}")
    with st.grid(3, min_column_width=200, gap="small"):
        for one in headline(run, results.layers):
            st.metric(one.label, one.value, help=one.help)


def _further(values: Sequence[Figure]) -> str:
    """The other figures in a line: "Validation loss 1.18 (lowest 1.00 in epoch 5) · Exact zeros 0 % …"."""
    rest = [one for one in values if one.label not in ("Validation accuracy", "Gap in loss")]
    return " · ".join(f"{one.label} {one.value} ({one.beside})" for one in rest)


_TABLE = [1.6, 2, 2, 1.8, 3]  # widths of the columns: name, three pairs of figures, state


def _two_runs(first: Run, second: Run, results: Results) -> None:
    """A table: a row for each run with its state, and one for their difference with a λ to try."""
    layers = {run.id: results.layers[results.layers[columns.RUN] == run.id] for run in (first, second)}
    pairs = {run.id: headline(run, layers[run.id]) for run in (first, second)}
    head = st.columns(_TABLE, vertical_alignment="center")
    for place, one in zip(head[1:4], pairs[first.id], strict=True):
        place.caption(one.label, help=one.help)
    for run in (first, second):
        name, *places, state = st.columns(_TABLE, vertical_alignment="center")
        with name:
            _name(results.styles[run.id])
        for place, one in zip(places, pairs[run.id], strict=True):
            place.html(_large(one.value))
        key = f"row_of_{run.id}"
        with state, st.container(horizontal=True, vertical_alignment="center", height=_ROW, border=False, key=key):
            _progress(run, results, short=True)
            _stop_or_resume(run, f"_{run.id}")
    name, *places, state = st.columns(_TABLE, vertical_alignment="center")
    name.markdown("**Difference**", help=f"{literal(second.name)} minus {literal(first.name)}.")
    for place, value in zip(places, difference(first, second, results.layers), strict=True):
        place.html(_large(value))
    with state:
        another_lambda(results.runs)
    for remark in filter(None, map(_remark, (first, second))):
        st.caption(remark)


def _remark(run: Run) -> str:
    """What the table does not say of a run: why it went wrong, or that it has learnt nothing."""
    if run.error and run.state != "interrupted":
        return f":red[{literal(run.name)}: {literal(run.error)}]"
    nothing = text.learnt_nothing(run) if run.state == "finished" else ""
    return f":orange[{literal(run.name)}: {literal(nothing)}]" if nothing else ""


def _large(value: str) -> str:
    look = "font-size:clamp(1rem, 1.7vw, 1.6rem);line-height:1.2;white-space:nowrap"
    return f'<div style="{look}">{html.escape(value)}</div>'


def _cards(results: Results) -> None:
    with st.grid(min(len(results.runs), 4), min_column_width=260, gap="small"):
        for run in results.runs:
            _card(run, results)


def _progress(run: Run, results: Results, *, short: bool = False) -> None:
    """The progress and its line; with ``short`` only the line's first sentence."""
    position = services().runner.position(run.id) if run.state == "queued" else None
    line = text.progress_line(run, results.seconds[run.id], position)
    line = line if not short or run.state in ACTIVE else line.partition(". ")[0]
    st.progress(text.share_done(run), line, width="stretch")


def _card(run: Run, results: Results) -> None:
    """One of several runs: colour and name, state, progress and metrics."""
    with st.container(border=True, height="stretch", gap="xsmall"):
        left, right = st.columns([3, 2], gap="xsmall", vertical_alignment="center")
        with left:
            _name(results.styles[run.id])
        row = right.container(
            horizontal=True,
            vertical_alignment="center",
            horizontal_alignment="right",
            height=_ROW,
            border=False,
            key=f"row_of_{run.id}",
        )
        with row:
            if not _stop_or_resume(run, f"_{run.id}"):
                badge(run)
        _progress(run, results)
        with st.grid(4, min_column_width=110, gap="xsmall"):
            for one in results.figures[run.id][:-1]:  # all but the gradient ratio
                st.metric(one.short, one.value, help=one.help)
        if run.error and run.state != "interrupted":  # whose line ends with it
            st.caption(f":red[{literal(run.error)}]")


def _name(style: RunStyle) -> None:
    """The run's name behind a dot of its colour, with both its ends where it is too long for two lines."""
    two = "font-weight:600;line-height:1.25;overflow-wrap:anywhere;display:-webkit-box;-webkit-box-orient:vertical;"
    two += "-webkit-line-clamp:2;overflow:hidden"
    label, short = (html.escape(text, quote=True) for text in (style.label, elided(style.label, _TWO_LINES)))
    st.html(f'<div style="{two}" title="{label}">{sample(style.colour, style.dash)} {short}</div>')


def _charts(results: Results, above: int) -> None:
    """Losses over two thirds of the width, gap and weights beside them, each below its own switches.

    ``above``: pixels of everything else on the page.
    """
    runs, ids = results.runs, [run.id for run in results.runs]
    name, tall = "-".join(ids), f"clamp({_LOWEST}px, 100vh - {above}px, {_TALLEST}px)"
    half = f"calc(({tall} - {_BETWEEN}px) / 2)"
    with st.container(key="live_charts"):
        st.html(STYLE)
        left, right = st.columns([2, 1], gap="small")
    boxes = [column.container(border=True, gap="xsmall") for column in (left, right, right)]
    keys = Keys("loss_view", "log_loss", "gap_measure", "weight_view", f"layer-{name}")
    choice = switches(boxes, results.layers, keys, keep_layer=False, titled=True)
    source = Source(
        results.version,
        results.styles,
        [run.spec for run in runs],
        _planned(runs),
        results.epochs,
        results.layers,
        lambda: services().store.gradients(ids),
        compact=True,
    )
    heights = (tall, half, half)
    for place, height, (kind, figure) in zip(boxes, heights, chart_row.figures(source, choice).items(), strict=True):
        with place:
            live_chart(figure, key=f"{kind}-{name}", height=height, name=chart_row.NAMES[kind])


def _planned(runs: Sequence[Run]) -> int:
    """The last epoch on the axes. In one session it never shrinks: when a run ended early, that would undo a zoom."""
    planned = max(run.epochs if run.state in ACTIVE else run.epoch for run in runs)
    ids = tuple(run.id for run in runs)
    before, longest = st.session_state.get(_PLANNED, (ids, 0))
    planned = max(planned, longest) if before == ids else planned
    st.session_state[_PLANNED] = ids, planned
    return planned
