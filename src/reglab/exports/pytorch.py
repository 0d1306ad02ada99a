"""A plain PyTorch script that reproduces a run's metrics from its images and initial weights."""

from __future__ import annotations

from typing import Any

from reglab.exports.code import network
from reglab.exports.script import Plan, optimizer_text, script_export, unpenalised
from reglab.exports.subject import Subject
from reglab.exports.torch_network import network_code
from reglab.optimizers import OPTIMIZERS, Optimizer
from reglab.spec import OptimSpec

_CODE = {
    "loss": "torch_value",
    "coupled": "torch_gradient",
    "decoupled": "torch_gradient",
    "proximal": "torch_proximal",
}
"""Place of the penalty → the code of a term that stands there."""


def _context(subject: Subject, plan: Plan) -> dict[str, Any]:
    graph, spec = network(subject.model, subject.split.shape), subject.spec
    place = _place(plan, optimizer := unpenalised(spec.optim))
    return {
        "device": "cuda" if subject.device.startswith("cuda") else "cpu",
        "network": network_code(graph),
        "network_is_chain": graph.is_chain,
        "place": place,
        "optimizer": _optimizer(optimizer, spec.optim, decoupled=place == "weight_decay" and plan.mode == "decoupled"),
        "helpers": plan.helpers(_CODE.get(place)),
        "gradient_order": plan.terms[::-1],
        "bracketed": lambda code: f"({code})" if "*" in code else code,
        "single_left_over": subject.leaves_single_image,
    }


def _place(plan: Plan, optimizer: Optimizer) -> str:
    """Where the penalty stands in the script: where the optimizer can apply it, in ``weight_decay``."""
    if not plan.terms:
        return "none"
    if plan.is_weight_decay and (plan.mode == "coupled" or (plan.mode == "decoupled" and optimizer.decoupled)):
        return "weight_decay"
    return "loss" if plan.mode == "coupled" and len(plan.terms) == 1 else plan.mode


def _optimizer(entry: Optimizer, spec: OptimSpec, decoupled: bool) -> dict[str, Any]:
    kind, named = str(entry.decoupled) if decoupled else entry.torch, OPTIMIZERS.get(spec.name)
    settings = entry.arguments(spec)
    arguments = [f"{key}={value!r}" for key, value in settings.items() if value is not False]
    return {
        "kind": kind,
        "name": kind.rpartition(".")[2],
        "about": optimizer_text(entry, spec),
        "without_decay": f" ({named.label} without its own decay)" if named.twin else "",
        "arguments": ["lr=LEARNING_RATE", *arguments, *["fused=True"] * entry.fused],
    }


ENTRY = script_export(
    label="PyTorch",
    order=10,
    about="A plain script that reproduces the run's metrics, with its images and initial weights beside it.",
    context=_context,
    inexact=lambda subject: (),
)
