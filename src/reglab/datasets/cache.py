"""The pools in memory: loaded once, shared by all runs; the least recently used are dropped beyond a limit."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path

import torch

from reglab.datasets.dataset import DATASETS, Dataset, Images, Progress, silent
from reglab.errors import DataError

LIMIT_BYTES = 512 * 2**20

_Key = tuple[str, Path]
_kept: OrderedDict[_Key, Images] = OrderedDict()  # least recently used first
_locks: dict[_Key, threading.Lock] = {}
_guard = threading.Lock()  # of the two above; never held while loading


def load_images(name: str, folder: Path, progress: Progress = silent) -> Images:
    """The whole pool of data set ``name``; two threads that ask at once load it once. Do not change its tensors.

    :raises UnknownName: where no data set has this name.
    :raises DataError: where it cannot be loaded; the next call tries again.
    """
    entry, key = DATASETS.get(name), (name, folder.resolve())
    with _guard:
        lock = _locks.setdefault(key, threading.Lock())
    with lock:
        images = _take(key)
        if images is None:
            images = _load(entry, key[1], progress)
            _keep(key, images)
        return images


def forget_images() -> None:
    """Drop every pool in memory."""
    with _guard:
        _kept.clear()


def _take(key: _Key) -> Images | None:
    with _guard:
        if key in _kept:
            _kept.move_to_end(key)
        return _kept.get(key)


def _keep(key: _Key, images: Images) -> None:
    with _guard:
        _kept[key] = images
        while len(_kept) > 1 and sum(kept.x.nbytes for kept in _kept.values()) > LIMIT_BYTES:
            _kept.popitem(last=False)


def _load(entry: Dataset, folder: Path, progress: Progress) -> Images:
    try:
        images = entry.load(folder, progress)
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        raise DataError(f"{entry.label} cannot be read{where}: {error.strerror or error}.") from error
    _check(entry, images)
    return images


def _check(entry: Dataset, images: Images) -> None:
    """Whether the files hold what the entry says; a local copy may have fewer images."""
    n, right_types = len(images.y), images.x.dtype in (torch.uint8, torch.float32) and images.y.dtype == torch.int64
    if not right_types or images.x.shape != (n, *entry.shape) or not 0 < n <= entry.size:
        raise DataError(f"{entry.label} is not what was expected: images {tuple(images.x.shape)}, labels {n}.")
    low, high = int(images.y.min()), int(images.y.max())
    if low < 0 or high >= len(entry.classes):
        raise DataError(f"{entry.label} has a label {high if low >= 0 else low}; it has {len(entry.classes)} classes.")
