"""The presentation of a comparison: its curves forming, the verdicts of its sweeps or on two runs, memorised labels."""

from __future__ import annotations

import math
from functools import partial

import plotly.graph_objects as go

from reglab import columns
from reglab.charts import accuracy_chart
from reglab.charts.memorised import memorised_chart
from reglab.content.several_runs import memorised_text, story_of_several
from reglab.content.story import alike_but_penalty
from reglab.content.verdict_text import verdict_text
from reglab.ui.compare.against import compared, compared_chart
from reglab.ui.compare.curves import Options, curve_table, curves_figure
from reglab.ui.compare.data import Epochs, Selection, epochs_of
from reglab.ui.compare.query import CompareQuery, to_query
from reglab.ui.present.link import link_slide
from reglab.ui.present.slide import MOST_FRAMES, Chart, Deck, Slide, deck, replay
from reglab.ui.shared.legend import legend_html
from reglab.ui.shared.memo import shared_figure
from reglab.ui.shared.query import MAX_RUNS
from reglab.ui.shared.text import common_facts, literal
from reglab.ui.sweep.data import epoch_view, results_of
from reglab.ui.sweep.query import ViewState
from reglab.ui.train.slides import names_of

_LINES = 4_000  # lines of all frames of a replay together
_FEWEST = 12  # frames, however many lines each of them has
_NAMED = 16  # lines whose names find room above a chart


def slides(selection: Selection, shown: CompareQuery, public_url: str | None) -> Deck:
    """The deck of the compared runs and sweeps, under the switches of ``shown``."""
    link = link_slide(public_url, "compare", to_query(shown))
    parts = [_curves(selection, shown), _verdict(selection, shown), _memorised(selection), link]
    return deck(question(selection), common_facts(selection.runs, device=False), parts)


def question(selection: Selection) -> str:
    """What the presentation asks until a person writes something else."""
    if selection.sweeps:
        return (
            "Which λ is best?"
            if len(selection.sweeps) == 1
            else f"Which of these {len(selection.sweeps)} sweeps is best?"
        )
    if len(selection.runs) > 1 and alike_but_penalty(selection.runs):
        return "What does the penalty change?"
    return "What tells these runs apart?" if len(selection.runs) > 1 else "How does this run train?"


def _curves(selection: Selection, shown: CompareQuery) -> Slide:
    """The chosen curves, replayed."""
    options, epochs = Options.of(shown), epochs_of(selection)
    styles = selection.styles(grouped=options.grouped)
    key = ("present compare", epochs.version, options, tuple(styles.items()))

    def after(epoch: int) -> go.Figure:
        known = Epochs(epochs.version, epochs.rows[epochs.rows[columns.EPOCH] <= epoch])
        return curves_figure(curve_table(selection, known, options), styles, options)

    last = max(run.epoch for run in selection.begun)
    frames = min(max(_LINES // max(len(styles), 1), _FEWEST), MOST_FRAMES)
    legend = legend_html(styles.values()) if len(styles) <= _NAMED else ""
    chart = Chart("present-curves", shared_figure(key, partial(after, last)), "Curves", legend)
    return Slide("curves", chart=chart, replay=replay(key, last, after, frames))


def _verdict(selection: Selection, shown: CompareQuery) -> Slide | None:
    """What the page of each sweep, or the run view of runs, says of them; None where neither says anything."""
    if selection.sweeps:
        known = compared(selection, shown.measure)
        lines = sweep_lines(selection, shown)
        if not known or not lines:
            return None
        figure, styles = compared_chart(selection, known, shown.measure)
        return Slide("verdict", lines, Chart("present-verdict", figure, "Against λ", legend_html(styles.values())))
    styles = selection.styles(grouped=False)
    sentence = story_of_several(selection.runs, names_of(styles)) if len(selection.runs) > 1 else ""
    if not sentence:
        return None
    if len(selection.runs) > MAX_RUNS:  # more lines than a slide can tell apart
        return Slide("verdict", (sentence,))
    epochs = epochs_of(selection)
    key = ("present accuracies", epochs.version, tuple(styles.items()))
    figure = shared_figure(key, lambda: accuracy_chart(epochs.rows, styles))
    return Slide("verdict", (sentence,), Chart("present-verdict", figure, "Accuracy"))


def sweep_lines(selection: Selection, shown: CompareQuery) -> tuple[str, ...]:
    """The first line of each sweep's verdict, behind its name where there are several: one paragraph."""
    lines = []
    for sweep in selection.sweeps:
        verdict = verdict_text(epoch_view(results_of(sweep), ViewState(measure=shown.measure)))
        name = f"{literal(sweep.name)}: " if len(selection.sweeps) > 1 else ""
        lines += [f"{name}{verdict[0].text}"] if verdict else []
    return ("  \n".join(lines),) if lines else ()


def _memorised(selection: Selection) -> Slide | None:
    """The wrong labels that are memorised, where there are any; of many runs nothing."""
    noisy = [run for run in selection.begun if run.last is not None and math.isfinite(run.last.flipped_acc)]
    if not noisy or len(selection.runs) > MAX_RUNS:
        return None
    epochs, styles = epochs_of(selection), selection.styles(grouped=False)
    key = ("present memorised", epochs.version, tuple(styles.items()))
    figure = shared_figure(key, lambda: memorised_chart(epochs.rows, styles))
    lines = (memorised_text(noisy, names_of(styles)),)
    return Slide("memorised", lines, Chart("present-memorised", figure, "Memorisation"))
