"""The direct call of torch's fused kernels takes torch's own step, bit for bit: the canary of semi-private calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.optim import SGD, Adam, AdamW, Optimizer, RMSprop

from reglab.training import optimizer_step
from reglab.training.optimizer_step import clear_gradients, take_step

KINDS: dict[str, Callable[[list[Tensor]], Optimizer]] = {
    "adam": lambda p: Adam(p, lr=1e-2, weight_decay=0.0, fused=True),
    "adamw": lambda p: AdamW(p, lr=1e-2, weight_decay=0.0, fused=True),
    "sgd": lambda p: SGD(p, lr=1e-2, fused=True),
    "momentum": lambda p: SGD(p, lr=1e-2, momentum=0.9, fused=True),
    "nesterov": lambda p: SGD(p, lr=1e-2, momentum=0.9, nesterov=True, fused=True),
    "rmsprop": lambda p: RMSprop(p, lr=1e-2),
}
DIRECT = [name for name in KINDS if name != "rmsprop"]


def parameters(dtype: torch.dtype) -> list[Tensor]:
    generator = torch.Generator().manual_seed(0)
    sizes = ((3, 8, 2, 3, 3), (3, 40, 33), (3, 10))
    return [torch.randn(size, generator=generator, dtype=dtype).requires_grad_() for size in sizes]


def steps(kind: str, dtype: torch.dtype, step: Callable[[Optimizer], Any]) -> tuple[list[Tensor], Optimizer]:
    """Five steps on quadratic bowls, the learning rate of the last two smaller."""
    own = parameters(dtype)
    optimizer = KINDS[kind](own)
    for number in range(5):
        clear_gradients(optimizer)
        assert all(parameter.grad is None for parameter in own)
        optimizer.param_groups[0]["lr"] = 1e-2 if number < 3 else 3e-3
        sum((parameter**2).sum() for parameter in own).backward()  # type: ignore[union-attr]
        step(optimizer)
    return own, optimizer


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("kind", KINDS)
def test_the_direct_step_is_torchs_own_bit_for_bit(kind: str, dtype: torch.dtype) -> None:
    mine, direct = steps(kind, dtype, take_step)
    theirs, whole = steps(kind, dtype, lambda optimizer: optimizer.step())
    for own, other in zip(mine, theirs, strict=True):
        assert torch.equal(own, other)
        for key, moment in whole.state[other].items():
            assert torch.equal(direct.state[own][key], moment), key


@pytest.mark.parametrize("kind", DIRECT)
def test_it_is_taken_after_the_first_step(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    own, optimizer = steps(kind, torch.float32, take_step)
    monkeypatch.setattr(type(optimizer), "step", lambda _: pytest.fail("torch.optim was asked"))
    before = own[0].clone()
    take_step(optimizer)
    assert not torch.equal(own[0], before)


@pytest.mark.parametrize("kind", DIRECT)
def test_without_a_kernel_or_a_gradient_torchs_step_is_taken(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    own, optimizer = steps(kind, torch.float32, take_step)
    own[1].grad, before = None, [parameter.clone() for parameter in own]
    take_step(optimizer)
    assert [torch.equal(*pair) for pair in zip(own, before, strict=True)] == [False, True, False]
    monkeypatch.setattr(optimizer_step, "_KERNELS", {})
    missing, _ = steps(kind, torch.float32, take_step)
    torch_own, _ = steps(kind, torch.float32, lambda optimizer: optimizer.step())
    assert all(torch.equal(*pair) for pair in zip(missing, torch_own, strict=True))
