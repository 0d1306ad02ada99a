"""Networks in which one dense layer holds most of the weights because the images are large, and two remedies.

A dense layer behind convolutions without pooling grows with the number of pixels: simple_cnn's has 8.4 million weights
at 32 × 32 pixels, and 411 million at 224 × 224.
"""

from __future__ import annotations

from dataclasses import dataclass

from reglab.datasets import DATASETS, image_shape
from reglab.models import MODELS, LayerRow, Summary, summarise
from reglab.number_format import gib
from reglab.optimizers import OPTIMIZERS
from reglab.spec import RunSpec

MOST = 2**24
"""Weights of a dense layer, 64 MiB, beyond which forms and commands say how large the network is."""

_SIDES = (128, 96, 64, 48, 32, 28, 16, 8)  # pixels that are proposed


@dataclass(frozen=True)
class Oversize:
    """``about`` says how large the network is; ``pool``: whether a global-pooling head is possible; ``resize``: pixels
    at which its dense layer has at most :data:`MOST` weights, None where there are no such.
    """

    about: str
    pool: bool
    resize: int | None

    @property
    def remedy(self) -> str:
        """What to set, for the command line."""
        ways = ["model.head=pool"] * self.pool + [f"data.resize={self.resize}"] * (self.resize is not None)
        return f"set {' or '.join(ways)}" if ways else "choose another CNN"


def oversize(spec: RunSpec) -> Oversize | None:
    """What to say of the size of the network of ``spec``; None where it is usual.

    :raises SpecError: CNN and images do not fit together.
    """
    summary = _summary(spec)
    layer = _largest(summary)
    if layer is None or layer.parameters <= MOST:
        return None
    entry, (_, height, width) = MODELS.get(spec.model.name), image_shape(spec.data)
    state, wide = OPTIMIZERS.get(spec.optim.name).state(spec.optim), 2 if spec.train.precision == "float64" else 1
    memory = gib(wide * summary.training_bytes(0, len(state)))
    about = (
        f"{entry.label} has {summary.parameters:,} parameters on images of {width} × {height} px, "
        f"{layer.parameters:,} of them in {layer.name}; weights, gradients and optimizer take {memory}."
    )
    pool = "head" in entry.switches and spec.model.head == "dense"
    sides = (side for side in _SIDES if entry.min_side <= side < min(height, width))
    return Oversize(about, pool, next((side for side in sides if _fits(spec, side)), None))


def _fits(spec: RunSpec, side: int) -> bool:
    layer = _largest(_summary(spec.with_changes({"data.resize": side})))
    return layer is None or layer.parameters <= MOST


def _summary(spec: RunSpec) -> Summary:
    return summarise(spec.model, image_shape(spec.data), len(DATASETS.get(spec.data.name).classes))


def _largest(summary: Summary) -> LayerRow | None:
    """The largest dense layer."""
    return max((row for row in summary.layers if row.kind == "Linear"), key=lambda row: row.parameters, default=None)
