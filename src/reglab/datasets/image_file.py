"""A file of decoded images that is mapped into memory, so that all processes that read it share its pages.

CRC-32 of all that follows and length of the header (4 bytes each, little-endian), the header as JSON, then pixels and
labels as they lie in memory, each beginning at a multiple of 64 bytes.
"""

from __future__ import annotations

import json
import math
import mmap
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from reglab import atomic
from reglab.machine import is_remote

Arrays: TypeAlias = tuple[NDArray[Any], NDArray[Any]]
"""Pixels (N, C, H, W), uint8 or float32, and labels (N,), int64."""

FORMAT = 1
_ALIGNED = 64
_NUMBER = 4  # bytes of each of the two numbers in front


class DamagedFile(Exception):
    """The file is shorter than it was written, or its bytes have changed."""


def write_arrays(path: Path, key: str, arrays: Arrays) -> None:
    """Write ``arrays`` and ``key`` to ``path`` at once (:func:`reglab.atomic.write`).

    :raises OSError: nothing is left at ``path`` but what was there before.
    """
    header = json.dumps({"key": key, "arrays": [[each.dtype.str, each.shape] for each in arrays]}).encode()
    parts: list[bytes | memoryview] = [len(header).to_bytes(_NUMBER, "little"), header]
    at = _NUMBER + sum(map(len, parts))
    for array in arrays:
        parts += [bytes(-at % _ALIGNED), np.ascontiguousarray(array).reshape(-1).view(np.uint8).data]
        at += -at % _ALIGNED + array.nbytes
    checksum = 0
    for part in parts:
        checksum = zlib.crc32(part, checksum)
    atomic.write(path, checksum.to_bytes(_NUMBER, "little"), *parts)


def read_arrays(path: Path, key: str) -> Arrays:
    """The arrays of ``path``, mapped copy-on-write: what writes to them changes neither the file nor other processes.

    On a file system that other machines share, they are copied into memory: a file that one of these removes would take
    the mapped pages, and with them this process.

    :raises DamagedFile: the file is not what :func:`write_arrays` wrote with this ``key``.
    :raises OSError: it is not there, or cannot be read or mapped.
    """
    with path.open("rb") as file:
        if not path.stat().st_size:
            raise DamagedFile  # an empty file cannot be mapped
        remote = is_remote(path.absolute())
        data = bytearray(file.read()) if remote else mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    view = memoryview(data)
    if zlib.crc32(view[_NUMBER:]) != int.from_bytes(view[:_NUMBER], "little"):
        raise DamagedFile
    length = int.from_bytes(view[_NUMBER : 2 * _NUMBER], "little")
    header = json.loads(bytes(view[2 * _NUMBER : 2 * _NUMBER + length]))
    if header["key"] != key:
        raise DamagedFile
    x, y = _arrays(data, 2 * _NUMBER + length, header["arrays"])
    return x, y


def _arrays(data: mmap.mmap | bytearray, at: int, described: list[tuple[str, list[int]]]) -> Iterator[NDArray[Any]]:
    for kind, shape in described:
        at += -at % _ALIGNED
        array = np.frombuffer(data, np.dtype(kind), math.prod(shape), at).reshape(shape)
        at += array.nbytes
        yield array
