"""J disjoint stratified blocks of ⌊N/J⌋ images each, so that repeats share no image.

Each block is split into training and validation images as the whole data set is otherwise, with the validation share of
the block. Figures of different blocks are independent given the training procedure, so that the correction of an
interval for overlap has r = 0 (Nadeau & Bengio 2003).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from reglab.datasets.dataset import Dataset
from reglab.datasets.stratify import Indices, interleave
from reglab.errors import SpecError
from reglab.spec import DataSpec


def block_groups(
    y: NDArray[np.int64], groups: list[Indices], ties: NDArray[np.int64], blocks: int, block: int
) -> list[Indices]:
    """For each class, the images of ``groups`` that are in ``block``, in their order.

    The blocks are equally large and have within one image of each class alike: of the ⌊N/J⌋·J images at the beginning
    of a stratified order, laid out class by class, every J-th one. At most J − 1 images are in no block.
    """
    used = interleave(groups, ties)[: len(y) // blocks * blocks]
    by_class = used[np.argsort(y[used], kind="stable")]
    mine = by_class[block::blocks]
    return [mine[y[mine] == c] for c in range(len(groups))]


def check_blocks(spec: DataSpec, entry: Dataset, pool: int, check: Callable[[DataSpec, Dataset, int], object]) -> None:
    """Refuse more blocks of ``pool`` images than there is room for; ``check`` refuses a block that is too small.

    :raises SpecError: with the number of blocks that fit; what ``check`` raises where the whole pool is too small.
    """
    check(spec, entry, pool)
    asked = spec.blocks or 1
    most = next(count for count in range(asked, 0, -1) if count == 1 or _fits(spec, entry, pool // count, check))
    if most == asked:
        return
    fit = f"at most {most} repeats on disjoint blocks fit" if most > 1 else "not even two disjoint blocks fit"
    images = pool // asked
    val = spec.val_size or round(spec.val_fraction * images)
    need = (
        f"{spec.train_size:,} training and {val:,} validation images" if spec.train_size else "training and validation"
    )
    raise SpecError(
        f"data.blocks {asked} is too many: {asked} blocks of the {pool:,} images of {entry.label} outside the test "
        f"part have {images:,} each, too few for {need}; {fit}."
    )


def _fits(spec: DataSpec, entry: Dataset, images: int, check: Callable[[DataSpec, Dataset, int], object]) -> bool:
    try:
        check(spec, entry, images)
    except SpecError:
        return False
    return True
