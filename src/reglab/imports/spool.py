"""Decoded images between understanding and saving: a file without a name, which is gone when the process is."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reglab.imports.decoding import Target

DIGEST_BYTES = 16
LEAST_FREE = 2**28
"""Bytes that stay free on the disk."""


class Spool:
    """Up to ``images`` of the form ``target``, each in a slot of its own, on the disk of ``folder``."""

    def __init__(self, target: Target, folder: Path | None, images: int) -> None:
        self.target, self.most = target, images * target.bytes
        self.file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115  it lives as long as this object
        self.close = weakref.finalize(self, self.file.close)
        _SPOOLS.add(self)

    def put(self, slot: int, pixels: bytes) -> bytes:
        """Keep an image; its digest."""
        return put(self.file.fileno(), self.target, slot, pixels)

    def put_all(self, first: int, images: NDArray[np.uint8]) -> list[bytes]:
        """Keep the images (n, side, side, channels) in the slots from ``first`` on; their digests."""
        flat = images.reshape(len(images), -1)
        _write(self.file.fileno(), first * self.target.bytes, flat.tobytes())
        return [blake2b(image.data, digest_size=DIGEST_BYTES).digest() for image in flat]

    def get(self, slots: NDArray[np.int64]) -> NDArray[np.uint8]:
        """(n, C, H, W): the images in ``slots``."""
        target, size = self.target, self.target.bytes
        images = np.empty((len(slots), target.side, target.side, target.channels), np.uint8)
        flat = images.reshape(len(slots), size)
        breaks = np.flatnonzero(np.diff(slots) != 1) + 1
        for run in np.split(np.arange(len(slots)), breaks):
            if len(run):
                self.file.seek(int(slots[run[0]]) * size)
                flat[run] = np.frombuffer(self.file.read(len(run) * size), np.uint8).reshape(len(run), size)
        return np.ascontiguousarray(images.transpose(0, 3, 1, 2))


_SPOOLS: weakref.WeakSet[Spool] = weakref.WeakSet()


def room_left(folder: Path | None, limit: int | None) -> int:
    """Bytes that a new spool in ``folder`` may take: what the disk has, and half of what others leave of ``limit``.

    Half, so that no import takes everything from those after it; others are those of this process.
    """
    disk = shutil.disk_usage(folder or tempfile.gettempdir()).free - LEAST_FREE
    if limit is None:
        return disk
    return min(disk, (limit - sum(spool.most for spool in _SPOOLS if spool.close.alive)) // 2)


def put(descriptor: int, target: Target, slot: int, pixels: bytes) -> bytes:
    """Write an image to the slot of a spool; BLAKE2b of its pixels."""
    _write(descriptor, slot * target.bytes, pixels)
    return blake2b(pixels, digest_size=DIGEST_BYTES).digest()


def _write(descriptor: int, at: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        if hasattr(os, "pwrite"):
            done = os.pwrite(descriptor, rest, at)
        else:
            os.lseek(descriptor, at, os.SEEK_SET)
            done = os.write(descriptor, rest)
        rest, at = rest[done:], at + done
