"""Norms, zeros and histograms against NumPy; loss and accuracy against their formulas."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from torch import Tensor, nn

from reglab.bins import EDGES, MAGNITUDES, N_BINS, PER_SIDE
from reglab.training.arrays import Labelled
from reglab.training.metrics import Evaluated, chunk_size, evaluate
from reglab.training.stats import histogram, histograms, layer_stats


def expected_counts(values: NDArray[np.floating]) -> NDArray[np.int64]:
    """The bins' definition, searched edge by edge."""
    bins = np.searchsorted(MAGNITUDES, np.abs(values), side="right") - 1
    counts = np.zeros(N_BINS, np.int64)
    for value, where in zip(values, bins, strict=True):
        if value != 0:
            counts[PER_SIDE - 1 - where if value < 0 else PER_SIDE + where] += 1
    return counts


def evaluated(model: nn.Module, x: Tensor, y: Tensor, chunk: int) -> tuple[float, float]:
    """What :func:`evaluate` returns, when it is not stopped at one of its ⌈n/chunk⌉ − 1 yields."""
    evaluation, stops = evaluate(lambda images: model.eval()(images)[None], Labelled(x, y), 1, chunk), 0
    while True:
        try:
            next(evaluation)
            stops += 1
        except StopIteration as end:
            assert stops == (len(x) - 1) // chunk
            [found] = end.value
            return found.loss, found.accuracy


@given(hnp.arrays(np.float32, st.integers(1, 200), elements=st.floats(-8, 8, width=32)))
def test_histogram_counts_every_weight_in_its_bin(values: NDArray[np.float32]) -> None:
    counts, zeros = histogram(torch.from_numpy(values))
    np.testing.assert_array_equal(counts, expected_counts(values))
    assert counts.sum() + zeros == values.size


@given(hnp.arrays(np.float64, st.integers(1, 200), elements=st.floats(-8, 8)))
def test_histogram_is_exact_in_float64_too(values: NDArray[np.float64]) -> None:
    counts, zeros = histogram(torch.from_numpy(values))
    np.testing.assert_array_equal(counts, expected_counts(values))
    assert zeros == np.count_nonzero(values == 0)


def test_weights_on_an_edge_fall_into_the_bin_that_begins_there() -> None:
    counts, _ = histogram(torch.tensor(MAGNITUDES[1:], dtype=torch.float32))
    assert counts[PER_SIDE] == 0
    assert (counts[PER_SIDE + 1 :] == 1).all()


def test_histogram_agrees_with_numpy_on_the_drawn_edges() -> None:
    values = np.random.default_rng(0).normal(0, 0.3, 100_000).astype(np.float32)
    counts, zeros = histogram(torch.from_numpy(values))
    np.testing.assert_array_equal(counts, np.histogram(values, EDGES)[0])
    assert zeros == 0


def test_signed_zeros_are_counted_apart_from_tiny_weights() -> None:
    counts, zeros = histogram(torch.tensor([0.0, -0.0, -0.0, 1e-20, -1e-20, 1e-44, 2e-44, -1e-44]))
    assert zeros == 3
    assert counts[PER_SIDE] == 3
    assert counts[PER_SIDE - 1] == 2
    assert counts.sum() == 5


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_rows_of_several_lanes_are_counted_apart(dtype: torch.dtype) -> None:
    rows = torch.randn(3, 500, generator=torch.Generator().manual_seed(0), dtype=dtype)
    rows[1, :7], rows[1, 7:9] = 0.0, -0.0
    counts, zeros = histograms(rows)
    np.testing.assert_array_equal(counts, [expected_counts(row) for row in rows.numpy()])
    assert zeros.tolist() == [0, 9, 0]


def test_infinite_weights_fall_into_the_open_bins() -> None:
    counts, _ = histogram(torch.tensor([np.inf, -np.inf, 1e30, -5.0]))
    assert (counts[0], counts[-1]) == (2, 2)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_layer_stats_are_numpys(dtype: torch.dtype) -> None:
    weight = torch.randn(64, 32, 3, 3, generator=torch.Generator().manual_seed(0)).to(dtype) * 0.01
    weight[0] = 0
    stats, w = layer_stats("conv.weight", weight), weight.numpy().astype(np.float64)
    assert stats.layer == "conv.weight"
    assert stats.size == w.size
    assert stats.l1_norm == pytest.approx(np.abs(w).sum(), rel=1e-6)
    assert stats.l2_norm == pytest.approx(np.sqrt((w**2).sum()), rel=1e-6)
    assert stats.max_abs == pytest.approx(np.abs(w).max(), rel=1e-12)
    assert stats.zeros == 32 * 9
    assert stats.zero_share == (w == 0).mean()
    assert stats.near_zero_share == pytest.approx((np.abs(w) < 2**-10).mean(), rel=1e-12)
    assert stats.counts.sum() + stats.zeros == w.size


def test_norms_of_millions_of_weights_keep_six_digits() -> None:
    weight = torch.randn(2_000_000, generator=torch.Generator().manual_seed(0)) * 0.01
    stats, w = layer_stats("w", weight), weight.double().numpy()
    assert stats.l1_norm == pytest.approx(np.abs(w).sum(), rel=1e-6)
    assert stats.l2_norm == pytest.approx(np.linalg.norm(w), rel=1e-6)


def test_evaluate_is_the_mean_cross_entropy_and_the_share_of_right_answers() -> None:
    generator = torch.Generator().manual_seed(0)
    x, y = torch.randn(700, 1, 2, 2, generator=generator), torch.randint(0, 3, (700,), generator=generator)
    model = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(4, 3))
    loss, accuracy = evaluated(model, x, y, 256)
    weight, bias = (parameter.detach().double().numpy() for parameter in model.parameters())
    scores = x.flatten(1).double().numpy() @ weight.T + bias
    log_p = scores - np.log(np.exp(scores).sum(1, keepdims=True))
    assert loss == pytest.approx(-log_p[np.arange(700), y.numpy()].mean(), rel=1e-6)
    assert accuracy == (scores.argmax(1) == y.numpy()).mean()


def test_wrongly_labelled_images_are_counted_by_what_they_are_named() -> None:
    """Ten images in two lanes: what is named as labelled, as the wrong label learnt by heart, and truly."""
    labels, true = torch.tensor([0, 1, 2, 0, 1, 2, 0, 1, 2, 0]), torch.tensor([0, 1, 2, 0, 1, 2, 1, 2, 0, 2])
    named = torch.tensor([[0, 1, 2, 1, 1, 0, 0, 1, 0, 1], [0] * 10])
    data = Labelled(torch.arange(10.0).view(10, 1, 1, 1), labels, labels != true, true, 4)

    def score(images: Tensor) -> Tensor:
        return F.one_hot(named[:, images.flatten().long()], 3).float()

    [first, second] = drain(evaluate(score, data, 2, 3))
    assert (first.accuracy, second.accuracy) == (0.6, 0.4)
    assert (first.clean, first.flipped, first.true) == (4 / 6, 2 / 4, 1 / 4)
    assert (second.clean, second.flipped, second.true) == (2 / 6, 2 / 4, 1 / 4)


def drain(evaluation: Generator[None, None, list[Evaluated]]) -> list[Evaluated]:
    while True:
        try:
            next(evaluation)
        except StopIteration as end:
            found: list[Evaluated] = end.value
            return found


def test_the_chunk_of_an_evaluation_changes_rounding_only() -> None:
    generator = torch.Generator().manual_seed(0)
    x, y = torch.randn(700, 1, 2, 2, generator=generator), torch.randint(0, 3, (700,), generator=generator)
    model = nn.Sequential(nn.Flatten(), nn.Linear(4, 3))
    (loss, accuracy), whole = evaluated(model, x, y, 64), evaluated(model, x, y, 700)
    assert loss == pytest.approx(whole[0], rel=1e-6)
    assert accuracy == whole[1]


def test_large_networks_are_evaluated_in_smaller_chunks() -> None:
    cpu = torch.device("cpu")
    chunks = [chunk_size(size, cpu) for size in (100, 50_000, 100_000, 10_000_000)]
    assert chunks == [4096, 167, 83, 64]
    assert chunk_size(100_000, torch.device("cuda")) == 4096
