"""The 8×8 digits that come with scikit-learn: small enough to overfit within seconds, and always at hand."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np

from reglab.datasets.dataset import DIGIT_CONFUSIONS, Dataset, Images, Progress

_BRIGHTEST = 16


def _load(_folder: Path, progress: Progress) -> Images:
    progress("Reading the digits", 0.0)
    rows = np.loadtxt(_file(), delimiter=",", dtype=np.float32)
    pixels = (rows[:, :-1] / _BRIGHTEST).reshape(-1, 1, 8, 8)
    return Images.of(pixels, rows[:, -1].astype(np.int64))


def _file() -> Path:
    found = find_spec("sklearn")  # importing scikit-learn takes a second, and reading its file none
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / "datasets" / "data" / "digits.csv.gz"


ENTRY = Dataset(
    name="digits",
    label="Digits (8×8)",
    order=10,
    about="1,797 handwritten digits of 8×8 pixels. Quick to train on, and easily overfitted with few images.",
    source="UCI Optical Recognition of Handwritten Digits (Alpaydin and Kaynak, 1998), as scikit-learn ships it",
    licence="CC BY 4.0 (UCI Machine Learning Repository)",
    classes=tuple("0123456789"),
    confusions=DIGIT_CONFUSIONS,
    shape=(1, 8, 8),
    size=1797,
    load=_load,
    sources=lambda _folder: (_file(),),
)
