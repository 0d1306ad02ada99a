"""Chance accuracy, and the accuracy up to which a network has learnt nothing: one rule for pages, commands and JSON."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reglab.number_format import percent

_Z = 1.6448536269514715  # Φ⁻¹(0.95), as statistics.NormalDist gives it, which is slow to import
_UNEVEN = 0.005  # shares that differ by less are the same to half a point: the rounding of a split


@dataclass(frozen=True)
class Chance:
    """The accuracy of guessing on ``images`` validation images of ``classes`` classes.

    ``majority`` is the share of the most frequent validation label, 1/``classes`` where it is not known.
    """

    classes: int
    images: int
    majority: float = 0.0

    @classmethod
    def of_labels(cls, counts: Sequence[int]) -> Chance:
        """From the number of validation images of each class."""
        return cls(len(counts), sum(counts), max(counts) / sum(counts))

    @property
    def accuracy(self) -> float:
        """The larger of 1/classes and the majority share: always answering the most frequent class reaches it."""
        return max(1 / self.classes, self.majority)

    @property
    def bound(self) -> float:
        """The one-sided 95 % Wilson bound above :attr:`accuracy`; nothing is learnt below it.

        (p + z²/2n + z·√(p(1 − p)/n + z²/4n²)) / (1 + z²/n), z = 1.645 (Wilson 1927).
        """
        p, n = self.accuracy, self.images
        root = math.sqrt(p * (1 - p) / n + _Z**2 / (4 * n**2))
        return (p + _Z**2 / (2 * n) + _Z * root) / (1 + _Z**2 / n)

    def holds(self, accuracy: float | None) -> bool:
        """Whether a validation ``accuracy`` is known and at chance."""
        return accuracy is not None and accuracy < self.bound

    @property
    def uneven(self) -> bool:
        """Whether the classes differ in frequency, so that balanced accuracy belongs beside accuracy."""
        return self.majority - 1 / self.classes > _UNEVEN

    @property
    def text(self) -> str:
        """For example "10 %", or "19 %, the share of the most frequent class"."""
        return percent(self.accuracy, 0) + (", the share of the most frequent class" if self.uneven else "")

    @property
    def rule_text(self) -> str:
        """The sentence that says what counts as chance."""
        bound = percent(self.bound)
        return f"With {self.images:,} validation images, an accuracy below {bound} is no better than guessing."

    def facts(self) -> dict[str, Any]:
        """The object in results: ``{"accuracy", "bound", "images"}``."""
        return {"accuracy": self.accuracy, "bound": self.bound, "images": self.images}


def strictest(every: Iterable[Chance]) -> Chance | None:
    """The chance with the highest bound: repeats differ by an image or two."""
    return max(every, key=lambda chance: chance.bound, default=None)


def recorded_chance(environment: Mapping[str, Any] | None) -> Chance | None:
    """Chance by a run's record of its data; ``None`` for runs of earlier versions, which have none."""
    counts = (environment or {}).get("val_labels")
    return Chance.of_labels(counts) if counts else None
