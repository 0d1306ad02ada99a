"""CIFAR-100: 50,000 small photographs of a hundred things, through torchvision, with the fine labels."""

from __future__ import annotations

from reglab.datasets._verified_sets import CIFAR_SIZE, VerifiedSource, cifar_test, load_cifar, verified_dataset

SOURCE = VerifiedSource(
    name="cifar100",
    label="CIFAR-100",
    torchvision="CIFAR100",
    folders=("CIFAR100", "cifar100", "cifar-100"),
    content="cifar-100-python",
    archive="cifar-100-python.tar.gz",
    megabytes=169.0,
)

CLASSES = """
apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can castle
caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant flatfish
forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle
mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate poppy porcupine
possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper snail snake spider squirrel streetcar
sunflower sweet_pepper table tank telephone television tiger tractor train trout tulip turtle wardrobe whale willow_tree
wolf woman worm
"""

ENTRY = verified_dataset(
    SOURCE,
    load_cifar,
    order=70,
    about="50,000 colour photographs of 32×32 pixels: a hundred kinds of things, only 500 of each.",
    source="Krizhevsky, 2009",
    licence="None stated; the authors ask to be cited",
    classes=tuple(CLASSES.split()),
    size=CIFAR_SIZE,
    test=cifar_test(SOURCE),
)
