"""The filters of a first layer, of a convolution and of a dense layer."""

from __future__ import annotations

import numpy as np
import pytest

from reglab.analysis.filters import first_filters


def test_filters_of_a_convolution() -> None:
    weights = np.random.default_rng(0).normal(size=(4, 3, 5, 5)).astype(np.float32)
    weights[2] = 0
    found = first_filters("conv1.weight", weights, (3, 32, 32))
    assert found is not None
    assert (found.kind, found.zero.tolist()) == ("filter", [False, False, True, False])
    np.testing.assert_allclose(found.norms, np.linalg.norm(weights.reshape(4, -1), axis=1), rtol=1e-6)
    np.testing.assert_allclose(found.limits, np.abs(weights).max(axis=(1, 2, 3)))


def test_units_of_a_dense_layer_have_the_shape_of_an_image() -> None:
    weights = np.arange(2 * 12, dtype=np.float32).reshape(2, 12)
    found = first_filters("fc.weight", weights, (1, 3, 4))
    assert found is not None
    assert found.kind == "unit"
    assert found.values[1, 0].tolist() == (12 + np.arange(12).reshape(3, 4)).tolist()


@pytest.mark.parametrize("shape", [(7,), (2, 11), (2, 3, 4)])
def test_other_tensors_have_no_filters(shape: tuple[int, ...]) -> None:
    assert first_filters("w", np.zeros(shape), (1, 3, 4)) is None


def test_weights_that_are_not_finite_have_a_finite_scale() -> None:
    weights = np.full((1, 1, 2, 2), np.nan)
    weights[0, 0, 0, 0] = -3
    found = first_filters("w", weights, (1, 8, 8))
    assert found is not None
    assert (found.limits.tolist(), found.zero.tolist()) == ([3.0], [False])
