"""The circumstances that a translation may depend on: n, batch size, learning rate, momentum, optimizer."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from numbers import Real
from typing import Literal

from reglab.errors import SpecError, UnknownName, clipped
from reglab.optimizers import OPTIMIZERS as TRAINED

Family = Literal["sgd", "adaptive"]
"""Whether an optimizer divides the gradient by a running size of its own (adaptive) or not (sgd)."""


@dataclass(frozen=True)
class KnownOptimizer:
    """An optimizer that a translation may depend on; ``keras`` is its class in keras.optimizers."""

    label: str
    keras: str
    family: Family


_NOT_TRAINED = {
    "adagrad": KnownOptimizer("Adagrad", "Adagrad", "adaptive"),
    "nadam": KnownOptimizer("NAdam", "Nadam", "adaptive"),
    "adamax": KnownOptimizer("Adamax", "Adamax", "adaptive"),
}
OPTIMIZERS: Mapping[str, KnownOptimizer] = {
    **_NOT_TRAINED,
    **{
        name: KnownOptimizer(entry.label, entry.keras.name, "adaptive" if entry.adaptive else "sgd")
        for name, entry in TRAINED.entries.items()
    },
}
"""Optimizers by name: those that RegLab trains with, and others for which λ can be translated."""

WORDS: Mapping[str, str] = {
    "n": "n, the number of training examples",
    "batch_size": "the batch size",
    "lr": "the learning rate",
    "momentum": "the momentum (0 for plain SGD)",
    "optimizer": "the optimizer (sgd, adam, …)",
}
"""Field of :class:`Context` → how a sentence asks for it."""


class MissingContext(SpecError):
    """A translation depends on something that was not given: ``name`` is the field of :class:`Context`."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"Give {WORDS[name]}: {why}.")
        self.name = name


@dataclass(frozen=True)
class Context:
    """All optional; asked for only where it matters. ``n`` counts training examples.

    :raises SpecError: for n or batch_size below 1, lr ≤ 0, momentum outside [0, 1), or an unknown optimizer.
    """

    n: int | None = None
    batch_size: int | None = None
    lr: float | None = None
    momentum: float | None = None
    optimizer: str | None = None

    def __post_init__(self) -> None:
        for name, value in (("n", self.n), ("The batch size", self.batch_size)):
            _check(name, value, lambda v: v >= 1 and float(v).is_integer(), "a whole number of at least 1")
        _check("The learning rate", self.lr, lambda lr: lr > 0, "above 0")
        _check("The momentum", self.momentum, lambda m: 0 <= m < 1, "from 0 to below 1")
        if self.optimizer is not None and self.optimizer not in OPTIMIZERS:
            raise UnknownName("optimizer", str(self.optimizer), OPTIMIZERS)

    @property
    def family(self) -> Family | None:
        """The optimizer's family, where the optimizer is given."""
        return None if self.optimizer is None else OPTIMIZERS[self.optimizer].family

    def number(self, name: str) -> float:
        """The number ``name``, which :meth:`require` has seen."""
        return float(getattr(self, name))

    def require(self, needs: Mapping[str, str]) -> None:
        """:raises MissingContext: for the first name in ``needs`` (name → why) that is not given."""
        for name, why in needs.items():
            if getattr(self, name) is None:
                raise MissingContext(name, why)

    def filled(self) -> Context:
        """With 1 for every scale that is not given: enough to see which parts of a meaning are 0."""
        return replace(self, n=self.n or 1, batch_size=self.batch_size or 1, lr=self.lr or 1.0)

    def given(self) -> dict[str, float | str]:
        """What is given, by name."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if value is not None}


def is_number(value: object) -> bool:
    """Whether ``value`` is a real number other than NaN; True and False are none."""
    return isinstance(value, Real) and not isinstance(value, bool) and not math.isnan(float(value))


def join(names: Iterable[str], last: str = "and") -> str:
    """``"a, b and c"``."""
    *first, final = names
    return f"{', '.join(first)} {last} {final}" if first else final


def _check(name: str, value: float | None, fits: Callable[[float], bool], limits: str) -> None:
    if value is not None and not (is_number(value) and math.isfinite(value) and fits(value)):
        raise SpecError(f"{name} must be {limits}, not {clipped(str(value))}.")
