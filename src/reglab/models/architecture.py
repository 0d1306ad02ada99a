"""What a CNN of the registry is: a name, what it can switch, and how to make it for one image shape."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from torch import nn

from reglab.registry import Registry

Shape: TypeAlias = tuple[int, int, int]
"""(channels, height, width) of one image."""

Switch: TypeAlias = Literal["dropout", "batch_norm", "head"]


@dataclass(frozen=True)
class Architecture:
    """One CNN. ``make(shape, classes, dropout, batch_norm)`` maps images (N, C, H, W) to logits (N, classes).

    With the switch "head", ``make`` takes ``head`` as a fifth argument, "dense" where it is not given.

    ``about`` is for the page, ``source`` says where the network comes from, ``switches`` which settings of a
    :class:`reglab.spec.ModelSpec` it obeys, ``has_batch_norm`` that it always normalises, ``min_side`` the smallest
    image side in pixels. ``make`` draws initial weights from the process-wide generator: call
    :func:`reglab.models.build`, which guards it.
    """

    name: str
    label: str
    order: int
    about: str
    source: str
    switches: frozenset[Switch]
    has_batch_norm: bool
    min_side: int
    make: Callable[..., nn.Module] = field(repr=False)


MODELS: Registry[Architecture] = Registry("CNN", "reglab.models", Architecture)
