"""The three penalty modes against torch's own weight_decay and against formulas written out by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
import torch
from torch import Tensor, nn

from reglab.optimizers.construct import make_optimizer
from reglab.penalties import PenalisedParameters
from reglab.spec import Apply, OptimSpec
from reglab.training.objective import APPLY, penalty_groups

STEPS, LR, L2 = 50, 1e-2, 0.1


def network() -> nn.Module:
    generator = torch.Generator().manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 3)).double()
    for parameter in model.parameters():
        parameter.data.copy_(torch.randn(parameter.shape, generator=generator, dtype=torch.float64))
    return model


def batches() -> list[tuple[Tensor, Tensor]]:
    generator = torch.Generator().manual_seed(1)
    return [
        (torch.randn(16, 6, generator=generator, dtype=torch.float64), torch.randint(0, 3, (16,), generator=generator))
        for _ in range(STEPS)
    ]


def run(model: nn.Module, optimizer: torch.optim.Optimizer, step: Callable[[], object]) -> list[list[Tensor]]:
    """The parameters after each step."""
    history = []
    for x, y in batches():
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()  # type: ignore[no-untyped-call]
        step()
        history.append([parameter.detach().clone() for parameter in model.parameters()])
    return history


def ours(spec: OptimSpec, apply: Apply, strength: Mapping[str, float]) -> list[Tensor]:
    """The parameters after the last step."""
    return our_steps(spec, apply, strength)[-1]


def our_steps(spec: OptimSpec, apply: Apply, strength: Mapping[str, float]) -> list[list[Tensor]]:
    model = network()
    named = dict(model.named_parameters())
    groups = penalty_groups(named, PenalisedParameters(dict.fromkeys(named, 1.0)), strength)
    optimizer = make_optimizer(spec, named.values())
    return run(model, optimizer, lambda: APPLY[apply](optimizer, groups, spec.lr))


ORACLES: list[tuple[OptimSpec, Apply, Callable[[nn.Module], torch.optim.Optimizer]]] = [
    (
        OptimSpec(name="sgd", lr=LR, momentum=0.0), "coupled",
        lambda m: torch.optim.SGD(m.parameters(), lr=LR, weight_decay=L2),
    ),
    (
        OptimSpec(name="sgd", lr=LR, momentum=0.9), "coupled",
        lambda m: torch.optim.SGD(m.parameters(), lr=LR, momentum=0.9, weight_decay=L2),
    ),
    (
        OptimSpec(name="sgd", lr=LR, momentum=0.9, nesterov=True), "coupled",
        lambda m: torch.optim.SGD(m.parameters(), lr=LR, momentum=0.9, nesterov=True, weight_decay=L2),
    ),
    (OptimSpec(name="adam", lr=LR), "coupled", lambda m: torch.optim.Adam(m.parameters(), lr=LR, weight_decay=L2)),
    (OptimSpec(name="adamw", lr=LR), "decoupled", lambda m: torch.optim.AdamW(m.parameters(), lr=LR, weight_decay=L2)),
]  # fmt: skip


@pytest.mark.parametrize(("spec", "apply", "oracle"), ORACLES, ids=lambda v: getattr(v, "name", None) or str(v)[:12])
def test_l2_equals_torch_weight_decay_in_every_one_of_fifty_steps(
    spec: OptimSpec, apply: Apply, oracle: Callable[[nn.Module], torch.optim.Optimizer]
) -> None:
    model = network()
    optimizer = oracle(model)
    expected = run(model, optimizer, optimizer.step)
    mine = our_steps(spec, apply, {"l1": 0, "l2": L2})
    assert len(mine) == STEPS
    torch.testing.assert_close(mine, expected, rtol=1e-12, atol=1e-12)


def test_coupled_elastic_net_equals_the_penalty_written_into_the_loss() -> None:
    strength, model = {"l1": 0.02, "l2": 0.1}, network()
    optimizer = torch.optim.SGD(model.parameters(), lr=LR, momentum=0.9)
    for x, y in batches():
        optimizer.zero_grad()
        terms = sum(strength["l1"] * w.abs().sum() + strength["l2"] / 2 * w.square().sum() for w in model.parameters())
        (nn.functional.cross_entropy(model(x), y) + terms).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    mine = ours(OptimSpec(name="sgd", lr=LR, momentum=0.9), "coupled", strength)
    for a, b in zip(mine, model.parameters(), strict=True):
        torch.testing.assert_close(a, b.detach(), rtol=1e-12, atol=1e-12)


def test_plain_sgd_coupled_and_decoupled_agree_but_not_with_momentum() -> None:
    def pair(momentum: float) -> tuple[list[Tensor], list[Tensor]]:
        spec = OptimSpec(name="sgd", lr=LR, momentum=momentum)
        return ours(spec, "coupled", {"l1": 0, "l2": L2}), ours(spec, "decoupled", {"l1": 0, "l2": L2})

    for a, b in zip(*pair(0.0), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-12)
    coupled, decoupled = pair(0.9)
    assert not torch.allclose(coupled[0], decoupled[0], rtol=1e-3)


def test_proximal_step_is_the_data_step_and_then_the_proximal_map() -> None:
    strength, model = {"l1": 0.5, "l2": 0.1}, network()
    optimizer = torch.optim.SGD(model.parameters(), lr=LR)
    for x, y in batches():
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        for w in model.parameters():
            w.data = w.data.sign() * (w.data.abs() - LR * strength["l1"]).clamp(min=0) / (1 + LR * strength["l2"])
    mine = ours(OptimSpec(name="sgd", lr=LR, momentum=0.0), "proximal", strength)
    for a, b in zip(mine, model.parameters(), strict=True):
        torch.testing.assert_close(a, b.detach(), rtol=1e-12, atol=1e-12)
    assert sum(int((w == 0).sum()) for w in mine) > 0


def test_l1_by_subgradient_reaches_no_exact_zero() -> None:
    for apply in ("coupled", "decoupled"):
        spec = OptimSpec(name="sgd", lr=LR, momentum=0.0)
        assert all(bool((w != 0).all()) for w in ours(spec, apply, {"l1": 0.5, "l2": 0}))


def test_groups_hold_each_tensor_once_under_its_own_strength() -> None:
    tensors = {name: torch.zeros(2) for name in "abcd"}
    penalised = PenalisedParameters({"a": 1.0, "b": 0.0, "c": 2.0, "d": 1.0}, {"l2": frozenset("d")})
    groups = penalty_groups(tensors, penalised, {"l1": 0.1, "l2": 0.2})
    assert [(len(group.weights), group.penalty.strengths) for group in groups] == [
        (1, {"l1": 0.1, "l2": 0.2}),
        (1, {"l1": 0.1}),
        (1, {"l1": 0.2, "l2": 0.4}),
    ]
    assert penalty_groups(tensors, PenalisedParameters(dict.fromkeys(tensors, 1.0)), {"l1": 0, "l2": 0}) == []
