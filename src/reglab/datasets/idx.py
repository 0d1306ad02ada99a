"""Files in the idx format of MNIST, plain or gzipped, read without trusting them.

idx: two zero bytes, the type (8 = unsigned byte), the number of dimensions d, d big-endian 32-bit sizes, the values.
At most the bytes that a valid file can have are read or unpacked, so a lying header or a zip bomb costs nothing.
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from reglab.errors import DataError

_UNSIGNED_BYTE = 8
_REMEDY = "Replace it with the original file, or remove it to use another copy."


def read_idx(path: Path, item: tuple[int, ...], most: int) -> NDArray[np.uint8]:
    """The (n, *item) unsigned bytes of the idx file ``path``, 1 ≤ n ≤ ``most``.

    :raises DataError: naming the file, where it is not idx, has other dimensions, is truncated, too long or damaged.
    """
    try:
        with open_idx(path) as file:
            shape = _shape(path, file, len(item) + 1)
            if shape[1:] != item or not 1 <= shape[0] <= most:
                raise DataError(f"{path} holds {_text(shape)} values; expected up to {_text((most, *item))}. {_REMEDY}")
            return _values(path, file, shape)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise DataError(f"{path} is truncated or damaged. {_REMEDY}") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from None


def open_idx(path: Path) -> BinaryIO:
    """``path`` open for reading, unpacked on the fly where its first bytes are gzip's, whatever its name."""
    with path.open("rb") as file:
        zipped = file.read(2) == b"\x1f\x8b"
    return gzip.open(path, "rb") if zipped else path.open("rb")  # type: ignore[return-value]


def _shape(path: Path, file: BinaryIO, dimensions: int) -> tuple[int, ...]:
    head = file.read(4 + 4 * dimensions)
    if head[:4] != bytes([0, 0, _UNSIGNED_BYTE, dimensions]) or len(head) < 4 + 4 * dimensions:
        raise DataError(f"{path} is not an idx file of {dimensions} dimensions. {_REMEDY}")
    return struct.unpack(f">{dimensions}I", head[4:])


def _values(path: Path, file: BinaryIO, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    size = math.prod(shape)
    data = file.read(size + 1)  # one more than there may be; reaching the end also checks gzip's checksum
    if len(data) != size:
        fault = "is truncated" if len(data) < size else "is too long"
        raise DataError(f"{path} {fault}: its header promises {size:,} values. {_REMEDY}")
    return np.frombuffer(data, np.uint8).reshape(shape).copy()


def _text(shape: tuple[int, ...]) -> str:
    return "×".join(f"{n:,}" for n in shape)
