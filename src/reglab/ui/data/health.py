"""The health of a dataset: each finding with its images and what to do. Test images are named and never shown."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import streamlit as st

from reglab.charts.pixels import Pixels, image_pixels
from reglab.content.health_text import CLEAN, NEAR_TEXT, parts_text, place_text
from reglab.datasets import DATASETS, load_images
from reglab.datasets.health import Finding, Level, Place, whole
from reglab.datasets.preview import to_look_at
from reglab.errors import DataError
from reglab.spec import RunSpec
from reglab.ui.data.data import health_of
from reglab.ui.data.form import SPLIT, data_form
from reglab.ui.shared.image_grid import Tile, image_groups
from reglab.ui.shared.services import services
from reglab.ui.shared.text import literal

TEST = "test"
"""The part whose images are not shown."""

_ICONS: Mapping[Level, str] = {
    "problem": ":red[:material/error:]",
    "warning": ":orange[:material/warning:]",
    "note": ":gray[:material/info:]",
}
_TILE = 56


def health_view() -> RunSpec | None:
    """Draw the fields that decide the split, and the report on all images in it; the spec of the fields."""
    left, right = st.columns([3, 10], gap="small")
    with left:
        spec = data_form(SPLIT, more=False, used=whole)
    with right:
        if spec is not None:
            _report(spec)
    return spec


def _report(spec: RunSpec) -> None:
    try:
        with st.spinner("Comparing the images…"):
            found = health_of(spec.data)
    except DataError as error:
        st.info(literal(str(error)), icon=":material/image_not_supported:")
        return
    st.markdown(f"{literal(parts_text(found))}.", help=NEAR_TEXT)
    if not found.findings:
        st.success(CLEAN, icon=":material/check_circle:")
    for number, one in enumerate(found.findings):
        with st.container(border=True, gap="xsmall", key=f"finding_{number}"):
            st.markdown(f"{_ICONS[one.level]} {literal(one.sentence)}")
            st.caption(literal(one.remedy))
            _examples(spec.data.name, one)
    st.caption("All images as they are: what makes training data scarce, uneven or noisy is left out.")


def _examples(name: str, finding: Finding) -> None:
    """Pictures of the examples, images that belong together side by side."""
    if not finding.examples:
        return
    entry, images = DATASETS.get(name), load_images(name, services().settings.data)
    every = [one for group in finding.examples for one in group]
    shown = np.array([0 if one.part == TEST else one.place for one in every], dtype=np.int64)
    pixels = iter(image_pixels(to_look_at(images.x.numpy()[shown])))
    groups = [[_tile(next(pixels), one, entry.classes) for one in group] for group in finding.examples]
    alone = [tile for group in groups if len(group) == 1 for tile in group]
    image_groups([*([alone] if alone else []), *(group for group in groups if len(group) > 1)], size=_TILE)


def _tile(pixels: Pixels, one: Place, classes: tuple[str, ...]) -> Tile:
    """An image with its class; of one of the test part neither."""
    if one.part == TEST:
        blank = np.full_like(pixels, 128)
        return Tile(blank, ("locked", place_text(one)), f"{place_text(one)}, locked", dashed=True)
    label = classes[one.label]
    return Tile(pixels, (label, f"{one.part} {one.place:,}"), f"{place_text(one)}, {label}")
