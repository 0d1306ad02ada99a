"""What is measured at an epoch's end: data loss and accuracy in eval mode, and each kernel's norms and histogram."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from reglab.bins import MAGNITUDES, N_BINS, PER_SIDE
from reglab.events import LayerStats

_CHUNK = 256  # images per forward pass: large enough to be quick, small enough for any memory
_NEAR_ZERO_BINS = 2  # magnitude bins below 2⁻¹⁰


@torch.inference_mode()
def evaluate(model: nn.Module, images: Tensor, labels: Tensor) -> tuple[float, float]:
    """(mean cross-entropy in nats, share classified rightly) over all ``images`` in eval mode.

    Chunks are summed in float64. The model is left in training mode.
    """
    model.eval()
    loss = torch.zeros((), dtype=torch.float64, device=images.device)
    right = torch.zeros((), dtype=torch.int64, device=images.device)
    for start in range(0, len(images), _CHUNK):
        x, y = images[start : start + _CHUNK], labels[start : start + _CHUNK]
        scores = model(x)
        loss += F.cross_entropy(scores, y, reduction="sum")
        right += (scores.argmax(1) == y).sum()
    model.train()
    return loss.item() / len(images), right.item() / len(images)


@torch.no_grad()
def layer_stats(name: str, weight: Tensor) -> LayerStats:
    """Norms, exact zeros, the share with |w| < 2⁻¹⁰ and the histogram of one kernel tensor."""
    flat = weight.detach().flatten()
    counts, zeros = histogram(flat)
    near = zeros + int(counts[PER_SIDE - _NEAR_ZERO_BINS : PER_SIDE + _NEAR_ZERO_BINS].sum())
    low, high = torch.aminmax(flat)
    return LayerStats(
        layer=name,
        size=flat.numel(),
        l1_norm=flat.abs().sum().item(),
        l2_norm=flat.square().sum().sqrt().item(),
        max_abs=max(-low.item(), high.item()),
        zero_share=zeros / flat.numel(),
        near_zero_share=near / flat.numel(),
        zeros=zeros,
        counts=counts,
    )


def histogram(flat: Tensor) -> tuple[NDArray[np.int64], int]:
    """(counts over :mod:`reglab.bins`, number of exact zeros); together they make the tensor's size.

    A number's leading bits (sign, exponent, seven bits of significand) fix its bin, because every edge has no more:
    counting those prefixes and folding them into bins is exact, and many times quicker than searching the edges. NaN
    falls into the open-ended bins.
    """
    integer, shift, bits = (torch.int64, 45, 19) if flat.dtype == torch.float64 else (torch.int32, 16, 16)
    prefixes = (flat.view(integer) >> shift) + (1 << (bits - 1))
    found = torch.bincount(prefixes, minlength=1 << bits).cpu().numpy()
    counts = np.bincount(_bin_of_prefix(bits), weights=found, minlength=N_BINS).astype(np.int64)
    zeros = flat.numel() - int(torch.count_nonzero(flat))
    if zeros:
        negative = int((torch.signbit(flat) & (flat == 0)).sum())
        counts[PER_SIDE - 1] -= negative
        counts[PER_SIDE] -= zeros - negative
    return counts, zeros


@lru_cache
def _bin_of_prefix(bits: int) -> NDArray[np.int64]:
    """The bin of every prefix, in the order of signed integers: first the negative numbers, then the others."""
    half = 1 << (bits - 1)
    if bits == 19:
        words64 = np.arange(half, dtype=np.uint64) << np.uint64(45)
        magnitudes = np.minimum(words64, np.array(np.inf, np.float64).view(np.uint64)).view(np.float64)
    else:
        words32 = np.arange(half, dtype=np.uint32) << np.uint32(16)
        magnitudes = np.minimum(words32, np.array(np.inf, np.float32).view(np.uint32)).view(np.float32)
    bins = np.searchsorted(MAGNITUDES, magnitudes, side="right") - 1
    return np.concatenate([PER_SIDE - 1 - bins, PER_SIDE + bins])
