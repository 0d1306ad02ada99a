"""The first words of a script: what it is, what it was made of, what it minimises, and where it is not exact."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from reglab.datasets import DATASETS
from reglab.exports.code import one_line
from reglab.exports.plan import Plan
from reglab.exports.subject import Subject
from reglab.models import MODELS

_WIDTH = 78
MARKER = "Exported by RegLab"


def docstring(
    subject: Subject, plan: Plan, framework: str, how: str, files: tuple[str, str, str], inexact: Iterable[str]
) -> str:
    """The module's docstring. ``how`` says where the penalty acts, ``files`` are the script and the two beside it."""
    spec, (script, data, weights) = subject.spec, files
    title = f"{MODELS.get(spec.model.name).label} on {DATASETS.get(spec.data.name).label}, in plain {framework}."
    paragraphs = [
        ("", f"{MARKER} from {_source(subject)}. It does not need RegLab, only the packages imported below."),
        ("Run it:    ", f"python {one_line(script)}"),
        ("Minimised: ", objective(subject, plan)),
        ("Penalised: ", f"{plan.tensors}. {how}"),
        ("Optimizer: ", optimizer_words(subject)),
        ("Data:      ", _data(subject, one_line(data))),
        ("Weights:   ", f"{one_line(weights)} has the initial ones, so that training starts from the same numbers."),
        ("Result:    ", _result(subject)),
        *(("Not exact: ", sentence) for sentence in inexact),
    ]
    body = "\n".join(_wrapped(label, text) for label, text in paragraphs[:1]) + "\n\n"
    body += "\n".join(_wrapped(label, text) for label, text in paragraphs[1:] if text)
    return f'"""{title}\n\n{body}\n"""\n'


def objective(subject: Subject, plan: Plan) -> str:
    """J with numbers, or, where the penalty is no part of an objective's gradient, what is done instead."""
    n = len(subject.split.x_train)
    data = f"(1/{n})·Σ cross-entropy"
    if plan.which == "none":
        return f"J(w) = {data}, without a penalty."
    if plan.apply == "decoupled":
        return f"{data}, while beside every step w ← w − η·({plan.pull}): decoupled decay, not the gradient of a J."
    return f"J(w) = {data} + {plan.formula}."


def optimizer_words(subject: Subject) -> str:
    """The optimizer, the learning rate and its schedule."""
    o, epochs = subject.spec.optim, subject.spec.train.epochs
    name = (
        f"SGD, momentum {o.momentum:g}{', Nesterov' * (o.nesterov and o.momentum > 0)}" if o.name == "sgd" else "Adam"
    )
    schedule = {
        "constant": f"learning rate {o.lr:g}",
        "cosine": f"learning rate {o.lr:g}, falling to 0 along a cosine over {epochs} epochs",
        "step": f"learning rate {o.lr:g}, times {o.step_factor:g} every {o.step_every} epochs",
    }[o.schedule]
    return f"{name}, {schedule}, {epochs} epochs in batches of {subject.spec.train.batch_size}."


def run_notes(subject: Subject) -> list[str]:
    """What makes a run's own figures differ from those of its whole, undisturbed spec on this device."""
    run, notes = subject.run, list[str]()
    if run is None:
        return notes
    if run.state != "finished":
        notes.append(
            f"The run is {run.state} after {run.epoch} of {run.epochs} epochs; this script trains all {run.epochs}."
        )
    if subject.device.startswith("cuda"):
        notes.append(f"The run was trained on {subject.device}; on another device sums are rounded differently.")
    return notes


def _source(subject: Subject) -> str:
    run = subject.run
    return f"run {run.id} ('{one_line(run.name)}')" if run else "a spec that was not trained yet"


def _data(subject: Subject, name: str) -> str:
    d, s = subject.spec.data, subject.split
    noise = f", {int(s.flipped.sum())} of them with a wrong label on purpose" if d.label_noise else ""
    return (
        f"{name} holds {len(s.x_train)} training images{noise}, and {len(s.x_val)} for validation, normalised "
        "by the mean and standard deviation of the training images."
    )


def _result(subject: Subject) -> str:
    run = subject.run
    if run is None or run.last is None:
        return ""
    m = run.last
    return (
        f"after epoch {m.epoch} the run had train_loss {m.train_loss:.6f}, val_loss {m.val_loss:.6f}, train_acc "
        f"{m.train_acc:.4f}, val_acc {m.val_acc:.4f} (torch {subject.versions.get('torch', '?')}, "
        f"{one_line(subject.device)}, threads: {subject.threads})."
    )


def _wrapped(label: str, text: str) -> str:
    return textwrap.fill(
        text, _WIDTH, initial_indent=label, subsequent_indent=" " * len(label), break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip
