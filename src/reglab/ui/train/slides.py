"""The presentation of one run or several: losses forming, what the run view says of them, memorised labels."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial

import plotly.graph_objects as go

from reglab import columns
from reglab.charts import RunStyle, accuracy_chart, loss_chart
from reglab.charts.memorised import memorised_chart
from reglab.content.several_runs import memorised_text, story_of_several
from reglab.content.story import alike_but_penalty, headline, story
from reglab.store import Run
from reglab.ui.present.link import link_slide
from reglab.ui.present.slide import Chart, Deck, Slide, deck, replay
from reglab.ui.shared import text
from reglab.ui.shared.memo import shared_figure
from reglab.ui.shared.query import run_query
from reglab.ui.shared.run_data import Results
from reglab.ui.shared.text import literal, penalty_text


def slides(results: Results, baseline: Run | None, public_url: str | None) -> Deck:
    """The deck of the runs in ``results``; ``baseline``: a run that differs from a single one in λ = 0 alone."""
    runs = results.runs
    link = link_slide(public_url, "train", run_query([run.id for run in runs]))
    return deck(
        question(runs), subtitle(runs), [_curves(results), _verdict(results, baseline), _memorised(results), link]
    )


def question(runs: Sequence[Run]) -> str:
    """What the presentation asks until a person writes something else."""
    if len(runs) > 1:
        return "What does the penalty change?" if alike_but_penalty(runs) else "What tells these runs apart?"
    penalty = runs[0].spec.penalty
    if not any(penalty.strengths.values()):
        return "Does this network overfit?"
    return f"Does {penalty_text(penalty)} keep this network from overfitting?"


def subtitle(runs: Sequence[Run]) -> str:
    """What the runs train, in one line."""
    return text.facts(runs[0], device=False) if len(runs) == 1 else text.common_facts(runs, device=False)


def _curves(results: Results) -> Slide | None:
    """The losses, replayed."""
    last = int(results.epochs[columns.EPOCH].max()) if len(results.epochs) else 0
    if not last:
        return None
    key = ("present loss", results.version, tuple(results.styles.items()))

    def after(epoch: int) -> go.Figure:
        epochs = results.epochs[results.epochs[columns.EPOCH] <= epoch]
        return loss_chart(epochs, results.styles, planned=last)

    chart = Chart("present-curves", shared_figure(key, partial(after, last)), "Loss")
    return Slide("curves", chart=chart, replay=replay(key, last, after))


def _verdict(results: Results, baseline: Run | None) -> Slide | None:
    """The sentence of the run view, above the accuracies."""
    lines = verdict(results, baseline)
    if not lines:
        return None
    key = ("present accuracy", results.version, tuple(results.styles.items()))
    figure = shared_figure(key, lambda: accuracy_chart(results.epochs, results.styles))
    return Slide("verdict", lines, Chart("present-verdict", figure, "Accuracy"))


def verdict(results: Results, baseline: Run | None) -> tuple[str, ...]:
    """What the run view says of its runs, and the figures of a single one; empty where it says nothing."""
    runs, layers = results.runs, results.layers
    if len(runs) > 1:
        return tuple(filter(None, (story_of_several(runs, names_of(results.styles)),)))
    if runs[0].last is None:
        return ()
    sentence = story(runs[0], baseline) or literal(text.learnt_nothing(runs[0]))
    pairs = " · ".join(f"{literal(one.label)} **{literal(one.value)}**" for one in headline(runs[0], layers)[:2])
    return (sentence, pairs) if sentence else ()


def _memorised(results: Results) -> Slide | None:
    """The wrong labels that are memorised, where there are any."""
    noisy = [run for run in results.runs if run.last is not None and math.isfinite(run.last.flipped_acc)]
    if not noisy:
        return None
    key = ("present memorised", results.version, tuple(results.styles.items()))
    figure = shared_figure(key, lambda: memorised_chart(results.epochs, results.styles))
    lines = (memorised_text(noisy, names_of(results.styles)),)
    return Slide("memorised", lines, Chart("present-memorised", figure, "Memorisation"))


def names_of(styles: Mapping[str, RunStyle]) -> dict[str, str]:
    """The names of runs in legends, for Markdown."""
    return {run: literal(style.label) for run, style in styles.items()}
