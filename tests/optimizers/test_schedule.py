"""The learning-rate schedules against torch's own."""

from __future__ import annotations

import warnings

import pytest
import torch

from reglab.optimizers import learning_rate
from reglab.optimizers.construct import make_optimizer
from reglab.spec import OptimSpec

EPOCHS = 25


def ours(spec: OptimSpec) -> list[float]:
    return [learning_rate(spec, epoch, EPOCHS) for epoch in range(1, EPOCHS + 1)]


def torchs(scheduler: type[torch.optim.lr_scheduler.LRScheduler], **options: float) -> list[float]:
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # no optimizer step is taken between the scheduler's steps
        schedule = scheduler(optimizer, **options)  # type: ignore[arg-type]
        rates = []
        for _ in range(EPOCHS):
            rates.append(optimizer.param_groups[0]["lr"])
            schedule.step()
    return rates


def test_constant_keeps_the_rate() -> None:
    assert ours(OptimSpec(lr=0.1)) == [0.1] * EPOCHS


def test_cosine_is_torchs_cosine_annealing() -> None:
    expected = torchs(torch.optim.lr_scheduler.CosineAnnealingLR, T_max=EPOCHS)
    assert ours(OptimSpec(lr=0.1, schedule="cosine")) == pytest.approx(expected, rel=1e-9)


def test_step_is_torchs_step_lr() -> None:
    expected = torchs(torch.optim.lr_scheduler.StepLR, step_size=7, gamma=0.3)
    spec = OptimSpec(lr=0.1, schedule="step", step_every=7, step_factor=0.3)
    assert ours(spec) == pytest.approx(expected, rel=1e-12)


def test_nesterov_without_momentum_is_plain_sgd() -> None:
    optimizer = make_optimizer(OptimSpec(name="sgd", momentum=0, nesterov=True), [torch.zeros(1)])
    assert optimizer.defaults["nesterov"] is False
