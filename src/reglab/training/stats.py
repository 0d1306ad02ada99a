"""Norms, zeros, pulls and the histogram of a kernel, for all lanes of a stack at once; a run alone is a stack of one.

Everything is computed lane by lane on a view (K, n) of the stacked tensor, and fetched from the device once.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reglab.bins import MAGNITUDES, N_BINS, PER_SIDE
from reglab.events import LayerStats
from reglab.penalties import Strength
from reglab.training.gradient_ratio import data_gradient_norms, penalty_gradient_norms

_UNPENALISED = Strength(0.0, 0.0)
_NEAR_ZERO_BINS = 2  # magnitude bins below 2⁻¹⁰


@torch.no_grad()
def layer_stats(
    name: str, weight: Tensor, own: Strength = _UNPENALISED, mean_gradient: Tensor | None = None
) -> LayerStats:
    """Norms, exact zeros, the share with |w| < 2⁻¹⁰, the pulls and the histogram of one kernel tensor.

    ``own`` is the kernel's λ, its factor included; ``mean_gradient`` the data loss's over the epoch, as ``weight``.
    """
    return lane_stats(name, weight[None], own, None if mean_gradient is None else mean_gradient[None])[0]


@torch.no_grad()
def lane_stats(name: str, weights: Tensor, own: Strength, mean_gradients: Tensor | None) -> list[LayerStats]:
    """The same for a kernel of every lane: tensors (K, …), λ one for all or one a lane."""
    rows = flat(weights.detach())
    gradients = None if mean_gradients is None else flat(mean_gradients)
    counts, zeros = histograms(rows)
    low, high = torch.aminmax(rows, dim=1)
    l1_norms, l2_norms = rows.abs().sum(1).double(), rows.square().sum(1).sqrt().double()
    pulls = penalty_gradient_norms(rows, own, l1_norms, l2_norms, gradients)
    figures = torch.stack(
        [l1_norms, l2_norms, torch.maximum(-low, high).double(), data_gradient_norms(rows, gradients), pulls]
    )
    size = rows.shape[1]
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
        )
        for n, row, (l1_norm, l2_norm, max_abs, data_grad, penalty_grad) in zip(
            zeros, counts, figures.T.tolist(), strict=True
        )
    ]


def flat(stacked: Tensor) -> Tensor:
    """(K, …) as (K, n), without a copy where the lanes lie one after another in memory, channels last or not."""
    order = sorted(range(1, stacked.ndim), key=stacked.stride().__getitem__, reverse=True)
    return stacked.permute(0, *order).flatten(1)


def histogram(values: Tensor) -> tuple[NDArray[np.int64], int]:
    """:func:`histograms` of one row of numbers."""
    counts, zeros = histograms(values[None])
    return counts[0], int(zeros[0])


def histograms(rows: Tensor) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(counts over :mod:`reglab.bins`, number of exact zeros) of each row; together they make its size.

    A number's leading bits (sign, exponent, seven bits of significand) fix its bin, because every edge has no more: a
    table from those bits to bins is exact, and many times quicker than searching the edges. NaN falls into the
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
