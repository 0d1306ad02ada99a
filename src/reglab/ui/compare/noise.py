"""The part Noise of the view Errors: the accuracy of all runs on the same noisy images."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from reglab import columns
from reglab.analysis.noise import noise_accuracy
from reglab.charts import RunStyle
from reglab.charts.noise_accuracy import noise_accuracy_chart
from reglab.exports.csv import csv_bytes
from reglab.jobs import NoiseRequest, chance_of, kept_curve
from reglab.number_format import exact, percent
from reglab.predictions import NoiseCurve, Which
from reglab.store import Run
from reglab.ui.compare.data import Selection
from reglab.ui.shared.legend import legend_html
from reglab.ui.shared.live_chart import live_chart
from reglab.ui.shared.memo import Memo, shared_figure
from reglab.ui.shared.services import services
from reglab.ui.shared.text import count_of, literal, named

HEIGHT = 420
MOST = 60
"""Runs that are drawn."""

HELP = (
    "Every validation image x is classified again as x + σε, ε standard normal, with σ in units of the pixel range "
    "(0 black, 1 white); nothing is clipped. An image has the same ε for every run and every σ. Of more than 1,000 "
    "validation images the same random choice is taken for all.  \n"
    "Intervals are Wilson's, 95 %, of each run by itself. Runs share images and noise, so that a difference between "
    "two is more certain than their intervals suggest; but another seed would change either of them."
)

Curves = Mapping[str, NoiseCurve]
Problems = Mapping[str, str]


def noise_part(selection: Selection, styles: Mapping[str, RunStyle], which: Which) -> None:
    """The chart, a table of the accuracies, and why a run has none."""
    runs = selection.begun[:MOST]
    if len(selection.begun) > len(runs):
        st.caption(f"The first {len(runs)} of {len(selection.begun):,} runs.")
    known, problems = curves_of(runs, which, _announced(len(runs)))
    for line in problem_lines(runs, problems):
        st.info(line, icon=":material/grain:")
    if not known:
        return
    shown = {run: styles[run] for run in known}
    table = noise_accuracy(known)
    st.html(legend_html(shown.values()))
    with st.grid(2, min_column_width=380, gap="small"):
        chance = chance_of([run for run in runs if run.id in known])
        key = ("compare noise", selection.version, which, tuple(shown.items()))
        make = partial(noise_accuracy_chart, table, shown, chance=chance.accuracy if chance else None)
        live_chart(shared_figure(key, make), key="compare-noise", height=HEIGHT)
        with st.container(gap="small"):
            about = "Accuracy of each run at each standard deviation of the noise, with 95 % intervals"
            st.dataframe(readable(table, known, shown), hide_index=True, alt=about)
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.caption(f"{'Last' if which == 'last' else 'Best'} epoch, {images_text(known)}.", help=HELP)
                look: dict[str, Any] = {"mime": "text/csv", "icon": ":material/download:", "on_click": "ignore"}
                st.download_button("CSV", partial(csv_of, table), "noise.csv", key="compare_noise_csv", **look)


def _announced(total: int) -> Callable[[int], None]:
    """A bar that appears with the first run that has to be computed."""
    place = st.empty()

    def show(done: int) -> None:
        if done < total:
            place.progress(done / total, text=f"Classifying noisy images: run {done + 1} of {total}")
        else:
            place.empty()

    return show


def curves_of(runs: Sequence[Run], which: Which, progress: Callable[[int], None]) -> tuple[Curves, Problems]:
    """The counts of each run, and a sentence for each that has none.

    One that was counted before, by anybody, is read; the others are computed one after another in a worker process,
    and ``progress`` is called with the number of runs done before each of them and at the end.
    """
    kept = {run.id: _KEPT.get(_key(run, which), partial(_read, run, which)) for run in runs}
    found = {run: own for run, own in kept.items() if own is not None}
    left = [run.id for run in runs if run.id not in found]
    problems: dict[str, str] = {}
    for number, run in enumerate(left):
        progress(len(runs) - len(left) + number)
        answer = services().runner.accuracy_under_noise(NoiseRequest((run,), which))[run]
        if isinstance(answer, str):
            problems[run] = answer
        else:
            found[run] = answer
    if left:
        progress(len(runs))
    return {run.id: found[run.id] for run in runs if run.id in found}, problems


def _read(run: Run, which: Which) -> NoiseCurve | None:
    return kept_curve(services().store, run, which)


def _key(run: Run, which: Which) -> Hashable:
    return services().store.home, run.id, run.epoch, run.best_epoch, run.state, run.weights_sha256, which


_KEPT: Memo[NoiseCurve | None] = Memo(most=2**20, size=lambda found: 2**20 + 1 if found is None else 512)
"""What was found; that there is nothing yet is too large to be kept."""


def problem_lines(runs: Sequence[Run], problems: Problems) -> list[str]:
    """Each sentence once, with the runs that it is about."""
    names = {run.id: run.name for run in runs}
    sentences = dict.fromkeys(problems.values())
    return [
        f"{named([names[run] for run, own in problems.items() if own == sentence], most=3)}: {literal(sentence)}"
        for sentence in sentences
    ]


def images_text(known: Curves) -> str:
    """For example "431 validation images" or "431 to 539 validation images"."""
    numbers = sorted({own.images for own in known.values()})
    most = count_of(numbers[-1], "validation image")
    return most if len(numbers) == 1 else f"{numbers[0]:,} to {most}"


def readable(table: pd.DataFrame, known: Curves, styles: Mapping[str, RunStyle]) -> pd.DataFrame:
    """A row a run: its epoch, and the accuracy at each σ."""
    wide = table.pivot(index=columns.RUN, columns=columns.X, values=columns.VALUE).reindex(list(known))
    sigmas = [float(sigma) for sigma in wide.columns]
    facts = {
        "Run": [styles[run].label for run in known],
        "Epoch": [str(own.epoch) for own in known.values()],
    }
    return pd.DataFrame(facts | {f"σ = {exact(sigma)}": [percent(own) for own in wide[sigma]] for sigma in sigmas})


def csv_of(table: pd.DataFrame) -> bytes:
    """Run, σ, accuracy, both ends of its interval, and images, a row a run and σ."""
    names = {columns.X: "sigma", columns.VALUE: "accuracy", columns.N: "images"}
    return csv_bytes(table.rename(columns=names))
