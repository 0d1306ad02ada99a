"""A plain PyTorch script that repeats a run: the same images, weights, batches, masks, steps and order of sums."""

from __future__ import annotations

from collections.abc import Sequence

from reglab.exports.code import constants
from reglab.exports.entry import Export
from reglab.exports.graph import network
from reglab.exports.header import MARKER, docstring, run_notes
from reglab.exports.plan import Plan, plan_of
from reglab.exports.schedule import schedule_code
from reglab.exports.scripted import Files, make_with, shared_settings, show_with
from reglab.exports.subject import Subject
from reglab.exports.torch_network import network_code
from reglab.exports.torch_parts import DROPOUT, EVALUATE, SEED_FOR, batches_code, main_code
from reglab.exports.torch_penalty import HOW, factor_table, optimizer_code, penalised_code, torch_penalty


def script(subject: Subject, files: Files, inexact: Sequence[str]) -> str:
    """The script's text."""
    spec, plan = subject.spec, plan_of(subject.spec, subject.model)
    penalty = torch_penalty(plan, spec.optim)
    model = network_code(network(subject.model, subject.split.shape))
    parts = [
        docstring(subject, plan, "PyTorch", HOW[penalty.place], files, inexact)
        + "\n"
        + _imports(subject, model)
        + _settings(subject, plan, files),
        SEED_FOR,
        DROPOUT.replace("cpu", _device(subject)) if "Dropout(" in model else "",
        model,
        penalised_code(plan) if penalty.place in ("loss", "gradient", "decay", "shrink") else "",
        penalty.function,
        optimizer_code(plan, spec.optim),
        schedule_code(spec.optim),
        batches_code(subject),
        EVALUATE,
        main_code(subject, penalty, "class Network" in model),
    ]
    return "\n\n".join(part for part in parts if part) + '\n\nif __name__ == "__main__":\n    main()\n'


def _notes(subject: Subject) -> tuple[str, ...]:
    return tuple(run_notes(subject))


def _device(subject: Subject) -> str:
    return "cuda" if subject.device.startswith("cuda") else "cpu"


def _imports(subject: Subject, model: str) -> str:
    optim, patience = subject.spec.optim, subject.spec.train.patience
    standard = ["import hashlib", "import json", *["import math"] * (optim.schedule == "cosine" or patience > 0)]
    standard += ["from collections import OrderedDict"] * ("OrderedDict" in model) + ["from pathlib import Path"]
    others = ["import numpy as np", "import torch", "import torch.nn.functional as F"]
    others += ["from safetensors.torch import load_file", "from torch import nn"]
    return "\n".join([*standard, "", *others, "", ""])


def _settings(subject: Subject, plan: Plan, files: Files) -> str:
    spec, (places, values) = subject.spec, shared_settings(subject, plan, files)
    values |= {"EVALUATED_AT_ONCE": (subject.evaluated_at_once, "images per forward pass of an evaluation")}
    parts = [
        f"{places}\n{constants(values)}",
        factor_table(plan),
        f'DEVICE, DTYPE = "{_device(subject)}", torch.{spec.train.precision}\n'
        f"torch.set_num_threads({subject.threads})  # as in the run, because it changes the order of sums\n"
        "torch.set_flush_denormal(True)  # as in the run: numbers below 1e-38 count as 0"
        + "\ntorch.backends.cudnn.deterministic = True"
        * (_device(subject) == "cuda"),
    ]
    return "\n".join(part for part in parts if part) + "\n"


ENTRY = Export(
    name="pytorch",
    label="PyTorch",
    order=10,
    about="A plain script that repeats the run's figures, with its images and initial weights beside it.",
    main="train.py",
    together=False,
    needs_runs=False,
    is_script=True,
    marker=MARKER.encode(),
    make=make_with(script, _notes),
    show=show_with(script, _notes),
)
