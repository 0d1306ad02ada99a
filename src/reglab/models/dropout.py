"""y = x·m/(1 − p), m ~ Bernoulli(1 − p): inverted dropout whose masks come from a generator of its own."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class Dropout(nn.Module):
    """y = x·m/(1 − p) in training, m ~ Bernoulli(1 − p) for each element; y = x in evaluation and for p = 0.

    Masks are drawn from ``generator`` and never from the process-wide one, so that a run repeats bit for bit beside
    others. They do not depend on the dtype or memory layout of x. The generator may live on another device than x.

    :raises RuntimeError: in training without a generator (:func:`set_dropout_generator` gives one).
    """

    def __init__(self, p: float = 0.0) -> None:
        super().__init__()
        if not 0 <= p < 1:
            raise ValueError(f"p must be in [0, 1), not {p}")
        self.p = p
        self.generator: torch.Generator | None = None

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.p == 0:
            return x
        return x * (self.mask(x.shape).to(x) / (1 - self.p))

    def mask(self, shape: Sequence[int]) -> Tensor:
        """The next mask: True, with probability 1 − p, where an element is kept."""
        if self.generator is None:
            raise RuntimeError("dropout has no generator to draw from; call set_dropout_generator(model, generator)")
        uniform = torch.rand(shape, generator=self.generator, device=self.generator.device, dtype=torch.float32)
        return uniform >= self.p

    def extra_repr(self) -> str:
        return f"p={self.p}"


def set_dropout_generator(module: nn.Module, generator: torch.Generator | None) -> None:
    """Let every :class:`Dropout` inside ``module`` draw its masks from ``generator``, in the order of their calls."""
    for part in module.modules():
        if isinstance(part, Dropout):
            part.generator = generator
