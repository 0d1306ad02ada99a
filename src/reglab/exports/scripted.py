"""What the exports of scripts do alike: the script's text, and beside it the images and the initial weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from reglab.exports.code import literal
from reglab.exports.entry import Bundle
from reglab.exports.plan import Plan
from reglab.exports.side_files import data_file, weights_file
from reglab.exports.subject import Subject

Files: TypeAlias = tuple[str, str, str]
"""The names of the script, of its images and of its initial weights."""

Script: TypeAlias = Callable[[Subject, Files, Sequence[str]], str]
"""(subject, files, what is not exact) → the script's text."""

Notes: TypeAlias = Callable[[Subject], tuple[str, ...]]
"""What is not exact, in whole sentences."""


def make_with(script: Script, notes: Notes) -> Callable[[Sequence[Subject], str, str], Bundle]:
    """``Export.make``: the script and its two files."""

    def make(subjects: Sequence[Subject], main: str, prefix: str) -> Bundle:
        (subject,) = subjects
        files, inexact = (main, f"{prefix}data.npz", f"{prefix}initial.safetensors"), notes(subject)
        contents = (script(subject, files, inexact).encode(), data_file(subject), weights_file(subject))
        return Bundle(dict(zip(files, contents, strict=True)), inexact)

    return make


def show_with(script: Script, notes: Notes) -> Callable[[Subject], Bundle]:
    """``Export.show``: the script alone. Its files must be at hand all the same: who reads it will want to run it."""

    def show(subject: Subject) -> Bundle:
        _ = subject.initial
        inexact = notes(subject)
        text = script(subject, ("train.py", "data.npz", "initial.safetensors"), inexact)
        return Bundle({"train.py": text.encode()}, inexact)

    return show


def shared_settings(subject: Subject, plan: Plan, files: Files) -> tuple[str, dict[str, tuple[object, str]]]:
    """The lines that name the files, and the constants of either script: name → (value, what it is)."""
    train, (_, data, weights) = subject.spec.train, files
    values: dict[str, tuple[object, str]] = {
        "SEED": (train.seed, ""),
        "EPOCHS": (train.epochs, ""),
        "BATCH_SIZE": (train.batch_size, ""),
        "LEARNING_RATE": (subject.spec.optim.lr, "η"),
    }
    values |= {"L1": (plan.l1, "λ₁ of λ₁·Σ|w|")} if plan.l1 else {}
    values |= {"L2": (plan.l2, "λ₂ of (λ₂/2)·Σw²")} if plan.l2 else {}
    values |= {"PATIENCE": (train.patience, "epochs without a lower validation loss")} if train.patience else {}
    return f"HERE = Path(__file__).parent\nDATA, INITIAL = HERE / {literal(data)}, HERE / {literal(weights)}", values
