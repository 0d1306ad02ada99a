"""Where the penalty stands in a Keras script: regularizers, weight_decay, a constraint, or a few lines around the step.

Keras's L2(l) is l·Σw² without ½, so l = λ₂/2; its L1(l) is l·Σ|w|. Its optimizers' weight_decay is always decoupled,
for SGD and Adam too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from reglab.exports.plan import Plan

Place = Literal["none", "regularizer", "weight_decay", "pull", "constraint"]

HOW: dict[Place, str] = {
    "none": "",
    "regularizer": "Keras's L2(l) is l·Σw² without the ½, so l = λ₂/2; its L1(l) is l·Σ|w|, so l = λ₁.",
    "weight_decay": "weight_decay of Keras's optimizers is always decoupled: w ← w − η·λ₂·w beside the step.",
    "pull": "Keras has no such decay, so it is written out around the step.",
    "constraint": "A constraint is what Keras calls after every step; here it is the proximal map.",
}


@dataclass(frozen=True)
class KerasPenalty:
    """Where the penalty stands, and what it gives each layer."""

    plan: Plan
    place: Place

    def arguments(self, layer: str, roles: dict[str, str]) -> list[str]:
        """Keywords of ``layer``; ``roles`` are Keras's words for its tensors, e.g. {"weight": "kernel"}."""
        if self.place not in ("regularizer", "constraint"):
            return []
        found = [(role, self.plan.factors.get(f"{layer}.{own}", 0.0)) for own, role in roles.items()]
        return [f"{role}_{self.place}={self._made(factor)}" for role, factor in found if factor]

    def _made(self, factor: float) -> str:
        f = "" if factor == 1.0 else f"{factor!r} * "
        l1, l2 = bool(self.plan.l1), bool(self.plan.l2)
        if self.place == "constraint":
            return f"Proximal(optimizer, {f'{f}L1' if l1 else '0.0'}, {f'{f}L2' if l2 else '0.0'})"
        kind = "L1" * l1 + "L2" * l2
        return f"regularizers.{kind}({', '.join([f'{f}L1'] * l1 + [f'{f}L2 / 2'] * l2)})"


def keras_penalty(plan: Plan) -> KerasPenalty:
    """Where ``plan`` stands in a script."""
    if plan.which == "none":
        return KerasPenalty(plan, "none")
    if plan.apply == "coupled":
        return KerasPenalty(plan, "regularizer")
    if plan.apply == "proximal":
        return KerasPenalty(plan, "constraint")
    return KerasPenalty(plan, "pull" if plan.l1 or plan.distinct != [1.0] else "weight_decay")


def penalised_code(penalty: KerasPenalty) -> str:
    """The function ``factor_of(variable)``, where the script has to ask which variables are penalised."""
    if penalty.place not in ("pull", "weight_decay") or penalty.plan.which == "all":
        return ""
    head = 'def factor_of(variable):\n    """The factor of λ of this variable; 0 where it is not penalised."""\n'
    if penalty.plan.which == "kernels":
        return f'{head}    return 1.0 if variable.name == "kernel" else 0.0\n'
    return f'{head}    return FACTORS.get("/".join(variable.path.split("/")[-2:]), 0.0)\n'


def keras_name(parameter: str, roles: dict[str, str]) -> str:
    """ "conv1.weight" as the end of a Keras path: "conv1/kernel"."""
    layer, _, own = parameter.rpartition(".")
    return f"{layer}/{roles[own]}"


def pull_code(penalty: KerasPenalty) -> str:
    """The function ``pulls(model)`` of a decay that is written out."""
    if penalty.place != "pull":
        return ""
    plan = penalty.plan
    parts = ["L1 * np.sign(w)"] * bool(plan.l1) + ["L2 * w"] * bool(plan.l2)
    everywhere, factor = plan.which == "all", "" if plan.which == "all" else "factor_of(variable) * "
    pull = " + ".join(parts)
    pull = f"{factor}({pull})" if factor and len(parts) > 1 else f"{factor}{pull}"
    condition = "" if everywhere else "        if factor_of(variable):\n"
    tab = "        " if everywhere else "            "
    return (
        "def pulls(model):\n"
        '    """What the decay takes from each penalised variable, for a learning rate of 1, at its present value."""\n'
        "    found = []\n"
        "    for variable in model.trainable_variables:\n"
        f"{condition}"
        f"{tab}w = keras.ops.convert_to_numpy(variable)\n"
        f"{tab}found.append((variable, {pull}))\n"
        "    return found\n"
    )


PROXIMAL = '''\
class Proximal(keras.constraints.Constraint):
    """w ← sign(w)·max(|w| − η·λ₁, 0) / (1 + η·λ₂): the proximal map of λ₁·Σ|w| + (λ₂/2)·Σw², after every step."""

    def __init__(self, optimizer, l1, l2):
        self.optimizer, self.l1, self.l2 = optimizer, l1, l2

    def __call__(self, w):
        lr = keras.ops.cast(self.optimizer.learning_rate, w.dtype)
        return keras.ops.sign(w) * keras.ops.maximum(keras.ops.abs(w) - lr * self.l1, 0.0) / (1 + lr * self.l2)
'''
