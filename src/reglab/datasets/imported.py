"""People's own image sets: saved once, never changed, addressed by their content, and mapped into memory.

A set is a folder ``imported/NAME`` in the data folder: ``set.json`` (:class:`Manifest`), ``pool.npy`` with the training
images and then the set's own validation images, ``test.npy`` with its test images, uint8 (N, C, H, W), and the labels
of each, int64 (N,). Its digest is part of the specs of its runs (``data.digest``): a name that runs know never comes to
mean other images, because :func:`reglab.datasets.set_files.remove_set`
keeps the manifest.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Literal, TypeAlias, TypeVar, get_args

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError, computed_field

from reglab.datasets.dataset import DATASETS, Dataset, Images, OfficialTest, Progress
from reglab.errors import DataError, SpecError
from reglab.machine import is_remote
from reglab.settings import load_settings
from reglab.spec import DataSpec, RunSpec
from reglab.sweep import SweepSpec

Part: TypeAlias = Literal["train", "val", "test"]
PARTS: tuple[Part, ...] = get_args(Part)
S = TypeVar("S", RunSpec, SweepSpec)
FOLDER = "imported"
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
MANIFEST = "set.json"
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
    return (found for each in sets if (found := manifest_in(each)))


def find_set(name: str) -> Dataset | None:
    """The saved set ``name``; that of the settings' data folder comes first."""
    found = (manifest for place in _folders() if (manifest := manifest_in(place / FOLDER / name)))
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


def _folders() -> list[Path]:
    own = load_settings().data
    return [own, *(place for place in _places if place != own)]


def manifest_in(place: Path) -> Manifest | None:
    """The manifest in the set's folder ``place``; None where there is none, or one that cannot be read (logged)."""
    file = place / MANIFEST
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
    known = manifest_in(place)
    return place if known and known.digest == manifest.digest and (place / f"{stem(part)}.npy").is_file() else None


def _load(manifest: Manifest, part: Part, folder: Path, progress: Progress) -> Images:
    progress(f"Reading {manifest.label}", 0.0)
    place = _find(manifest, part, folder)
    if place is None:
        raise DataError(f"The images of {manifest.label} ({manifest.digest[:8]}) are not here; import them again.")
    try:
        pixels = np.load(place / f"{stem(part)}.npy", mmap_mode=None if is_remote(place) else "c", allow_pickle=False)
        labels = np.load(place / f"{stem(part)}_labels.npy", allow_pickle=False)
    except ValueError as error:  # shorter than its header says
        raise DataError(f"{manifest.label} is damaged ({error}); remove it and import it again.") from error
    return Images.of(np.asarray(pixels), labels)


def at_hand(place: Path) -> bool:
    """Whether the set's folder ``place`` has its images."""
    return (place / "pool.npy").is_file()


def stem(part: str) -> str:
    """What the names of the files begin with that hold images and labels of ``part``."""
    return "test" if part == "test" else "pool"
