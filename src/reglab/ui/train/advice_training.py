"""Checks of data, optimizer and schedule: settings that are ignored, or cannot do anything in this run."""

from __future__ import annotations

import math

from reglab.spec import OptimSpec, RunSpec
from reglab.ui.numbers import plain
from reglab.ui.train.advice_base import Advice, Check, Facts

FEW = 100
"""Fewer validation images than these leave their accuracy more than 5 points uncertain."""


def _nesterov(spec: RunSpec, _: Facts) -> Advice | None:
    optim = spec.optim
    if optim.nesterov and optim.name != "sgd":
        return Advice(
            "Nesterov is ignored: it belongs to SGD's momentum.",
            r"Nesterov: $w \leftarrow w - \eta\,(g + \mu v)$, and Adam has no $\mu$.", "info",
        )  # fmt: skip
    if optim.nesterov and optim.momentum == 0:
        return Advice(
            "Nesterov looks ahead along the momentum, and momentum is 0: it changes nothing.",
            r"$g + \mu v = g + 0 \cdot v = g$.", "info",
        )  # fmt: skip
    return None


def _momentum_ignored(spec: RunSpec, _: Facts) -> Advice | None:
    if spec.optim.name == "sgd" or spec.optim.momentum == OptimSpec().momentum:
        return None
    return Advice(
        "Momentum is ignored: Adam and AdamW have their own running means.",
        rf"$m \leftarrow 0.9\,m + 0.1\,g$ whatever Momentum says ({plain(spec.optim.momentum)}).", "info",
    )  # fmt: skip


def _schedule(spec: RunSpec, _: Facts) -> Advice | None:
    optim, usual = spec.optim, OptimSpec()
    touched = (optim.step_every, optim.step_factor) != (usual.step_every, usual.step_factor)
    if optim.schedule != "step" and touched:
        formula = r"$\eta$ constant" if optim.schedule == "constant" else r"$\eta \propto 1 + \cos(\pi (e - 1) / E)$"
        text = f"Step every and Step factor are ignored: the schedule is {optim.schedule}."
        return Advice(text, f"{formula}: neither of them is in it.", "info")
    if optim.schedule == "step" and optim.step_every >= spec.train.epochs:
        return Advice(
            f"The first step of the schedule would come after epoch {optim.step_every}, when the run has ended.",
            rf"$\lfloor (e - 1) / {optim.step_every} \rfloor = 0$ for every epoch $e \le {spec.train.epochs}$.",
        )
    if optim.schedule == "step" and optim.step_factor == 1:
        rule = rf"$\eta \cdot 1^{{\lfloor (e - 1) / {optim.step_every} \rfloor}} = \eta$."
        return Advice("Step factor is 1, so the learning rate never changes.", rule, "info")
    return None


def _one_step_an_epoch(spec: RunSpec, facts: Facts) -> Advice | None:
    if facts.n_train is None or spec.train.batch_size < facts.n_train:
        return None
    return Advice(
        "One batch holds all training images, so an epoch is a single step.",
        f"⌈n / batch⌉ = ⌈{facts.n_train:,} / {spec.train.batch_size:,}⌉ = 1.", "info",
    )  # fmt: skip


def _patience(spec: RunSpec, _: Facts) -> Advice | None:
    if spec.train.patience < spec.train.epochs:
        return None
    return Advice(
        f"Early stopping waits {spec.train.patience} epochs, so it cannot end a run of {spec.train.epochs}.",
        f"It needs patience < epochs, and {spec.train.patience} ≥ {spec.train.epochs}.", "info",
    )  # fmt: skip


def _few_validation_images(_: RunSpec, facts: Facts) -> Advice | None:
    if facts.n_val is None or facts.n_val >= FEW:
        return None
    error = 100 * math.sqrt(0.25 / facts.n_val)
    return Advice(
        f"Only {facts.n_val} validation images: their accuracy is uncertain by up to ± {error:.0f} points.",
        rf"Standard error $\sqrt{{p(1 - p)/n}} \le \sqrt{{0.25 / {facts.n_val}}}$ = {error:.1f} points.",
    )


CHECKS: tuple[Check, ...] = (
    _few_validation_images, _one_step_an_epoch, _schedule, _nesterov, _momentum_ignored, _patience,
)  # fmt: skip
