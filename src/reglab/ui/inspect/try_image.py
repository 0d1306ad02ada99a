"""Try an image: drawn, uploaded or picked from the validation images, and what several runs predict for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from reglab.analysis import misclassified as m
from reglab.charts import RunStyle
from reglab.charts.class_probabilities import class_probabilities_chart, height_of
from reglab.charts.pixels import image_pixels
from reglab.datasets import DATASETS, Dataset, image_shape
from reglab.datasets.picture import MOST_BYTES, centred, fitted, ink_extent, read_picture, reduced
from reglab.errors import DataError
from reglab.jobs import Answer, Prediction, PredictionRequest, images_at_hand
from reglab.number_format import percent
from reglab.states import ACTIVE
from reglab.store import Run, RunFilter, RunOrder
from reglab.ui.inspect.data import validation_of, version_of
from reglab.ui.inspect.drawing_pad import drawing_pad
from reglab.ui.inspect.layers import at_switch
from reglab.ui.inspect.query import MOST_BESIDE, At, Source
from reglab.ui.inspect.state import KEYS, beside_ids, put
from reglab.ui.shared.fields import segments
from reglab.ui.shared.image_grid import Tile, image_grid
from reglab.ui.shared.live_chart import live_chart
from reglab.ui.shared.memo import Memo
from reglab.ui.shared.run_data import results_of
from reglab.ui.shared.services import services
from reglab.ui.shared.text import distinct, literal

SOURCES: Mapping[Source, str] = {"pick": "Pick", "draw": "Draw", "upload": "Upload"}
SAMPLE = 200
"""Validation images from which the usual extent of the ink is measured."""

_BESIDE = "inspect_others"  # widget key
_PREVIEW, _SOURCE = 140, 250  # pixels of the image as the network sees it, and of all that an image comes from
_LISTED = 100  # runs to choose from

_STYLE = """<style>  /* the list has room for the names of two runs, or a line of its own */
[data-testid="stLayoutWrapper"]:has(> .st-key-inspect_beside) { min-width: 18rem }
</style>"""

_ANSWERS: Memo[Answer] = Memo(most=1000, size=lambda found: 1)


@dataclass(frozen=True, eq=False)
class Tried:
    """One image (1, C, H, W) as the data set's are, its true class if it is known, and where it is from."""

    images: NDArray[Any]
    label: int | None
    about: str


def try_view(run: Run) -> None:
    """Draw the source of the image, the runs that predict, and their class probabilities."""
    entry = DATASETS.find(run.spec.data.name)
    if entry is None:
        raise DataError(f"The dataset {run.spec.data.name} is not known here.")
    entry = replace(entry, shape=image_shape(run.spec.data))
    services().runner.warm_predictor()
    st.html(_STYLE)
    row = st.container(horizontal=True, gap="medium")
    with row.container(width=_SOURCE):
        tried = _source(run, entry)
    with row.container(width="stretch"):
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            at = at_switch(run)
            with st.container(key="inspect_beside"):
                runs = [run, *_beside(run)]
        _predictions(runs, at, entry, tried)


def _source(run: Run, entry: Dataset) -> Tried | None:
    source = segments("Image", SOURCES, KEYS["source"], persist_state="session")
    try:
        tried = {"pick": _picked, "draw": _drawn, "upload": _uploaded}[source](run, entry)
    except DataError as error:
        st.error(literal(str(error)), icon=":material/error:")
        return None
    if tried is not None:
        size = " × ".join(map(str, tried.images.shape[1:]))
        caption = ("What the network sees,", size)
        image_grid([Tile(image_pixels(tried.images)[0], caption, "The image as the network sees it")], size=_PREVIEW)
        st.caption(tried.about)
    return tried


def _picked(run: Run, entry: Dataset) -> Tried | None:
    scores = validation_of(run, "last").scores
    number = st.session_state[KEYS["image"]]
    if number is None or not 1 <= number <= len(scores):
        put("image", 1)
    about = "Its number among the validation images of this run."
    number = st.number_input(
        "Validation image", 1, len(scores), step=1, key=KEYS["image"], help=about, persist_state="session"
    )
    row = scores.iloc[int(number) - 1]
    images = images_at_hand(run.spec.data, np.array([row[m.IMAGE]], dtype=np.int64))
    if images is None:
        raise DataError("The images of this dataset are not on this machine.")
    label = int(row[m.LABEL])
    where = f"Image {int(row[m.IMAGE]):,} of {literal(entry.label)}, class {literal(entry.classes[label])}."
    return Tried(images, label, where)


def _drawn(run: Run, entry: Dataset) -> Tried | None:
    drawing = drawing_pad("inspect_pad")
    if drawing is None:
        st.caption("Draw with the mouse or a finger.")
        return None
    grey = entry.shape[0] == 1
    extent = (
        _usual_extent(run) if grey and st.toggle("Centre", value=True, key="inspect_centre", help=_CENTRE) else None
    )
    if extent is None:
        return Tried(reduced(drawing, entry.shape)[None], None, "Your drawing, reduced.")
    return Tried(centred(drawing, entry.shape, extent)[None], None, "Your drawing, centred and scaled.")


_CENTRE = "Scales the ink to the size that it usually has in the validation images, and centres its mass, as in MNIST."


def _usual_extent(run: Run) -> float | None:
    """The usual extent of the ink in the run's validation images; None where these are not known."""
    try:
        index = validation_of(run, "last").scores[m.IMAGE][:SAMPLE].to_numpy(np.int64)
    except DataError:
        return None
    images = images_at_hand(run.spec.data, index)
    return None if images is None else ink_extent(images)


def _uploaded(run: Run, entry: Dataset) -> Tried | None:
    limit = MOST_BYTES >> 20
    file = st.file_uploader("PNG or JPEG", ["png", "jpg", "jpeg"], key="inspect_upload", max_upload_size=limit)
    invert = entry.shape[0] == 1 and st.toggle("Invert", key="inspect_invert", help="For dark ink on a white ground.")
    if file is None:
        return None
    images = fitted(read_picture(file.getvalue()), entry.shape, invert=invert)[None]
    return Tried(images, None, "Your picture: its middle, reduced to the size of the dataset's images.")


def _beside(run: Run) -> list[Run]:
    """The other runs that predict: those that the link names, chosen from runs on the same dataset."""
    store = services().store
    named = beside_ids()
    alike = RunFilter(states=frozenset(["finished"]), datasets=frozenset([run.spec.data.name]))
    recent = store.runs_of(store.run_ids(alike, RunOrder(), limit=_LISTED))
    linked = [one for one in store.runs_of(named) if one.spec.data.name == run.spec.data.name]
    known = {one.id: one for one in [*recent, *linked] if one.id != run.id}
    labels = distinct({one.id: one.name for one in known.values()})
    st.session_state[_BESIDE] = [one for one in named if one in known]
    chosen = st.multiselect(
        "Other runs",
        list(known),
        format_func=labels.__getitem__,
        max_selections=MOST_BESIDE,
        placeholder="Add runs on this dataset",
        label_visibility="collapsed",
        key=_BESIDE,
        on_change=lambda: put("beside", ",".join(st.session_state[_BESIDE]) or None),
    )
    if gone := [one for one in named if one not in known and one != run.id]:
        st.caption(f"{literal(', '.join(gone))}: deleted, unknown, or of another dataset.")
    return [known[one] for one in chosen]


def _predictions(runs: Sequence[Run], at: At, entry: Dataset, tried: Tried | None) -> None:
    styles = results_of(runs).styles
    found: Answer = {}
    if tried is not None:
        with st.spinner("Predicting…"):
            found = answers(runs, at, tried.images)
    known = {run: own.probabilities[0] for run, own in found.items() if isinstance(own, Prediction)}
    figure = class_probabilities_chart(
        known, styles, classes=entry.classes, true=None if tried is None else tried.label
    )
    with st.container(border=True):
        live_chart(figure, key=f"inspect_probabilities_{len(runs)}", height=height_of(len(runs)))
    for line in lines(found, styles, entry.classes):
        st.markdown(f":small[{line}]")


def answers(runs: Sequence[Run], at: At, images: NDArray[Any]) -> Answer:
    """What ``runs`` predict for ``images``, computed once for all sessions; running ones are asked each time."""
    request = PredictionRequest(tuple(run.id for run in runs), at, images)
    digest = blake2b(np.ascontiguousarray(images).tobytes(), digest_size=16).hexdigest()
    if any(run.state in ACTIVE for run in runs):
        return services().runner.predict(request)
    key = (tuple(map(version_of, runs)), at, images.dtype.str, images.shape, digest)
    return _ANSWERS.get(key, lambda: services().runner.predict(request))


def lines(found: Answer, styles: Mapping[str, RunStyle], classes: Sequence[str]) -> list[str]:
    """For each run its prediction, or why there is none: "λ₂ = 0.03: **4**, 97.1 %"."""
    made = []
    for run, own in found.items():
        name = literal(styles[run].label)
        if isinstance(own, str):
            made.append(f"{name}: {literal(own)}")
        else:
            top = int(own.probabilities[0].argmax())
            made.append(f"{name}: **{literal(classes[top])}**, {percent(float(own.probabilities[0, top]))}")
    return made
