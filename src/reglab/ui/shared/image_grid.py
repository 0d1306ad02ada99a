"""Small images in a grid, each with its caption, as HTML: a screen reader reads every one of them."""

from __future__ import annotations

import base64
import html
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

import numpy as np
import streamlit as st
from numpy.typing import NDArray

_SIGNATURE = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, eq=False)
class Tile:
    """One image: ``pixels`` (H, W, 3) sRGB, lines of caption, what a screen reader says; ``dashed`` is its edge, in the
    colour ``edge``.

    ``query`` leads to the view of this page to which a click on the image goes.
    """

    pixels: NDArray[np.uint8]
    caption: tuple[str, ...]
    alt: str
    dashed: bool = False
    query: Mapping[str, str] | None = None
    edge: str = "#5f6b7a"


def image_grid(tiles: Sequence[Tile], *, size: int) -> None:
    """Draw ``tiles``, each image ``size`` pixels wide, its pixels as squares."""
    st.html(grid_html(tiles, size=size))


def image_groups(groups: Sequence[Sequence[Tile]], *, size: int) -> None:
    """Draw groups of ``tiles``, each in a line of its own as far as it fits, side by side where there is room."""
    look = "display:flex;flex-wrap:wrap;gap:10px 28px;margin:0;padding:0"
    st.html(f'<div style="{look}">{"".join(grid_html(tiles, size=size) for tiles in groups)}</div>')


def grid_html(tiles: Sequence[Tile], *, size: int) -> str:
    """The HTML of :func:`image_grid`."""
    look = "display:flex;flex-wrap:wrap;gap:12px 10px;margin:0;padding:0"
    return f'<div role="list" style="{look}">{"".join(_tile(tile, size) for tile in tiles)}</div>'


def _tile(tile: Tile, size: int) -> str:
    source = base64.b64encode(png(tile.pixels)).decode()
    look = f"width:{size}px;height:auto;image-rendering:pixelated;border-radius:3px;display:block"
    look += f";outline:2px dashed {tile.edge};outline-offset:-5px" if tile.dashed else ""
    lines = "<br>".join(html.escape(line) for line in tile.caption)
    small = "font-size:12px;line-height:1.3;margin-top:3px;overflow-wrap:anywhere"
    text = f'<figcaption style="{small}">{lines}</figcaption>' if lines else ""
    image = f'<img src="data:image/png;base64,{source}" alt="{html.escape(tile.alt, quote=True)}" style="{look}">'
    if tile.query is not None:
        image = f'<a href="?{html.escape(urlencode(tile.query, safe=","), quote=True)}" target="_self">{image}</a>'
    return f'<figure role="listitem" style="margin:0;width:{max(size, 72)}px">{image}{text}</figure>'


def png(pixels: NDArray[np.uint8]) -> bytes:
    """(H, W, 3) uint8 as a PNG file of 8 bits a channel."""
    height, width, _ = pixels.shape
    rows = np.concatenate([np.zeros((height, 1), np.uint8), pixels.reshape(height, 3 * width)], axis=1)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), 6)), (b"IEND", b"")]
    return _SIGNATURE + b"".join(_chunk(name, data) for name, data in parts)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
