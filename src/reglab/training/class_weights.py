"""Class weights of the loss, ω_c = n/(C·n_c) for n training labels, n_c of class c: scikit-learn's "balanced".

A batch's training criterion is Σ ω_y·ℓ / Σ ω_y, as in torch's ``CrossEntropyLoss(weight=ω)``. Over all training images
Σ ω_y = n, so J has the mean of ω_y·ℓ.
"""

from __future__ import annotations

from collections.abc import Sequence


def balanced_weights(counts: Sequence[int]) -> tuple[float, ...]:
    """ω of each class with ``counts`` labels; C counts the classes that have some, and ω is 0 for the others."""
    n, present = sum(counts), sum(count > 0 for count in counts)
    return tuple(n / (present * count) if count else 0.0 for count in counts)
