"""Checks of data, optimizer and schedule: settings that are ignored, or cannot do anything in this run."""

from __future__ import annotations

import math

from reglab.number_format import exact
from reglab.spec import OptimSpec, RunSpec
from reglab.ui.train.advice_base import Advice, Check, Facts
from reglab.ui.train.advice_validation import enough_validation, remedy_text

FEW = 100
"""Fewer validation images than these leave their accuracy more than 5 points uncertain."""


def _nesterov(spec: RunSpec, _: Facts) -> Advice | None:
    optim = spec.optim
    if optim.nesterov and optim.name != "sgd":
        return Advice(
            "Nesterov is ignored: it belongs to SGD's momentum. Switch it off.",
            r"Nesterov: $w \leftarrow w - \eta\,(g + \mu v)$, and Adam has no $\mu$.", "info",
            {"optim.nesterov": False},
        )  # fmt: skip
    if optim.nesterov and optim.momentum == 0:
        return Advice(
            "Nesterov looks ahead along the momentum, and momentum is 0: it changes nothing. Switch it off.",
            r"$g + \mu v = g + 0 \cdot v = g$.", "info", {"optim.nesterov": False},
        )  # fmt: skip
    return None


def _momentum_ignored(spec: RunSpec, _: Facts) -> Advice | None:
    usual = OptimSpec().momentum
    if spec.optim.name == "sgd" or spec.optim.momentum == usual:
        return None
    return Advice(
        f"Momentum is ignored: Adam and AdamW have their own running means. Its default is {usual}.",
        rf"$m \leftarrow 0.9\,m + 0.1\,g$ whatever Momentum says ({exact(spec.optim.momentum)}).", "info",
        {"optim.momentum": usual},
    )  # fmt: skip


def _steps_ignored(spec: RunSpec, _: Facts) -> Advice | None:
    optim, usual = spec.optim, OptimSpec()
    touched = (optim.step_every, optim.step_factor) != (usual.step_every, usual.step_factor)
    if optim.schedule == "step" or not touched:
        return None
    formula = r"$\eta$ constant" if optim.schedule == "constant" else r"$\eta \propto 1 + \cos(\pi (e - 1) / E)$"
    return Advice(
        f"Step every and Step factor are ignored: the schedule is {optim.schedule}. Their defaults are "
        f"{usual.step_every} and {usual.step_factor}.",
        f"{formula}: neither of them is in it.", "info",
        {"optim.step_every": usual.step_every, "optim.step_factor": usual.step_factor},
    )  # fmt: skip


def _first_step_too_late(spec: RunSpec, _: Facts) -> Advice | None:
    every, epochs = spec.optim.step_every, spec.train.epochs
    if spec.optim.schedule != "step" or every < epochs:
        return None
    half = epochs // 2
    better = f"Step every {half} comes in time" if half else "For a single epoch, choose the schedule constant"
    return Advice(
        f"The first step of the schedule would come after epoch {every}, when the run has ended. {better}.",
        rf"$\lfloor (e - 1) / {every} \rfloor = 0$ for every epoch $e \le {epochs}$.",
        remedy={"optim.step_every": half} if half else {"optim.schedule": "constant"},
    )


def _steps_of_one(spec: RunSpec, _: Facts) -> Advice | None:
    if spec.optim.schedule != "step" or spec.optim.step_factor != 1 or spec.optim.step_every >= spec.train.epochs:
        return None
    usual = OptimSpec().step_factor
    return Advice(
        f"Step factor is 1, so the learning rate never changes. {usual} is usual.",
        rf"$\eta \cdot 1^{{\lfloor (e - 1) / {spec.optim.step_every} \rfloor}} = \eta$.", "info",
        {"optim.step_factor": usual},
    )  # fmt: skip


def _one_step_an_epoch(spec: RunSpec, facts: Facts) -> Advice | None:
    if facts.n_train is None or spec.train.batch_size < facts.n_train:
        return None
    half = facts.n_train // 2
    return Advice(
        f"One batch holds all training images, so an epoch is a single step. A batch of {half} makes it more.",
        f"⌈n / batch⌉ = ⌈{facts.n_train:,} / {spec.train.batch_size:,}⌉ = 1.", "info", {"train.batch_size": half},
    )  # fmt: skip


def _patience(spec: RunSpec, _: Facts) -> Advice | None:
    if spec.train.patience < spec.train.epochs:
        return None
    third = spec.train.epochs // 3
    return Advice(
        f"Early stopping waits {spec.train.patience} epochs, so it cannot end a run of {spec.train.epochs}. "
        f"{third} {'could' if third else 'switches it off'}.",
        f"It needs patience < epochs, and {spec.train.patience} ≥ {spec.train.epochs}.", "info",
        {"train.patience": third},
    )  # fmt: skip


def _few_validation_images(spec: RunSpec, facts: Facts) -> Advice | None:
    if facts.n_val is None or facts.n_val >= FEW:
        return None
    error, remedy = 100 * math.sqrt(0.25 / facts.n_val), enough_validation(spec.data, facts.pool, FEW)
    better = f" {remedy_text(remedy)} keeps {FEW} or more." if remedy else ""
    return Advice(
        f"Only {facts.n_val} validation images: their accuracy is uncertain by up to ± {error:.0f} points.{better}",
        rf"Standard error $\sqrt{{p(1 - p)/n}} \le \sqrt{{0.25 / {facts.n_val}}}$ = {error:.1f} points.",
        remedy=remedy,
    )


CHECKS: tuple[Check, ...] = (
    _few_validation_images, _one_step_an_epoch, _steps_ignored, _first_step_too_late, _steps_of_one, _nesterov,
    _momentum_ignored, _patience,
)  # fmt: skip
