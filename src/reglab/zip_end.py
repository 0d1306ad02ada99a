"""What the end of a zip file says of its directory, before anything reads that: it may claim millions of members."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import IO

_END = struct.Struct("<4s4H2LH")  # the end of the central directory; 64: the same for large files, and where it is
_END64, _LOCATOR64 = struct.Struct("<4sQ2H2L4Q"), struct.Struct("<4sLQL")
_COMMENT = 0xFFFF  # bytes of a comment at most


@dataclass(frozen=True)
class ZipEnd:
    """``entries``: number of members; ``length``: bytes of their directory; ``size``: of the file.

    ``last``: nothing is behind it, no comment either. ``exact``: one disk, and the directory ends where this begins.
    """

    size: int
    entries: int
    length: int
    last: bool
    exact: bool


def zip_end(file: IO[bytes]) -> ZipEnd | None:
    """The end of the zip file, behind which may be a comment; None where the last 64 KiB have none."""
    size = file.seek(0, 2)
    start = max(0, size - _END.size - _COMMENT)
    file.seek(start)
    tail = file.read()
    found = tail.rfind(b"PK\5\6", 0, len(tail) - _END.size + 4)
    if found < 0:
        return None
    _, disk, first, here, entries, length, offset, comment = _END.unpack_from(tail, found)
    at, last = start + found, comment == 0 and start + found + _END.size == size
    if 0xFFFF in (here, entries) or 0xFFFFFFFF in (length, offset):
        large = _large(file, at)
        if large is None:
            return ZipEnd(size, here, length, last, exact=False)
        here, entries, length, offset, at = large
    exact = (disk, first) == (0, 0) and here == entries and offset + length == at
    return ZipEnd(size, entries, length, last, exact)


def _large(file: IO[bytes], at: int) -> tuple[int, int, int, int, int] | None:
    """The same of a file above 4 GiB, or with more than 65,534 members."""
    file.seek(max(0, at - _LOCATOR64.size - _END64.size))
    data = file.read(_END64.size + _LOCATOR64.size)
    if len(data) < _END64.size + _LOCATOR64.size or not data.startswith(b"PK\6\6"):
        return None
    _, _, _, _, _, _, here, entries, length, offset = _END64.unpack(data[: _END64.size])
    return here, entries, length, offset, at - _LOCATOR64.size - _END64.size
