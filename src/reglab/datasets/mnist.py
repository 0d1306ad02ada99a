"""MNIST: 60,000 handwritten digits, from local idx files or torchvision's mirrors."""

from __future__ import annotations

from functools import partial

from reglab.datasets._idx_sets import SHAPE, SIZE, IdxSource, find_idx, load_idx, local_counts
from reglab.datasets.dataset import Dataset

SOURCE = IdxSource("mnist", "MNIST", "MNIST", ("MNIST", "mnist"), 9.94)

ENTRY = Dataset(
    name=SOURCE.name,
    label=SOURCE.label,
    order=30,
    about="60,000 handwritten digits of 28×28 pixels: the classic.",
    source="LeCun, Cortes and Burges, 1998",
    classes=tuple("0123456789"),
    shape=SHAPE,
    size=SIZE,
    load=partial(load_idx, SOURCE),
    find=partial(find_idx, SOURCE),
    counts=partial(local_counts, SOURCE),
    download_mb=SOURCE.megabytes,
)
