"""How pages and the command line write the health of a data set."""

from __future__ import annotations

from collections.abc import Mapping

from reglab.datasets.copies import ALIKE, NEAR
from reglab.datasets.health import Finding, Health, Level, Place
from reglab.number_format import percent

NEAR_TEXT = (
    f"Near copies correlate by at least {ALIKE:g} when reduced to 8 × 8 greys, and differ by at most "
    f"{percent(NEAR, 0)} of an image's contrast: mean |a − b| over all pixels against mean |a − ā|."
)
LEVELS: Mapping[Level, str] = {"problem": "Problem", "warning": "Warning", "note": "Note"}
CLEAN = "No copies, no conflicting labels, no rare classes, no constant images."


def parts_text(found: Health) -> str:
    """For example "1,007 training, 431 validation, 359 test images; the largest class is 3, 10.2 %"."""
    parts = ", ".join(f"{n:,} {part}" for part, n in found.images.items())
    name, share = found.majority
    return f"{parts} images; the largest class is {name}, {percent(share)} of all"


def lines(found: Health) -> list[str]:
    """The report, a line a finding."""
    findings = [f"{LEVELS[one.level]}: {one.sentence} {one.remedy}{_examples(one)}" for one in found.findings]
    return [f"{parts_text(found)}.", *(findings or [CLEAN]), NEAR_TEXT]


def _examples(one: Finding) -> str:
    groups = [
        f" {'≈' if one.kind in ('near', 'near_leak') else '='} ".join(map(place_text, group))
        for group in one.examples[:2]
    ]
    return f" For example {', '.join(groups)}." if groups else ""


def place_text(one: Place) -> str:
    """For example "training image 12"."""
    return f"{one.part} image {one.place:,}"
