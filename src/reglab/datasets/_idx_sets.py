"""What MNIST, Fashion-MNIST and KMNIST share: a pair of idx files, looked for locally, downloaded where there is none.

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
import torch

from reglab._torchvision import load_torchvision
from reglab.datasets._download import Remote, fetch, workshop
from reglab.datasets.dataset import Dataset, Images, Progress
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
}  # of the original label files
_FIRST_LABELS = {bytes([5, 0, 4, 1, 9, 2, 1, 3, 1, 4]): "MNIST", bytes([9, 0, 0, 3, 0, 2, 7, 2, 5, 5]): "FashionMNIST"}


@dataclass(frozen=True)
class IdxSource:
    """One of the three: ``torchvision`` is its class there, ``folders`` the names under which people keep it."""

    name: str
    label: str
    torchvision: str
    folders: tuple[str, ...]
    megabytes: float
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
        **facts,
    )


def find_idx(source: IdxSource, folder: Path) -> Path | None:
    """The folder with both files: a named one inside ``folder``, ``folder`` itself, or one elsewhere; else None."""
    for named in named_folders(folder, source.folders):
        for place in (named, *named_folders(named, ["raw"])):
            if _pair(place):
                return place
    loose = _pair(folder)
    if loose and _identity(loose[1]) in (None, source.torchvision):
        return folder
    return next((place for place in source.elsewhere if _pair(place)), None)


def load_idx(source: IdxSource, folder: Path, progress: Progress) -> Images:
    """The pool from local files, or from a download into ``folder``/<torchvision's name>/raw."""
    pair = _pair(find_idx(source, folder) or _download(source, folder, progress))
    if pair is None:
        raise DataError(f"{source.label} vanished from {folder} while it was read; try again.")
    progress(f"Reading {source.label}", 0.0)
    x, y = read_idx(pair[0], SHAPE[1:], SIZE), read_idx(pair[1], (), SIZE)
    if len(x) != len(y):
        raise DataError(
            f"{pair[0]} holds {len(x):,} images, but {pair[1].name} {len(y):,} labels; they must be a pair."
        )
    other = _identity(pair[1])
    if other not in (None, source.torchvision):
        raise DataError(f"{pair[1]} belongs to {other}, not to {source.label}; move it out of {pair[1].parent}.")
    progress(f"Reading {source.label}", 1.0)
    return Images(torch.from_numpy(x[:, None]), torch.from_numpy(y.astype(np.int64)))


def _pair(place: Path) -> tuple[Path, Path] | None:
    """The image and the label file in ``place``, gzipped or not."""
    images, labels = find_file(place, IMAGES), find_file(place, LABELS)
    return (images, labels) if images and labels else None


def local_counts(source: IdxSource, folder: Path) -> tuple[int, ...] | None:
    """How many images of each class the local files hold; ``None`` where there are none.

    :raises DataError: where the label file is damaged.
    """
    place = find_idx(source, folder)
    pair = None if place is None else _pair(place)
    if pair is None:
        return None
    at = pair[1].stat()
    return _counts(pair[1], at.st_mtime_ns, at.st_size)


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


def _download(source: IdxSource, folder: Path, progress: Progress) -> Path:
    home = folder / source.torchvision / "raw"
    with workshop(source.name, source.label, folder, progress) as scratch:
        place = find_idx(source, folder)  # another process may have brought it while this one waited
        if place is not None:
            return place
        remotes = _remotes(source)
        fetch(source.label, remotes, scratch, source.megabytes, home, progress)
        home.mkdir(parents=True, exist_ok=True)
        for remote in remotes:
            (scratch / remote.name).replace(home / remote.name)
    return home


def _remotes(source: IdxSource) -> list[Remote]:
    """The two files of the training part, from torchvision's mirrors with torchvision's checksums."""
    cls = getattr(load_torchvision().datasets, source.torchvision)
    checksums = dict(cls.resources)
    names = (f"{IMAGES}.gz", f"{LABELS}.gz")
    return [Remote(name, tuple(mirror + name for mirror in cls.mirrors), checksums[name]) for name in names]
