"""What a data set is: its images and labels, what it is called, and whether it is at hand.

The pool of a data set is its official training part, or what a test fraction leaves of it; training and validation
images both come from it. The test part (:mod:`reglab.datasets.test_part`) is only opened by a confirmation.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from reglab.registry import Registry

if TYPE_CHECKING:
    from torch import Tensor

Progress: TypeAlias = Callable[[str, float], None]
"""Receives the current step ("Downloading MNIST: 3.1 of 9.9 MB") and the share of it that is done, 0 to 1."""


Sources: TypeAlias = Callable[[Path], tuple[Path, ...]]
"""Given the data folder, the files that a data set is decoded from."""


def silent(text: str, share: float) -> None:
    """No-op progress callback."""


@dataclass(frozen=True, eq=False)
class Images:
    """``x``: (N, C, H, W), uint8 in 0…255 or float32 in [0, 1]; ``y``: (N,) int64 class numbers.

    The tensors are shared by all who ask for the data set: never change them.
    """

    x: Tensor
    y: Tensor

    @classmethod
    def of(cls, x: NDArray[Any], y: NDArray[Any]) -> Images:
        """From arrays: x shares its memory, labels of any integer type become int64.

        Only here a data set needs torch, so that its facts are known without loading it.
        """
        import torch

        return cls(torch.from_numpy(x), torch.from_numpy(y.astype(np.int64, copy=False)))


@dataclass(frozen=True)
class OfficialTest:
    """The ``size`` official test images of a data set.

    ``find(folder)`` is where they are, None where they are not; ``load(folder, progress)`` reads or downloads them;
    :class:`reglab.errors.DataError` where it cannot. ``sources`` as in :class:`Dataset`.
    """

    size: int
    find: Callable[[Path], Path | None]
    load: Callable[[Path, Progress], Images]
    sources: Sources | None = None


@dataclass(frozen=True)
class Dataset:
    """One data set: ``size`` images of ``shape`` (C, H, W), each of one of ``classes``.

    ``load(folder, progress)`` gives the pool, from local files, a package or a download of ``download_mb``;
    :class:`reglab.errors.DataError` where it cannot. ``find(folder)`` is where its local files are, None where they are
    not; a data set without ``find`` needs no files. ``counts(folder)`` are the images of each class in local files that
    may differ from the original, read without the images; None where there are none. ``extra`` is the package that it
    needs beside RegLab's own. ``test`` are the official test images, where the data set has such. ``sources(folder)``
    are the files that ``load`` decodes, none where they are not there yet: the images are then kept on the disk
    (:mod:`reglab.datasets.image_cache`) until one of these files changes. Without ``sources`` they are made anew at
    each start; a package lists its own module among them. The last ``own_val`` images of the pool are the set's own
    validation part. ``digest`` is the address of an imported set's content; it is empty for all others. ``confusions``
    (class, class) are the usual mistakes, which asymmetric label noise imitates.
    """

    name: str
    label: str
    order: int
    about: str
    source: str
    classes: tuple[str, ...]
    shape: tuple[int, int, int]
    size: int
    load: Callable[[Path, Progress], Images] = field(repr=False)
    find: Callable[[Path], Path | None] | None = field(default=None, repr=False)
    counts: Callable[[Path], tuple[int, ...] | None] | None = field(default=None, repr=False)
    extra: str | None = None
    download_mb: float | None = None
    test: OfficialTest | None = field(default=None, repr=False)
    sources: Sources | None = field(default=None, repr=False)
    licence: str = ""
    own_val: int = 0
    digest: str = ""
    confusions: tuple[tuple[int, int], ...] = ()


class DatasetRegistry(Registry[Dataset]):
    """The data sets that RegLab and other packages bring, and then people's own (:mod:`reglab.datasets.imported`)."""

    @property
    def entries(self) -> dict[str, Dataset]:
        """name → data set, those that are there now."""
        from reglab.datasets.imported import every_set  # which needs this module

        own = every_set()
        return {**self.built_in, **own} if own else self.built_in

    def find(self, name: str) -> Dataset | None:
        """The data set called ``name``, None where there is none."""
        from reglab.datasets.imported import find_set

        return self.built_in.get(name) or find_set(name)


DIGIT_CONFUSIONS = ((2, 7), (3, 8), (5, 6), (6, 5), (7, 1))
"""The usual confusions of handwritten digits, as in Patrini et al. 2017."""

DATASETS = DatasetRegistry("dataset", "reglab.datasets", Dataset)

State: TypeAlias = Literal["ready", "download", "missing"]


@dataclass(frozen=True)
class Status:
    """Whether a data set is at hand, and one sentence about it."""

    state: State
    sentence: str


def status(entry: Dataset, folder: Path) -> Status:
    """Whether ``entry`` is ready, would be downloaded into ``folder``, or lacks a package. Reads no image."""
    if entry.extra is not None and importlib.util.find_spec(entry.extra) is None:
        return Status("missing", f"Needs the package {entry.extra}: pip install {entry.extra}")
    if entry.find is None:
        return Status("ready", "Ready: nothing to download")
    try:
        place = entry.find(folder)
    except OSError as error:
        return Status("missing", f"Cannot look into {error.filename or folder}: {error.strerror}")
    if place is not None:
        return Status("ready", f"Ready: {place}")
    if entry.digest:
        return Status("missing", "Its images were removed; import them again")
    return Status("download", f"Will download {entry.download_mb or 0:.0f} MB")
