"""How a page and the command line describe a data set of the catalogue: one record, and lines of it."""

from __future__ import annotations

from typing import Any

from reglab.datasets.catalogue import Listed
from reglab.number_format import gib, percent
from reglab.spec import TEST_FRACTION


def record(one: Listed, runs: int) -> dict[str, Any]:
    """A data set as JSON; ``runs`` have used it."""
    entry = one.entry
    return {
        "name": entry.name, "label": entry.label, "images": one.images, "shape": list(entry.shape),
        "classes": list(entry.classes), "state": one.status.state, "sentence": one.status.sentence,
        "test_images": entry.test.size if entry.test else None, "test_state": one.test, "licence": entry.licence,
        "source": entry.source, "place": str(one.place) if one.place else None,
        "files": [str(file) for file in one.files], "bytes": one.bytes, "cached_bytes": one.decoded, "runs": runs,
        "problem": one.problem, "downloaded_bytes": one.downloaded, "unfinished_bytes": one.unfinished,
    }  # fmt: skip


def line(one: Listed, runs: int, width: int) -> str:
    """A data set in one line, its name ``width`` wide."""
    shape = "×".join(map(str, one.entry.shape))
    parts = [one.problem or one.status.sentence, *([f"{gib(one.bytes)} of files"] if one.bytes else [])]
    parts += [f"{gib(one.decoded)} decoded"] if one.decoded else []
    parts += [f"{runs:,} run{'' if runs == 1 else 's'}"] if runs else []
    return f"{one.entry.name:<{width}}  {one.images:>6,} of {shape:<8}  {'; '.join(parts)}"


def size_text(one: Listed) -> str:
    """For example "60,000 images, 28 × 28 px in grey, 10 classes"."""
    channels, height, width = one.entry.shape
    colour = "colour" if channels == 3 else "grey"
    return f"{one.images:,} images, {width} × {height} px in {colour}, {len(one.entry.classes)} classes"


def test_text(one: Listed) -> str:
    """Which images are the test part."""
    if one.entry.test is None:
        return f"No official test images: {percent(TEST_FRACTION, 0)} of the images are locked"
    here = {"ready": "", "download": ", not downloaded yet", "missing": ""}[one.test or "ready"]
    return f"{one.entry.test.size:,} official test images{here}"


def disk_text(one: Listed) -> str:
    """For example "30 MiB of files, 52 MiB decoded"; empty where there is nothing on the disk."""
    parts = [(one.bytes, "of files"), (one.decoded, "decoded")]
    return ", ".join(f"{gib(size)} {what}" for size, what in parts if size)
