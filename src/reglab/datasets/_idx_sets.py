"""What MNIST, Fashion-MNIST and KMNIST share: pairs of idx files, looked for locally, downloaded where there are none.

The training pair and the official test pair are found and brought independently.

All three use the same file names and shapes; files known to be another's are therefore never taken.
"""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from reglab._torchvision import load_torchvision
from reglab.datasets._download import Remote, fetch, workshop
from reglab.datasets._downloaded import note_downloaded
from reglab.datasets.dataset import Dataset, Images, OfficialTest, Progress
from reglab.datasets.idx import open_idx, read_idx
from reglab.datasets.local_files import find_file, named_folders
from reglab.errors import DataError

IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
SHAPE = (1, 28, 28)
SIZE = 60_000
CLASSES = 10

LABEL_MD5 = {
    "d53e105ee54ea40749a09fcbcd1e9432": "MNIST",
    "25c81989df183df01b3e8a0aad5dffbe": "FashionMNIST",
    "e144d726b3acfaa3e44228e80efcd344": "KMNIST",
    "ec29112dd5afa0611ce80d1b7f02629c": "MNIST",
    "bb300cfdad3c16e7a12a480ee83cd310": "FashionMNIST",
    "7320c461ea6c1c855c0b718fb2a4b134": "KMNIST",
}  # of the original label files, training and test
_FIRST_LABELS = {
    bytes([5, 0, 4, 1, 9, 2, 1, 3, 1, 4]): "MNIST",
    bytes([9, 0, 0, 3, 0, 2, 7, 2, 5, 5]): "FashionMNIST",
    bytes([7, 2, 1, 0, 4, 1, 4, 9, 5, 9]): "MNIST",
    bytes([9, 2, 1, 1, 6, 1, 4, 6, 5, 7]): "FashionMNIST",
}  # likewise


@dataclass(frozen=True)
class Pair:
    """The names of an image and a label file, without the ending, and the most images that they may hold."""

    images: str
    labels: str
    size: int


TRAIN = Pair(IMAGES, LABELS, SIZE)
TEST = Pair("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte", 10_000)


@dataclass(frozen=True)
class IdxSource:
    """One of the three: ``torchvision`` is its class there, ``folders`` the names under which people keep it.

    ``megabytes`` are those of the training files, ``test_megabytes`` those of the test files.
    """

    name: str
    label: str
    torchvision: str
    folders: tuple[str, ...]
    megabytes: float
    test_megabytes: float
    elsewhere: tuple[Path, ...] = ()


def idx_dataset(source: IdxSource, /, **facts: Any) -> Dataset:
    """The data set of ``source``; ``facts`` are the fields of :class:`Dataset` in which the three differ."""
    return Dataset(
        name=source.name,
        label=source.label,
        shape=SHAPE,
        size=SIZE,
        load=partial(load_idx, source),
        find=partial(find_idx, source),
        counts=partial(local_counts, source),
        download_mb=source.megabytes,
        sources=partial(idx_files, source),
        test=OfficialTest(
            TEST.size,
            partial(find_idx, source, pair=TEST),
            partial(load_idx, source, pair=TEST),
            partial(idx_files, source, pair=TEST),
        ),
        **facts,
    )


def find_idx(source: IdxSource, folder: Path, pair: Pair = TRAIN) -> Path | None:
    """The folder with both files: a named one inside ``folder``, ``folder`` itself, or one elsewhere; else None."""
    for named in named_folders(folder, source.folders):
        for place in (named, *named_folders(named, ["raw"])):
            if _files(place, pair):
                return place
    loose = _files(folder, pair)
    if loose and _identity(loose[1]) in (None, source.torchvision):
        return folder
    return next((place for place in source.elsewhere if _files(place, pair)), None)


def idx_files(source: IdxSource, folder: Path, pair: Pair = TRAIN) -> tuple[Path, ...]:
    """The image and the label file where they are there, else none."""
    place = find_idx(source, folder, pair)
    return (place and _files(place, pair)) or ()


def load_idx(source: IdxSource, folder: Path, progress: Progress, pair: Pair = TRAIN) -> Images:
    """The images from local files, or from a download into ``folder``/<torchvision's name>/raw."""
    files = _files(find_idx(source, folder, pair) or _download(source, folder, progress, pair), pair)
    if files is None:
        raise DataError(f"{source.label} vanished from {folder} while it was read; try again.")
    progress(f"Reading {source.label}", 0.0)
    x, y = read_idx(files[0], SHAPE[1:], pair.size), read_idx(files[1], (), pair.size)
    if len(x) != len(y):
        raise DataError(
            f"{files[0]} holds {len(x):,} images, but {files[1].name} {len(y):,} labels; they must be a pair."
        )
    other = _identity(files[1])
    if other not in (None, source.torchvision):
        raise DataError(f"{files[1]} belongs to {other}, not to {source.label}; move it out of {files[1].parent}.")
    progress(f"Reading {source.label}", 1.0)
    return Images.of(x[:, None], y)


def _files(place: Path, pair: Pair) -> tuple[Path, Path] | None:
    """The image and the label file in ``place``, gzipped or not."""
    images, labels = find_file(place, pair.images), find_file(place, pair.labels)
    return (images, labels) if images and labels else None


def local_counts(source: IdxSource, folder: Path) -> tuple[int, ...] | None:
    """How many images of each class the local files hold; ``None`` where there are none.

    :raises DataError: where the label file is damaged.
    """
    place = find_idx(source, folder)
    files = None if place is None else _files(place, TRAIN)
    if files is None:
        return None
    at = files[1].stat()
    return _counts(files[1], at.st_mtime_ns, at.st_size)


@lru_cache(maxsize=16)
def _counts(labels: Path, _changed: int, _size: int) -> tuple[int, ...]:
    return tuple(np.bincount(read_idx(labels, (), SIZE), minlength=CLASSES).tolist())


def _identity(labels: Path) -> str | None:
    """Which of the three data sets a label file is certainly from; None if unknown."""
    try:
        with open_idx(labels) as file:
            first = file.read(18)[8:]
        original = labels.stat().st_size < 100_000 and hashlib.md5(labels.read_bytes(), usedforsecurity=False)
    except (OSError, EOFError, zlib.error):
        return None  # a damaged file is reported where it is read
    return _FIRST_LABELS.get(first) or (LABEL_MD5.get(original.hexdigest()) if original else None)


def _download(source: IdxSource, folder: Path, progress: Progress, pair: Pair) -> Path:
    home = folder / source.torchvision / "raw"
    megabytes = source.megabytes if pair is TRAIN else source.test_megabytes
    with workshop(source.name, source.label, folder, progress) as scratch:
        place = find_idx(source, folder, pair)  # another process may have brought it while this one waited
        if place is not None:
            return place
        remotes = _remotes(source, pair)
        fetch(source.label, remotes, scratch, megabytes, home, progress)
        home.mkdir(parents=True, exist_ok=True)
        for remote in remotes:
            (scratch / remote.name).replace(home / remote.name)
        note_downloaded(folder, source.name, [home / remote.name for remote in remotes])
    return home


def _remotes(source: IdxSource, pair: Pair) -> list[Remote]:
    """The two files of ``pair``, from torchvision's mirrors with torchvision's checksums."""
    cls = getattr(load_torchvision().datasets, source.torchvision)
    checksums = dict(cls.resources)
    names = (f"{pair.images}.gz", f"{pair.labels}.gz")
    return [Remote(name, tuple(mirror + name for mirror in cls.mirrors), checksums[name]) for name in names]
