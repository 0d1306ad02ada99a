"""Saving a set as it was understood: the images come from the spool, or are decoded again in another form."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reglab.datasets.dataset import Progress, silent
from reglab.datasets.imported import Manifest
from reglab.datasets.set_files import SetWriter, check_name, set_bytes
from reglab.errors import DataError
from reglab.imports.decoders import Batch, decoded
from reglab.imports.decoding import Target, resized
from reglab.imports.entry import Files
from reglab.imports.found import Choices, Found
from reglab.imports.limits import LEAST_SIDE, MOST_SIDE
from reglab.imports.pace import Pace
from reglab.imports.parts import PARTS
from reglab.imports.spool import LEAST_FREE, Spool
from reglab.imports.text import cleaned
from reglab.imports.understanding import opened_source, recognised

_CHUNK = 8 * 2**20
_LUMA = np.array([19595, 38470, 7471], np.uint32)  # of 65,536, as in Pillow's convert("L")
_TEXTS = {"label": 60, "about": 400, "licence": 120, "source": 300}


def save(
    found: Found, choices: Choices, folder: Path, progress: Progress = silent, quota: int | None = None
) -> Manifest:
    """Keep ``found`` as the data set ``choices.name`` below ``folder``, where all sets may take ``quota`` bytes.

    :raises DataError: the name is taken by other images, a choice is none, or there is no room; nothing is left then.
    """
    check_name(choices.name, folder)
    _check(found, choices)
    channels = 3 if choices.colour == "rgb" else 1
    _check_room(found.total * channels * choices.side**2, folder, quota)
    spool = _spool(found, choices, folder, progress)
    texts = {name: cleaned(getattr(choices, name), most) for name, most in _TEXTS.items()}
    try:
        with SetWriter(folder, choices.name, quota) as writer:
            pace = Pace(progress, "Saving", found.total)
            for part, pixels, labels in _chunks(found, spool, channels, pace):
                writer.add(part, pixels, labels)
            return writer.save(**texts, classes=_classes(found, choices), settings=_settings(found, choices))
    except OSError as error:
        raise DataError(f"The set cannot be saved in {folder}: {error.strerror or error}.") from None


def _check(found: Found, choices: Choices) -> None:
    if not LEAST_SIDE <= choices.side <= MOST_SIDE:
        raise DataError(f"Images are saved with {LEAST_SIDE} to {MOST_SIDE} pixels a side, not {choices.side}.")
    if choices.classes is not None and len(choices.classes) != len(found.classes):
        raise DataError(f"There are {len(found.classes)} classes, and {len(choices.classes)} names for them.")


def _classes(found: Found, choices: Choices) -> tuple[str, ...]:
    if choices.classes is None:
        return found.classes
    names = tuple(cleaned(name) for name in choices.classes)
    if not all(names) or len(set(names)) < len(names):
        raise DataError("Every class needs a name of its own.")
    return names


def _check_room(needed: int, folder: Path, quota: int | None) -> None:
    """Raise :class:`DataError` where the set is too large for the quota or the disk."""
    used = set_bytes(folder)
    if quota is not None and used + needed > quota:
        raise DataError(
            f"The set takes {needed / 2**30:.2f} GiB, others take {used / 2**30:.2f} GiB, and all may take "
            f"{quota / 2**30:g} GiB (REGLAB_IMPORT_GB). Choose a smaller size, or remove another set."
        )
    place = next(one for one in (folder, *folder.parents) if one.is_dir())
    free = shutil.disk_usage(place).free
    if needed + LEAST_FREE > free:
        raise DataError(f"The set takes {needed / 2**30:.2f} GiB, and the disk has {free / 2**30:.2f} GiB left.")


def _spool(found: Found, choices: Choices, folder: Path, progress: Progress) -> Spool:
    """The images in the form of ``choices``, but perhaps of three channels instead of one."""
    target = found.spool.target
    enough = target.channels == 3 or choices.colour == "grey" or found.proposed.colour == "grey"
    if (target.side, target.fit) == (choices.side, choices.fit) and enough:
        return found.spool
    wanted = Target(choices.side, 3 if choices.colour == "rgb" else 1, choices.fit, found.limits.pixels)
    spool = Spool(wanted, folder if folder.is_dir() else None, len(found.images.labels))
    _decode_again(found, spool, Pace(progress, "Resizing", len(found.images.labels)))
    return spool


def _decode_again(found: Found, spool: Spool, pace: Pace) -> None:
    """Fill ``spool`` from the files; :class:`DataError` where they are other files by now."""
    fine = set(found.images.slots.tolist())
    done = 0
    with opened_source(found.path, found.limits, found.asked) as source:
        reading = recognised(source).read(source)
        pixels = _Direct(spool, pace)
        for batch, seen in decoded(pixels.batches(reading.blocks(source)), spool, reading.total):
            done += len(seen)
            pace.report(done + pixels.done)
            if any(one.fault is not None and batch.first + number in fine for number, one in enumerate(seen)):
                raise DataError("The files have changed since they were read; read them again.")
    if pixels.slots != len(found.images.labels):
        raise DataError("The files have changed since they were read; read them again.")


class _Direct:
    """Blocks as batches; images that need no decoding are put into the spool on the way."""

    def __init__(self, spool: Spool, pace: Pace) -> None:
        self.spool, self.pace, self.slots, self.done = spool, pace, 0, 0

    def batches(self, blocks: Iterator[Any]) -> Iterator[Batch]:
        for block in blocks:
            first = self.slots
            self.slots += len(block.labels)
            if isinstance(block, Files):
                yield Batch(first, block.names, block.data)
                continue
            for number, image in enumerate(block.pixels):
                self.spool.put(first + number, resized(image, self.spool.target)[0])
            self.done += len(block.labels)
            self.pace.report(self.done)


def _chunks(found: Found, spool: Spool, channels: int, pace: Pace) -> Iterator[tuple[Any, NDArray[np.uint8], Any]]:
    """(part, pixels (n, C, H, W), labels) a few MiB at a time."""
    step, done = max(1, _CHUNK // spool.target.bytes), 0
    for part in PARTS:
        slots = found.images.of(part)
        for at in range(0, len(slots), step):
            own = slots[at : at + step]
            yield part, _coloured(spool.get(own), channels), found.images.labels[own]
            done += len(own)
            pace.report(done)


def _coloured(pixels: NDArray[np.uint8], channels: int) -> NDArray[np.uint8]:
    if pixels.shape[1] == channels:
        return pixels
    if channels == 3:
        return np.repeat(pixels, 3, axis=1)
    grey = np.tensordot(pixels.astype(np.uint32), _LUMA, axes=(1, 0)) + 0x8000
    return (grey >> 16).astype(np.uint8)[:, None]


def _settings(found: Found, choices: Choices) -> dict[str, str | int | bool | None]:
    return {
        "format": found.format, "file": cleaned(found.path.name, 120), "side": choices.side, "colour": choices.colour,
        "fit": choices.fit, "resize": "bilinear, antialiased", "files_left_out": found.bad.total,
    }  # fmt: skip
