"""The presentation of a sweep: the losses of every λ and its U-curve forming, the verdict, memorised labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import plotly.graph_objects as go

from reglab import columns
from reglab.content.epoch_view import EpochView
from reglab.content.sweep_charts import losses_chart, main_chart, memorised_chart
from reglab.content.verdict_lines import named_point, zero_text
from reglab.content.verdict_text import rival_lines, verdict_text, warnings
from reglab.number_format import percent
from reglab.ui.present.link import link_slide
from reglab.ui.present.slide import Chart, Deck, Slide, deck, replay
from reglab.ui.shared.memo import Drawn, shared_figure
from reglab.ui.sweep import progress_text
from reglab.ui.sweep.data import Results
from reglab.ui.sweep.query import ViewState, sweep_query

_FRAMES = 20  # of a forming sweep, which is judged for each of them


def slides(results: Results, view: EpochView, at: Callable[[int], EpochView], public_url: str | None) -> Deck:
    """The deck of a sweep at the epoch, under the rule and in the measure of ``view``; ``at`` has an earlier epoch."""
    sweep, spec = results.sweep, view.spec
    subtitle = progress_text.whole_text(spec)
    link = link_slide(public_url, "sweep", sweep_query(sweep.id, ViewState(measure=view.measure)))
    parts = [_curves(results, view), forming(view, at), _verdict(view), _memorised(view), link]
    return deck(question(view), subtitle, parts)


def question(view: EpochView) -> str:
    """What the presentation asks until a person writes something else."""
    axes = [axis.symbol for axis in view.spec.axes]
    return f"Which {axes[0]} is best?" if len(axes) == 1 else f"Which {axes[0]} and {axes[1]} are best?"


def _curves(results: Results, view: EpochView) -> Slide | None:
    """The validation losses, replayed."""
    if not view.epoch:
        return None
    key = ("present losses", view.source)

    def after(epoch: int) -> go.Figure:
        return losses_chart(replace(view, epoch=epoch), results.runs, results.epochs, results.sweep.epochs, "val")

    chart = Chart("present-curves", shared_figure(key, partial(after, view.epoch)), "Validation loss")
    return Slide("curves", chart=chart, replay=replay(key, view.epoch, after))


def forming(view: EpochView, at: Callable[[int], EpochView]) -> Slide | None:
    """The main chart after each epoch, with the best λ of that epoch, as the page's replay shows it."""
    if view.epoch < 2:
        return None
    found = replay(
        ("present forming", view.source), view.epoch, lambda epoch: main_chart(at(epoch)), _FRAMES, steady=False
    )
    return Slide("forming", chart=Chart("present-forming", _main(view), "Sweep forming"), replay=found)


def _verdict(view: EpochView) -> Slide | None:
    """The sentences of the page's verdict for an audience: the best λ, the test, its rival, what it depends on."""
    if not view.epoch:
        return None
    return Slide("verdict", verdict(view), Chart("present-verdict", _main(view), "Verdict"))


def _main(view: EpochView) -> Drawn:
    """The main chart, drawn once."""
    return shared_figure(("present verdict", view.source), partial(main_chart, view))


def verdict(view: EpochView) -> tuple[str, ...]:
    """The first two lines of the verdict, early stopping as the rival, and the warnings, word for word."""
    lines = [line.text for line in verdict_text(view)]
    best = view.shown.best
    rest = [*rival_lines(view, best), *warnings(view, best)] if best is not None else []
    return tuple(dict.fromkeys([*lines[:2], *(line.text for line in rest)]))


def _memorised(view: EpochView) -> Slide | None:
    """The labels that are memorised, where some are wrong."""
    if view.spec.is_map or not view.epoch or not view.table[columns.FLIPPED_ACC].notna().any():
        return None
    figure = shared_figure(("present memorised", view.source), partial(memorised_chart, view))
    return Slide("memorised", (memorised_text(view),), Chart("present-memorised", figure, "Memorisation"))


def memorised_text(view: EpochView) -> str:
    """For example "Wrong training labels memorised: 84 % at λ₂ = 0, 12 % at λ₂ = 0.01 (best)."."""
    best, parts = view.shown.best, []
    rows = view.table if best is None else view.table[view.table[columns.APPLY] == best.apply]
    zero = rows[(rows[columns.LAMBDA] == 0) & rows[columns.FLIPPED_ACC].notna()]
    if len(zero):
        parts.append(f"**{percent(float(zero[columns.FLIPPED_ACC].iloc[0]), 0)}** at {zero_text(view.spec)}")
    chosen = rows[rows[columns.BEST].astype(bool)]
    if best is not None and best.best.value and len(chosen):
        share = percent(float(chosen[columns.FLIPPED_ACC].iloc[0]), 0)
        parts.append(f"**{share}** at {named_point(view.spec, best.best)}, the best")
    return f"Wrong training labels memorised: {', '.join(parts)}." if parts else "Wrong training labels memorised."
