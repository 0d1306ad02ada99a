"""A run's predictions on its validation images, in one file with a fixed place for everything.

Little-endian. Header: magic, n images, C classes (uint32), the images' places in the pool (n int32), CRC-32. Then class
probabilities (n, C) float32 of the last and of the best epoch, then one record an epoch: ln p of the true class
(n float16) and whether it is the top one (n bits). Each part begins with its epoch (uint32) and ends with a CRC-32, so
that a resume writes again what it trains again, and what a power cut tore counts as missing.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from reglab.errors import CheckpointError
from reglab.lazy import later
from reglab.predictions import EpochScores, ValScores, Which

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
else:
    np = later("numpy")

NAME = "predictions.bin"
SLOTS: tuple[Which, ...] = ("last", "best")
_MAGIC = b"RegLabP1"


@dataclass(frozen=True, eq=False)
class Layout:
    """Where the parts of a file of ``classes`` classes lie; ``index``: the places of its images in the pool."""

    index: NDArray[np.int64]
    classes: int

    @property
    def header(self) -> bytes:
        sizes = np.array([len(self.index), self.classes], "<u4").tobytes()
        return _MAGIC + _sealed(sizes + self.index.astype("<i4").tobytes())

    @property
    def slot_bytes(self) -> int:
        return 8 + 4 * len(self.index) * self.classes

    @property
    def record_bytes(self) -> int:
        return 8 + 2 * len(self.index) + -(-len(self.index) // 8)

    def slot(self, which: Which) -> int:
        """Where the probabilities of ``which`` epoch begin."""
        return len(self.header) + SLOTS.index(which) * self.slot_bytes

    def record(self, epoch: int) -> int:
        """Where the scores of ``epoch`` begin."""
        return len(self.header) + len(SLOTS) * self.slot_bytes + (epoch - 1) * self.record_bytes


def write(
    path: Path,
    layout: Layout,
    scores: Mapping[int, EpochScores],
    probabilities: Mapping[Which, tuple[int, NDArray[np.float32]]],
) -> None:
    """Write scores by epoch, and (epoch, probabilities); the file is begun where it is not one of this layout.

    It is flushed to the disk with probabilities, that is at a run's end: flushing the files of all lanes before each
    checkpoint costs 4 % of a sweep's time, and what a power cut tears is noticed.
    """
    with path.open("r+b" if path.exists() else "w+b") as file:
        if file.read(len(layout.header)) != layout.header:
            file.seek(0)
            file.truncate()
            file.write(layout.header)
        for epoch, own in sorted(scores.items()):
            file.seek(layout.record(epoch))
            file.write(_part(epoch, own.log_prob.astype("<f2").tobytes() + np.packbits(own.correct).tobytes()))
        for which, (epoch, array) in probabilities.items():
            file.seek(layout.slot(which))
            file.write(_part(epoch, array.astype("<f4").tobytes()))
        if probabilities:
            file.flush()
            os.fsync(file.fileno())


def read_scores(path: Path, epochs: int, *, so_far: bool = False) -> ValScores | None:
    """The scores of the first ``epochs`` epochs; None where the file or one of them is missing or torn.

    ``so_far``: up to the first one that is, as of a run that trains and writes with its checkpoints.
    """
    data = _content(path)
    layout = None if data is None else _layout(data)
    if data is None or layout is None or not epochs:
        return None
    n, size, first = len(layout.index), layout.record_bytes, layout.record(1)
    parts = [_opened(data[first + i * size : first + (i + 1) * size], i + 1) for i in range(epochs)]
    whole = list(takewhile(bool, parts))
    if not whole or (len(whole) < epochs and not so_far):
        return None
    body = np.frombuffer(b"".join(part for part in whole if part), np.uint8).reshape(len(whole), size - 8)
    log_prob = np.ascontiguousarray(body[:, : 2 * n]).view("<f2").astype(np.float16, copy=False)
    return ValScores(layout.index, log_prob, np.unpackbits(body[:, 2 * n :], axis=1, count=n).astype(np.bool_))


def read_probabilities(path: Path, which: Which, epoch: int) -> NDArray[np.float32] | None:
    """Class probabilities (n, C) of the last or best epoch, where they are those of ``epoch``."""
    if not path.is_file():
        return None
    with path.open("rb") as file:
        layout = _layout(_beginning(file))
        if layout is None:
            return None
        file.seek(layout.slot(which))
        part = _opened(file.read(layout.slot_bytes), epoch)
    if part is None:
        return None
    return np.frombuffer(part, "<f4").reshape(-1, layout.classes).astype(np.float32)


def check(path: Path, epochs: int) -> None:
    """Raise :class:`CheckpointError` where the file is there and damaged in the first ``epochs`` epochs.

    Epochs of nothing but zeros were never written: those before a run went on from a checkpoint older than the file.
    """
    data = _content(path)
    if data is None:
        return
    layout = _layout(data)
    parts = [] if layout is None else [(e, data[layout.record(e) : layout.record(e + 1)]) for e in range(1, epochs + 1)]
    if layout is None or any(_opened(part, epoch) is None and (any(part) or not part) for epoch, part in parts):
        raise CheckpointError(f"The predictions in {path} are damaged.")


def is_whole(path: Path, classes: int) -> bool:
    """Whether the header of ``path`` is whole, and claims so many ``classes`` and no more images than fit in."""
    size = path.stat().st_size
    with path.open("rb") as file:
        sizes = file.read(len(_MAGIC) + 8)
        if 4 * int.from_bytes(sizes[len(_MAGIC) : len(_MAGIC) + 4], "little") > size:
            return False
        file.seek(0)
        layout = _layout(_beginning(file))
    return layout is not None and layout.classes == classes


def _beginning(file: BinaryIO) -> bytes:
    """The header's bytes, from the number of images that it claims."""
    sizes = file.read(len(_MAGIC) + 8)
    n = int.from_bytes(sizes[len(_MAGIC) : len(_MAGIC) + 4], "little")
    return sizes + file.read(4 * n + 4)


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _layout(data: bytes) -> Layout | None:
    """The layout that the header in ``data`` describes; None where it is damaged or another file's."""
    start = len(_MAGIC)
    n = int.from_bytes(data[start : start + 4], "little")
    header = data[start : start + 8 + 4 * n + 4]
    if not data.startswith(_MAGIC) or len(header) != 12 + 4 * n or _sealed(header[:-4]) != header:
        return None
    classes = int.from_bytes(header[4:8], "little")
    return Layout(np.frombuffer(header[8:-4], "<i4").astype(np.int64), classes)


def _sealed(body: bytes) -> bytes:
    return body + zlib.crc32(body).to_bytes(4, "little")


def _part(epoch: int, body: bytes) -> bytes:
    return _sealed(epoch.to_bytes(4, "little") + body)


def _opened(part: bytes, epoch: int) -> bytes | None:
    """What is in the part of ``epoch``; None where it is torn or another epoch's."""
    if len(part) < 8 or _sealed(part[:-4]) != part or int.from_bytes(part[:4], "little") != epoch:
        return None
    return part[4:-4]
