"""Fashion-MNIST: 60,000 pieces of clothing, from local idx files, Debian's package or torchvision's mirrors."""

from __future__ import annotations

from pathlib import Path

from reglab.datasets._idx_sets import IdxSource, idx_dataset

DEBIAN = Path("/usr/share/datasets/fashion-mnist")  # installed by the package dataset-fashion-mnist

SOURCE = IdxSource(
    name="fashion_mnist",
    label="Fashion-MNIST",
    torchvision="FashionMNIST",
    folders=("FashionMNIST", "fashion-mnist", "fashion_mnist", "Fashion-MNIST"),
    megabytes=26.45,
    test_megabytes=4.43,
    elsewhere=(DEBIAN,),
)

ENTRY = idx_dataset(
    SOURCE,
    order=40,
    about="60,000 pieces of clothing of 28×28 pixels: as small as MNIST, but harder.",
    source="Xiao, Rasul and Vollgraf, 2017 (Zalando Research)",
    licence="MIT",
    classes=("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)
