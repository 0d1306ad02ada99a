"""The view Errors: two runs image by image, their confusions, calibration and accuracy under noise of all runs."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st
from numpy.typing import NDArray

from reglab import columns
from reglab.analysis.mcnemar import Discordance
from reglab.charts import RunStyle
from reglab.charts.confusion import confusion_chart, confusion_difference_chart
from reglab.charts.reliability import reliability_chart
from reglab.content.verdict_lines import p_text
from reglab.number_format import NONE, percent, points
from reglab.predictions import Which
from reglab.store import Run
from reglab.ui.compare.data import Selection
from reglab.ui.compare.noise import noise_part
from reglab.ui.compare.predictions import Pair, Pictures, Predictions, pair_of, pictures_of, predictions_of
from reglab.ui.compare.query import Errors
from reglab.ui.compare.state import choice, switch
from reglab.ui.shared.legend import legend_html, sample
from reglab.ui.shared.live_chart import live_chart
from reglab.ui.shared.memo import shared_figure
from reglab.ui.shared.services import services
from reglab.ui.shared.text import literal

HEIGHT = 420
KINDS: Mapping[Errors, str] = {
    "confusion": "Confusion",
    "images": "Images",
    "calibration": "Calibration",
    "noise": "Noise",
}
EPOCHS: Mapping[Which, str] = {"last": "Last epoch", "best": "Best epoch"}
MOST_IMAGES = 24
"""Images of each kind that are shown."""
MOST_RELIABLE = 60
"""Runs whose reliability is drawn."""

MCNEMAR = (
    "**McNemar's exact test** asks whether two given networks differ on images like these: of the images that only one "
    "of them classifies correctly, half would fall to either if they did not. It knows nothing of how much another "
    "seed would change either network; for that, compare sweeps over seeds."
)
RELIABILITY = (
    "The confidence of an image is its largest class probability. 15 bins of confidence; **ECE**, the expected "
    "calibration error, is the mean distance of accuracy and confidence over the images (Guo et al. 2017)."
)
_KEPT = "It has not ended, or is of an earlier version: predictions are kept when a run ends."
_CELL, _MARGIN = 64, 8  # pixels of an image's longer side, at least, and between two images


class Side(NamedTuple):
    """One of the two runs."""

    run: Run
    style: RunStyle
    found: Predictions


def errors_view(selection: Selection) -> None:
    """The switches, and the chosen part."""
    styles = selection.styles(grouped=False)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        kind = switch("errors", "Errors", KINDS)
        which = switch("at", "Epoch", EPOCHS)
    if kind == "calibration":
        _calibration(selection, styles, which)
        return
    if kind == "noise":
        noise_part(selection, styles, which)
        return
    if len(selection.begun) < 2:
        st.info("Two runs with an epoch are needed; choose another one.", icon=":material/compare_arrows:")
        return
    first, second = _two(selection, styles)
    sides = [_side(run, styles, which) for run in (first, second)]
    one, other = sides
    if one is None or other is None:
        return
    if one.run.dataset != other.run.dataset:
        text = "These runs are of different data sets: their errors are on different images, and cannot be compared."
        st.info(text, icon=":material/image_not_supported:")
        return
    pair = pair_of(one.found, other.found)
    if pair is None:
        text = "The runs have no validation image in common: they differ in split, fold or block."
        st.info(text, icon=":material/image_not_supported:")
        return
    st.markdown(discordance_text(one.style.label, other.style.label, pair.discordance, one, other), help=MCNEMAR)
    pictures = pictures_of(one.run.dataset)
    if isinstance(pictures, str):
        st.info(literal(pictures), icon=":material/image_not_supported:")
    elif not (pictures.fit(one.found) and pictures.fit(other.found)):
        text = "The data set on this machine is not the one that the runs were trained on: it lacks images or classes."
        st.info(text, icon=":material/image_not_supported:")
    elif kind == "confusion":
        _confusion(one, other, pair, pictures, which)
    else:
        _images(one, other, pair, pictures)


def _two(selection: Selection, styles: Mapping[str, RunStyle]) -> tuple[Run, Run]:
    """The baseline and the other run: two lists."""
    names = {run.id: styles[run.id].label for run in selection.begun}
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        first = choice("baseline", "First run", names, width=290)
        st.markdown("against", width="content")
        rest = {run: label for run, label in names.items() if run != first}
        second = choice("other", "Second run", rest, width=290)
    found = {run.id: run for run in selection.begun}
    return found[first], found[second]


def _side(run: Run, styles: Mapping[str, RunStyle], which: Which) -> Side | None:
    """The run with its predictions, or a sentence on why there are none."""
    found = predictions_of(run, which)
    if found is None:
        st.info(f"“{literal(run.name)}” has no predictions. {_KEPT}", icon=":material/image_not_supported:")
        return None
    return Side(run, styles[run.id], found)


def discordance_text(first: str, second: str, found: Discordance, one: Any, other: Any) -> str:
    """Both accuracies on the common images, the images that only one classifies correctly, and the test."""
    a, b = literal(first), literal(second)
    right, wrong = found.both + found.first, found.both + found.second
    return (
        f"On {found.images:,} common validation images: **{a}** {percent(right / found.images)} (epoch "
        f"{one.found.epoch}), **{b}** {percent(wrong / found.images)} (epoch {other.found.epoch}), difference "
        f"{points(-found.difference)} points. Only the first is right on {found.first:,} images, only the second on "
        f"{found.second:,}; McNemar's exact p {p_text(found.p)}."
    )


def _confusion(one: Side, other: Side, pair: Pair, pictures: Pictures, which: Which) -> None:
    """Both matrices and their difference, on the common images."""
    frames = []
    for side, places in ((one, pair.first), (other, pair.second)):
        chosen = np.zeros(len(side.found.index), dtype=np.bool_)
        chosen[places] = True
        counts = side.found.confusion(pictures.labels, len(pictures.classes), chosen)
        if counts is None:
            st.info(f"“{literal(side.run.name)}” kept no class probabilities. {_KEPT}", icon=":material/grid_off:")
            return
        frames.append(pd.DataFrame(counts, index=list(pictures.classes), columns=list(pictures.classes)))
    version = tuple((services().store.home, side.run.id, side.run.epoch, side.run.state) for side in (one, other))
    subtitle = "images; colour: share of the class"
    legend = "red: more often, blue: less often"
    drawn: dict[str, Callable[[], go.Figure]] = {
        "first": partial(confusion_chart, frames[0], one.style.text, subtitle),
        "second": partial(confusion_chart, frames[1], other.style.text, subtitle),
        "difference": partial(confusion_difference_chart, frames[0], frames[1], "Second minus first", legend),
    }
    with st.grid(3, min_column_width=290, gap="small"):
        for name, make in drawn.items():
            with st.container(border=True, height="stretch"):
                key = ("compare confusion", name, version, which, one.style.text, other.style.text)
                live_chart(shared_figure(key, make), key=f"compare-confusion-{name}", height=HEIGHT)


def _images(one: Side, other: Side, pair: Pair, pictures: Pictures) -> None:
    """The images that only one of the two classifies correctly, the surest errors first."""
    with st.grid(2, min_column_width=380, gap="small"):
        for right, chosen in ((one, pair.only_first), (other, pair.only_second)):
            with st.container(border=True, height="stretch"):
                name = html.escape(right.style.label)
                st.html(f"{sample(right.style.colour, right.style.dash)} Only <b>{name}</b> is right")
                _gallery(one, other, pair, pictures, np.flatnonzero(chosen), wrong_is_first=right is other)


def _gallery(
    one: Side, other: Side, pair: Pair, pictures: Pictures, chosen: NDArray[np.int64], *, wrong_is_first: bool
) -> None:
    """The images with their true class, and what the network that is wrong answers."""
    wrong, places = (one, pair.first) if wrong_is_first else (other, pair.second)
    true = pictures.labels[wrong.found.index]
    predicted, probabilities = wrong.found.predicted(true), wrong.found.probabilities
    if probabilities is not None:
        chosen = chosen[np.argsort(-probabilities[places[chosen]].max(axis=1), kind="stable")]
    shown, captions = [], []
    for place in chosen[:MOST_IMAGES]:
        mine = int(places[place])
        shown.append(picture(pictures.pixels[pair.images[place]]))
        answer = "" if predicted is None else f", not {pictures.classes[predicted[mine]]}"
        sure = "" if probabilities is None else f" ({percent(float(probabilities[mine].max()), 0)})"
        captions.append(literal(f"{pictures.classes[true[mine]]}{answer}{sure}"))
    if shown:
        st.image(shown, caption=captions, width=_CELL + 20)
    more = len(chosen) - len(shown)
    st.caption(
        f"True class, then the answer of the other run with its confidence{f'; {more:,} more' if more else ''}."
        if shown
        else "No such image."
    )


def picture(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """(C, H, W) as (H, W, 4) uint8, each pixel a square, the longer side at least 64, with a transparent margin."""
    values = pixels if pixels.dtype == np.uint8 else np.rint(255 * np.clip(pixels, 0, 1)).astype(np.uint8)
    image = np.moveaxis(values, 0, -1)
    image = np.repeat(image, 3, axis=-1) if image.shape[-1] == 1 else image
    factor = max(-(-_CELL // max(image.shape[:2])), 1)
    image = image.repeat(factor, axis=0).repeat(factor, axis=1)
    opaque = np.concatenate([image, np.full((*image.shape[:2], 1), 255, dtype=np.uint8)], axis=-1)
    return np.pad(opaque, ((0, 0), (0, _MARGIN), (0, 0)))


def _calibration(selection: Selection, styles: Mapping[str, RunStyle], which: Which) -> None:
    """Reliability of all runs, and their ECE."""
    runs = selection.begun[:MOST_RELIABLE]
    found = {run.id: predictions_of(run, which) for run in runs}
    known = {run: own.calibration for run, own in found.items() if own is not None and own.calibration is not None}
    if len(selection.begun) > len(runs):
        st.caption(f"The first {len(runs)} of {len(selection.begun):,} runs.")
    if not known:
        st.info(f"None of these runs has class probabilities. {_KEPT}", icon=":material/show_chart:")
        return
    bins = [
        pd.DataFrame({columns.RUN: run, columns.X: own.confidence, columns.VALUE: own.accuracy, columns.N: own.counts})
        for run, own in known.items()
    ]
    shown = {run: styles[run] for run in known}
    st.html(legend_html(shown.values()))
    with st.grid(2, min_column_width=380, gap="small"):
        key = ("compare reliability", selection.version, which, tuple(shown.items()))
        make = partial(reliability_chart, pd.concat(bins, ignore_index=True), shown)
        live_chart(shared_figure(key, make), key="compare-reliability", height=HEIGHT)
        with st.container(gap="small"):
            st.dataframe(_calibration_table(runs, styles, found), hide_index=True, alt="Calibration of each run")
            st.caption(f"{EPOCHS[which]} of each run.", help=RELIABILITY)


def _calibration_table(
    runs: tuple[Run, ...], styles: Mapping[str, RunStyle], found: Mapping[str, Predictions | None]
) -> pd.DataFrame:
    rows = []
    for run in runs:
        own = found[run.id]
        calibrated = own.calibration if own else None
        mean = None if own is None or own.probabilities is None else float(own.probabilities.max(axis=1).mean())
        rows.append(
            {
                "Run": styles[run.id].label,
                "Epoch": str(own.epoch) if own else NONE,
                "ECE": percent(calibrated.error) if calibrated else NONE,
                "Accuracy": percent(float(own.correct.mean())) if own else NONE,
                "Confidence": percent(mean),
            }
        )
    return pd.DataFrame(rows)
