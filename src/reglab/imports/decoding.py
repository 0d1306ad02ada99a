"""One encoded image, made the square pixels that are saved, without trusting it.

The pixels are those of Pillow's ``convert("RGB")`` or ``convert("L")``, turned upright as EXIF says, of the first
frame, resized bilinearly with antialiasing; of 16 bits the upper 8 are kept. JPEG files far above the asked size are
decoded at a half, a quarter or an eighth.
"""

from __future__ import annotations

import io
import math
import struct
import threading
import warnings
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final

import numpy as np
from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageOps,
    JpegImagePlugin,
    PngImagePlugin,
    PpmImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from reglab.imports.entry import Fit
from reglab.imports.tree import BadFile

KINDS: Final = "PNG, JPEG, GIF, BMP, WebP, TIFF or PPM"
_BILINEAR = Image.Resampling.BILINEAR
_SHRINKING = 3.0  # an image is halved as long as it stays so many times the asked size
_BLANK, _BLANK_PIXELS = 200, 1_000_000  # pixels a byte, above so many pixels: a decompression bomb
_FIRST = 96  # bytes that mostly show whether an image is coloured
_LARGE = 4_000_000  # pixels, four bytes each while they are decoded, and as many while their mode changes
_QUIET = threading.Lock()
_FAULTS = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    IndexError,
    KeyError,
    EOFError,
    OverflowError,
    MemoryError,
    AttributeError,
    RuntimeError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)  # fmt: skip  all of these, Pillow raises for files that are damaged
_ENDINGS = {
    "PNG": (".png", ".apng"), "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"), "GIF": (".gif",), "BMP": (".bmp", ".dib"),
    "WEBP": (".webp",), "TIFF": (".tif", ".tiff"), "PPM": (".ppm", ".pgm", ".pbm", ".pnm"),
}  # fmt: skip

COLOURED, ANIMATED, DEEP, TURNED, CMYK, CLEAR, MISNAMED = (1 << bit for bit in range(7))
"""What is remarkable about an image: coloured pixels, frames after the first, 16 bits a channel, turned as EXIF says,
CMYK, transparent, or with the ending of another kind."""


@dataclass(frozen=True)
class Target:
    """The form of saved images: ``side`` pixels, 1 or 3 ``channels``, square by ``fit``. A file has ``most`` pixels."""

    side: int
    channels: int
    fit: Fit
    most: int

    @property
    def bytes(self) -> int:
        """Of one image."""
        return self.side * self.side * self.channels


@dataclass(frozen=True)
class Picture:
    """``pixels``: (side, side, channels) as bytes; ``width`` and ``height`` of the file, upright; ``marks``."""

    pixels: bytes
    width: int
    height: int
    marks: int


@contextmanager
def quiet() -> Iterator[None]:
    """Without Pillow's warnings about damaged files, which are reported as reasons; one thread at a time."""
    with _QUIET, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def size_of(data: bytes, most: int) -> tuple[int, int, bool]:
    """Width and height, and whether it may have colours, by the header alone; :class:`BadFile` as :func:`decode`."""
    image = _opened(data, most)
    return (*image.size, image.mode not in ("1", "L", "LA", "I;16", "I;16B"))


def decode(data: bytes, name: str, target: Target, alone: AbstractContextManager[Any] | None = None) -> Picture:
    """The image in ``data``, whose file is called ``name``; a large one is decoded inside ``alone``.

    :raises BadFile: it is damaged, too large, or of no kind that is read.
    """
    image = _opened(data, target.most)
    with alone if alone and math.prod(image.size) > _LARGE else nullcontext():
        return _decoded(image, name, target)


def _decoded(image: Any, name: str, target: Target) -> Picture:
    marks = MISNAMED if _misnamed(name, image.format or "") else 0
    kind, (width, height) = image.mode, image.size
    try:
        if getattr(image, "is_animated", False):
            marks |= ANIMATED
        if image.format == "JPEG":
            image.draft(None, (2 * target.side, 2 * target.side))
        image.load()
        upright: Any = ImageOps.exif_transpose(image) if _has_exif(image) else image
    except _FAULTS as fault:
        raise BadFile(_damage(fault)) from None
    if upright is not image and _turn(image) > 1:
        marks |= TURNED
        width, height = (width, height) if _turn(image) < 5 else (height, width)
    if kind == "CMYK":
        marks |= CMYK
    if kind in ("RGBA", "LA", "PA") or "transparency" in image.info:
        marks |= CLEAR
    if kind.startswith("I;16"):
        marks |= DEEP
    pixels, coloured = _square(_plain(upright), target)
    return Picture(pixels, width, height, marks | (COLOURED if coloured else 0))


def resized(pixels: np.ndarray[Any, np.dtype[np.uint8]], target: Target) -> tuple[bytes, bool]:
    """Pixels (H, W, 1 or 3) in the form of ``target``, and whether they are coloured."""
    grey = pixels.shape[2] == 1
    return _square(Image.fromarray(np.ascontiguousarray(pixels[:, :, 0] if grey else pixels)), target)


def _opened(data: bytes, most: int) -> Any:
    """The image with its header read, and nothing else: Pillow's own search knows kinds that are no pixels."""
    factory = _factory(data)
    try:
        image: Any = factory(io.BytesIO(data))
    except _FAULTS as fault:
        raise BadFile(_damage(fault)) from None
    width, height = image.size
    if width * height > most:
        raise BadFile(f"has {width:,}×{height:,} pixels, more than {most / 1e6:.0f} million")
    if width * height > max(_BLANK_PIXELS, _BLANK * len(data)):
        raise BadFile(f"claims {width:,}×{height:,} pixels in {len(data):,} bytes, as a decompression bomb does")
    if image.mode in ("I", "F", "I;32", "I;32B", "F;32F") or image.mode.startswith("F"):
        raise BadFile("holds 32-bit numbers, not pixels of 8 or 16 bits")
    return image


def _factory(data: bytes) -> Any:
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return PngImagePlugin.PngImageFile
    if data.startswith(b"\xff\xd8"):
        return JpegImagePlugin.JpegImageFile
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return WebPImagePlugin.WebPImageFile
    if data.startswith((b"II*\0", b"MM\0*")):
        return TiffImagePlugin.TiffImageFile
    if data[:6] in (b"GIF87a", b"GIF89a"):
        return GifImagePlugin.GifImageFile
    if data.startswith(b"BM"):
        return BmpImagePlugin.BmpImageFile
    if data[:1] == b"P" and data[1:2] in b"123456" and data[2:3].isspace():
        return PpmImagePlugin.PpmImageFile
    raise BadFile(_stranger(data))


def _stranger(data: bytes) -> str:
    """What a file is that is no image, a clause."""
    start = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not data:
        return "is empty"
    if b"<svg" in start:
        return "is an SVG drawing; export it as PNG"
    if data[:4] in (b"PK\3\4", b"PK\5\6", b"Rar!", b"7z\xbc\xaf") or data.startswith(
        (b"\x1f\x8b", b"BZh", b"\xfd7zXZ")
    ):
        return "is an archive, and archives within are not opened"
    if start.startswith((b"%!ps", b"%pdf", b"\xc5\xd0\xd3\xc6")):
        return "is a document, not an image"
    return f"is no image: {KINDS} are read"


def _damage(fault: Exception) -> str:
    text = " ".join(str(fault).split())
    return "is truncated" if "truncated" in text.lower() else "is damaged, or of a kind that cannot be decoded"


def _misnamed(name: str, kind: str) -> bool:
    suffix = PurePosixPath(name).suffix.lower()
    return any(suffix in endings for endings in _ENDINGS.values()) and suffix not in _ENDINGS.get(kind, (suffix,))


def _has_exif(image: Any) -> bool:
    return image.format == "TIFF" or "exif" in image.info or "Raw profile type exif" in image.info


def _turn(image: Any) -> int:
    value = image.getexif().get(0x0112, 1)
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _plain(image: Any) -> Any:
    """The image in mode L or RGB."""
    try:
        if image.mode.startswith("I;16"):
            return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
        if image.mode in ("1", "L", "LA"):
            return image.convert("L")
        if image.mode in ("P", "PA"):
            image = image.convert("RGBA")
        return image.convert("RGB")
    except _FAULTS as fault:
        raise BadFile(_damage(fault)) from None


def _square(image: Any, target: Target) -> tuple[bytes, bool]:
    """(side, side, channels) as bytes, and whether any pixel is coloured."""
    if image.size != (target.side, target.side):
        image = _fitted(image, target.side, target.fit)
    if image.mode != "RGB":
        return (image if target.channels == 1 else image.convert("RGB")).tobytes(), False
    data: bytes = image.tobytes()
    coloured = _coloured(data[:_FIRST]) or _coloured(data)
    return (data if target.channels == 3 else image.convert("L").tobytes()), coloured


def _coloured(data: bytes) -> bool:
    """Whether a pixel of three bytes has different ones."""
    return data[::3] != data[1::3] or data[::3] != data[2::3]


def _fitted(image: Any, side: int, fit: Fit) -> Any:
    width, height = image.size
    if fit == "stretch" or width == height:
        return image.resize((side, side), _BILINEAR, reducing_gap=_SHRINKING)
    if fit == "crop":
        edge = min(width, height)
        left, top = (width - edge) / 2, (height - edge) / 2
        box = (left, top, left + edge, top + edge)
        return image.resize((side, side), _BILINEAR, box=box, reducing_gap=_SHRINKING)
    scale = side / max(width, height)
    inner = (max(1, round(width * scale)), max(1, round(height * scale)))
    whole = Image.new(image.mode, (side, side))
    whole.paste(
        image.resize(inner, _BILINEAR, reducing_gap=_SHRINKING), ((side - inner[0]) // 2, (side - inner[1]) // 2)
    )
    return whole
