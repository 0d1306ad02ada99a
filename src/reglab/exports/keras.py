"""A plain Keras 3 script of a run: same images, initial weights and batches, the penalty as Keras expresses it."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from copy import copy
from textwrap import indent
from typing import Any

import torch
import torch.nn.functional as F
from torch import fx, nn

from reglab.exports.code import TAB, WIDTH, call, flat_name, literal, network, sequence, variables, with_headings
from reglab.exports.entry import ExportError
from reglab.exports.script import Plan, optimizer_text, others_of, script_export, unpenalised
from reglab.exports.subject import Subject
from reglab.models import Dropout, Network
from reglab.spec import OptimSpec, RunSpec

Call = tuple[str, list[str]]
"""The name of a Keras layer, and its arguments."""
Arguments = Callable[[str, Mapping[str, str]], list[str]]
"""(flat layer name, its Keras variable names by PyTorch's) → regularizer or constraint arguments of that layer."""
Maker = Callable[[Any, tuple[int, ...], list[str]], list[Call] | None]
"""(layer, input shape (C, H, W) or (features,), name and penalty arguments) → Keras layers; None: no counterpart."""

_ACTIVATIONS: Mapping[object, str] = {
    **dict.fromkeys((F.relu, torch.relu, "relu"), "relu"),
    **dict.fromkeys((F.tanh, torch.tanh, "tanh"), "tanh"),
    **dict.fromkeys((F.sigmoid, torch.sigmoid, "sigmoid"), "sigmoid"),
    F.silu: "silu",
}
_ADDITIONS: tuple[Callable[..., Any], ...] = (operator.add, operator.iadd, torch.add)
_RESCALINGS: Mapping[object, Callable[[str], list[str]]] = {
    operator.mul: lambda number: [number],
    operator.add: lambda number: ["1.0", f"offset={number}"],
}
"""x ∘ a number → arguments of Keras's Rescaling."""
_FLATTENINGS: tuple[object, ...] = (torch.flatten, "flatten")


def network_code(network: Network, penalty: Arguments) -> str:
    """Statements that return the model.

    :raises ExportError: a layer or function has no counterpart in Keras here, or a layer's weights are shared.
    """
    modules = [str(node.target) for node in network.calls if node.op == "call_module"]
    for path in modules:
        if modules.count(path) > 1 and any(True for _ in network.model.get_submodule(path).parameters()):
            raise ExportError(f"The layer {path} of this CNN is called twice, which cannot be written into Keras here.")
    shape = network.shapes[network.calls[0]]
    image = f"keras.Input({literal((*shape[1:], shape[0]))})"
    if network.is_chain:
        items = [image]
        for node in network.calls[1:-1]:
            items += [call(f"layers.{name}", own, WIDTH - 13) for name, own in _calls(node, network, penalty)]
        return f"return keras.Sequential(\n{indent(sequence('[', items, ']'), TAB)}\n)"
    names = variables(network.calls)
    body = with_headings((node, _statements(node, network, penalty, names)) for node in network.calls[1:])
    return f"x = inputs = {image}\n{body}"


def variable_names(layer: nn.Module) -> Mapping[str, str]:
    """PyTorch's name → Keras's name of the layer's parameters."""
    norm = isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d)
    return {"weight": "gamma", "bias": "beta"} if norm else {"weight": "kernel", "bias": "bias"}


def _statements(node: fx.Node, network: Network, penalty: Arguments, names: Mapping[fx.Node, str]) -> list[str]:
    inputs = [names[argument] for argument in node.all_input_nodes]
    if node.op == "output":
        return [f"return keras.Model(inputs, {inputs[0]})"]
    if node.target in _ADDITIONS and len(inputs) == len(node.args) == 2:
        return [f"{names[node]} = layers.Add()([{', '.join(inputs)}])"]
    lines, source = [], inputs[0]
    for name, own in _calls(node, network, penalty):
        lines.append(f"{names[node]} = {call(f'layers.{name}', own, WIDTH - 16)}({source})")
        source = names[node]
    return lines


def _calls(node: fx.Node, network: Network, penalty: Arguments) -> list[Call]:
    """The Keras layers, one after another, that compute one call."""
    shape = network.shapes[node.all_input_nodes[0]]
    if node.op == "call_module":
        layer, name = network.layer(node), flat_name(str(node.target))
        make = _MAKERS.get(type(layer))
        own = [f"name={literal(name)}", *penalty(name, variable_names(layer))]
        made = _padded_pooling(layer, node, network) or (make(layer, shape, own) if make else None)
        if made is None:
            raise ExportError(
                f"This CNN has the layer {layer}, for which there is no Keras layer here; "
                "export a PyTorch script instead."
            )
        return made
    if node.target in _ACTIVATIONS:
        return _activation(_ACTIVATIONS[node.target])
    if node.target in _RESCALINGS and isinstance(node.args[1], int | float):
        return [("Rescaling", _RESCALINGS[node.target](literal(float(node.args[1]))))]
    if node.target in _FLATTENINGS and (*node.args[1:], *node.kwargs.values()) == (1,):
        return _flatten(shape)
    name = getattr(node.target, "__name__", str(node.target))
    raise ExportError(f"This CNN's forward uses {name}, for which there is no Keras layer here.")


def _padded_pooling(layer: nn.Module, node: fx.Node, network: Network) -> list[Call] | None:
    """Padded max-pooling of numbers that are not negative: PyTorch pads with −∞, and 0 has the same maxima there."""
    before = node.all_input_nodes[0]
    clipped = before.op == "call_module" and isinstance(network.layer(before), nn.ReLU)
    if not isinstance(layer, nn.MaxPool2d) or _size(layer.padding) == "0" or not clipped:
        return None
    plain = copy(layer)
    plain.padding = 0
    found = _MAKERS[nn.MaxPool2d](plain, (), [])
    return None if found is None else [("ZeroPadding2D", [_size(layer.padding)]), *found]


def _activation(name: str) -> list[Call]:
    return [("Activation", [literal(name)])]


def _flatten(shape: tuple[int, ...]) -> list[Call]:
    """Flatten in PyTorch's order."""
    in_order = len(shape) < 3 or shape[0] == 1 or shape[1] * shape[2] == 1
    return [*([] if in_order else [("Permute", ["(3, 1, 2)"])]), ("Flatten", [])]


def _convolution(layer: nn.Conv2d, _shape: tuple[int, ...], own: list[str]) -> list[Call] | None:
    if layer.padding_mode != "zeros" or isinstance(layer.padding, str):
        return None
    padding = tuple(int(p) for p in layer.padding)
    reach = tuple(d * (k - 1) for d, k in zip(layer.dilation, layer.kernel_size, strict=True))
    same = any(padding) and set(layer.stride) == {1} and reach == tuple(2 * p for p in padding)
    before: list[Call] = [] if same or not any(padding) else [("ZeroPadding2D", [_size(padding)])]
    arguments = [str(layer.out_channels), _size(layer.kernel_size)]
    arguments += [f"strides={_size(layer.stride)}"] * (set(layer.stride) != {1}) + ['padding="same"'] * same
    arguments += [f"dilation_rate={_size(layer.dilation)}"] * (set(layer.dilation) != {1})
    arguments += [f"groups={layer.groups}"] * (layer.groups != 1) + ["use_bias=False"] * (layer.bias is None)
    return [*before, ("Conv2D", arguments + own)]


def _dense(layer: nn.Linear, shape: tuple[int, ...], own: list[str]) -> list[Call] | None:
    bias = ["use_bias=False"] * (layer.bias is None)
    return [("Dense", [str(layer.out_features), *bias, *own])] if len(shape) == 1 else None


def _batch_norm(layer: nn.BatchNorm2d, _shape: tuple[int, ...], own: list[str]) -> list[Call] | None:
    if layer.momentum is None or not layer.track_running_stats:
        return None
    arguments = [f"momentum={1 - layer.momentum!r}", f"epsilon={layer.eps!r}"]
    return [("BatchNormalization", [*arguments, *["center=False", "scale=False"] * (not layer.affine), *own])]


def _pooling(kind: str) -> Maker:
    def make(layer: nn.MaxPool2d | nn.AvgPool2d, _shape: tuple[int, ...], _own: list[str]) -> list[Call] | None:
        plain = getattr(layer, "dilation", 1) == 1 and getattr(layer, "divisor_override", None) is None
        if _size(layer.padding) != "0" or layer.ceil_mode or not plain:
            return None
        strides = [] if layer.stride == layer.kernel_size else [f"strides={_size(layer.stride)}"]
        return [(kind, [_size(layer.kernel_size), *strides])]

    return make


def _size(value: Any) -> str:
    """One number for a square."""
    pair = tuple(value) if isinstance(value, tuple | list) else (value, value)
    return literal(pair[0] if len(set(pair)) == 1 else pair)


_MAKERS: dict[type[nn.Module], Maker] = {
    nn.Conv2d: _convolution,
    nn.Linear: _dense,
    nn.BatchNorm2d: _batch_norm,
    nn.BatchNorm1d: lambda layer, shape, own: _batch_norm(layer, shape, own) if len(shape) == 1 else None,
    nn.MaxPool2d: _pooling("MaxPooling2D"),
    nn.AvgPool2d: _pooling("AveragePooling2D"),
    nn.AdaptiveAvgPool2d: lambda layer, shape, own: (
        [("GlobalAveragePooling2D", ["keepdims=True"])] if layer.output_size in (1, (1, 1)) else None
    ),
    nn.Flatten: lambda layer, shape, own: _flatten(shape) if (layer.start_dim, layer.end_dim) == (1, -1) else None,
    nn.ReLU: lambda layer, shape, own: [("ReLU", [])],
    nn.Tanh: lambda layer, shape, own: _activation("tanh"),
    nn.Sigmoid: lambda layer, shape, own: _activation("sigmoid"),
    nn.SiLU: lambda layer, shape, own: _activation("silu"),
    nn.GELU: lambda layer, shape, own: _activation("gelu") if layer.approximate == "none" else None,
    nn.ELU: lambda layer, shape, own: [("ELU", [f"alpha={layer.alpha!r}"])],
    nn.LeakyReLU: lambda layer, shape, own: [("LeakyReLU", [f"negative_slope={layer.negative_slope!r}"])],
    Dropout: lambda layer, shape, own: [("Dropout", [repr(layer.p), "seed=SEED"])],
}


_CODE = {"regularizer": "keras_regularizer", "constraint": "keras_proximal", "decay": "keras_gradient"}
"""Place of the penalty → the code of a term that stands there."""


def _context(subject: Subject, plan: Plan) -> dict[str, Any]:
    place = _place(plan)

    def arguments(layer: str, variables: Mapping[str, str]) -> list[str]:
        """The regularizer or constraint of each variable of ``layer``."""
        if place not in ("regularizer", "constraint"):
            return []
        found = {variable: _penalty(plan, place, f"{layer}.{own}") for own, variable in variables.items()}
        return [f"{variable}_{place}={code}" for variable, code in found.items() if code]

    model = network_code(network(subject.model, subject.split.shape), arguments)
    return {
        "network": model,
        "place": place,
        "notes": " ".join(term.code.keras_note for term in reversed(plan.terms)),
        "helpers": plan.helpers(_CODE.get(place)),
        "definitions": "".join(others_of(subject.spec).code("keras_definitions")),
        "n_classes": len(subject.split.classes),
        "smoothing": _smoothing(subject.spec),
        "decay": _decay(plan),
        "table": _table(plan, subject.model),
        "optimizer": _optimizer(subject.spec.optim),
        "single_left_over": subject.leaves_single_image,
    }


def _smoothing(spec: RunSpec) -> str:
    """The name of ε where labels are smoothed, for a criterion with class weights.

    :raises ExportError: another regularizer changes a loss that has class weights.
    """
    losses = [entry for entry in others_of(spec).entries if entry.loss]
    if spec.train.class_weights != "none" and any(entry.name != "label_smoothing" for entry in losses):
        raise ExportError("Class weights beside this regularizer of the loss cannot be written into Keras here.")
    return "LABEL_SMOOTHING" if losses else ""


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
        for own, variable in variable_names(layer).items():
            if (name := f"{flat_name(path)}.{own}") in rows:
                found[f"{flat_name(path)}/{variable}"] = rows[name]
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
