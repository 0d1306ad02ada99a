"""The preview: what training sees of a dataset with the chosen settings. Its test part is counted and never shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import streamlit as st

from reglab.charts.class_balance import COLOURS, class_balance_chart
from reglab.charts.pixel_histogram import pixel_histogram_chart
from reglab.charts.pixels import Pixels, image_pixels
from reglab.datasets.preview import Sample, pictures, samples, wrong_samples
from reglab.errors import DataError
from reglab.number_format import percent, short
from reglab.spec import RunSpec
from reglab.training.augmented import augmented
from reglab.ui.data.data import Preview, balance_frame, channel_names, histogram_frame, preview_of
from reglab.ui.data.form import PREVIEWED, data_form
from reglab.ui.shared.fields import segments
from reglab.ui.shared.image_grid import Tile, image_grid, image_groups
from reglab.ui.shared.live_chart import described, live_chart
from reglab.ui.shared.memo import shared_figure
from reglab.ui.shared.query import TRAIN_PAGE
from reglab.ui.shared.text import count_of, literal
from reglab.ui.train.state import form_query

Which = Literal["classes", "wrong"]
WHICH: Mapping[Which, str] = {"classes": "By class", "wrong": "Wrong labels"}
EACH, MOST = 6, 120
"""Samples of a class, and in all."""

DRAWS, AUGMENTED = 5, 4
"""Draws of an image, and images, under augmentation."""

_TILE, _LARGE = 56, 112  # pixels of a sample, and of the mean image
_HEIGHT = 360


def preview_view() -> RunSpec | None:
    """Draw the fields, and beside them what they choose; the spec of the fields, None where they make none."""
    left, right = st.columns([3, 10], gap="small")
    with left:
        spec = data_form(PREVIEWED, more=True)
    with right:
        if spec is not None:
            _show(spec)
    return spec


def _show(spec: RunSpec) -> None:
    try:
        found = preview_of(spec.data)
    except DataError as error:
        st.info(literal(str(error)), icon=":material/image_not_supported:")
        return
    entry = found.chosen.entry
    with described(entry.label, f"data-{entry.name}"):
        _sizes(spec, found)
        with st.container(border=True):
            _samples(found)
        if spec.regularize.augment != "none":
            with st.container(border=True):
                _augmented(spec, found)
        _statistics(found)


def _sizes(spec: RunSpec, found: Preview) -> None:
    """The parts of the split, and the button that trains on it."""
    chosen = found.chosen
    test = f":material/lock: {len(chosen.test.index):,}" if len(chosen.test.index) else "none"
    wrong = int(chosen.flipped.sum())
    figures = [
        ("Training", f"{len(chosen.train):,}", "Images that the network learns from."),
        ("Wrong labels", f"{wrong:,}", f"{percent(wrong / len(chosen.train))} of the training images."),
        ("Validation", f"{len(chosen.val):,}", "Images that λ is chosen by. Their labels are true."),
        ("Test", test, "Locked: no view shows these images, and only a confirmation opens them."),
    ]
    with st.container(horizontal=True, vertical_alignment="center", gap="large", key="data_sizes"):
        for label, value, about in figures:
            st.metric(label, value, help=about, width="content")
        if st.button("Train on this", key="train_on_this", type="primary", icon=":material/play_circle:"):
            st.switch_page(TRAIN_PAGE, query_params=form_query(spec))


def _samples(found: Preview) -> None:
    """Training images by the label that they are trained with, or those with a wrong one."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown("**Training images**", width="content")
        which = segments("Which images", WHICH, "data_which", first=True, persist_state="session")
    chosen, classes = found.chosen, found.chosen.entry.classes
    if which == "wrong":
        wrong = wrong_samples(chosen, MOST)
        if not wrong:
            st.caption("No label is wrong: label noise is 0.")
            return
        _grid(found, wrong)
        more = int(chosen.flipped.sum()) - len(wrong)
        st.caption(f"The first {len(wrong)}; {more:,} more." if more else f"All {count_of(len(wrong), 'wrong label')}.")
        return
    each = max(1, min(EACH, MOST // len(classes)))
    _grid(found, *samples(chosen, each))
    outlined = " Dashed: the label is wrong." if chosen.flipped.any() else ""
    st.caption(f"The first {each} of each class, by the label that is trained with.{outlined}")


def _grid(found: Preview, *groups: Sequence[Sample]) -> None:
    """Groups of images; those of single images make one."""
    classes, shown = found.chosen.entry.classes, [one for group in groups for one in group]
    places = np.array([one.place for one in shown], dtype=np.int64)
    pixels = iter(image_pixels(pictures(found.chosen, "train", places)))
    tiles = [[_tile(one, next(pixels), classes) for one in group] for group in groups]
    if max(map(len, groups), default=0) == 1:
        tiles = [[one for group in tiles for one in group]]
    image_groups(tiles, size=_TILE)


def _tile(one: Sample, pixels: Pixels, classes: Sequence[str]) -> Tile:
    caption = _caption(one, classes)
    return Tile(
        pixels, caption, ", ".join(caption), dashed=one.label != one.true, edge=COLOURS["training, wrong label"]
    )


def _caption(one: Sample, classes: Sequence[str]) -> tuple[str, ...]:
    if one.label == one.true:
        return (classes[one.label],)
    return f"labelled {classes[one.label]}", f"is {classes[one.true]}"


def _augmented(spec: RunSpec, found: Preview) -> None:
    """A few images, each as it is and in several draws of the augmentation."""
    st.markdown("**Augmented**", help="The first draws of a run's own generator; every batch draws anew.")
    chosen = found.chosen
    pixels = chosen.pixels("train", chosen.train[:AUGMENTED])
    drawn = augmented(spec, pixels, chosen.mean, chosen.std, DRAWS)
    every = image_pixels(np.concatenate([pixels[None], drawn]).clip(0, 1))
    rows = [
        [
            Tile(every[draw, image], (f"draw {draw}" if draw else "as it is",), f"image {image + 1}, draw {draw}")
            for draw in range(DRAWS + 1)
        ]
        for image in range(len(pixels))
    ]
    image_groups(rows, size=_TILE)


def _statistics(found: Preview) -> None:
    """Classes, pixels, mean and variance image, and the normalisation."""
    balance = shared_figure(("class balance", found.version), lambda: class_balance_chart(balance_frame(found)))
    histogram = shared_figure(("pixels", found.version), lambda: pixel_histogram_chart(histogram_frame(found)))
    with st.grid(3, min_column_width=240, gap="small"):
        with st.container(border=True, height="stretch"):
            live_chart(balance, key="data_balance", height=_HEIGHT)
        with st.container(border=True, height="stretch"):
            live_chart(histogram, key="data_pixels", height=_HEIGHT)
        with st.container(border=True, height="stretch"):
            _normalisation(found)


def _normalisation(found: Preview) -> None:
    st.markdown("**Normalisation**")
    pixels, chosen = found.pixels, found.chosen
    largest = float(pixels.variance_image.max())
    mean = Tile(image_pixels(_spread(pixels.mean_image)), ("mean image",), "Mean of the training images")
    variance = pixels.variance_image / (largest or 1)
    spread = Tile(image_pixels(variance), ("variance", f"white is {short(largest, 3)}"), "Variance of each pixel")
    image_grid([mean, spread], size=_LARGE)
    rows = zip(channel_names(len(chosen.mean)), chosen.mean.tolist(), chosen.std.tolist(), strict=True)
    text = ", ".join(f"{name} (x − {short(mean, 4)}) / {short(std, 4)}" for name, mean, std in rows)
    st.caption(f"Normalised with the training images' own mean and standard deviation: {text}.")


def _spread(image: np.ndarray) -> np.ndarray:
    """A mean image within [0, 1], as it is; one that reaches beyond, from its least to its largest value."""
    low, high = float(image.min()), float(image.max())
    return image if low >= 0 and high <= 1 else (image - low) / ((high - low) or 1)
