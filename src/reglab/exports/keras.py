"""A plain Keras 3 script of a run: same images, initial weights and batches, the penalty in Keras's own words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from torch import nn

from reglab.exports.code import constants
from reglab.exports.entry import Export
from reglab.exports.graph import Network, network
from reglab.exports.header import MARKER, docstring, run_notes
from reglab.exports.keras_layers import roles
from reglab.exports.keras_network import network_code
from reglab.exports.keras_parts import (
    ADAM_EPSILON,
    BATCHES,
    EVALUATE,
    JOINED_BATCHES,
    LOAD,
    SEED_FOR,
    main_code,
    optimizer_code,
)
from reglab.exports.keras_penalty import (
    HOW,
    PROXIMAL,
    KerasPenalty,
    keras_name,
    keras_penalty,
    penalised_code,
    pull_code,
)
from reglab.exports.plan import Plan, plan_of
from reglab.exports.schedule import schedule_code
from reglab.exports.scripted import Files, make_with, shared_settings, show_with
from reglab.exports.subject import Subject
from reglab.exports.torch_penalty import factor_table
from reglab.models import Dropout
from reglab.spec import RunSpec


def script(subject: Subject, files: Files, inexact: Sequence[str]) -> str:
    """The script's text."""
    spec, plan = subject.spec, plan_of(subject.spec, subject.model)
    penalty, parts = keras_penalty(plan), network(subject.model, subject.split.shape)
    n, size = len(subject.split.x_train), spec.train.batch_size
    sections = [
        docstring(subject, plan, "Keras", HOW[penalty.place], files, inexact)
        + f"\n{_imports(spec, penalty)}\n{_settings(subject, plan, parts, files)}",
        SEED_FOR,
        PROXIMAL if penalty.place == "constraint" else "",
        network_code(parts, penalty),
        LOAD,
        penalised_code(penalty),
        pull_code(penalty),
        ADAM_EPSILON if spec.optim.name != "sgd" else "",
        optimizer_code(penalty, spec.optim),
        schedule_code(spec.optim),
        JOINED_BATCHES if n > size and n % size == 1 else BATCHES,
        EVALUATE,
        main_code(penalty, spec),
    ]
    return "\n\n".join(section for section in sections if section) + '\n\nif __name__ == "__main__":\n    main()\n'


def differences(spec: RunSpec, model: nn.Module) -> list[str]:
    """Where Keras does not compute what PyTorch does, in whole sentences."""
    found = []
    if spec.optim.name != "sgd":
        found.append(
            "Adam divides by √v and so magnifies how Keras rounds: every step is the same, the first epochs agree to "
            "1e-4, and after tens of epochs losses may differ in the second decimal place."
        )
    if any(isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d) for layer in model.modules()):
        found.append(
            "Keras's batch norm keeps the running variance with divisor n, PyTorch's with n − 1, so losses in eval "
            "mode differ."
        )
    if any(isinstance(layer, Dropout) and layer.p > 0 for layer in model.modules()):
        found.append("Keras draws its dropout masks from its own generator, so units are dropped at other moments.")
    return found


def _notes(subject: Subject) -> tuple[str, ...]:
    return (*run_notes(subject), *differences(subject.spec, subject.model))


def _imports(spec: RunSpec, penalty: KerasPenalty) -> str:
    math = spec.optim.schedule == "cosine" or spec.train.patience > 0
    standard = ["import hashlib", "import json", *["import math"] * math, "import os", "from pathlib import Path"]
    backend = [
        "",
        'os.environ.setdefault("KERAS_BACKEND", "torch")  # any backend does; read when keras is imported',
        "",
    ]
    own = ["import keras", "import numpy as np", "import torch  # for the order of the batches alone"]
    used = ["layers", *["regularizers"] * (penalty.place == "regularizer")]
    own += [f"from keras import {', '.join(used)}", "from safetensors.numpy import load_file"]
    return "\n".join([*standard, *backend, *own])


def _settings(subject: Subject, plan: Plan, parts: Network, files: Files) -> str:
    spec, (places, values) = subject.spec, shared_settings(subject, plan, files)
    lines = [f"\n{places}", constants(values)]
    penalty = keras_penalty(plan)
    if penalty.place in ("pull", "weight_decay") and plan.which == "table":
        lines.append(factor_table(_in_keras_words(plan, parts)))
    lines.append('keras.config.set_image_data_format("channels_last")')
    lines += [f'keras.config.set_floatx("{spec.train.precision}")'] * (spec.train.precision != "float32")
    return "\n".join(lines) + "\n"


def _in_keras_words(plan: Plan, parts: Network) -> Plan:
    """``plan`` with the tensors under the ends of their Keras paths, "conv1/kernel"."""
    words = {
        f"{str(node.target).replace('.', '_')}": roles(parts.layer(node))
        for node in parts.calls
        if node.op == "call_module"
    }
    named = {keras_name(name, words[name.rpartition(".")[0]]): factor for name, factor in plan.factors.items()}
    return replace(plan, factors=named)


ENTRY = Export(
    name="keras",
    label="Keras",
    order=20,
    about="A plain Keras 3 script: same images, initial weights and batches, regularizers with the converted λ.",
    main="train.py",
    together=False,
    needs_runs=False,
    is_script=True,
    marker=MARKER.encode(),
    make=make_with(script, _notes),
    show=show_with(script, _notes),
)
