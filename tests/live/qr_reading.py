"""A reader of QR codes (ISO/IEC 18004, models 2, versions 1 to 20, byte mode) that shares nothing with their maker.

It finds the modules in a picture, checks the format with its BCH code and every block with its Reed-Solomon code, so a
wrong module anywhere is an error, not another text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import reduce

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Modules = NDArray[np.bool_]  # [row, column], true where dark

_LEVELS = {0b01: "L", 0b00: "M", 0b11: "Q", 0b10: "H"}
_PER_BLOCK = {  # codewords of error correction in a block, by version
    "L": (7, 10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26, 30, 22, 24, 28, 30, 28, 28),
    "M": (10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26),
    "Q": (13, 22, 18, 26, 18, 24, 18, 22, 20, 24, 28, 26, 24, 20, 30, 24, 28, 28, 26, 30),
    "H": (17, 28, 22, 16, 22, 28, 26, 26, 24, 28, 24, 28, 22, 24, 24, 30, 28, 28, 26, 28),
}
_BLOCKS = {
    "L": (1, 1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 4, 6, 6, 6, 6, 7, 8),
    "M": (1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16),
    "Q": (1, 1, 2, 2, 4, 4, 6, 6, 8, 8, 8, 10, 12, 16, 12, 17, 16, 18, 21, 20),
    "H": (1, 1, 2, 4, 4, 4, 5, 6, 8, 8, 11, 11, 16, 16, 18, 16, 19, 21, 25, 25),
}
_MASKS: tuple[Callable[[int, int], int], ...] = (
    lambda y, x: (x + y) % 2,
    lambda y, x: y % 2,
    lambda y, x: x % 3,
    lambda y, x: (x + y) % 3,
    lambda y, x: (x // 3 + y // 2) % 2,
    lambda y, x: x * y % 2 + x * y % 3,
    lambda y, x: (x * y % 2 + x * y % 3) % 2,
    lambda y, x: ((x + y) % 2 + x * y % 3) % 2,
)


def read_picture(picture: Image.Image) -> str:
    """The text of the upright code in ``picture``, dark on light, whose quiet zone is all that is around it."""
    dark = np.asarray(picture.convert("L")) < 128
    rows, columns = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
    code = dark[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    edges = np.flatnonzero(np.diff(code[len(code) // 150 + 1].astype(int), prepend=0))
    finder = edges[1] - edges[0]  # pixels of the first dark stretch inside the first row of modules: seven of them
    size = round(7 * code.shape[1] / finder)
    assert size % 4 == 1, f"{size} modules wide"
    middles = [[int((number + 0.5) * length / size) for number in range(size)] for length in code.shape]
    return read(code[np.ix_(*middles)])


def read(modules: Modules) -> str:
    """The text of a code."""
    size = len(modules)
    version = (size - 17) // 4
    level, mask = _format(modules)
    bits = [bool(modules[y, x]) ^ (_MASKS[mask](y, x) == 0) for y, x in _places(size, version)]
    codewords = [_number(bits[at : at + 8]) for at in range(0, len(bits) - 7, 8)]
    content = _content(codewords, _PER_BLOCK[level][version - 1], _BLOCKS[level][version - 1])
    return _text("".join(f"{codeword:08b}" for codeword in content), version)


def _number(bits: list[bool]) -> int:
    return reduce(lambda number, bit: 2 * number + bit, bits, 0)


def _format(modules: Modules) -> tuple[str, int]:
    """Level of error correction and mask, from the strip at the upper left finder."""
    places = [(y, 8) for y in (*range(6), 7, 8)] + [(8, 7)] + [(8, x) for x in range(5, -1, -1)]
    found = _number([bool(modules[place]) for place in reversed(places)]) ^ 0x5412
    rest = found
    for bit in range(14, 9, -1):
        rest ^= (rest >> bit & 1) * (0x537 << bit - 10)
    assert rest == 0, "the format is damaged"
    return _LEVELS[found >> 13], found >> 10 & 7


def _places(size: int, version: int) -> Iterator[tuple[int, int]]:
    """(row, column) of each module of data, in pairs of columns from the right, upwards first."""
    taken = _patterns(size, version)
    for turn, right in enumerate([*range(size - 1, 6, -2), *range(5, 0, -2)]):
        for row in range(size - 1, -1, -1) if turn % 2 == 0 else range(size):
            yield from ((row, column) for column in (right, right - 1) if not taken[row, column])


def _patterns(size: int, version: int) -> Modules:
    """Where finders, their format strips, timing, alignment and the version are."""
    taken = np.zeros((size, size), np.bool_)
    taken[:9, :9] = taken[:9, -8:] = taken[-8:, :9] = taken[6] = taken[:, 6] = True
    if version >= 7:
        taken[:6, -11:] = taken[-11:, :6] = True
    if version > 1:
        count = version // 7 + 2
        step = (version * 8 + count * 3 + 5) // (count * 4 - 4) * 2
        middles = [6, *(size - 7 - step * number for number in range(count - 1))]
        for y, x in ((y, x) for y in middles for x in middles):
            if (y, x) not in ((6, 6), (6, size - 7), (size - 7, 6)):
                taken[y - 2 : y + 3, x - 2 : x + 3] = True
    return taken


def _content(codewords: list[int], correction: int, blocks: int) -> list[int]:
    """The data of all blocks in order; they lie interleaved, the shorter blocks first."""
    short, longer = divmod(len(codewords) - correction * blocks, blocks)
    lengths = [short + (number >= blocks - longer) for number in range(blocks)]
    left = iter(codewords)
    data: list[list[int]] = [[] for _ in lengths]
    for place in range(max(lengths)):
        for block, length in zip(data, lengths, strict=True):
            block.extend([next(left)] if place < length else [])
    checks = [[next(left) for _ in lengths] for _ in range(correction)]
    for number, block in enumerate(data):
        _check([*block, *(row[number] for row in checks)], correction)
    return [codeword for block in data for codeword in block]


def _check(block: list[int], correction: int) -> None:
    """A whole block, as a polynomial over GF(256), is 0 at the first ``correction`` powers of 2."""
    power = 1
    for _ in range(correction):
        value = 0
        for codeword in block:
            value = _times(value, power) ^ codeword
        assert value == 0, "a module is wrong"
        power = _times(power, 2)


def _times(a: int, b: int) -> int:
    """The product in GF(256) modulo x⁸ + x⁴ + x³ + x² + 1."""
    product = 0
    for bit in range(7, -1, -1):
        product = product << 1 ^ (product >> 7) * 0x11D ^ (b >> bit & 1) * a
    return product


def _text(bits: str, version: int) -> str:
    """The one segment in byte mode, before the end mark."""
    assert bits[:4] == "0100", "not in byte mode"
    first = 12 if version < 10 else 20
    count = int(bits[4:first], 2)
    end = first + 8 * count
    return bytes(int(bits[at : at + 8], 2) for at in range(first, end, 8)).decode()
