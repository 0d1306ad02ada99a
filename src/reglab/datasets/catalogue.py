"""What is known of each data set without reading an image: whether it is at hand, where its files are, their size."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from reglab.datasets import image_cache
from reglab.datasets._download import unfinished_bytes
from reglab.datasets._downloaded import downloaded_files
from reglab.datasets.dataset import DATASETS, Dataset, State, Status, status
from reglab.errors import DataError
from reglab.spec import DataSpec


@dataclass(frozen=True)
class Listed:
    """One data set in the data folder: ``files`` are those that it is decoded from, its official test part's included,
    ``bytes`` their size, and ``decoded`` that of its decoded images on the disk.

    ``place`` is the folder of the files, None where it has none. ``test`` says whether the official test images are at
    hand; None where there are no such. ``images`` may be fewer than those of the original in a local copy; ``problem``
    is a sentence where its labels cannot be read. ``downloaded`` bytes of the files came by a download of RegLab's and
    can be deleted, ``unfinished`` ones are of a download that did not end.
    """

    entry: Dataset
    status: Status
    place: Path | None
    files: tuple[Path, ...]
    bytes: int
    decoded: int
    test: State | None
    images: int
    problem: str | None = None
    downloaded: int = 0
    unfinished: int = 0


def catalogue(folder: Path, cache: Path) -> list[Listed]:
    """Every data set, people's own ones first; ``folder`` has local files and downloads, ``cache`` decoded images.

    :raises OSError: ``cache`` is there and cannot be listed.
    """
    decoded = Counter[str]()
    for one in image_cache.kept(cache):
        decoded[one.dataset] += one.bytes
    own_first = sorted(DATASETS.entries.values(), key=lambda entry: not entry.digest)
    return [listed(entry, folder, decoded[entry.name]) for entry in own_first]


def listed(entry: Dataset, folder: Path, decoded: int = 0) -> Listed:
    """What is known of ``entry``; ``decoded`` bytes of its images are kept on the disk."""
    found, n = status(entry, folder), entry.size
    if found.state == "missing":
        return Listed(entry, found, None, (), 0, decoded, None if entry.test is None else "missing", n)
    files = tuple(dict.fromkeys(file for file in _files(entry, folder) if file.is_file()))
    place = entry.find(folder) if entry.find is not None else None
    place, size = place or (files[0].parent if files else None), sum(file.stat().st_size for file in files)
    images, problem = _images(entry, folder)
    downloaded = sum(file.stat().st_size for file in downloaded_files(folder, entry.name))
    unfinished = unfinished_bytes(folder, entry.name)
    return Listed(
        entry, found, place, files, size, decoded, _test(entry, folder), images, problem, downloaded, unfinished
    )


def _images(entry: Dataset, folder: Path) -> tuple[int, str | None]:
    try:
        counts = None if entry.counts is None else entry.counts(folder)
    except (DataError, OSError) as error:
        return entry.size, str(error)
    return sum(counts) if counts else entry.size, None


def _files(entry: Dataset, folder: Path) -> Iterable[Path]:
    for part in (entry, entry.test):
        if part is not None and part.sources is not None:
            yield from part.sources(folder)
    if entry.find is not None and (place := entry.find(folder)) is not None:
        yield place  # an archive that is not unpacked yet
        if entry.digest:
            yield from sorted(place.iterdir())  # an imported set


def _test(entry: Dataset, folder: Path) -> State | None:
    if entry.test is None:
        return None
    return "download" if entry.test.find(folder) is None else "ready"


def not_at_hand(spec: DataSpec, folder: Path) -> str | None:
    """Why the images of ``spec`` cannot be shown without a download, in one sentence; None where they can.

    :raises UnknownName: where no data set has this name.
    """
    entry = DATASETS.get(spec.name)
    found = status(entry, folder)
    if found.state != "ready":
        return f"The images of {entry.label} are not on this machine. {found.sentence}."
    if spec.test_fraction and entry.test is not None and entry.test.find(folder) is None:
        return f"The official test images of {entry.label}, which decide the split, are not on this machine."
    return None
