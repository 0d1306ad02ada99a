"""PyTorch's conventions against PyTorch: the library's own argument, and the canonical term or decay, step by step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from tests.conventions.canonical import meaning, same, term, weights
from tests.conventions.strategies import MOMENTUM, PLAIN
from torch import Tensor

from reglab.conventions import Context, translate

LR, LAMBDA, STEPS = 0.05, 0.3, 20
Make = Callable[..., torch.optim.Optimizer]

SGDS: list[tuple[Make, dict[str, Any]]] = [
    (torch.optim.SGD, {}),
    (torch.optim.SGD, {"momentum": 0.9}),
    (torch.optim.SGD, {"momentum": 0.9, "nesterov": True}),
]
ADAMS: list[tuple[Make, dict[str, Any]]] = [
    (torch.optim.Adam, {}),
    (torch.optim.RMSprop, {}),
    (torch.optim.Adagrad, {}),
    (torch.optim.NAdam, {}),
]


def data_loss(w: Tensor) -> Tensor:
    scales = torch.linspace(0.5, 3, len(w), dtype=torch.float64)
    return (scales * (w - 1.0) ** 2).sum() / len(w)


def train(
    make: Make,
    options: dict[str, Any],
    extra: Callable[[Tensor], Tensor] | None = None,
    decay: float = 0.0,
    steps: int = STEPS,
) -> Tensor:
    """``steps`` of the optimizer on the data loss plus ``extra``, shrinking w by lr·decay beside each."""
    w = torch.tensor(weights(), requires_grad=True)
    optimizer = make([w], lr=LR, **options)
    for _ in range(steps):
        optimizer.zero_grad()
        loss = data_loss(w) + (extra(w) if extra else 0.0)
        loss.backward()  # type: ignore[no-untyped-call]
        with torch.no_grad():
            w -= LR * decay * w
        optimizer.step()
    return w.detach()


@pytest.mark.parametrize(("make", "options"), SGDS)
def test_sgd(make: Make, options: dict[str, Any]) -> None:
    m = meaning("torch-sgd", LAMBDA)
    same(train(make, {**options, "weight_decay": LAMBDA}), train(make, options, lambda w: term(w, m)))


@pytest.mark.parametrize(("make", "options"), ADAMS)
def test_adam_and_its_kin(make: Make, options: dict[str, Any]) -> None:
    m = meaning("torch-adam", LAMBDA)
    theirs = train(make, {**options, "weight_decay": LAMBDA})
    same(theirs, train(make, options, lambda w: term(w, m)))
    assert not torch.allclose(theirs, train(make, options, decay=LAMBDA))  # not a decay


def test_adamw() -> None:
    m = meaning("torch-adamw", LAMBDA)
    assert m.parts == {"decay"}
    theirs = train(torch.optim.AdamW, {"weight_decay": LAMBDA})
    same(theirs, train(torch.optim.Adam, {"weight_decay": 0.0}, decay=m.decay))
    assert torch.optim.AdamW([torch.zeros(1)]).defaults["weight_decay"] == 0.01  # as its help says


def test_adamw_decays_times_the_scheduled_lr() -> None:
    w = torch.tensor(weights(), requires_grad=True)
    start = w.detach().clone()
    optimizer = torch.optim.AdamW([w], lr=LR, weight_decay=LAMBDA)
    optimizer.param_groups[0]["lr"] = LR / 10
    w.grad = torch.zeros_like(w)
    optimizer.step()
    same(w.detach(), start * (1 - LR / 10 * LAMBDA))


@pytest.mark.parametrize("name", ["sum-squares", "half-sum-squares", "torch-l1", "tf-l2-loss"])
def test_terms_written_by_hand(name: str) -> None:
    texts: dict[str, Callable[[Tensor], Tensor]] = {
        "sum-squares": lambda w: LAMBDA * (w**2).sum(),
        "half-sum-squares": lambda w: LAMBDA / 2 * (w**2).sum(),
        "torch-l1": lambda w: LAMBDA * w.abs().sum(),
        "tf-l2-loss": lambda w: LAMBDA * ((w**2) / 2).sum(),
    }
    m = meaning(name, LAMBDA)
    same(train(torch.optim.SGD, {}, texts[name]), train(torch.optim.SGD, {}, lambda w: term(w, m)))


@pytest.mark.parametrize("source", ["torch-sgd", "keras-l2", "sum-squares"])
def test_under_plain_sgd_coupled_and_decoupled_coincide(source: str) -> None:
    m, found = meaning(source, LAMBDA), translate(LAMBDA, source, "reglab-decoupled", PLAIN)
    assert found.exact
    assert found.values is not None
    coupled = train(torch.optim.SGD, {}, lambda w: term(w, m))
    same(coupled, train(torch.optim.SGD, {}, decay=found.values["l2"]))


def test_with_momentum_the_approximation_rests_at_the_same_weights_and_takes_another_path() -> None:
    found = translate(LAMBDA, "torch-sgd", "keras-weight-decay", MOMENTUM)
    assert not found.exact
    assert found.approximation is not None
    near, options = found.approximation["weight_decay"], {"momentum": 0.9}
    rest = train(torch.optim.SGD, {**options, "weight_decay": LAMBDA}, steps=3000)
    same(train(torch.optim.SGD, options, decay=near, steps=3000), rest, 1e-10)
    assert not torch.allclose(train(torch.optim.SGD, options, decay=LAMBDA, steps=3000), rest, rtol=0.05)
    early = train(torch.optim.SGD, {**options, "weight_decay": LAMBDA}, steps=5)
    assert not torch.allclose(train(torch.optim.SGD, options, decay=near, steps=5), early, rtol=0.01)


@pytest.mark.parametrize("momentum", [0.5, 0.9])
def test_the_approximation_holds_for_nesterov_too(momentum: float) -> None:
    context = Context(optimizer="sgd", momentum=momentum)
    near = translate(LAMBDA, "torch-sgd", "reglab-decoupled", context).approximation
    assert near is not None
    options = {"momentum": momentum, "nesterov": True}
    rest = train(torch.optim.SGD, {**options, "weight_decay": LAMBDA}, steps=3000)
    same(train(torch.optim.SGD, options, decay=near["l2"], steps=3000), rest, 1e-10)


def test_no_decay_rests_where_adam_with_l2_does() -> None:
    """The reason given for AdamW: Adam + L2 settles at the objective's minimum; the same decay settles elsewhere."""
    coupled = train(torch.optim.Adam, {"weight_decay": LAMBDA}, steps=2000)
    minimum = train(torch.optim.SGD, {"weight_decay": LAMBDA}, steps=2000)
    same(coupled, minimum, 0.02)
    for decay in (LAMBDA / 100, LAMBDA / 10, LAMBDA, 10 * LAMBDA):
        rest = train(torch.optim.AdamW, {"weight_decay": decay}, steps=2000)
        assert float((rest - minimum).abs().max()) > 0.1
