"""The .npy arrays of an .npz file, streamed: at no time is one in memory as a whole, whatever its header promises."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from tokenize import TokenError
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from reglab.errors import DataError

_HEADER = 10_000  # characters of a header at most, as in numpy itself
_CHUNK = 4 * 2**20  # bytes that are read at a time
_FAULTS = (ValueError, TypeError, SyntaxError, TokenError, RecursionError, MemoryError, OverflowError, EOFError)


@dataclass(frozen=True)
class ArrayHeader:
    """Shape and type of an array ``name``."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]


def header_of(name: str, file: IO[bytes], size: int) -> ArrayHeader:
    """The header of the .npy ``file``, which then stands at the values; the file has ``size`` bytes.

    :raises DataError: it is no .npy file, holds objects or records, is in Fortran order, or lacks bytes it promises.
    """
    try:
        version = npy.read_magic(file)
        read = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}.get(version)
        if read is None:
            raise DataError(f"{name} is an array of version {version[0]}.{version[1]}; 1.0 and 2.0 are read.")
        shape, fortran, dtype = read(file, max_header_size=_HEADER)
    except _FAULTS:
        raise DataError(f"{name} is no .npy array, or its header is damaged.") from None
    if dtype.hasobject:
        raise DataError(f"{name} holds pickled Python objects, which are never opened; save plain numbers.")
    if fortran and len(shape) > 1:
        raise DataError(f"{name} is saved in Fortran order; save np.ascontiguousarray of it.")
    if dtype.kind not in "uifb" or any(not isinstance(n, int) or n < 0 for n in shape):
        raise DataError(f"{name} holds {dtype.name or dtype.str} values, not numbers.")
    promised = math.prod(shape) * dtype.itemsize
    if promised != size - file.tell():
        raise DataError(f"{name} promises {promised:,} bytes of values and has {size - file.tell():,}.")
    return ArrayHeader(name, tuple(shape), dtype)


def chunks_of(header: ArrayHeader, file: IO[bytes]) -> Iterator[NDArray[Any]]:
    """The values behind the header, along the first axis, a few MiB at a time."""
    one = math.prod(header.shape[1:])
    step, left = max(1, _CHUNK // max(1, one * header.dtype.itemsize)), header.shape[0]
    while left:
        n = min(step, left)
        data = file.read(n * one * header.dtype.itemsize)
        if len(data) < n * one * header.dtype.itemsize:
            raise DataError(f"{header.name} is truncated.")
        yield np.frombuffer(data, header.dtype).reshape(n, *header.shape[1:])
        left -= n


def as_images(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(n, H, W, 1 or 3) of (n, H, W), (n, H, W, C) or (n, C, H, W)."""
    if pixels.ndim == 3:
        return pixels[..., None]
    return pixels if pixels.shape[3] in (1, 3) else pixels.transpose(0, 2, 3, 1)


def check_images(name: str, shape: tuple[int, ...], most: int) -> None:
    """Raise :class:`DataError` where an array of this ``shape`` is no stack of up to ``most`` images."""
    text = "×".join(map(str, shape)) or "a single"
    if len(shape) == 5 or (len(shape) == 4 and not {1, 3} & {shape[1], shape[3]}):
        raise DataError(f"{name} holds {text} values: volumes or other than 1 or 3 channels; images are grey or RGB.")
    if len(shape) not in (3, 4):
        raise DataError(
            f"{name} holds {text} values; images are (n, height, width), with channels (n, height, width, 3)."
        )
    sides = shape[1:3] if len(shape) == 3 or shape[3] in (1, 3) else shape[2:4]
    if not all(1 <= side <= 1024 for side in sides):
        raise DataError(f"{name} holds images of {sides[1]}×{sides[0]} pixels; arrays may have 1 to 1,024 a side.")
    if shape[0] > most:
        raise DataError(f"{name} holds {shape[0]:,} images; at most {most:,} are imported.")
