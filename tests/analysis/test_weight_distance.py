"""Wasserstein's distance of two histograms, against SciPy's on points that fill the bins evenly, and on weights."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import wasserstein_distance  # type: ignore[import-untyped]

from reglab.analysis.weight_distance import wasserstein
from reglab.bins import EDGES, N_BINS

Histogram = tuple[NDArray[np.int64], int]
FINE = (np.arange(400) + 0.5) / 400  # points in a bin


def points(part: Histogram) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Places and weights of many points that lie as the histogram says."""
    counts, zeros = part
    places = (EDGES[:-1, None] + np.diff(EDGES)[:, None] * FINE).ravel()
    return np.append(places, 0.0), np.append(np.repeat(counts / len(FINE), len(FINE)), zeros)


def histogram(weights: NDArray[np.float64], zeros: int = 0) -> Histogram:
    return np.histogram(weights, EDGES)[0].astype(np.int64), zeros


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.integers(0, 500), st.integers(0, 500))
def test_it_is_the_distance_of_weights_that_fill_their_bins(seed: int, zeros: int, other_zeros: int) -> None:
    rng = np.random.default_rng(seed)
    first, second = ((rng.poisson(rng.uniform(0, 3), N_BINS).astype(np.int64), n) for n in (zeros, other_zeros))
    first[0][0] += 1
    second[0][0] += 1
    (places, weights), (other_places, other_weights) = points(first), points(second)
    expected = wasserstein_distance(places, other_places, weights, other_weights)
    assert wasserstein(first, second) == pytest.approx(expected, rel=1e-3, abs=1e-5)


def test_it_is_near_that_of_the_weights_themselves() -> None:
    rng = np.random.default_rng(0)
    one, other = rng.normal(0, 0.2, 20_000), rng.normal(0.05, 0.1, 30_000)
    assert wasserstein(histogram(one), histogram(other)) == pytest.approx(wasserstein_distance(one, other), rel=0.02)


def test_zeros_lie_at_zero() -> None:
    away = histogram(np.full(10, 1.0))
    assert wasserstein((np.zeros(N_BINS, dtype=np.int64), 10), away) == pytest.approx(1.0625)  # the bin [1, 1.125)
    assert wasserstein((away[0], 10), away) == pytest.approx(1.0625 / 2)


def test_it_is_a_metric_on_histograms() -> None:
    rng = np.random.default_rng(1)
    a, b, c = (histogram(rng.normal(0, scale, 500), zeros) for scale, zeros in ((0.1, 0), (0.2, 50), (0.4, 100)))
    assert wasserstein(a, a) == 0
    assert wasserstein(a, b) == pytest.approx(wasserstein(b, a))
    assert wasserstein(a, c) <= wasserstein(a, b) + wasserstein(b, c)


def test_without_weights_there_is_none() -> None:
    assert np.isnan(wasserstein((np.zeros(N_BINS, dtype=np.int64), 0), histogram(np.ones(1))))
