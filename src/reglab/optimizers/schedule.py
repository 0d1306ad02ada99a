"""Learning-rate schedules: η of an epoch, and the same as LaTeX."""

from __future__ import annotations

import math

from reglab.number_format import exact, latex_base, latex_number
from reglab.optimizers.optimizer import Line
from reglab.spec import OptimSpec


def learning_rate(spec: OptimSpec, epoch: int, epochs: int) -> float:
    """η of ``epoch`` (from 1) of ``epochs``.

    constant: η₀. cosine: η₀·½(1 + cos(π(epoch−1)/epochs)) (Loshchilov & Hutter 2017, without restarts).
    step: η₀·γ^⌊(epoch−1)/every⌋.
    """
    done = epoch - 1
    if spec.schedule == "cosine":
        return spec.lr * 0.5 * (1 + math.cos(math.pi * done / epochs))
    if spec.schedule == "step":
        return spec.lr * spec.step_factor ** (done // spec.step_every)
    return spec.lr


def extensible(spec: OptimSpec) -> bool:
    """Whether η of an epoch is the same however many epochs follow, so that a run can be extended bit for bit."""
    return spec.schedule != "cosine"


def learning_rate_line(spec: OptimSpec, epochs: int) -> Line:
    """:func:`learning_rate` with its numbers; e is the epoch."""
    eta, first = latex_number(spec.lr), f"The learning rate in epoch e: {exact(spec.lr)} in epoch 1"
    if spec.schedule == "cosine":
        curve = rf"\tfrac{{1}}{{2}}\,(1 + \cos(\pi\,(e - 1) / {epochs}))"
        return Line(rf"\eta = {eta} \cdot {curve}", f"{first}, falling to 0 along a cosine.")
    if spec.schedule == "step":
        steps = rf"{latex_base(spec.step_factor)}^{{\lfloor (e - 1) / {spec.step_every} \rfloor}}"
        meaning = f"{first}, times {exact(spec.step_factor)} every {spec.step_every} epochs."
        return Line(rf"\eta = {eta} \cdot {steps}", meaning)
    return Line(rf"\eta = {eta}", "The learning rate, the same in every epoch.")
