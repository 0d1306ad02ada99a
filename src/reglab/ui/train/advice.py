"""Advice on settings that are allowed but make no sense together, each with its reason and its rule.

The checks of data, optimizer and schedule are here, those of the penalty in :mod:`reglab.ui.train.advice_penalty`,
those of other regularizers in :mod:`reglab.ui.train.advice_regularizers`. A new check is one function, listed in CHECKS
of its file. Pure text: no Streamlit, no torch.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from reglab.number_format import exact
from reglab.optimizers import OPTIMIZERS
from reglab.spec import DataSpec, OptimSpec, RunSpec
from reglab.ui.train import advice_penalty, advice_regularizers
from reglab.ui.train.advice_penalty import Advice, Check, Facts

FEW = 100
"""With fewer validation images, the standard error of their accuracy exceeds 5 points."""

_NAMES = {
    "data.val_size": "Validation images",
    "data.val_fraction": "a validation share of",
    "data.folds": "folds:",
    "data.train_size": "training images:",
    "data.fold": "fold",
}


def advice(spec: RunSpec, facts: Facts) -> list[Advice]:
    """All advice on ``spec``: warnings first, each level in the order of the checks."""
    found = [one for check in CHECKS if (one := check(spec, facts)) is not None]
    return sorted(found, key=lambda one: one.level != "warning")


def _nesterov(spec: RunSpec, _: Facts) -> Advice | None:
    optim, remedy = spec.optim, {"optim.nesterov": False}
    optimizer = OPTIMIZERS.get(optim.name)
    if optim.nesterov and not optimizer.reads("nesterov"):
        text = "Nesterov is ignored: it belongs to SGD's momentum. Switch it off."
        rule = rf"Nesterov: $w \leftarrow w - \eta\,(g + \mu v)$, and {optimizer.label} has no $\mu$."
        return Advice(text, rule, "info", remedy)
    if optim.nesterov and optim.momentum == 0:
        text = "Nesterov looks ahead along the momentum; momentum is 0, so it has no effect. Switch it off."
        return Advice(text, r"$g + \mu v = g + 0 \cdot v = g$.", "info", remedy)
    return None


def _momentum_ignored(spec: RunSpec, _: Facts) -> Advice | None:
    usual, optimizer = OptimSpec().momentum, OPTIMIZERS.get(spec.optim.name)
    if optimizer.reads("momentum") or spec.optim.momentum == usual:
        return None
    text = f"Momentum is ignored: {optimizer.label} has running means of its own. Its default is {usual}."
    rule = rf"${optimizer.lines(spec.optim)[0].latex}$ whatever Momentum is ({exact(spec.optim.momentum)})."
    return Advice(text, rule, "info", {"optim.momentum": usual})


def _steps_ignored(spec: RunSpec, _: Facts) -> Advice | None:
    optim, usual = spec.optim, OptimSpec()
    remedy = {"optim.step_every": usual.step_every, "optim.step_factor": usual.step_factor}
    if optim.schedule == "step" or (optim.step_every, optim.step_factor) == tuple(remedy.values()):
        return None
    text = (
        f"Step every and Step factor are ignored: the schedule is {optim.schedule}. Their defaults are "
        f"{usual.step_every} and {usual.step_factor}."
    )
    formula = r"$\eta$ constant" if optim.schedule == "constant" else r"$\eta \propto 1 + \cos(\pi (e - 1) / E)$"
    return Advice(text, f"{formula}: contains neither of them.", "info", remedy)


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
    text = f"Step factor is 1, so the learning rate never changes. {usual} is usual."
    rule = rf"$\eta \cdot 1^{{\lfloor (e - 1) / {spec.optim.step_every} \rfloor}} = \eta$."
    return Advice(text, rule, "info", {"optim.step_factor": usual})


def _one_step_an_epoch(spec: RunSpec, facts: Facts) -> Advice | None:
    if facts.n_train is None or spec.train.batch_size < facts.n_train:
        return None
    half = facts.n_train // 2
    text = f"One batch holds all training images, so an epoch is a single step. A batch size of {half} gives more."
    rule = f"⌈n / batch⌉ = ⌈{facts.n_train:,} / {spec.train.batch_size:,}⌉ = 1."
    return Advice(text, rule, "info", {"train.batch_size": half})


def _patience(spec: RunSpec, _: Facts) -> Advice | None:
    patience, epochs = spec.train.patience, spec.train.epochs
    if patience < epochs:
        return None
    third = epochs // 3
    better = f"{third} could." if third else "0 switches it off."
    text = f"Early stopping waits {patience} epochs, so it cannot end a run of {epochs}. {better}"
    rule = f"It needs patience < epochs, and {patience} ≥ {epochs}."
    return Advice(text, rule, "info", {"train.patience": third})


def _few_validation_images(spec: RunSpec, facts: Facts) -> Advice | None:
    if facts.n_val is None or facts.n_val >= FEW:
        return None
    error, remedy = 100 * math.sqrt(0.25 / facts.n_val), enough_validation(spec.data, facts.pool, FEW)
    better = f" {_remedy_text(remedy)} gives {FEW} or more." if remedy else ""
    return Advice(
        f"Only {facts.n_val} validation images: the standard error of their accuracy is up to {error:.0f} points."
        f"{better}",
        rf"Standard error $\sqrt{{p(1 - p)/n}} \le \sqrt{{0.25 / {facts.n_val}}}$ = {error:.1f} points.",
        remedy=remedy,
    )


def enough_validation(spec: DataSpec, pool: int | None, least: int) -> dict[str, Any]:
    """The fewest changes to ``spec`` that validate ``least`` or more of ``pool`` images; empty if none do."""
    pool = pool and pool // (spec.blocks or 1)
    if pool is None or pool < 4 * least or spec.validation == "own":
        return {}
    return _with_folds(spec, pool, least) if spec.folds is not None else _without_folds(spec, pool, least)


def _without_folds(spec: DataSpec, pool: int, least: int) -> dict[str, Any]:
    if spec.val_size is not None and round(spec.val_fraction * pool) >= least:
        return {"data.val_size": least}
    share = max(spec.val_fraction, math.ceil(100 * (least + 1) / pool) / 100)
    left = pool - round(share * pool)
    fewer = {"data.train_size": left} if spec.train_size is not None and spec.train_size > left else {}
    limit = {"data.val_size": least} if spec.val_size is not None else {}
    return {"data.val_fraction": share, **limit, **fewer}


def _with_folds(spec: DataSpec, pool: int, least: int) -> dict[str, Any]:
    """Each fold holds T // K of the T images that are cut: see :mod:`reglab.datasets.folds`."""
    folds = min(spec.folds or 2, pool // least)
    cut = pool if spec.train_size is None else -(-spec.train_size * folds // (folds - 1))
    found: dict[str, Any] = {} if folds == spec.folds else {"data.folds": folds}
    if spec.fold >= folds:
        found["data.fold"] = 0
    if spec.val_size is not None:
        found["data.val_size"] = least
    if not least <= cut // folds <= pool // folds:
        found["data.train_size"] = least * (folds - 1)
    return found


def _remedy_text(remedy: Mapping[str, Any]) -> str:
    """For example "A validation share of 0.06"."""
    text = ", ".join(f"{_NAMES[key]} {'all' if value is None else exact(value)}" for key, value in remedy.items())
    return text[0].upper() + text[1:]


CHECKS: tuple[Check, ...] = (*advice_penalty.CHECKS, _few_validation_images, _one_step_an_epoch, _steps_ignored)
CHECKS += (_first_step_too_late, _steps_of_one, _nesterov, _momentum_ignored, _patience, *advice_regularizers.CHECKS)
