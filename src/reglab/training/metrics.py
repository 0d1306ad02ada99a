"""What is measured at an epoch's end: data loss and accuracy in eval mode, and each kernel's norms and histogram."""

from __future__ import annotations

from collections.abc import Generator
from functools import lru_cache

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from reglab.bins import MAGNITUDES, PER_SIDE
from reglab.events import LayerStats
from reglab.penalties import Strength
from reglab.training.pulls import data_pull, penalty_pull

_CHUNK = 256
_BYTES = {"cpu": 8 * 2**20, "cuda": 2**30}  # activations that one forward pass may write
_FEWEST, _MOST = 64, 4096
_UNPENALISED = Strength(0.0, 0.0)
_NEAR_ZERO_BINS = 2  # magnitude bins below 2⁻¹⁰


def chunk_size(activation_bytes: int, device: torch.device) -> int:
    """Images per forward pass of an evaluation, from the activations of one image; it fixes the last bits of a loss.

    On a CPU, tensors above 32 MB are fetched from the system anew at each use, page by page: at 28 pixels simple_cnn
    takes 1.6 times as long in chunks of 256 as in chunks of 64. Small networks like many images at once.
    """
    return max(_FEWEST, min(_MOST, _BYTES.get(device.type, _BYTES["cuda"]) // activation_bytes))


def evaluate(
    model: nn.Module, images: Tensor, labels: Tensor, chunk: int = _CHUNK
) -> Generator[None, None, tuple[float, float]]:
    """(mean cross-entropy in nats, share classified rightly) over all ``images`` in eval mode.

    ``chunk`` images at a time, summed in float64; yields between chunks, where the caller may stop, and returns the
    pair. The model is left in training mode.
    """
    model.eval()
    loss = torch.zeros((), dtype=torch.float64, device=images.device)
    right = torch.zeros((), dtype=torch.int64, device=images.device)
    for start in range(0, len(images), chunk):
        if start:
            yield
        with torch.inference_mode():
            x, y = images[start : start + chunk], labels[start : start + chunk]
            scores = model(x)
            loss += F.cross_entropy(scores, y, reduction="sum")
            right += (scores.argmax(1) == y).sum()
    model.train()
    return loss.item() / len(images), right.item() / len(images)


@torch.no_grad()
def layer_stats(
    name: str, weight: Tensor, own: Strength = _UNPENALISED, mean_gradient: Tensor | None = None
) -> LayerStats:
    """Norms, exact zeros, the share with |w| < 2⁻¹⁰, the pulls and the histogram of one kernel tensor.

    ``own`` is the kernel's λ, its factor included; ``mean_gradient`` the data loss's over the epoch, as ``weight``.
    """
    flat = weight.detach().flatten()
    counts, zeros = histogram(flat)
    near = zeros + int(counts[PER_SIDE - _NEAR_ZERO_BINS : PER_SIDE + _NEAR_ZERO_BINS].sum())
    low, high = torch.aminmax(flat)
    l1_norm, l2_norm = flat.abs().sum().item(), flat.square().sum().sqrt().item()
    return LayerStats(
        layer=name,
        size=flat.numel(),
        l1_norm=l1_norm,
        l2_norm=l2_norm,
        max_abs=max(-low.item(), high.item()),
        zero_share=zeros / flat.numel(),
        near_zero_share=near / flat.numel(),
        data_grad=data_pull(mean_gradient),
        penalty_grad=penalty_pull(weight, own, l1_norm, l2_norm, mean_gradient),
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
    half = 1 << (bits - 1)
    prefixes = (flat.view(integer) >> shift).add_(half)  # first the negative numbers, smallest magnitudes first
    found = torch.bincount(prefixes, minlength=2 * half).cpu().numpy()
    counts = np.add.reduceat(found, _first_prefixes(bits))
    counts[:PER_SIDE] = counts[:PER_SIDE][::-1].copy()
    zeros = 0
    if found[0] or found[half]:  # zeros, or numbers below 2⁻¹²⁶
        zeros = flat.numel() - int(torch.count_nonzero(flat))
        negative = int((torch.signbit(flat) & (flat == 0)).sum())
        counts[PER_SIDE - 1] -= negative
        counts[PER_SIDE] -= zeros - negative
    return counts, zeros


@lru_cache
def _first_prefixes(bits: int) -> NDArray[np.int64]:
    """The prefix with which each bin begins: first those of the negative numbers, from 0 outwards, then the others."""
    words = MAGNITUDES.view(np.int64) >> 45 if bits == 19 else MAGNITUDES.astype(np.float32).view(np.int32) >> 16
    starts = words.astype(np.int64)
    return np.concatenate([starts, starts + (1 << (bits - 1))])
