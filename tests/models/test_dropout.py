"""Inverted dropout against NumPy: which elements are kept, how they are scaled, and from which generator."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn

from reglab.models import Dropout, set_dropout_generator

RATES = pytest.mark.parametrize("p", [0.1, 0.5, 0.95])


def dropout(p: float, seed: int = 5) -> Dropout:
    layer = Dropout(p)
    set_dropout_generator(layer, torch.Generator().manual_seed(seed))
    return layer


@RATES
def test_the_mask_is_numpys_mersenne_twister(p: float) -> None:
    words = np.random.RandomState(5).get_state()  # the same generator, seeded the same way
    twister = np.random.MT19937()
    twister.state = {"bit_generator": "MT19937", "state": {"key": words[1], "pos": words[2]}}  # type: ignore[index]
    uniform = (twister.random_raw(1000) & (2**24 - 1)) * 2.0**-24
    assert np.array_equal(dropout(p).mask((10, 100)).numpy().ravel(), uniform >= p)


@RATES
def test_keeps_each_element_with_probability_one_minus_p(p: float) -> None:
    n = 200_000
    kept = dropout(p).mask((n,)).numpy().mean()
    assert abs(kept - (1 - p)) < 5 * np.sqrt(p * (1 - p) / n)


@RATES
def test_scales_what_is_kept_so_that_the_mean_stays(p: float) -> None:
    x = torch.randn(300, 400, generator=torch.Generator().manual_seed(0), dtype=torch.float64) + 1
    mask = dropout(p).mask(x.shape).numpy()
    y = dropout(p)(x)
    np.testing.assert_allclose(y.numpy(), x.numpy() * mask / (1 - p), rtol=1e-15)
    assert y.mean().item() == pytest.approx(x.mean().item(), abs=0.1)


def test_the_gradient_is_the_scaled_mask() -> None:
    x = torch.ones(1000, requires_grad=True)
    dropout(0.75)(x).sum().backward()
    assert x.grad is not None
    assert torch.equal(x.grad, dropout(0.75).mask((1000,)) * 4.0)


def test_evaluation_is_the_identity_and_needs_no_generator() -> None:
    x = torch.randn(5)
    assert Dropout(0.9).eval()(x) is x


def test_p_zero_is_the_identity_and_draws_nothing() -> None:
    layer, x = dropout(0.0), torch.randn(5)
    assert layer.generator is not None
    before = layer.generator.get_state()
    assert layer(x) is x
    assert torch.equal(before, layer.generator.get_state())


def test_training_without_a_generator_is_refused() -> None:
    with pytest.raises(RuntimeError, match="set_dropout_generator"):
        Dropout(0.5)(torch.ones(3))


def test_the_process_wide_generator_neither_moves_nor_matters() -> None:
    x = torch.ones(100)
    before = torch.get_rng_state()
    first = dropout(0.5)(x)
    assert torch.equal(before, torch.get_rng_state())
    torch.rand(1)
    assert torch.equal(first, dropout(0.5)(x))


def test_the_mask_does_not_depend_on_type_or_layout() -> None:
    x = torch.ones(4, 3, 5, 5)
    first = dropout(0.5)(x)
    assert torch.equal(first.double(), dropout(0.5)(x.double()))
    assert torch.equal(first, dropout(0.5)(x.contiguous(memory_format=torch.channels_last)))


def test_layers_that_share_a_generator_draw_one_after_the_other() -> None:
    both = nn.Sequential(Dropout(0.5), nn.Sequential(Dropout(0.5)))
    set_dropout_generator(both, torch.Generator().manual_seed(5))
    alone = dropout(0.5)
    masks = alone.mask((1000,)) & alone.mask((1000,))
    assert torch.equal(both(torch.ones(1000)), masks * 4.0)


def test_a_copy_continues_on_its_own() -> None:
    layer, x = dropout(0.5), torch.ones(100)
    other = copy.deepcopy(layer)
    assert torch.equal(layer(x), other(x))
    assert torch.equal(layer(x), other(x))


@pytest.mark.parametrize("p", [-0.1, 1.0, float("nan")])
def test_an_impossible_rate_is_refused(p: float) -> None:
    with pytest.raises(ValueError, match="p must be in"):
        Dropout(p)
