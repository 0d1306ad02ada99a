"""Copies among images: equal ones by a digest of their bytes, near ones by two stated measures.

Two images a and b are near copies where, reduced to 8×8 means of grey, they correlate by at least :data:`ALIKE`, and
where mean|a − b| ≤ :data:`NEAR` · min(s(a), s(b)) over all pixels, with s(a) = mean|a − mean(a)|, the spread of an
image. Constant images, whose spread is 0, have none.

The search compares every pair, a few thousand images at a time: of standardised 8×8 images u and v,
u·v ≤ u₁·v₁ + |u₂||v₂|, where the index 1 is their part along the first principal components of all images, and 2 the
rest. That bound is a product of short vectors. Pairs beyond it are measured in full; where an image has more than
:data:`MOST_ALIKE` of them among a few thousand images, as in sets whose images are all of one kind, those of the
largest u·v are. Images are read in parts, so that mapped ones need not fit into memory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reglab.datasets.dataset import Progress, silent
from reglab.datasets.stratify import Indices

NEAR = 0.1
"""The largest mean difference of near copies, as a share of the smaller spread."""

ALIKE = 0.99
"""The least correlation of near copies, reduced to 8×8."""

MOST_ALIKE = 8
"""Images of each tile of pairs to which one image is compared in full, the most alike ones: a near copy is among them,
and thousands of nearly equal images need no more to be one group.
"""

_GRID = 8  # blocks along a side
_COMPONENTS = 16
_CHUNK, _ROWS, _COLUMNS = 512, 1024, 4096  # images that are read at once, and a tile of pairs

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Pictures:
    """Images ``places`` of ``images`` (N, C, H, W), uint8 or float; ``labels`` (N,) are those of all images."""

    name: str
    images: NDArray[np.generic]
    labels: NDArray[np.int64]
    places: Indices

    def pixels(self, at: Indices) -> NDArray[np.float32]:
        """Those of numbers ``at`` among its places, in [0, 1]."""
        found: NDArray[np.float32] = self.images[self.places[at]].astype(np.float32)
        return found / np.float32(255) if self.images.dtype == np.uint8 else found


@dataclass(frozen=True, eq=False)
class Copies:
    """Of all images of all parts, one after another: ``exact`` and ``near`` (n,) are the numbers of their groups, where
    ``near`` joins near and equal images. ``darkest`` and ``brightest`` (n,) are their extreme pixels.
    """

    exact: NDArray[np.int64]
    near: NDArray[np.int64]
    darkest: NDArray[np.float32]
    brightest: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class _Measured:
    digests: NDArray[np.void]
    blocks: NDArray[np.float32]
    spread: NDArray[np.float32]
    darkest: NDArray[np.float32]
    brightest: NDArray[np.float32]


def find_copies(parts: Sequence[Pictures], progress: Progress = silent) -> Copies:
    """Which images of ``parts``, all of one shape, are equal and nearly equal."""
    found = _joined([_measured(part, progress) for part in parts])
    _, first, exact = np.unique(found.digests, return_index=True, return_inverse=True)
    exact = exact.reshape(-1)
    distinct = first[found.spread[first] > 0]
    progress("Comparing images", 0.5)
    pairs = _near_pairs(parts, found, distinct, progress)
    return Copies(exact, _components(exact, pairs), found.darkest, found.brightest)


def _measured(part: Pictures, progress: Progress) -> _Measured:
    chunks = range(0, len(part.places), _CHUNK)
    each = []
    for start in chunks:
        progress(f"Reading {part.name} images", 0.5 * start / max(len(part.places), 1))
        each.append(_measure(part, np.arange(start, min(start + _CHUNK, len(part.places)))))
    return _joined(each) if each else _measure(part, np.arange(0))


def _measure(part: Pictures, at: Indices) -> _Measured:
    raw = np.ascontiguousarray(part.images[part.places[at]])
    digests = b"".join(hashlib.blake2b(image, digest_size=16).digest() for image in raw)
    x = raw.astype(np.float32)
    x = x / np.float32(255) if raw.dtype == np.uint8 else x
    flat = x.reshape(len(x), int(np.prod(x.shape[1:])))
    mean = flat.mean(axis=1, keepdims=True)
    grey = x.mean(axis=1)
    blocks = np.einsum("ah,nhw,bw->nab", _shares(x.shape[2]), grey, _shares(x.shape[3]), optimize=True)
    ends = (flat.min(axis=1), flat.max(axis=1)) if len(x) else (flat[:, 0], flat[:, 0])
    spread = np.abs(flat - mean).mean(axis=1) * (ends[1] > ends[0])
    return _Measured(np.frombuffer(digests, dtype="V16"), blocks.reshape(len(x), -1), spread, *ends)


def _shares(side: int) -> NDArray[np.float32]:
    """(G, side): how much of each pixel belongs to each block, of ``G`` equal ones; the rows sum to 1."""
    edges = np.linspace(0, side, _GRID + 1)
    low, high = np.arange(side), np.arange(1, side + 1)
    overlap = np.minimum(edges[1:, None], high) - np.maximum(edges[:-1, None], low)
    shares: NDArray[np.float32] = (overlap.clip(0) * _GRID / side).astype(np.float32)
    return shares


def _joined(each: Sequence[_Measured]) -> _Measured:
    names = ("digests", "blocks", "spread", "darkest", "brightest")
    return _Measured(*(np.concatenate([getattr(one, name) for one in each]) for name in names))


def _near_pairs(
    parts: Sequence[Pictures], found: _Measured, distinct: Indices, progress: Progress
) -> NDArray[np.int64]:
    """Pairs (n, 2) of near copies among the images ``distinct``."""
    unit = _standardised(found.blocks[distinct])
    distinct, unit = distinct[np.abs(unit).max(axis=1) > 0], unit[np.abs(unit).max(axis=1) > 0]
    kept = [np.empty((0, 2), np.int64)]
    for pairs, share in _possible_pairs(unit):
        progress("Comparing images", 0.5 + 0.5 * share)
        alike = np.einsum("nd,nd->n", unit[pairs[:, 0]], unit[pairs[:, 1]]) >= ALIKE
        kept.append(_verified(parts, distinct[pairs[alike]], NEAR * found.spread))
    return np.concatenate(kept)


def _standardised(blocks: Floats) -> Floats:
    """Rows with mean 0 and length 1; 0 for constant ones."""
    centred = blocks - blocks.mean(axis=1, keepdims=True)
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    found: Floats = np.where(length > 1e-6, centred / np.maximum(length, 1e-6), 0).astype(np.float32)
    return found


def _shortened(unit: Floats) -> Floats:
    """Rows along the first principal components, and then the length of the rest."""
    _, axes = np.linalg.eigh(unit.T @ unit)
    main = unit @ axes[:, ::-1][:, :_COMPONENTS]
    rest = np.sqrt(np.maximum(1 - np.square(main).sum(axis=1, keepdims=True), 0))
    return np.concatenate([main, rest], axis=1).astype(np.float32)


def _possible_pairs(unit: Floats) -> Iterator[tuple[NDArray[np.int64], float]]:
    """Pairs (n, 2), the smaller number first, whose bound is at least :data:`ALIKE`, and the share that is done."""
    short = _shortened(unit)
    n, turned = len(short), np.ascontiguousarray(short.T)
    for top in range(0, n, _ROWS):
        for left in range(top, n, _COLUMNS):
            hits = short[top : top + _ROWS] @ turned[:, left : left + _COLUMNS] >= ALIKE - 1e-5
            hits = np.triu(hits, 1) if left == top else hits
            chosen = _most_alike(hits, unit[top : top + _ROWS], unit[left : left + _COLUMNS])
            yield np.argwhere(chosen) + np.array([top, left]), top / n


def _most_alike(hits: NDArray[np.bool_], rows: Floats, columns: Floats) -> NDArray[np.bool_]:
    """``hits`` (R, C), of rows that have many the :data:`MOST_ALIKE` with the largest u·v."""
    crowded = np.flatnonzero(np.count_nonzero(hits, axis=1) > MOST_ALIKE)
    if len(crowded):
        alike = np.where(hits[crowded], rows[crowded] @ columns.T, -2)
        kept = np.argpartition(alike, -MOST_ALIKE, axis=1)[:, -MOST_ALIKE:]
        hits[crowded] = False
        hits[crowded[:, None], kept] = True
    return hits


def _verified(parts: Sequence[Pictures], pairs: NDArray[np.int64], radius: NDArray[np.float32]) -> NDArray[np.int64]:
    """Those of ``pairs`` whose pixels are near."""
    kept = []
    for start in range(0, len(pairs), _CHUNK):
        some = pairs[start : start + _CHUNK]
        apart = np.abs(_pixels(parts, some[:, 0]) - _pixels(parts, some[:, 1])).mean(axis=(1, 2, 3))
        kept.append(some[apart <= radius[some].min(axis=1)])
    return np.concatenate([np.empty((0, 2), np.int64), *kept])


def _pixels(parts: Sequence[Pictures], numbers: Indices) -> NDArray[np.float32]:
    """Images by their numbers among those of all parts."""
    made = np.empty((len(numbers), *parts[0].images.shape[1:]), np.float32)
    start = 0
    for part in parts:
        own = (numbers >= start) & (numbers < start + len(part.places))
        made[own] = part.pixels(numbers[own] - start)
        start += len(part.places)
    return made


def _components(exact: NDArray[np.int64], pairs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Group numbers that join equal images and ``pairs``."""
    from scipy.sparse import coo_array  # type: ignore[import-untyped]
    from scipy.sparse.csgraph import connected_components  # type: ignore[import-untyped]

    groups = int(exact.max(initial=-1)) + 1
    joined = exact[pairs]
    graph = coo_array((np.ones(len(joined), np.int8), (joined[:, 0], joined[:, 1])), shape=(groups, groups))
    _, component = connected_components(graph, directed=False)
    found: NDArray[np.int64] = component.astype(np.int64)[exact]
    return found
