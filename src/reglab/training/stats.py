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
    low, high = torch.aminmax(rows, dim=1)
    l1_norms, l2_norms = rows.abs().sum(1).double(), rows.square().sum(1).sqrt().double()
    penalty_grads = penalty_gradient_norms(weights.detach(), own, l1_norms, l2_norms, mean_gradients)
    figures = torch.stack(
        [l1_norms, l2_norms, torch.maximum(-low, high).double(), data_gradient_norms(rows, gradients), penalty_grads]
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
    open-ended bins.
    """
    lanes = len(rows)
    integer, shift, bits = (torch.int64, 45, 19) if rows.dtype == torch.float64 else (torch.int32, 16, 16)
    words = rows.contiguous().view(integer)
    prefixes = (words >> shift).add_(1 << (bits - 1))  # first the negative numbers, smallest magnitudes first
    found = _table(bits, rows.device).index_select(0, prefixes.flatten()).view(lanes, -1)
    if lanes > 1:
        found += torch.arange(lanes, device=rows.device)[:, None] * N_BINS
    zero = rows == 0
    tally = torch.stack([zero.sum(1), (zero & (words < 0)).sum(1)])
    counts = torch.bincount(found.flatten(), minlength=lanes * N_BINS).view(lanes, N_BINS).cpu().numpy()
    zeros, negative = tally.cpu().numpy()
    counts[:, PER_SIDE - 1] -= negative
    counts[:, PER_SIDE] -= zeros - negative
    return counts, zeros


@lru_cache
def _table(bits: int, device: torch.device) -> Tensor:
    """Leading bits, shifted so that the negative numbers come first → bin."""
    words = MAGNITUDES.view(np.int64) >> 45 if bits == 19 else MAGNITUDES.astype(np.float32).view(np.int32) >> 16
    magnitude = np.searchsorted(words.astype(np.int64), np.arange(1 << (bits - 1)), side="right") - 1
    return torch.from_numpy(np.concatenate([PER_SIDE - 1 - magnitude, PER_SIDE + magnitude])).to(device)


_NEAR_ZERO = slice(PER_SIDE - _NEAR_ZERO_BINS, PER_SIDE + _NEAR_ZERO_BINS)
