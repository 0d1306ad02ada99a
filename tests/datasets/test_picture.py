"""Pictures that people bring: PNG and JPEG of any kind become images of a data set's shape; the rest is refused."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image

from reglab.datasets.picture import MOST_BYTES, centred, fitted, ink_extent, read_picture
from reglab.errors import DataError


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    target = io.BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def bomb(side: int) -> bytes:
    """A PNG of a few kilobytes that claims ``side`` × ``side`` pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    body = zlib.compress(bytes(10_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


GREY = np.random.default_rng(0).integers(0, 256, (28, 28)).astype(np.uint8)
COLOUR = np.random.default_rng(1).integers(0, 256, (32, 32, 3)).astype(np.uint8)


def test_a_picture_of_the_right_size_stays_as_it_is() -> None:
    assert np.array_equal(fitted(read_picture(encoded(Image.fromarray(GREY))), (1, 28, 28))[0], GREY)
    colour = fitted(read_picture(encoded(Image.fromarray(COLOUR))), (3, 32, 32))
    assert np.array_equal(colour, np.moveaxis(COLOUR, -1, 0))
    assert np.array_equal(fitted(Image.fromarray(GREY), (1, 28, 28), invert=True)[0], 255 - GREY)


def test_a_larger_one_is_averaged_and_its_sides_are_cut_off() -> None:
    wide = np.zeros((16, 48), dtype=np.uint8)
    wide[:, 16:32] = np.kron(np.arange(64, dtype=np.uint8).reshape(8, 8), np.ones((2, 2), np.uint8))
    assert np.array_equal(fitted(Image.fromarray(wide), (1, 8, 8))[0], np.arange(64).reshape(8, 8))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "CMYK", "YCbCr"])
def test_every_mode_of_pixels_is_read(mode: str) -> None:
    if mode == "I;16":
        data = encoded(Image.fromarray(np.full((9, 9), 257 * 128, dtype=np.uint16)))
    else:
        data = encoded(Image.new("L", (9, 9), 128).convert(mode), "JPEG" if mode in ("CMYK", "YCbCr") else "PNG")
    pixels = fitted(read_picture(data), (1, 3, 3))
    assert pixels.shape == (1, 3, 3)
    if mode != "1":
        assert np.abs(pixels.astype(int) - 128).max() <= 3
    assert fitted(read_picture(data), (3, 3, 3)).shape == (3, 3, 3)


def test_what_is_transparent_is_white_and_a_photograph_stands_upright() -> None:
    clear = Image.new("RGBA", (4, 4), (0, 0, 0, 0))
    assert (fitted(read_picture(encoded(clear)), (1, 4, 4)) == 255).all()
    turned = Image.new("L", (8, 8), 0)
    turned.paste(255, (0, 0, 4, 8))  # the left half
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held on its side: turn by 90° clockwise
    upright = fitted(read_picture(encoded(turned, exif=exif)), (1, 2, 2))[0]
    assert (upright[0] > 200).all()
    assert (upright[1] < 50).all()


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "neither a PNG nor a JPEG"),
        (b"<svg onload=alert(1)>", "neither a PNG nor a JPEG"),
        (b"GIF89a" + bytes(100), "neither a PNG nor a JPEG"),
        (encoded(Image.fromarray(COLOUR), "TIFF"), "neither a PNG nor a JPEG"),
        (encoded(Image.fromarray(COLOUR))[:-200], "damaged"),
        (encoded(Image.fromarray(COLOUR), "JPEG")[:300], "damaged"),
        (bomb(5_000), "at most 16 million pixels"),
        (bomb(12_000), "at most 16 million pixels"),
        (bomb(60_000), "at most 16 million pixels"),
        (bytes(MOST_BYTES + 1), "at most 10 MiB"),
    ],
)
def test_the_rest_is_refused_in_one_sentence(data: bytes, sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        read_picture(data)


def test_a_drawing_is_scaled_and_centred_as_mnist_does() -> None:
    drawing = np.zeros((112, 112), dtype=np.uint8)
    drawing[10:50, 5:25] = 255  # 40 high, 20 wide, in a corner
    image = centred(drawing, (1, 28, 28), 20 / 28)[0]
    rows, columns = np.nonzero(image)
    assert (rows.min(), rows.max() + 1, columns.min(), columns.max() + 1) == (4, 24, 9, 19)
    assert centred(drawing, (3, 8, 8), 1.0).shape == (3, 8, 8)
    assert centred(drawing, (1, 8, 8), 1.0)[0].any(axis=1).all()  # from edge to edge
    assert not centred(np.zeros_like(drawing), (1, 28, 28), 0.7).any()


def test_the_heavier_side_of_the_ink_is_nearer_to_the_middle() -> None:
    drawing = np.zeros((112, 112), dtype=np.uint8)
    drawing[20:92, 20:24], drawing[84:92, 20:92] = 255, 255  # an L, heavy at the lower left
    image = centred(drawing, (1, 28, 28), 0.5)[0].astype(float)
    mass = [float((image.sum(axis=1 - axis) * (np.arange(28) + 0.5)).sum() / image.sum()) for axis in (0, 1)]
    assert np.abs(np.array(mass) - 14).max() <= 0.5


def test_the_usual_extent_of_ink() -> None:
    images = np.zeros((5, 1, 28, 28))
    images[:, 0, 4:24, 10:15] = 1.0
    assert ink_extent(images) == pytest.approx(20 / 28)
    assert ink_extent(np.ones((2, 1, 8, 8), dtype=np.uint8)) == 1.0
