"""KMNIST: 60,000 cursive Japanese characters, from local idx files or torchvision's mirrors."""

from __future__ import annotations

from reglab.datasets._idx_sets import IdxSource, idx_dataset

SOURCE = IdxSource("kmnist", "KMNIST", "KMNIST", ("KMNIST", "kmnist"), 18.19, 3.05)

ENTRY = idx_dataset(
    SOURCE,
    order=50,
    about="60,000 cursive Japanese characters of 28×28 pixels, several shapes for each of ten sounds.",
    source="Clanuwat et al., 2018 (Kuzushiji-MNIST, CODH)",
    licence="CC BY-SA 4.0",
    classes=("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
)
