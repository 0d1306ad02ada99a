"""The pools and official test images in memory: loaded once, shared by all runs.

Beyond a limit the least recently used are dropped. What was decoded once is mapped from the disk
(:mod:`reglab.datasets.image_cache`).
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Literal

import PIL

from reglab.datasets import image_cache
from reglab.datasets.dataset import DATASETS, Dataset, Images, OfficialTest, Progress, Sources, silent
from reglab.datasets.image_file import Arrays
from reglab.datasets.imported import look_in
from reglab.datasets.resize import resize_images, resized_shape
from reglab.errors import DataError
from reglab.settings import cache_folder

LIMIT_BYTES = 512 * 2**20

_Key = tuple[str, Path, Literal["pool", "test"], int | None]
"""A data set, its folder, the part of it, and the pixels to which it is resized."""

_kept: OrderedDict[_Key, Images] = OrderedDict()  # least recently used first
_locks: dict[_Key, threading.Lock] = {}
_unreachable: set[_Key] = set()  # test parts whose download failed in this process
_guard = threading.Lock()  # of the three above; never held while loading

log = logging.getLogger(__name__)


def load_images(name: str, folder: Path, progress: Progress = silent, resize: int | None = None) -> Images:
    """The whole pool of data set ``name``; two threads that ask at once load it once. Do not change its tensors.

    ``resize``: the pixels of the shorter side (:mod:`reglab.datasets.resize`); None leaves the images as they are.

    :raises UnknownName: where no data set has this name.
    :raises DataError: where it cannot be loaded; the next call tries again.
    """
    look_in(folder)
    entry = DATASETS.get(name)
    return _once((entry.digest or name, folder.resolve(), "pool", resize), entry, entry, progress)


def load_test_images(name: str, folder: Path, progress: Progress = silent, resize: int | None = None) -> Images | None:
    """The official test images of data set ``name``; ``None`` where it has none, or they can be neither found nor
    downloaded. A download that failed is not tried again in this process, files put there since are found.

    :raises DataError: where the files are there and cannot be read.
    """
    look_in(folder)
    entry = DATASETS.get(name)
    key: _Key = (entry.digest or name, folder.resolve(), "test", resize)
    if entry.test is None or (key in _unreachable and entry.test.find(key[1]) is None):
        return None
    try:
        return _once(key, entry, entry.test, progress)
    except DataError as error:
        if entry.test.find(key[1]) is not None:
            raise
        log.warning("%s has no official test images here: %s", entry.label, error)
        _unreachable.add(key)
        return None


def _once(key: _Key, entry: Dataset, part: Dataset | OfficialTest, progress: Progress) -> Images:
    with _guard:
        lock = _locks.setdefault(key, threading.Lock())
    with lock:
        images = _take(key)
        if images is None:
            images = _load(key, entry, part, progress)
            _keep(key, images)
        return images


def forget_images(name: str | None = None) -> None:
    """Drop the images of data set ``name`` in memory; those of all without a name."""
    with _guard:
        for key in [key for key in _kept if name in (None, key[0])]:
            del _kept[key]
        _unreachable.difference_update({key for key in _unreachable if name in (None, key[0])})


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


def _load(key: _Key, entry: Dataset, part: Dataset | OfficialTest, progress: Progress) -> Images:
    """The images of ``part``, from the disk where they were decoded or resized before."""
    name, folder, which, resize = key

    def decode() -> Arrays:
        images = _decode(entry, part, folder, progress) if resize is None else resized()
        return images.x.numpy(), images.y.numpy()

    def resized() -> Images:
        images = _once((name, folder, which, None), entry, part, progress)
        return resize_images(images, resized_shape(entry.shape, resize), entry.label, progress)

    def waiting() -> None:
        progress(f"Waiting for another process that reads {entry.label}", 0.0)

    slot = _slot(key, entry, part)
    x, y = decode() if slot is None else image_cache.shared(slot, decode, waiting)
    return Images.of(x, y)


def _slot(key: _Key, entry: Dataset, part: Dataset | OfficialTest) -> image_cache.Slot | None:
    """Where the images are kept; ``None`` where they are not decoded from files, or these cannot be found yet."""
    _, folder, which, resize = key
    kept = cache_folder(folder)
    sources = part.sources or (_own_folder(part) if resize and entry.digest else None)
    if kept is None or sources is None:
        return None
    try:
        files = sources(folder)
        facts = [entry.shape, len(entry.classes), part.size]
        if resize is not None:
            facts += [resize, entry.digest, PIL.__version__]
        name = which if resize is None else f"{which}_{resize}px"
        return image_cache.slot_for(kept, entry.name, name, files, facts) if files else None
    except OSError:
        return None  # decoding them says what is wrong


def _own_folder(part: Dataset | OfficialTest) -> Sources:
    """The folder of an imported set, which is mapped as it is and kept nowhere else."""
    return lambda folder: tuple(filter(None, [part.find(folder) if part.find else None]))


def _decode(entry: Dataset, part: Dataset | OfficialTest, folder: Path, progress: Progress) -> Images:
    try:
        images = part.load(folder, progress)
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        raise DataError(f"{entry.label} cannot be read{where}: {error.strerror or error}.") from error
    _check(entry, images, part.size)
    return images


def _check(entry: Dataset, images: Images, most: int) -> None:
    """Whether the files hold what the entry says; a local copy may have fewer images."""
    import torch  # slow to load, and needed only once there are images

    n, right_types = len(images.y), images.x.dtype in (torch.uint8, torch.float32) and images.y.dtype == torch.int64
    if not right_types or images.x.shape != (n, *entry.shape) or not 0 < n <= most:
        raise DataError(f"{entry.label} is not what was expected: images {tuple(images.x.shape)}, labels {n}.")
    low, high = int(images.y.min()), int(images.y.max())
    if low < 0 or high >= len(entry.classes):
        raise DataError(f"{entry.label} has a label {high if low >= 0 else low}; it has {len(entry.classes)} classes.")
