"""The filters of the first layer as images: blue below 0, orange above, or in colour where the images are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import streamlit as st

from reglab.analysis.filters import Filters, first_filters
from reglab.charts.pixels import Pixels, colour_pixels, signed_pixels
from reglab.datasets import DATASETS, image_shape
from reglab.number_format import short
from reglab.states import ENDED
from reglab.store import Run
from reglab.ui.inspect.data import layer_names
from reglab.ui.inspect.layers import at_switch
from reglab.ui.inspect.query import At, Scale
from reglab.ui.inspect.state import KEYS
from reglab.ui.shared.fields import segments
from reglab.ui.shared.image_grid import Tile, image_grid
from reglab.ui.shared.services import services
from reglab.ui.shared.text import count_of

MOST = 256
"""Filters that are drawn at most."""

SCALES: Mapping[Scale, str] = {"common": "One scale", "own": "Scale of each"}
HELP = (
    "**One scale**: the colours of all filters end at the largest |w| of any, so that weak filters look weak.  \n"
    "**Scale of each**: they end at each filter's own largest |w|, so that the pattern of a weak one can be seen."
)
_WIDTHS = ((12, 136), (32, 96), (64, 84), (10**9, 72))  # number of filters up to which each is so many pixels wide
_LEAST = 3  # pixels of a weight


class Found(NamedTuple):
    """The filters, and the file of weights that they are from."""

    filters: Filters
    file: str


def filters_view(run: Run) -> None:
    """Draw the switches and the grid."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        at = at_switch(run)
        scale = segments("Scale", SCALES, KEYS["scale"], persist_state="session")
        st.markdown("", help=HELP, width="content")
    found = filters_of(run, at)
    if isinstance(found, str):
        st.info(found, icon=":material/grid_off:")
        return
    if found.file == "initial":
        st.info(_why_initial(run, at), icon=":material/hourglass_top:")
    elif run.state == "diverged" and at == "last":
        st.info("The weights kept are those of the last finite checkpoint.", icon=":material/info:")
    filters = found.filters
    st.markdown(summary(filters))
    st.caption(legend(filters))
    number, side = len(filters.values), max(filters.values.shape[2:])
    width = next(width for most, width in _WIDTHS if number <= most)
    image_grid(tiles(filters, scale), size=max(width, _LEAST * side))
    if len(filters.values) > MOST:
        st.caption(f"The first {MOST} of {len(filters.values):,}.")


def _why_initial(run: Run, at: At) -> str:
    if run.state in ENDED:
        why = f"The run is {run.label} and has kept no weights of its {at} epoch"
    else:
        why = "Weights are kept when a run ends"
    return f"{why}; these are the initial ones."


def filters_of(run: Run, at: At) -> Found | str:
    """The filters of the first layer after the last or the best epoch; the initial ones of a run that has no others.

    A sentence where there are none.
    """
    files, names, entry = services().store.files(run.id), layer_names(run), DATASETS.find(run.spec.data.name)
    file = next((name for name in ("best" if at == "best" else "weights", "initial") if files.has(name)), None)
    if file is None:
        return "No weights of this run are on the disk."
    if not names or entry is None:
        return f"The layers or the dataset of this run are not known: {run.spec.data.name}."
    array = files.load_array(files.named(file), names[0])
    filters = None if array is None else first_filters(names[0], array, image_shape(run.spec.data))
    return f"The first layer, {names[0]}, has no filters that are images." if filters is None else Found(filters, file)


def summary(filters: Filters) -> str:
    """For example "32 filters of conv1.weight, 1 × 3 × 3. 4 are exactly 0."."""
    number, zero = len(filters.values), int(filters.zero.sum())
    size = " × ".join(map(str, filters.values.shape[1:]))
    gone = f" **{zero} {'is' if zero == 1 else 'are'} exactly 0**, with a dashed edge." if zero else ""
    end = float(filters.limits.max(initial=0.0))
    return f"{count_of(number, filters.kind)} of `{filters.name}`, {size}, largest |w| {short(end, 3)}.{gone}"


def legend(filters: Filters) -> str:
    """What the colours stand for."""
    if filters.values.shape[1] == 3:
        return "Red, green and blue are the weights of the three channels: mid-grey is 0, brighter is positive."
    return "Blue is below 0, orange above 0, and the paler, the nearer to 0."


def tiles(filters: Filters, scale: Scale) -> list[Tile]:
    """A tile for each filter, with its norm."""
    limits, norms, zero = filters.limits, filters.norms, filters.zero
    ends = np.full_like(limits, limits.max(initial=0.0)) if scale == "common" else limits
    return [
        Tile(
            _pixels(filters.values[number], float(ends[number])),
            (f"{number}", "exactly 0" if zero[number] else f"‖w‖ {short(float(norms[number]), 3)}"),
            f"{filters.kind} {number}, " + ("exactly 0" if zero[number] else f"norm {short(float(norms[number]), 3)}"),
            dashed=bool(zero[number]),
        )
        for number in range(min(len(limits), MOST))
    ]


def _pixels(values: np.ndarray, end: float) -> Pixels:
    """Colour where there are three channels; else signed, the mean over channels."""
    return colour_pixels(values, end) if len(values) == 3 else signed_pixels(values.mean(axis=0), end)
