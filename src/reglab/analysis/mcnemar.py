"""Two networks on the same images: those that only one of them classifies correctly, and McNemar's exact test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr  # type: ignore[import-untyped]

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Discordance:
    """Of ``images``, ``first`` are classified correctly by the first network only, ``second`` by the second only.

    ``both`` by both. Accuracies differ by (first − second)/images.
    """

    images: int
    both: int
    first: int
    second: int

    @classmethod
    def of(cls, first: Bools, second: Bools) -> Discordance:
        """From (n,) and (n,): whether each network classifies an image correctly, in the same order of images."""
        counts = (int((one & other).sum()) for one, other in ((first, second), (first, ~second), (~first, second)))
        return cls(len(first), *counts)

    @property
    def neither(self) -> int:
        """Images that both get wrong."""
        return self.images - self.both - self.first - self.second

    @property
    def difference(self) -> float:
        """Accuracy of the first less that of the second, on these images; NaN without any."""
        return (self.first - self.second) / self.images if self.images else float("nan")

    @property
    def p(self) -> float:
        """Two-sided exact p: min(1, 2·P(X ≤ min(b, c))), X ~ Bin(b + c, ½), b and c the discordant counts.

        McNemar 1947 in its exact form. It asks whether two given networks differ on new images like these; it knows
        nothing of how much another seed would change them. 1 where no image tells them apart.
        """
        few, every = min(self.first, self.second), self.first + self.second
        return min(1.0, 2 * float(bdtr(few, every, 0.5))) if every else 1.0
