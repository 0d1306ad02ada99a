"""The boxes of a page's charts in a PDF that Chromium prints: on which sheet, and where.

Each chart is covered by a link to an address of its own, which a PDF keeps as an annotation with a rectangle. A box
that crosses the edge of a sheet becomes two annotations.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Literal

from playwright.sync_api import Page
from pypdf import PdfReader

Paper = Literal["A4", "Letter"]
POINTS = 0.75  # points of paper in a pixel of CSS

_COVER = """(selector) => {
    document.querySelectorAll(selector).forEach((chart, number) => {
        chart.style.position = "relative";
        const link = document.createElement("a");
        link.href = `https://chart.invalid/${number}`;
        link.className = "printed-box";
        link.style = "position:absolute;inset:0;z-index:9";
        chart.append(link);
    });
}"""
_UNCOVER = "() => document.querySelectorAll('.printed-box').forEach((link) => link.remove())"


@dataclass(frozen=True)
class Box:
    """A rectangle on sheet ``sheet``, from 0, in points from its lower left corner."""

    sheet: int
    left: float
    bottom: float
    right: float
    top: float

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in pixels of CSS."""
        return (self.right - self.left) / POINTS, (self.top - self.bottom) / POINTS

    def overlaps(self, other: Box) -> bool:
        """Whether both cover a common place, beyond a rounded point."""
        across = min(self.right, other.right) - max(self.left, other.left)
        along = min(self.top, other.top) - max(self.bottom, other.bottom)
        return self.sheet == other.sheet and across > 1 and along > 1


@dataclass(frozen=True)
class Printed:
    """A printed page: chart → its boxes, in the order of the page; size of a sheet in points; text of each sheet."""

    charts: dict[int, list[Box]]
    sheet: tuple[float, float]
    texts: list[str]
    pdf: bytes


def printed(page: Page, selector: str, paper: Paper) -> Printed:
    """The page as Chromium prints it, with the boxes of the charts that ``selector`` finds."""
    page.evaluate(_COVER, selector)
    pdf = page.pdf(format=paper, prefer_css_page_size=False, print_background=True)
    page.evaluate(_UNCOVER)
    reader = PdfReader(io.BytesIO(pdf))
    charts: dict[int, list[Box]] = {}
    for number, sheet in enumerate(reader.pages):
        for reference in sheet.get("/Annots") or []:
            annotation = reference.get_object()
            address = str(annotation.get("/A", {}).get("/URI", ""))
            if address.startswith("https://chart.invalid/"):
                box = Box(number, *(float(value) for value in annotation["/Rect"]))
                charts.setdefault(int(address.rpartition("/")[2]), []).append(box)
    media = reader.pages[0].mediabox
    texts = [sheet.extract_text() for sheet in reader.pages]
    return Printed(dict(sorted(charts.items())), (float(media.width), float(media.height)), texts, pdf)


def check_charts(found: Printed, number: int) -> None:
    """Every one of ``number`` charts is whole on one sheet, inside it, and apart from all others."""
    width, height = found.sheet
    assert sorted(found.charts) == list(range(number))
    whole: list[Box] = []
    for chart, boxes in found.charts.items():
        assert len(boxes) == 1, f"chart {chart} crosses the edge of a sheet: {boxes}"
        (box,) = boxes
        inside = min(box.left, box.bottom, width + 1 - box.right, height + 1 - box.top)
        assert inside >= 0, f"chart {chart} is cut: {box}"
        assert not [other for other in whole if box.overlaps(other)], f"chart {chart} overlaps another"
        whole.append(box)
