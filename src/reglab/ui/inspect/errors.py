"""Errors: the most confident wrong validation images, the worst losses, accuracy per class, memorised labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from reglab.analysis import misclassified as m
from reglab.chance import Chance
from reglab.charts.pixels import image_pixels
from reglab.datasets import DATASETS
from reglab.datasets.split import Part
from reglab.jobs import images_at_hand
from reglab.number_format import PERCENT, percent
from reglab.states import ENDED
from reglab.store import Run
from reglab.ui.inspect.data import Validation, flipped_of, validation_of
from reglab.ui.inspect.layers import at_switch
from reglab.ui.inspect.query import At, Kind, link_of, normal
from reglab.ui.inspect.state import KEYS, view_state
from reglab.ui.shared.fields import segments
from reglab.ui.shared.image_grid import Tile, image_grid
from reglab.ui.shared.text import count_of, loss

MOST = 60
"""Images on screen."""

KINDS: Mapping[Kind, str] = {
    "confident": "Most confident",
    "loss": "Worst losses",
    "classes": "Classes",
    "memorised": "Memorised labels",
}
HELP = (
    "**Most confident**: misclassified validation images, by the probability of the wrong class.  \n"
    "**Worst losses**: validation images by −ln p of their true class.  \n"
    "**Classes**: the accuracy of each class, with its 95 % Wilson interval.  \n"
    "**Memorised labels**: wrongly labelled training images, and whether the network predicts the wrong label."
)
_WIDTHS = ((8, 80), (32, 92), (10**9, 112))  # height of an image up to which it is so many pixels wide

Rows = pd.DataFrame
Caption = tuple[str, ...]


def errors_view(run: Run) -> None:
    """Draw the switches and the chosen list."""
    kinds = {kind: name for kind, name in KINDS.items() if kind != "memorised" or run.spec.data.has_label_noise}
    if st.session_state[KEYS["errors"]] not in kinds:
        st.info("This run was trained without label noise: no label is wrong.", icon=":material/info:")
        st.session_state[KEYS["errors"]] = "confident"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        kind = segments("Errors", kinds, KEYS["errors"], persist_state="session")
        st.markdown("", help=HELP, width="content")
        at = at_switch(run)
    if kind == "memorised":
        _memorised(run, at)
        return
    found = validation_of(run, at)
    if not np.isfinite(found.scores[m.LOSS]).any():
        sentence = f"At epoch {found.epoch} no validation loss is a finite number, so no image can be ranked."
        st.info(sentence, icon=":material/trending_up:")
        return
    if not found.has_classes:
        why = "they are kept when a run ends"
        if run.state in ENDED:
            why = "it ended without finite ones" if run.state == "diverged" else f"it is {run.label} and has kept none"
        st.info(f"No class probabilities of this run: {why}. Losses are shown instead.", icon=":material/info:")
    if kind == "classes" and found.has_classes:
        _classes(found)
    else:
        _images(run, found, kind)


def _images(run: Run, found: Validation, kind: Kind) -> None:
    """The grid of the most confident errors or of the worst losses."""
    confident = kind == "confident" and found.has_classes
    chosen = (m.most_confident if confident else m.worst_losses)(found.scores)
    st.markdown(errors_text(found))
    if chosen.empty:
        st.success("No validation image is misclassified.", icon=":material/check:")
        return
    places = {image: number for number, image in enumerate(found.scores[m.IMAGE].tolist(), start=1)}
    links = [_try_link(run, places[image]) for image in chosen[m.IMAGE][:MOST].tolist()]
    _grid(run, chosen, [scored_caption(row, found.classes) for row in _records(chosen)], links)
    st.caption("A click on an image tries it, on other runs too.")


def errors_text(found: Validation) -> str:
    """For example "**37 of 539** validation images are misclassified at epoch 30, an accuracy of 93.1 %."."""
    wrong, total = int((~found.scores[m.CORRECT]).sum()), len(found.scores)
    what = f"**{wrong:,} of {total:,}** validation images are misclassified at epoch {found.epoch}"
    return f"{what}, an accuracy of {percent(1 - wrong / total)}{_balanced(found.scores)}."


def _balanced(scores: Rows) -> str:
    """The balanced accuracy, where classes differ in frequency."""
    right = scores.groupby(m.LABEL)[m.CORRECT]
    if not Chance.of_labels(right.size().tolist()).uneven:
        return ""
    return f" and, over classes of equal weight, a balanced accuracy of {percent(float(right.mean().mean()))}"


def scored_caption(row: Mapping[str, Any], classes: Caption) -> Caption:
    """For example ("4 → 9, 97 %", "p(true) 0.2 %", "loss 6.21"); no arrow where the prediction is not known."""
    label, predicted = classes[row[m.LABEL]], row[m.PREDICTED]
    first = f"{label} → {classes[predicted]}, {percent(row[m.CONFIDENCE], 0)}" if predicted >= 0 else label
    return first, f"p(true) {percent(row[m.P_LABEL])}", f"loss {loss(row[m.LOSS])}"


def _classes(found: Validation) -> None:
    table = m.class_table(found.scores, len(found.classes))
    names = [*found.classes, "–"]  # −1 is the last
    taken = zip(table[m.TAKEN_FOR].tolist(), table[m.TAKEN].tolist(), strict=True)
    shown = pd.DataFrame(
        {
            "Class": [names[label] for label in table[m.LABEL]],
            "Images": table[m.IMAGES],
            "Correct": table[m.RIGHT],
            "Accuracy": 100 * table[m.ACCURACY],
            "95 % interval": [
                f"{percent(low)} to {percent(high)}" for low, high in zip(table[m.LOW], table[m.HIGH], strict=True)
            ],
            "Most often taken for": [
                f"{names[label]} ({count:,})" if count else names[label] for label, count in taken
            ],
        }
    )
    st.markdown(errors_text(found))
    bar = st.column_config.ProgressColumn("Accuracy", format=f"%.1f{PERCENT}%", min_value=0, max_value=100, width=180)
    about = f"Accuracy of each class at epoch {found.epoch}, with its interval"
    st.dataframe(shown, hide_index=True, column_config={"Accuracy": bar}, height="content", alt=about)
    st.caption(
        "Wilson intervals of each class by itself: of 20 classes, about one lies outside its interval by chance."
    )


def _memorised(run: Run, at: At) -> None:
    with st.spinner("Predicting the wrongly labelled images…"):
        found = flipped_of(run, at)
    classes = DATASETS.get(run.spec.data.name).classes
    st.markdown(memorised_text(found))
    st.caption("Computed now from the weights, for all wrongly labelled training images; validation labels are true.")
    _grid(run, found, [flipped_caption(row, classes) for row in _records(found)], part="train")


def memorised_text(found: Rows) -> str:
    """For example "**61 of 80 wrong labels are memorised (76.3 %)**; 12 images are classified as their true class."."""
    learnt, total = int(found[m.CORRECT].sum()), len(found)
    true = int((found[m.PREDICTED] == found[m.TRUE_CLASS]).sum())
    return (
        f"**{learnt:,} of {total:,} wrong labels are memorised ({percent(learnt / total)})**; {true:,} of these images "
        f"are classified as their true class ({percent(true / total)})."
    )


def flipped_caption(row: Mapping[str, Any], classes: Caption) -> Caption:
    """For example ("labelled 3, is 8", "memorised", "p(label) 97 %")."""
    label, true, predicted = (classes[row[name]] for name in (m.LABEL, m.TRUE_CLASS, m.PREDICTED))
    outcome = "memorised" if row[m.CORRECT] else "true class" if predicted == true else f"predicted {predicted}"
    return f"labelled {label}, is {true}", outcome, f"p(label) {percent(row[m.P_LABEL], 0)}"


def _records(rows: Rows) -> list[dict[str, Any]]:
    """The rows that are on screen, as plain values."""
    return [{str(name): value for name, value in row.items()} for row in rows[:MOST].to_dict("records")]


def _try_link(run: Run, number: int) -> dict[str, str]:
    """The query of the view that tries validation image ``number``."""
    return link_of(run.id, normal(replace(view_state(), view="image", source="pick", image=number)))


def _grid(
    run: Run, rows: Rows, captions: list[Caption], links: Sequence[dict[str, str] | None] = (), part: Part = "val"
) -> None:
    """The images of the first ``rows`` with their ``captions``, and where a click on each leads, if anywhere.

    They are of this ``part`` of the run's images, and as noisy as the network sees them.
    """
    index: NDArray[np.int64] = rows[m.IMAGE][:MOST].to_numpy(np.int64)
    images = images_at_hand(run.spec.data, index, part)
    if images is None:
        st.info("The images of this dataset are not on this machine.", icon=":material/image_not_supported:")
        return
    pixels = image_pixels(images)
    size = next(width for most, width in _WIDTHS if pixels.shape[1] <= most)
    shown = zip(pixels, captions, index.tolist(), links or [None] * len(index), strict=True)
    tiles = [Tile(own, text, f"image {at}: {', '.join(text)}", query=link) for own, text, at, link in shown]
    image_grid(tiles, size=size)
    if len(rows) > MOST:
        st.caption(f"The first {MOST} of {count_of(len(rows), 'image')}.")
