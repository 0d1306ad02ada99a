"""CIFAR-10: 50,000 small photographs of animals and vehicles, through torchvision."""

from __future__ import annotations

from reglab.datasets._verified_sets import CIFAR_SIZE, VerifiedSource, cifar_test, load_cifar, verified_dataset

SOURCE = VerifiedSource(
    name="cifar10",
    label="CIFAR-10",
    torchvision="CIFAR10",
    folders=("CIFAR10", "cifar10", "cifar-10"),
    content="cifar-10-batches-py",
    archive="cifar-10-python.tar.gz",
    megabytes=170.5,
)

ENTRY = verified_dataset(
    SOURCE,
    load_cifar,
    order=60,
    about="50,000 colour photographs of 32×32 pixels: ten kinds of animals and vehicles.",
    source="Krizhevsky, 2009",
    licence="None stated; the authors ask to be cited",
    classes=("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
    confusions=((2, 0), (3, 5), (4, 7), (5, 3), (9, 1)),  # as in Patrini et al. 2017
    size=CIFAR_SIZE,
    test=cifar_test(SOURCE),
)
