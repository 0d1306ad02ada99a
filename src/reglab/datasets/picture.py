"""A picture that a person brings, as an image of a data set's shape; never executed, never trusted.

Only PNG and JPEG are read. Size and number of pixels are looked at before anything is decoded, because a small file can
expand to gigabytes.
"""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from reglab.errors import DataError

MOST_BYTES = 10 * 2**20
MOST_PIXELS = 16 * 10**6
FORMATS = ("PNG", "JPEG")

_BROKEN = (OSError, SyntaxError, ValueError, EOFError, KeyError, IndexError, TypeError, struct.error, zlib.error)
_BOMB = (Image.DecompressionBombError, Image.DecompressionBombWarning)
_INK = 0.25  # share of the brightest pixel above which a pixel is ink

Pixels = NDArray[np.uint8]


def read_picture(data: bytes) -> Image.Image:
    """The picture in ``data``, upright and opaque on white: grey (mode L) or colour (RGB), of 8 bits a channel.

    :raises DataError: one sentence; it is too large, of another kind, or damaged.
    """
    if len(data) > MOST_BYTES:
        raise DataError(f"The picture has {len(data) / 2**20:.1f} MiB; at most {MOST_BYTES >> 20} MiB are read.")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
            width, height = opened.size
            if width * height > MOST_PIXELS:
                raise _too_large(f"{width:,} × {height:,} pixels")
            return _plain(ImageOps.exif_transpose(opened))
    except _BOMB:
        raise _too_large("too many pixels") from None
    except UnidentifiedImageError:
        raise DataError("This is neither a PNG nor a JPEG picture.") from None
    except _BROKEN:
        raise DataError("The picture is damaged: it cannot be read to its end.") from None


def _too_large(what: str) -> DataError:
    return DataError(f"The picture has {what}; at most {MOST_PIXELS // 10**6} million pixels are read.")


def _plain(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bits
        return Image.fromarray((np.asarray(image).astype(np.float64) / 257).round().clip(0, 255).astype(np.uint8))
    if image.mode in ("LA", "PA", "RGBA") or "transparency" in image.info:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image).convert("RGB")
        return image.convert("L") if _is_grey(image) else image
    return image.convert("L") if image.mode in ("1", "L") else image.convert("RGB")


def _is_grey(image: Image.Image) -> bool:
    red, green, blue = np.moveaxis(np.asarray(image), -1, 0)
    return bool((red == green).all() and (green == blue).all())


def fitted(picture: Image.Image, shape: tuple[int, int, int], *, invert: bool = False) -> Pixels:
    """The middle of ``picture`` in the aspect of ``shape`` (C, H, W), reduced by averaging areas: (C, H, W).

    A picture of that size stays as it is. Colour becomes grey where C = 1 (ITU-R 601), grey all channels where C = 3.
    """
    channels, height, width = shape
    image = picture.convert("L" if channels == 1 else "RGB")
    if image.size != (width, height):
        image = ImageOps.fit(image, (width, height), Image.Resampling.BOX)
    pixels = np.asarray(image, dtype=np.uint8).reshape(height, width, -1)
    return np.ascontiguousarray(np.moveaxis(255 - pixels if invert else pixels, -1, 0))


def reduced(drawing: Pixels, shape: tuple[int, int, int]) -> Pixels:
    """:func:`fitted` of a drawing (H, W)."""
    return fitted(Image.fromarray(drawing), shape)


def centred(drawing: Pixels, shape: tuple[int, int, int], extent: float) -> Pixels:
    """A drawing (H, W), bright on black, as MNIST prepares its digits: (C, H, W) of ``shape``.

    The ink is scaled, keeping its aspect, until its longer side has the share ``extent`` of the image, and its centre
    of mass is put into the middle, as far as the ink stays inside. A drawing without ink is black.
    """
    channels, height, width = shape
    rows, columns = np.nonzero(drawing > _INK * drawing.max(initial=0))
    made: Pixels = np.zeros((height, width), dtype=np.uint8)
    if not len(rows):
        return np.repeat(made[None], channels, axis=0)
    box = drawing[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    scale = extent * min(height, width) / max(box.shape)
    high, wide = (max(1, min(round(side * scale), most)) for side, most in zip(box.shape, (height, width), strict=True))
    ink = np.asarray(Image.fromarray(box).resize((wide, high), Image.Resampling.BOX))
    top, left = (_offset(ink.sum(axis=1 - axis), size) for axis, size in ((0, height), (1, width)))
    made[top : top + high, left : left + wide] = ink
    return np.repeat(made[None], channels, axis=0)


def _offset(mass: NDArray[np.integer], size: int) -> int:
    """Where ink with this ``mass`` along an axis begins, so that its centre of mass is in the middle of ``size``."""
    centre = float((mass * (np.arange(len(mass)) + 0.5)).sum() / max(mass.sum(), 1))
    return int(np.clip(round(size / 2 - centre), 0, size - len(mass)))


def ink_extent(images: NDArray[np.generic]) -> float:
    """The median over grey images (n, 1, H, W) of their ink's longer side, as a share of the image's shorter side."""
    ink = images[:, 0] > _INK * images.max(axis=(1, 2, 3), keepdims=True)[:, 0]
    sides = [_side(ink.any(axis=axis)) for axis in (1, 2)]
    return float(np.median(np.maximum(*sides)) / min(images.shape[2:]))


def _side(seen: NDArray[np.bool_]) -> NDArray[np.int64]:
    """From the first to the last True of each row, inclusive."""
    return np.where(seen.any(axis=1), seen.shape[1] - seen.argmax(axis=1) - seen[:, ::-1].argmax(axis=1), 0)
