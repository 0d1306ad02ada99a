"""The 8×8 digits that come with scikit-learn: small enough to overfit within seconds, and always at hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from reglab.datasets.dataset import Dataset, Images, Progress

_BRIGHTEST = 16


def _load(_folder: Path, progress: Progress) -> Images:
    progress("Reading the digits", 0.0)
    from sklearn.datasets import load_digits

    digits = load_digits()
    pixels = (digits.images / _BRIGHTEST).astype(np.float32)[:, None]
    return Images(torch.from_numpy(pixels), torch.from_numpy(digits.target.astype(np.int64)))


ENTRY = Dataset(
    name="digits",
    label="Digits (8×8)",
    order=10,
    about="1,797 handwritten digits of 8×8 pixels. Quick to train on, and easily overfitted with few images.",
    source="UCI Optical Recognition of Handwritten Digits (Alpaydin and Kaynak, 1998), as scikit-learn ships it",
    classes=tuple("0123456789"),
    shape=(1, 8, 8),
    size=1797,
    load=_load,
)
