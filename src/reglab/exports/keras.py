"""A plain Keras 3 script of a run: same images, initial weights and batches, the penalty as Keras expresses it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from torch import nn

from reglab.exports.code import WIDTH, call, flat_name, network
from reglab.exports.keras_network import network_code, variable_names
from reglab.exports.script import Plan, optimizer_text, script_export, unpenalised
from reglab.exports.subject import Subject
from reglab.models import Dropout
from reglab.spec import OptimSpec

_CODE = {"regularizer": "keras_regularizer", "constraint": "keras_proximal", "decay": "keras_gradient"}
"""Place of the penalty → the code of a term that stands there."""


def _context(subject: Subject, plan: Plan) -> dict[str, Any]:
    place = _place(plan)

    def arguments(layer: str, variables: Mapping[str, str]) -> list[str]:
        """The regularizer or constraint of each variable of ``layer``."""
        if place not in ("regularizer", "constraint"):
            return []
        found = {keras: _penalty(plan, place, f"{layer}.{torch}") for torch, keras in variables.items()}
        return [f"{variable}_{place}={code}" for variable, code in found.items() if code]

    model = network_code(network(subject.model, subject.split.shape), arguments)
    return {
        "network": model,
        "place": place,
        "notes": " ".join(term.code.keras_note for term in reversed(plan.terms)),
        "helpers": plan.helpers(_CODE.get(place)),
        "decay": _decay(plan),
        "table": _table(plan, subject.model),
        "optimizer": _optimizer(subject.spec.optim),
        "single_left_over": subject.leaves_single_image,
    }


def _place(plan: Plan) -> str:
    """Where the penalty stands in the script. Keras's weight_decay is decoupled, for every optimizer."""
    if not plan.terms or plan.mode != "decoupled":
        return {"coupled": "regularizer", "proximal": "constraint"}[plan.mode] if plan.terms else "none"
    ones = set(plan.terms[0].factors.values()) == {1.0}
    return "weight_decay" if plan.is_weight_decay and ones else "decay"


def _penalty(plan: Plan, place: str, parameter: str) -> str:
    """The regularizer or constraint of one variable."""
    factors = {term: term.factors.get(parameter, 0.0) for term in plan.terms}
    if not any(factors.values()):
        return ""
    names = {t: "0.0" if not f else t.constant if f == 1 else f"{f!r} * {t.constant}" for t, f in factors.items()}
    if place == "constraint":
        return f"Proximal(optimizer, {', '.join(names.values())})"
    parts = [term.code.keras_regularizer.format(λ=name) for term, name in names.items() if factors[term]]
    both = re.fullmatch(r"regularizers\.L1\(([^(),]*)\), regularizers\.L2\(([^(),]*)\)", ", ".join(parts))
    if both:
        return f"regularizers.L1L2({both[1]}, {both[2]})"
    return parts[0] if len(parts) == 1 else call("Sum", parts, WIDTH - len(" " * 16 + "kernel_regularizer=,"))


def _decay(plan: Plan) -> str:
    """The gradient of the penalty at the array ``w``."""
    if len(plan.variables) > 1:
        return " + ".join(f"{plan.strength(term)} * {term.code.keras_gradient}" for term in plan.terms)
    factor = "factor_of(variable) * " if plan.which != "all" else ""
    parts = [f"{term.constant} * {term.code.keras_gradient}" for term in plan.terms]
    return factor + (f"({' + '.join(parts)})" if factor and len(parts) > 1 else " + ".join(parts))


def _table(plan: Plan, model: nn.Module) -> dict[str, str]:
    """The entries of FACTORS, tensors under the ends of their Keras paths, e.g. "conv1/kernel"."""
    found, rows = {}, plan.table if plan.which == "table" else {}
    for path, layer in model.named_modules():
        for torch, keras in variable_names(layer).items():
            if (name := f"{flat_name(path)}.{torch}") in rows:
                found[f"{flat_name(path)}/{keras}"] = rows[name]
    return found


def _optimizer(spec: OptimSpec) -> dict[str, Any]:
    entry = unpenalised(spec)
    name, subclass = entry.keras.name, entry.keras.subclass(spec)
    settings = entry.keras.arguments(spec)
    return {
        "kind": name if subclass else f"keras.optimizers.{name}",
        "name": name,
        "about": optimizer_text(entry, spec),
        "class": subclass,
        "arguments": ["LEARNING_RATE", *(f"{key}={value!r}" for key, value in settings.items() if value is not False)],
    }


def _inexact(subject: Subject) -> list[str]:
    """Where Keras does not compute what PyTorch does."""
    found = []
    optimizer = unpenalised(subject.spec.optim)
    if optimizer.adaptive:
        found.append(
            f"{optimizer.label} divides by √v and so magnifies how Keras rounds: every step is the same, the first "
            "epochs agree to 1e-4, and after tens of epochs losses may differ in the second decimal place."
        )
    layers = list(subject.model.modules())
    if any(isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d) for layer in layers):
        found.append(
            "Keras's batch norm keeps the running variance with divisor n, PyTorch's with n − 1, so losses in eval "
            "mode differ."
        )
    if any(isinstance(layer, Dropout) and layer.p > 0 for layer in layers):
        found.append("Keras draws dropout masks from its own generator, so it drops other units.")
    return found


ENTRY = script_export(
    label="Keras",
    order=20,
    about="A plain Keras 3 script: same images, initial weights and batches, regularizers with the converted λ.",
    context=_context,
    inexact=_inexact,
)
