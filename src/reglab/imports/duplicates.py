"""Exact duplicates among decoded images, by digests of their pixels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reglab.imports.found import Duplicates, Images

_GROUPS, _OF_EACH = 3, 3


def duplicates_of(digests: NDArray[Any], images: Images, names: Sequence[str], side: int) -> Duplicates:
    """Duplicates among the images in ``images.slots``, whose pixels have these ``digests``, in that order."""
    _, group = np.unique(digests, return_inverse=True)
    parts, labels = images.parts[images.slots].astype(np.int64), images.labels[images.slots]
    in_part = np.unique(group * 4 + parts)
    parts_of = np.bincount(in_part // 4)
    pairs = np.unique(np.stack([group, labels]), axis=1)
    labels_of = np.bincount(pairs[0])
    copies = np.bincount(group)
    return Duplicates(
        side=side,
        within=int(len(group) - len(in_part)),
        across=int((parts_of[group] > 1).sum()),
        conflicts=int((labels_of[group] > 1).sum()),
        examples=_examples(group, copies, parts_of * labels_of, images.slots, names),
    )


def _examples(
    group: NDArray[np.int64],
    copies: NDArray[np.int64],
    gravity: NDArray[np.int64],
    slots: NDArray[np.int64],
    names: Sequence[str],
) -> tuple[tuple[str, ...], ...]:
    """Names of some groups, those that lie in several parts or have several labels first."""
    worst = sorted(np.flatnonzero(copies > 1).tolist(), key=lambda one: (-int(gravity[one]), one))[:_GROUPS]
    return tuple(
        tuple(names[slot] for slot in slots[np.flatnonzero(group == one)[:_OF_EACH]].tolist()) for one in worst
    )
