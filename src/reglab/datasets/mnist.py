"""MNIST: 60,000 handwritten digits, from local idx files or torchvision's mirrors."""

from __future__ import annotations

from reglab.datasets._idx_sets import IdxSource, idx_dataset
from reglab.datasets.dataset import DIGIT_CONFUSIONS

SOURCE = IdxSource("mnist", "MNIST", "MNIST", ("MNIST", "mnist"), 9.94, 1.66)

ENTRY = idx_dataset(
    SOURCE,
    order=30,
    about="60,000 handwritten digits of 28×28 pixels: the classic.",
    source="LeCun, Cortes and Burges, 1998",
    licence="CC BY-SA 3.0",
    classes=tuple("0123456789"),
    confusions=DIGIT_CONFUSIONS,
)
