"""Statistics of a layer's weights, for all fused lanes at once; a run alone is K = 1.

Everything is computed lane by lane on a view (K, n) of the tensor (K, …), and fetched from the device once.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reglab.bins import MAGNITUDES, N_BINS, PER_SIDE
from reglab.events import LayerStats
from reglab.penalties.scaled import Scale, flat
from reglab.training.gradient_ratio import data_gradient_norms, penalty_gradient_norms

_NEAR_ZERO_BINS = 2  # magnitude bins below 2⁻¹⁰


@torch.no_grad()
def layer_stats(
    name: str, weight: Tensor, own: Mapping[str, Scale] | None = None, mean_gradient: Tensor | None = None
) -> LayerStats:
    """:func:`lane_stats` of one run: ``own`` is the tensor's λ by term, its factor included.

    ``mean_gradient`` is the data loss's, averaged over the epoch's images, in the shape of ``weight``.
    """
    return lane_stats(name, weight[None], own or {}, None if mean_gradient is None else mean_gradient[None])[0]


@torch.no_grad()
def lane_stats(name: str, weights: Tensor, own: Mapping[str, Scale], mean_gradients: Tensor | None) -> list[LayerStats]:
    """Norms, zeros, gradient norms and histogram of a weight tensor (K, …); each λ is for all lanes, or one a lane."""
    rows = flat(weights.detach())
    gradients = None if mean_gradients is None else flat(mean_gradients)
    counts, zeros = histograms(rows)
    magnitudes = rows.abs()
    l1_norms, l2_norms = magnitudes.sum(1).double(), rows.square().sum(1).sqrt().double()
    penalty_grads = penalty_gradient_norms(weights.detach(), own, l1_norms, l2_norms, mean_gradients)
    figures = torch.stack(
        [l1_norms, l2_norms, magnitudes.amax(1).double(), data_gradient_norms(rows, gradients), penalty_grads]
    )
    size, units = rows.shape[1], weights.shape[1]
    zero_units = _zero_units(weights.detach()) if zeros.max() >= size / units else [0] * len(rows)
    return [
        LayerStats(
            layer=name,
            size=size,
            l1_norm=l1_norm,
            l2_norm=l2_norm,
            max_abs=max_abs,
            zero_share=int(n) / size,
            near_zero_share=(int(n) + int(row[_NEAR_ZERO].sum())) / size,
            data_grad=data_grad,
            penalty_grad=penalty_grad,
            zeros=int(n),
            counts=row,
            units=units,
            zero_units=gone,
        )
        for n, gone, row, (l1_norm, l2_norm, max_abs, data_grad, penalty_grad) in zip(
            zeros, zero_units, counts, figures.T.tolist(), strict=True
        )
    ]


def _zero_units(weights: Tensor) -> list[int]:
    """Filters, or dense units with all their incoming weights, that are exactly 0 in each lane."""
    found: list[int] = (weights == 0).reshape(*weights.shape[:2], -1).all(2).sum(1).tolist()
    return found


def histogram(values: Tensor) -> tuple[NDArray[np.int64], int]:
    """:func:`histograms` of one row of numbers."""
    counts, zeros = histograms(values[None])
    return counts[0], int(zeros[0])


def histograms(rows: Tensor) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(counts over :mod:`reglab.bins`, number of exact zeros) of each row; together they make its size.

    A number's leading bits (sign, exponent, seven bits of significand) fix its bin, because every edge has no more: a
    table from those bits to bins is exact, and many times faster than searching the edges. NaN falls into the
    open-ended bins. Zeros share their leading bits with the smallest numbers alone, so that they are looked for only
    where there are such bits.
    """
    lanes = len(rows)
    integer, shift, bits = (torch.int64, 45, 19) if rows.dtype == torch.float64 else (torch.int32, 16, 16)
    words = rows.contiguous().view(integer)
    prefixes = (words >> shift).add_(1 << (bits - 1))  # first the negative numbers, smallest magnitudes first
    found = _table(bits, rows.device).index_select(0, prefixes.flatten()).view(lanes, -1)
    if lanes > 1:
        found += torch.arange(lanes, device=rows.device, dtype=found.dtype)[:, None] * _COUNTED
    counts = torch.bincount(found.flatten(), minlength=lanes * _COUNTED).view(lanes, _COUNTED).cpu().numpy()
    counts, tiny = counts[:, :N_BINS].copy(), counts[:, N_BINS:]
    zeros, negative = _zeros(rows, words) if tiny.any() else np.zeros((2, lanes), np.int64)
    counts[:, PER_SIDE - 1] += tiny[:, 0] - negative
    counts[:, PER_SIDE] += tiny[:, 1] - (zeros - negative)
    return counts, zeros


def _zeros(rows: Tensor, words: Tensor) -> NDArray[np.int64]:
    """How many numbers of each row are 0 or −0, and how many −0 (2, K)."""
    zero = rows == 0
    found: NDArray[np.int64] = torch.stack([zero.sum(1), (zero & (words < 0)).sum(1)]).cpu().numpy()
    return found


@lru_cache
def _table(bits: int, device: torch.device) -> Tensor:
    """Leading bits, shifted so that the negative numbers come first → bin; N_BINS and the next for −0, 0 and the like.

    In 32 bits: counting them takes half as long as in 64.
    """
    words = MAGNITUDES.view(np.int64) >> 45 if bits == 19 else MAGNITUDES.astype(np.float32).view(np.int32) >> 16
    magnitude = np.searchsorted(words.astype(np.int64), np.arange(1 << (bits - 1)), side="right") - 1
    bins = np.concatenate([PER_SIDE - 1 - magnitude, PER_SIDE + magnitude]).astype(np.int32)
    bins[[0, len(magnitude)]] = N_BINS, N_BINS + 1
    return torch.from_numpy(bins).to(device)


_COUNTED = N_BINS + 2
_NEAR_ZERO = slice(PER_SIDE - _NEAR_ZERO_BINS, PER_SIDE + _NEAR_ZERO_BINS)
