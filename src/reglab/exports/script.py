"""What the script exports share: the penalised tensors, the context of the templates, the files beside a script.

The templates ``script.py.j2`` (common parts), ``pytorch.py.j2`` and ``keras.py.j2`` are the scripts, read from top to
bottom. Text that people typed enters them through ``one_line`` (comments, docstrings) or ``literal`` (code) only.
"""

from __future__ import annotations

import io
import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import jinja2
import numpy as np

from reglab.datasets import DATASETS
from reglab.errors import SpecError
from reglab.exports.code import flat_parameter, literal, one_line
from reglab.exports.entry import Bundle, Export
from reglab.exports.subject import Subject
from reglab.models import MODELS
from reglab.optimizers import OPTIMIZERS, Optimizer
from reglab.penalties import PENALTIES, Code, kinds, penalised_parameters
from reglab.regularizers import Place, Regularizer, active
from reglab.spec import Apply, OptimSpec, RunSpec
from reglab.store.arrays import encode_weights
from reglab.training.arrays import evaluated
from reglab.training.class_weights import balanced_weights

_MARKER = "Exported by RegLab"
Which = Literal["none", "weights", "all", "table"]


@dataclass(frozen=True, eq=False)
class PlanTerm:
    """One term λ·Σₜ fₜ·R(wₜ) of the penalty; ``factors`` has fₜ by flat tensor name where it is not 0."""

    key: str
    symbol: str
    note: str
    code: Code
    strength: float
    factors: Mapping[str, float]

    @property
    def constant(self) -> str:
        """The name of λ in the script."""
        return _constant(self.key)


@dataclass(frozen=True, eq=False)
class Others:
    """The regularizers besides the penalty that a spec switches on, in a script; dropout is in the network's code.

    ``class_weights``: ω of each class; empty without.
    """

    entries: tuple[Regularizer, ...]
    spec: RunSpec
    class_weights: tuple[float, ...] = ()

    @property
    def constants(self) -> list[tuple[str, str, str]]:
        """Name, value as code and comment of each one's setting."""
        return [
            (_constant(e.name), literal(e.value(self.spec)), f"{e.symbol} of {e.label}, {_WHERE[e.acts]}")
            for e in self.entries
        ]

    @property
    def changes_criterion(self) -> bool:
        """Whether the script minimises another criterion than the data loss."""
        return bool(self.class_weights) or any(entry.changes_criterion for entry in self.entries)

    @property
    def label(self) -> str:
        """What is on, for example "label smoothing 0.1, class weights"."""
        return ", ".join(filter(None, [self.spec.regularize.label, "class weights" if self.class_weights else ""]))

    @property
    def criterion_arguments(self) -> list[str]:
        """Keyword arguments of F.cross_entropy that make the training criterion."""
        return ["weight=WEIGHTS"] * bool(self.class_weights) + self.code("torch_loss")

    def code(self, field: str) -> list[str]:
        """What each one has under the ``field`` of its code."""
        found = [(entry, getattr(entry.code, field)) for entry in self.entries]
        return [text.replace("{value}", _constant(entry.name)) for entry, text in found if text]


_WHERE: Mapping[Place, str] = {
    "data": "on each batch",
    "model": "in the network",
    "loss": "in the loss",
    "after the step": "after each step",
    "time": "in time",
}


def _constant(key: str) -> str:
    return re.sub(r"\W", "_", key).upper()


def others_of(spec: RunSpec, labels: Sequence[int] = ()) -> Others:
    """The regularizers of ``spec`` with code of their own; ``labels``: the number of training labels of each class.

    :raises SpecError: where one has hooks but no code for scripts.
    """
    hooked = tuple(entry for entry in active(spec) if entry.data or entry.loss or entry.project)
    for entry in hooked:
        if entry.code is None:
            raise SpecError(f"No script can be written for {entry.setting}: {entry.label} has no code for scripts.")
    return Others(hooked, spec, balanced_weights(labels) if spec.train.class_weights == "balanced" else ())


@dataclass(frozen=True)
class Plan:
    """The penalty of a spec for its network.

    ``which``: f = 1 for all "weights" (of convolutions and dense layers), for "all" parameters, for "none"; otherwise
    a "table" FACTORS has each tensor's factor, or a tuple with one factor a term where the terms' factors differ.
    """

    terms: tuple[PlanTerm, ...]
    mode: Apply
    which: Which

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the terms."""
        return tuple(term.key for term in self.terms)

    @property
    def variables(self) -> list[str]:
        """The names of the factors of one tensor in the loops of a script; empty where all are 1."""
        if self.which != "table":
            return []
        shared = all(term.factors == self.terms[0].factors for term in self.terms)
        return ["factor"] if shared else [f"{term.key}_factor" for term in self.terms]

    @property
    def loop(self) -> str:
        """The loop over penalised tensors in a PyTorch script."""
        return f"for {', '.join(['w', *self.variables])} in penalised(model)"

    @property
    def table(self) -> dict[str, str]:
        """Tensor name → its entry of FACTORS as code."""
        columns = [self.terms[0].factors] if len(self.variables) == 1 else [term.factors for term in self.terms]
        names = dict.fromkeys(name for column in columns for name in column)
        rows = {name: tuple(column.get(name, 0.0) for column in columns) for name in names}
        return {name: literal(row if len(row) > 1 else row[0]) for name, row in rows.items()}

    def strength(self, term: PlanTerm) -> str:
        """λ of one tensor in the loops of a script, e.g. "L2" or "factor * L2"."""
        if not self.variables:
            return term.constant
        return f"{self.variables[0 if len(self.variables) == 1 else self.terms.index(term)]} * {term.constant}"

    @property
    def is_weight_decay(self) -> bool:
        """Whether the optimizer's ``weight_decay`` can be the whole penalty."""
        return len(self.terms) == 1 and self.terms[0].code.is_weight_decay

    def helpers(self, field: str | None) -> list[str]:
        """The definitions that the terms' code under ``field`` needs, directly or through one another."""
        code = [getattr(term.code, field) for term in self.terms] if field else []
        defined = {name: text for term in self.terms for name, text in term.code.helpers.items()}
        found: list[str] = []
        for name, text in reversed(defined.items()):
            if f"{name}(" in "\n".join([*code, *found]):
                found.insert(0, text)
        return found

    def text(self, kind: Literal["value", "gradient"], numbers: bool = False) -> str:
        """P or ∇P as plain text, with symbols or with numbers; f stands for the factors."""
        f = "f·" if any(factor != 1 for term in self.terms for factor in term.factors.values()) else ""
        f = f if self.which == "table" else ""
        parts: list[str] = []
        for term in self.terms:
            name = repr(term.strength) if numbers else term.symbol
            parts.append(getattr(term.code, kind).format(λ=name, f=f))
        return " + ".join(parts)


def plan_of(subject: Subject) -> Plan:
    """The plan of the subject's penalty for its network."""
    spec, kind = subject.spec.penalty, kinds(subject.model)
    penalised = penalised_parameters(subject.model, spec)
    terms = []
    for key, strength in spec.strengths.items():
        entry, exempt = PENALTIES.get(key), penalised.exempt[key]
        own = {flat_parameter(name): f for name, f in penalised.factors.items() if f and name not in exempt}
        if not strength or not own:
            continue
        if entry.code is None:
            raise SpecError(f"No script can be written for penalty.{key}: {entry.label} has no code for scripts.")
        terms.append(PlanTerm(key, entry.symbol, entry.formulas.note, entry.code, strength, own))
    terms.sort(key=lambda term: PENALTIES.get(term.key).order)
    which: Which = "table" if terms else "none"
    if terms and all(term.factors == dict.fromkeys(terms[0].factors, 1.0) for term in terms):
        weights = {flat_parameter(name) for name, k in kind.items() if k == "weight"}
        tensors = set(terms[0].factors)
        which = "all" if len(tensors) == len(kind) else "weights" if tensors == weights else "table"
    return Plan(tuple(terms), spec.apply, which)


def unpenalised(spec: OptimSpec) -> Optimizer:
    """The optimizer whose name stands for the step alone: Adam for AdamW, whose penalty mode is the plan's."""
    entry = OPTIMIZERS.get(spec.name)
    return OPTIMIZERS.get(entry.twin or entry.name)


def optimizer_text(entry: Optimizer, spec: OptimSpec) -> str:
    """Its name and settings, e.g. "SGD, momentum 0.9, Nesterov"."""
    settings = entry.arguments(spec).items()
    parts = [key.capitalize() if value is True else f"{key} {value:g}" for key, value in settings if value is not False]
    return ", ".join([entry.label, *parts])


@cache
def templates() -> jinja2.Environment:
    """The environment of the script templates; a missing variable is an error."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("reglab.exports", ""),
        autoescape=False,  # Python code: ``literal`` and ``one_line`` quote what people typed
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"literal": literal, "one_line": one_line, "wrapped": _wrapped}
    return environment


def _wrapped(text: str, label: str = "") -> str:
    """A paragraph of the header behind its label."""
    wrapper = textwrap.TextWrapper(78, label, " " * len(label), break_long_words=False, break_on_hyphens=False)
    return wrapper.fill(" ".join(text.split())) + "\n"


def script_export(
    label: str,
    order: int,
    about: str,
    context: Callable[[Subject, Plan], Mapping[str, Any]],
    inexact: Callable[[Subject], Sequence[str]],
) -> Export:
    """The export whose template is called after ``label``.

    ``context(subject, plan)``: the values of this template beside the common ones. ``inexact(subject)``: one sentence
    for each difference from the run that is due to the framework.
    """
    name = label.lower()
    template = f"{name}.py.j2"

    def script(subject: Subject, files: Sequence[str]) -> tuple[bytes, tuple[str, ...]]:
        plan, notes = plan_of(subject), (*_run_notes(subject), *inexact(subject))
        common = {
            "framework": label,
            "files": files,
            "inexact": notes,
            "plan": plan,
            "others": others_of(subject.spec, subject.split.counts(subject.split.y_train)),
            "black": tuple((-subject.split.mean / subject.split.std).tolist()),
            "subject": subject,
            "spec": subject.spec,
            "dataset": DATASETS.get(subject.spec.data.name).label,
            "cnn": MODELS.get(subject.spec.model.name).label,
            "n": len(subject.split.train),
        }
        return templates().get_template(template).render(**common, **context(subject, plan)).encode(), notes

    def make(subjects: Sequence[Subject], main: str, prefix: str) -> Bundle:
        (subject,) = subjects
        files = (main, f"{prefix}data.npz", f"{prefix}initial.safetensors")
        text, notes = script(subject, files)
        contents = (text, _data_file(subject), encode_weights(subject.initial))
        return Bundle(dict(zip(files, contents, strict=True)), notes)

    def show(subject: Subject) -> Bundle:
        _ = subject.initial  # raises where the files beside the script could not be made
        text, notes = script(subject, ("train.py", "data.npz", "initial.safetensors"))
        return Bundle({"train.py": text}, notes)

    return Export(name, label, order, about, "train.py", _MARKER.encode(), make, show, is_script=True)


def _run_notes(subject: Subject) -> list[str]:
    """Why the run's own metrics differ from those of its whole spec on this device."""
    run, notes = subject.run, list[str]()
    if run and run.state != "finished":
        epochs = f"{run.epoch} of {run.epochs} epochs; this script trains all {run.epochs}"
        notes.append(f"The run is {run.state} after {epochs}.")
    if run and subject.device.startswith("cuda"):
        notes.append(f"The run was trained on {subject.device}; other devices round sums differently.")
    return notes


def _data_file(subject: Subject) -> bytes:
    """The npz archive beside a script.

    x_train and x_val (N, H, W, C) float32, normalised; y_train and y_val; ``evaluated``: the indices of the training
    images on which training loss and accuracy are measured.
    """
    split = subject.split
    arrays = {name: getattr(split, name).permute(0, 2, 3, 1).contiguous().numpy() for name in ("x_train", "x_val")}
    measured = evaluated(len(split.train), len(split.val), subject.spec.train.seed)
    for name, numbers in {"y_train": split.y_train, "y_val": split.y_val, "evaluated": measured}.items():
        array = numbers.numpy()
        arrays[name] = array.astype(np.min_scalar_type(int(array.max(initial=0))))  # as few bytes as possible
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()
