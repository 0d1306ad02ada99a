"""Numbers as labels: which classes they make, and the place of each in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reglab.errors import DataError
from reglab.imports.parts import Part


def numbered(labels: Mapping[Part, NDArray[Any]], most: int) -> tuple[tuple[str, ...], dict[Part, NDArray[np.int64]]]:
    """The names of the classes, which are the numbers that occur in any part, and the labels as places in them.

    :raises DataError: there are too many.
    """
    values = np.unique(np.concatenate([np.unique(each) for each in labels.values()]))
    if len(values) > most:
        raise DataError(f"The labels have {len(values):,} values; at most {most:,} classes are imported.")
    names = tuple(str(value) for value in values.tolist())
    return names, {part: np.searchsorted(values, each).astype(np.int64) for part, each in labels.items()}


def check_counts(part: Part, images: int, labels: int) -> None:
    """Raise :class:`DataError` where a part has more images than labels, or fewer."""
    if images != labels:
        raise DataError(f"The part {part} has {images:,} images and {labels:,} labels; they must be as many.")
