"""Warnings for settings that are allowed but make no sense together, each with its reason.

A check is one function; a new one is added to CHECKS or FACT_CHECKS. Pure text: no Streamlit, no torch.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from reglab.spec import OptimSpec, RunSpec
from reglab.ui.train.objective import penalised

SHARE_TOO_LITTLE = 0.01
"""A decay that takes less than this share off a weight over the whole run is as good as none."""


@dataclass(frozen=True)
class Facts:
    """What the checks need beyond the spec; None where it is not known."""

    n_train: int | None = None
    n_val: int | None = None
    batch_norm: bool = False

    def steps(self, spec: RunSpec) -> int | None:
        """Optimizer steps in an epoch: ⌈n / batch⌉."""
        return None if self.n_train is None else math.ceil(self.n_train / spec.train.batch_size)


def advice(spec: RunSpec, facts: Facts) -> list[str]:
    """The warnings that hold for ``spec``, one or two sentences each."""
    texts = [check(spec) for check in CHECKS] + [check(spec, facts) for check in FACT_CHECKS]
    return [text for text in texts if text]


def _adamw_coupled(spec: RunSpec) -> str | None:
    if spec.optim.name == "adamw" and spec.penalty.apply == "coupled" and penalised(spec.penalty):
        return "AdamW with a coupled penalty is Adam + L2: the W means decoupled. Choose decoupled, or Adam."
    return None


def _l1_never_zero(spec: RunSpec) -> str | None:
    if spec.penalty.l1 > 0 and spec.penalty.apply != "proximal":
        return (
            f"L1 applied {spec.penalty.apply} leaves weights hovering near zero, never exactly at it. "
            "Proximal reaches exact zeros."
        )
    return None


def _penalty_off(spec: RunSpec) -> str | None:
    usual = "decoupled" if spec.optim.name == "adamw" else "coupled"
    idle = [
        name
        for name, set_ in (
            ("Applied", spec.penalty.apply != usual),
            ("Scope", spec.penalty.scope != "weights"),
            ("Factors", bool(spec.penalty.factors)),
        )
        if set_
    ]
    if penalised(spec.penalty) or not idle:
        return None
    return f"Both λ are 0, so there is no penalty and {' and '.join(idle)} change{'s' * (len(idle) == 1)} nothing."


def _factors_all_zero(spec: RunSpec) -> str | None:
    factors = spec.penalty.factors
    if penalised(spec.penalty) and len(factors) > 1 and not any(factors.values()):
        return f"All {len(factors)} factors are 0: λ acts only on the tensors that are not named."
    return None


def _nesterov(spec: RunSpec) -> str | None:
    optim = spec.optim
    if optim.nesterov and optim.name != "sgd":
        return "Nesterov is ignored: it belongs to SGD's momentum."
    if optim.nesterov and optim.momentum == 0:
        return "Nesterov looks ahead along the momentum, and momentum is 0: it changes nothing."
    return None


def _momentum_ignored(spec: RunSpec) -> str | None:
    if spec.optim.name != "sgd" and spec.optim.momentum != OptimSpec().momentum:
        return "Momentum is ignored: Adam and AdamW have their own running means."
    return None


def _schedule(spec: RunSpec) -> str | None:
    optim, usual = spec.optim, OptimSpec()
    touched = (optim.step_every, optim.step_factor) != (usual.step_every, usual.step_factor)
    if optim.schedule != "step" and touched:
        return f"Step every and Step factor are ignored: the schedule is {optim.schedule}."
    if optim.schedule == "step" and optim.step_every >= spec.train.epochs:
        return f"The first step of the schedule would come after epoch {optim.step_every}, when the run has ended."
    if optim.schedule == "step" and optim.step_factor == 1:
        return "Step factor is 1, so the learning rate never changes."
    return None


def _batch_norm_decay(spec: RunSpec, facts: Facts) -> str | None:
    if not facts.batch_norm or not penalised(spec.penalty):
        return None
    if spec.penalty.scope == "all":
        return (
            "Scope all also shrinks batch norm's scale and shift, which only rescales activations. "
            "Scope weights leaves them alone."
        )
    return (
        "Weights in front of a batch norm can shrink without changing the output: there λ acts through "
        "the effective learning rate, not through capacity."
    )


def _step_too_large(spec: RunSpec) -> str | None:
    """A step multiplies a weight by 1 − ηλ, which flips its sign from ηλ = 1 on; proximal steps never do."""
    if spec.penalty.apply == "proximal" or (spec.penalty.apply == "coupled" and spec.optim.name != "sgd"):
        return None
    share = spec.optim.lr * spec.penalty.l2 * _largest_factor(spec)
    if share < 1:
        return None
    return f"Learning rate × λ₂ = {share:.3g}: every step removes whole weights and overshoots. Keep it well below 1."


def _forgets_within_an_epoch(spec: RunSpec, facts: Facts) -> str | None:
    """Decay has a clock of 1/(ηλ) steps; SGD's momentum μ makes it 1 − μ times as long."""
    shrink, steps = _shrink_per_step(spec), facts.steps(spec)
    if shrink is None or steps is None or not 1 / steps < shrink < 1:
        return None
    return (
        f"The decay forgets with a time constant of {1 / shrink:.0f} steps, less than one epoch ({steps} steps): "
        "the weights cannot hold what they learn."
    )


def _decay_too_slow(spec: RunSpec, facts: Facts) -> str | None:
    shrink, steps = _shrink_per_step(spec), facts.steps(spec)
    if not shrink or steps is None or spec.penalty.l1:
        return None
    share = -math.expm1(-shrink * steps * spec.train.epochs)
    if share >= SHARE_TOO_LITTLE:
        return None
    return (
        f"Too weak to matter in this run: the decay takes at most {100 * share:.2g} % off a weight over all "
        f"{spec.train.epochs} epochs. Raise λ₂ or the learning rate."
    )


def _one_step_an_epoch(spec: RunSpec, facts: Facts) -> str | None:
    if facts.n_train is not None and spec.train.batch_size >= facts.n_train:
        return "One batch holds all training images, so an epoch is a single step."
    return None


def _patience(spec: RunSpec) -> str | None:
    if spec.train.patience >= spec.train.epochs:
        return f"Early stopping waits {spec.train.patience} epochs, so it cannot end a run of {spec.train.epochs}."
    return None


def _few_validation_images(_: RunSpec, facts: Facts) -> str | None:
    if facts.n_val is None or facts.n_val >= 100:
        return None
    error = 100 * math.sqrt(0.25 / facts.n_val)
    return f"Only {facts.n_val} validation images: their accuracy is uncertain by up to ± {error:.0f} points."


def _shrink_per_step(spec: RunSpec) -> float | None:
    """The share that decay takes off a weight in one step; None where Adam rescales it beyond a plain clock."""
    if spec.penalty.apply == "coupled" and spec.optim.name != "sgd":
        return None
    rate = spec.optim.lr * spec.penalty.l2 * _largest_factor(spec)
    coupled_momentum = spec.penalty.apply == "coupled" and spec.optim.momentum
    return rate / (1 - spec.optim.momentum) if coupled_momentum else rate


def _largest_factor(spec: RunSpec) -> float:
    """The largest factor on any tensor: tensors that are not named have 1."""
    return max([1.0, *spec.penalty.factors.values()])


CHECKS: tuple[Callable[[RunSpec], str | None], ...] = (
    _adamw_coupled, _l1_never_zero, _penalty_off, _factors_all_zero, _nesterov, _momentum_ignored, _schedule,
    _step_too_large, _patience,
)  # fmt: skip
FACT_CHECKS: tuple[Callable[[RunSpec, Facts], str | None], ...] = (
    _batch_norm_decay, _forgets_within_an_epoch, _decay_too_slow, _one_step_an_epoch, _few_validation_images,
)  # fmt: skip
