"""KMNIST: 60,000 cursive Japanese characters, from local idx files or torchvision's mirrors."""

from __future__ import annotations

from functools import partial

from reglab.datasets._idx_sets import SHAPE, SIZE, IdxSource, find_idx, load_idx, local_counts
from reglab.datasets.dataset import Dataset

SOURCE = IdxSource("kmnist", "KMNIST", "KMNIST", ("KMNIST", "kmnist"), 18.19)

ENTRY = Dataset(
    name=SOURCE.name,
    label=SOURCE.label,
    order=50,
    about="60,000 cursive Japanese characters of 28×28 pixels, several shapes for each of ten sounds.",
    source="Clanuwat et al., 2018 (Kuzushiji-MNIST, CODH)",
    classes=("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
    shape=SHAPE,
    size=SIZE,
    load=partial(load_idx, SOURCE),
    find=partial(find_idx, SOURCE),
    counts=partial(local_counts, SOURCE),
    download_mb=SOURCE.megabytes,
)
