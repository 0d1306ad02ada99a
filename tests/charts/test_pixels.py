"""Weights and images as pixels, and the PNG files that browsers get."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from reglab.charts.pixels import STEPS, UNKNOWN, colour_pixels, diverging_map, image_pixels, signed_pixels
from reglab.charts.style import to_oklab
from reglab.ui.shared.image_grid import Tile, grid_html, png


def lab(pixel: np.ndarray) -> np.ndarray:
    return to_oklab("#" + "".join(f"{channel:02x}" for channel in pixel))


def test_the_diverging_map_is_perceptually_symmetric_and_even() -> None:
    """Lightness and distance from the middle are those of the other side, to the rounding of 8 bits."""
    colours = np.array([lab(pixel) for pixel in diverging_map()])
    middle, below, above = colours[STEPS], colours[:STEPS][::-1], colours[STEPS + 1 :]
    assert np.abs(below[:, 0] - above[:, 0]).max() < 0.005
    far = [np.linalg.norm(side - middle, axis=1) for side in (below, above)]
    assert np.abs(far[0] - far[1]).max() < 0.008
    even = np.arange(1, STEPS + 1) / STEPS
    for side in far:
        assert np.abs(side / side[-1] - even).max() < 0.015
    assert np.linalg.norm(below[-1] - above[-1]) > 0.2
    assert np.abs(middle[1:]).max() < 0.005  # neutral at 0


def test_a_weight_has_the_colour_of_its_value() -> None:
    values = np.array([[-2.0, -1.0, 0.0], [1.0, 2.0, np.nan]])
    pixels, colours = signed_pixels(values, 2.0), diverging_map()
    assert pixels.shape == (2, 3, 3)
    assert pixels[0].tolist() == colours[[0, STEPS // 2, STEPS]].tolist()
    assert pixels[1, 1].tolist() == colours[-1].tolist()
    assert tuple(pixels[1, 2]) == UNKNOWN
    assert (signed_pixels(np.zeros((2, 2)), 0.0) == colours[STEPS]).all()


def test_colour_filters_and_images() -> None:
    values = np.zeros((3, 1, 2))
    values[0, 0, 1], values[2, 0, 1] = 0.5, -1.0
    assert colour_pixels(values, 1.0)[0].tolist() == [[128, 128, 128], [191, 128, 0]]
    grey = np.array([[[0.0, 1.0], [0.5, 0.25]]])
    assert image_pixels(grey)[..., 0].tolist() == [[0, 255], [128, 64]]
    colour = np.arange(12, dtype=np.uint8).reshape(3, 2, 2)
    assert image_pixels(colour)[1, 0].tolist() == [2, 6, 10]


def test_a_png_is_read_back_pixel_for_pixel() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3)).astype(np.uint8)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(png(pixels)))), pixels)


def test_captions_are_text_not_markup() -> None:
    tile = Tile(np.zeros((1, 1, 3), np.uint8), ("<b>4", "→ 9"), 'a "4"', dashed=True)
    text = grid_html([tile, tile], size=40)
    assert text.count("<img") == text.count("dashed") == 2
    assert "&lt;b&gt;4<br>→ 9" in text
    assert 'alt="a &quot;4&quot;"' in text
