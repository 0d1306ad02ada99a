"""People's own image sets: saved once, never changed, addressed by their content, and mapped into memory.

A set is a folder ``imported/NAME`` in the data folder: ``set.json`` (:class:`Manifest`), ``pool.npy`` with the training
images and then the set's own validation images, ``test.npy`` with its test images, uint8 (N, C, H, W), and the labels
of each, int64 (N,). Its digest is part of the specs of its runs (``data.digest``): a name that runs know never comes to
mean other images, because :func:`remove_set` keeps the manifest.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Literal, Self, TypeAlias, TypeVar, get_args

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError, computed_field

from reglab import atomic
from reglab.datasets.dataset import DATASETS, Dataset, Images, OfficialTest, Progress
from reglab.errors import DataError, SpecError, shown
from reglab.machine import is_remote
from reglab.settings import load_settings
from reglab.spec import DataSpec, RunSpec
from reglab.sweep import SweepSpec

Part: TypeAlias = Literal["train", "val", "test"]
PARTS: tuple[Part, ...] = get_args(Part)
S = TypeVar("S", RunSpec, SweepSpec)
FOLDER = "imported"
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_MANIFEST, _LOCK = "set.json", "lock"
_ORDER = 1000  # after the sets that RegLab comes with

log = logging.getLogger(__name__)
_places: list[Path] = []  # data folders to look in besides that of the settings
_read: dict[Path, tuple[int, Manifest]] = {}  # manifest file → its time and content


class Manifest(BaseModel):
    """What is known of a saved set without its images.

    ``counts`` are the images of each class in each part; a part without images has only zeros. ``settings`` is how the
    set was made (format, resize, colour). ``digest`` is the SHA-256 of shape, classes, pixels and labels.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    label: str
    about: str = ""
    licence: str = ""
    source: str = ""
    classes: tuple[str, ...]
    shape: tuple[int, int, int]
    counts: Mapping[Part, tuple[int, ...]]
    settings: Mapping[str, str | int | bool | None] = {}
    digest: str

    @computed_field  # type: ignore[prop-decorator]
    @property
    def sizes(self) -> dict[Part, int]:
        """The images of each part."""
        return {part: sum(self.counts[part]) for part in PARTS}


def look_in(folder: Path) -> None:
    """Have :data:`reglab.datasets.DATASETS` know the sets in the data folder ``folder`` as well."""
    if folder not in _places:
        _places.append(folder)


def saved_sets(folder: Path) -> Iterator[Manifest]:
    """The manifests in the data folder ``folder``, also of sets whose images were removed; by name."""
    place = folder / FOLDER
    sets = sorted(each for each in place.iterdir() if NAME.fullmatch(each.name)) if place.is_dir() else []
    return (found for each in sets if (found := _manifest(each)))


def find_set(name: str) -> Dataset | None:
    """The saved set ``name``; that of the settings' data folder comes first."""
    found = (manifest for place in _folders() if (manifest := _manifest(place / FOLDER / name)))
    return next(map(_dataset, found), None) if NAME.fullmatch(name) else None


def every_set() -> dict[str, Dataset]:
    """Name → saved set, in all data folders that this process knows."""
    manifests = [manifest for place in reversed(_folders()) for manifest in saved_sets(place)]
    return {one.name: _dataset(one) for one in sorted(manifests, key=lambda one: one.name)}


def pinned(spec: S) -> S:
    """``spec`` with the digest of its images in ``data.digest``, where these are an imported set's.

    :raises SpecError: it already names other images.
    """
    run = spec if isinstance(spec, RunSpec) else spec.run
    entry = DATASETS.find(run.data.name)
    check_digest(run.data, entry)
    if entry is None or not entry.digest:
        return spec
    known = run.with_changes({"data.digest": entry.digest})
    return spec.model_copy(update={"run": known}) if isinstance(spec, SweepSpec) else known


def check_digest(spec: DataSpec, entry: Dataset | None) -> None:
    """Refuse a spec that was made for other images of the same name.

    :raises SpecError: with the beginnings of both digests.
    """
    if entry is not None and spec.digest is not None and spec.digest != entry.digest:
        here = f"those here are {entry.digest[:8]}" if entry.digest else "that name is a set of RegLab's own here"
        raise SpecError(
            f"data.name {spec.name} means the images {spec.digest[:8]} in these settings, and {here}; import the right "
            "ones under another name, or leave data.digest out to use those here."
        )


def remove_set(folder: Path, name: str, *, forget: bool) -> int:
    """Delete the images of set ``name``; the bytes that this frees.

    :param forget: delete the manifest too, so that the name may mean other images: only where no run used the set.
    :raises DataError: there is no such set.
    """
    place = folder / FOLDER / name
    if not NAME.fullmatch(name) or _manifest(place) is None:
        raise DataError(f"There is no imported set {shown(name)}; `reglab data list` shows those there are.")
    files = [file for file in place.iterdir() if file.name != _MANIFEST]
    freed = sum(file.stat().st_size for file in files)
    if forget:
        (place / _MANIFEST).unlink()  # first: what is left of a removal that was interrupted is no set
        files.append(place)
    for file in files:
        shutil.rmtree(file) if file.is_dir() else file.unlink()
    return freed


def set_bytes(folder: Path) -> int:
    """Bytes of all saved sets in the data folder ``folder`` together."""
    return sum(file.stat().st_size for file in (folder / FOLDER).glob("*/*.npy"))


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
                np.save(self._place / f"{_stem(part)}_labels.npy", kept, allow_pickle=False)
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
            known = _manifest(target)
            if known is not None and _at_hand(target):
                return known
            (self._place / _MANIFEST).write_text(manifest.model_dump_json(indent=1, exclude={"sizes"}), "utf-8")
            atomic.sync(self._place / _MANIFEST)
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
            gone = (
                "" if _at_hand(folder / FOLDER / known.name) else ", which were removed and which runs were made with"
            )
            raise DataError(f"{known.name} already means other images{gone}; choose another name.")
        if same and known.name != manifest.name and _at_hand(folder / FOLDER / known.name):
            raise DataError(f"The same images are saved as {known.name} already.")


def _folders() -> list[Path]:
    own = load_settings().data
    return [own, *(place for place in _places if place != own)]


def _manifest(place: Path) -> Manifest | None:
    """The manifest in the set's folder ``place``; None where there is none, or one that cannot be read (logged)."""
    file = place / _MANIFEST
    try:
        time = file.stat().st_mtime_ns
        if _read.get(file, (None, None))[0] != time:
            _read[file] = time, Manifest.model_validate_json(file.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValidationError) as error:
        log.warning("%s cannot be read and is left out: %s", file, error)
        return None
    found = _read[file][1]
    return found if found.name == place.name else None


def _dataset(manifest: Manifest) -> Dataset:
    sizes, pool = manifest.sizes, tuple(map(sum, zip(manifest.counts["train"], manifest.counts["val"], strict=True)))
    test = OfficialTest(sizes["test"], partial(_find, manifest, "test"), partial(_load, manifest, "test"))
    return Dataset(
        name=manifest.name,
        label=manifest.label,
        order=_ORDER,
        about=manifest.about or "Images of your own.",
        source=manifest.source,
        licence=manifest.licence,
        classes=manifest.classes,
        shape=manifest.shape,
        size=sizes["train"] + sizes["val"],
        load=partial(_load, manifest, "train"),
        find=partial(_find, manifest, "train"),
        counts=lambda _folder: pool,
        test=test if sizes["test"] else None,
        own_val=sizes["val"],
        digest=manifest.digest,
    )


def _find(manifest: Manifest, part: Part, folder: Path) -> Path | None:
    place = folder / FOLDER / manifest.name
    known = _manifest(place)
    return place if known and known.digest == manifest.digest and (place / f"{_stem(part)}.npy").is_file() else None


def _load(manifest: Manifest, part: Part, folder: Path, progress: Progress) -> Images:
    progress(f"Reading {manifest.label}", 0.0)
    place = _find(manifest, part, folder)
    if place is None:
        raise DataError(f"The images of {manifest.label} ({manifest.digest[:8]}) are not here; import them again.")
    try:
        pixels = np.load(place / f"{_stem(part)}.npy", mmap_mode=None if is_remote(place) else "c", allow_pickle=False)
        labels = np.load(place / f"{_stem(part)}_labels.npy", allow_pickle=False)
    except ValueError as error:  # shorter than its header says
        raise DataError(f"{manifest.label} is damaged ({error}); remove it and import it again.") from error
    return Images.of(np.asarray(pixels), labels)


def _counts(labels: NDArray[np.int64], classes: int) -> tuple[int, ...]:
    return tuple(np.bincount(labels, minlength=classes).tolist())


def _at_hand(place: Path) -> bool:
    return (place / "pool.npy").is_file()


def _stem(part: str) -> str:
    return "test" if part == "test" else "pool"


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
