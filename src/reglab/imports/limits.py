"""Bounds on what an import reads, so that no file can take the memory, the disk or the day."""

from __future__ import annotations

from dataclasses import dataclass

LEAST_SIDE, MOST_SIDE = 8, 224
"""Pixels of a side of saved images."""


@dataclass(frozen=True)
class Limits:
    """``members``: files and folders that are listed; ``images`` and ``classes`` of a set.

    ``member_bytes``: of one encoded image; ``expanded_bytes``: of all members of a zip file together, which may be
    ``ratio`` times its own size once they exceed :data:`FREE_BYTES`; ``pixels``: of one image, as its header says.
    """

    members: int = 250_000
    images: int = 200_000
    classes: int = 1_000
    member_bytes: int = 64 * 2**20
    expanded_bytes: int = 16 * 2**30
    ratio: int = 200
    pixels: int = 25_000_000


FREE_BYTES = 64 * 2**20
"""Bytes that a zip file may expand to, whatever its own size: blank images and CSV files shrink a lot."""
