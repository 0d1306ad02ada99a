"""What the browser sends of a drawing is read with care."""

from __future__ import annotations

import base64

import numpy as np
import pytest

from reglab.ui.inspect.drawing_pad import SIDE, read

INK = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE)).astype(np.uint8)
SENT = base64.b64encode(INK.tobytes()).decode()


def test_a_drawing_comes_back_pixel_for_pixel() -> None:
    found = read(SENT)
    assert found is not None
    assert np.array_equal(found, INK)


@pytest.mark.parametrize(
    "sent",
    [None, "", 3, [SENT], SENT[:-4], SENT + "AAAA", "é" * len(SENT), "=" * len(SENT), "A" * len(SENT),
     base64.b64encode(bytes(SIDE**2)).decode()],
)  # fmt: skip
def test_anything_else_is_no_drawing(sent: object) -> None:
    assert read(sent) is None
