"""CIFAR-10: 50,000 small photographs of animals and vehicles, through torchvision."""

from __future__ import annotations

from functools import partial

from reglab.datasets._cifar import SHAPE, SIZE, load_cifar
from reglab.datasets._verified_sets import VerifiedSource, find_files
from reglab.datasets.dataset import Dataset

SOURCE = VerifiedSource(
    name="cifar10",
    label="CIFAR-10",
    torchvision="CIFAR10",
    folders=("CIFAR10", "cifar10", "cifar-10"),
    content="cifar-10-batches-py",
    archive="cifar-10-python.tar.gz",
    megabytes=170.5,
)

ENTRY = Dataset(
    name=SOURCE.name,
    label=SOURCE.label,
    order=60,
    about="50,000 colour photographs of 32×32 pixels: ten kinds of animals and vehicles.",
    source="Krizhevsky, 2009",
    classes=("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
    shape=SHAPE,
    size=SIZE,
    load=partial(load_cifar, SOURCE),
    find=partial(find_files, SOURCE),
    download_mb=SOURCE.megabytes,
)
