"""The files of imported sets: written part by part, published whole by one rename, and removed."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from reglab import atomic
from reglab.datasets.dataset import DATASETS
from reglab.datasets.imported import (
    FOLDER,
    MANIFEST,
    NAME,
    PARTS,
    Manifest,
    Part,
    at_hand,
    manifest_in,
    saved_sets,
    stem,
)
from reglab.errors import DataError, shown

_LOCK = "lock"


class SetWriter:
    """Writes a set part by part into a hidden folder, which :meth:`save` renames; leaving without it deletes all.

    ``limit`` is how many bytes all sets of ``folder`` may take together. What writers left that were killed is deleted
    by the next one.

    :raises DataError: ``name`` is not a name for a set, or there are images of that name.
    """

    def __init__(self, folder: Path, name: str, limit: int | None = None) -> None:
        check_name(name, folder)
        self.name, self._folder, self._limit = name, folder, limit
        self._place = folder / FOLDER / f".{name}.{secrets.token_hex(4)}{atomic.SUFFIX}"
        self._shape: tuple[int, ...] | None = None
        self._files: dict[Part, IO[bytes]] = {}
        self._labels: dict[Part, list[NDArray[np.int64]]] = {part: [] for part in PARTS}
        self._hashes = {part: hashlib.sha256() for part in PARTS}
        self._written = 0

    def __enter__(self) -> Self:
        self._place.parent.mkdir(parents=True, exist_ok=True)
        _clean(self._place.parent)
        self._place.mkdir()
        self._lock = FileLock(self._place / _LOCK)
        self._lock.acquire()
        self._before = set_bytes(self._folder) if self._limit is not None else 0
        return self

    def add(self, part: Part, pixels: NDArray[np.uint8], labels: NDArray[Any]) -> None:
        """Append images (n, C, H, W), uint8, and their class numbers (n,) to ``part``.

        :raises DataError: they do not have the shape of those before, or there is no room for them.
        """
        shape, n = pixels.shape[1:], len(pixels)
        self._shape = self._shape or shape
        if pixels.dtype != np.uint8 or pixels.ndim != 4 or shape != self._shape or labels.shape != (n,):
            raise DataError(f"Images {pixels.dtype} {pixels.shape} do not fit to those of {self._shape} before them.")
        self._written += pixels.nbytes
        if self._limit is not None and self._before + self._written > self._limit:
            raise DataError(f"The imported sets would take more than the {self._limit / 2**30:g} GiB that they may.")
        if part not in self._files:
            self._files[part] = (self._place / f"{part}.npy").open("w+b")
            _write_header(self._files[part], 0, self._shape)
        data = np.ascontiguousarray(pixels).data
        self._files[part].write(data)
        self._hashes[part].update(data)
        self._labels[part].append(labels.astype(np.int64))

    def save(
        self,
        *,
        label: str,
        classes: tuple[str, ...],
        about: str = "",
        licence: str = "",
        source: str = "",
        settings: Mapping[str, str | int | bool | None],
    ) -> Manifest:
        """Give the set its name; the saved set. Saving the same images again gives the one that is there.

        :raises DataError: there are no training images, a label is not one of ``classes``, the same images have
            another name, or the name means other images.
        """
        labels = {part: np.concatenate([np.empty(0, np.int64), *self._labels[part]]) for part in PARTS}
        every = np.concatenate(list(labels.values()))
        if self._shape is None or not len(labels["train"]):
            raise DataError("There are no training images.")
        if every.min() < 0 or every.max() >= len(classes):
            raise DataError(f"A label is {every.min() if every.min() < 0 else every.max()}, of {len(classes)} classes.")
        manifest = Manifest(
            name=self.name, label=label, about=about, licence=licence, source=source, classes=classes,
            shape=self._shape, settings=settings, digest=self._digest(classes, labels),
            counts={part: _counts(labels[part], len(classes)) for part in PARTS},
        )  # fmt: skip
        self._finish(labels)
        return self._publish(manifest)

    def _digest(self, classes: tuple[str, ...], labels: Mapping[Part, NDArray[np.int64]]) -> str:
        for part in PARTS:
            self._hashes[part].update(labels[part].astype("<i8").tobytes())
        facts = [self._shape, classes, [self._hashes[part].hexdigest() for part in PARTS]]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()

    def _finish(self, labels: Mapping[Part, NDArray[np.int64]]) -> None:
        """Join training and validation images, and write all labels."""
        assert self._shape is not None
        files = {part: file for part, file in self._files.items() if len(labels[part])}
        if "val" in files:
            files["val"].seek(_write_header(files["val"], 0, self._shape))
            files["train"].seek(0, os.SEEK_END)
            shutil.copyfileobj(files["val"], files["train"], 2**20)
        pool = np.concatenate([labels["train"], labels["val"]])
        together: dict[Part, NDArray[np.int64]] = {"train": pool, "test": labels["test"]}
        for part, kept in together.items():
            if len(kept):
                _write_header(files[part], len(kept), self._shape)
                np.save(self._place / f"{stem(part)}_labels.npy", kept, allow_pickle=False)
        for file in self._files.values():
            file.flush()
            os.fsync(file.fileno())
            file.close()
        self._files.clear()
        (self._place / "val.npy").unlink(missing_ok=True)
        (self._place / "train.npy").rename(self._place / "pool.npy")

    def _publish(self, manifest: Manifest) -> Manifest:
        with FileLock(self._place.parent / ".lock"):
            check_content(self._folder, manifest)
            target = self._place.parent / self.name
            known = manifest_in(target)
            if known is not None and at_hand(target):
                return known
            (self._place / MANIFEST).write_text(manifest.model_dump_json(indent=1, exclude={"sizes"}), "utf-8")
            atomic.sync(self._place / MANIFEST)
            self._lock.release()
            (self._place / _LOCK).unlink(missing_ok=True)
            if target.exists():  # what a removal left
                shutil.rmtree(target)
            self._place.rename(target)
            atomic.sync(target.parent)
            return manifest

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in self._files.values():
            file.close()
        self._lock.release()
        shutil.rmtree(self._place, ignore_errors=True)  # nothing is there where it was saved


def remove_set(folder: Path, name: str, *, forget: bool) -> int:
    """Delete the images of set ``name``; the bytes that this frees.

    :param forget: delete the manifest too, so that the name may mean other images: only where no run used the set.
    :raises DataError: there is no such set.
    """
    place = folder / FOLDER / name
    if not NAME.fullmatch(name) or manifest_in(place) is None:
        raise DataError(f"There is no imported set {shown(name)}; `reglab data list` shows those there are.")
    files = [file for file in place.iterdir() if file.name != MANIFEST]
    freed = sum(file.stat().st_size for file in files)
    if forget:
        (place / MANIFEST).unlink()  # first: what is left of a removal that was interrupted is no set
        files.append(place)
    for file in files:
        shutil.rmtree(file) if file.is_dir() else file.unlink()
    return freed


def set_bytes(folder: Path) -> int:
    """Bytes of all saved sets in the data folder ``folder`` together."""
    return sum(file.stat().st_size for file in (folder / FOLDER).glob("*/*.npy"))


def check_name(name: str, folder: Path) -> None:
    """Refuse what cannot name a new set.

    :raises DataError: what it may be, or what has that name.
    """
    if not NAME.fullmatch(name):
        raise DataError(
            f"A set's name has 1 to 40 lower-case letters, digits and underscores and begins with a letter; "
            f"{shown(name)} does not."
        )
    if name in DATASETS.built_in:
        raise DataError(f"{name} is a data set that RegLab comes with; choose another name.")


def check_content(folder: Path, manifest: Manifest) -> None:
    """Refuse a name that means other images, and images that have another name.

    :raises DataError: which.
    """
    for known in saved_sets(folder):
        same = known.digest == manifest.digest
        if known.name == manifest.name and not same:
            gone = "" if at_hand(folder / FOLDER / known.name) else ", which were removed and which runs were made with"
            raise DataError(f"{known.name} already means other images{gone}; choose another name.")
        if same and known.name != manifest.name and at_hand(folder / FOLDER / known.name):
            raise DataError(f"The same images are saved as {known.name} already.")


def _counts(labels: NDArray[np.int64], classes: int) -> tuple[int, ...]:
    return tuple(np.bincount(labels, minlength=classes).tolist())


def _write_header(file: IO[bytes], n: int, shape: tuple[int, ...]) -> int:
    """Write the npy header of ``n`` images at the beginning of ``file``; its length, which is the same for every n."""
    file.seek(0)
    facts = {"descr": "|u1", "fortran_order": False, "shape": (n, *shape)}
    np.lib.format.write_array_header_1_0(file, facts)  # leaves room for the first number to grow
    return file.tell()


def _clean(place: Path) -> None:
    """Delete what writers left that were killed; those that still write hold their lock."""
    for left in place.glob(f".*{atomic.SUFFIX}"):
        lock = FileLock(left / _LOCK)
        with suppress(Timeout, OSError):
            lock.acquire(timeout=0)
            lock.release()
            shutil.rmtree(left, ignore_errors=True)
