"""A plain PyTorch script that reproduces a run's metrics from its images and initial weights."""

from __future__ import annotations

from typing import Any

from reglab.exports.code import network
from reglab.exports.script import Plan, script_export
from reglab.exports.subject import Subject
from reglab.exports.torch_network import network_code


def _context(subject: Subject, plan: Plan) -> dict[str, Any]:
    graph, spec = network(subject.model, subject.split.shape), subject.spec
    place = _place(plan, spec.optim.name)
    return {
        "device": "cuda" if subject.device.startswith("cuda") else "cpu",
        "network": network_code(graph),
        "network_is_chain": graph.is_chain,
        "place": place,
        "optimizer": _optimizer(spec.optim, place == "weight_decay" and plan.mode),
        "gradient_order": plan.terms[::-1],
        "bracketed": lambda code: f"({code})" if "*" in code else code,
        "single_left_over": subject.leaves_single_image,
    }


def _place(plan: Plan, optimizer: str) -> str:
    """Where the penalty stands in the script: where the optimizer can apply it, in ``weight_decay``."""
    if not plan.terms:
        return "none"
    if plan.keys == ("l2",) and (plan.mode == "coupled" or (plan.mode == "decoupled" and optimizer != "sgd")):
        return "weight_decay"
    return "loss" if plan.mode == "coupled" and len(plan.terms) == 1 else plan.mode


def _optimizer(o: Any, decay: Any) -> dict[str, Any]:
    kind = {"sgd": "SGD", "adam": "Adam", "adamw": "Adam"}[o.name]
    if decay == "decoupled":
        kind = "AdamW"
    sgd = [f"momentum={o.momentum!r}"] + ["nesterov=True"] * (o.nesterov and o.momentum > 0)
    about = f"SGD, momentum {o.momentum:g}{', Nesterov' * (o.nesterov and o.momentum > 0)}" if kind == "SGD" else "Adam"
    return {
        "kind": f"torch.optim.{kind}",
        "name": kind,
        "about": about,
        "arguments": ["lr=LEARNING_RATE", *sgd * (o.name == "sgd"), "fused=True"],
    }


ENTRY = script_export(
    label="PyTorch",
    order=10,
    about="A plain script that reproduces the run's metrics, with its images and initial weights beside it.",
    context=_context,
    inexact=lambda subject: (),
)
