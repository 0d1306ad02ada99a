"""One row of the table "what λ means": a system's formula, its numbers, and how they convert to and from a meaning."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from reglab.conventions.context import Context, Family, is_number, join
from reglab.conventions.meaning import Meaning
from reglab.errors import SpecError, clipped, shown, suggestion
from reglab.registry import Registry

Values: TypeAlias = Mapping[str, float]
Reach = Literal["all", "chosen", "weights", "scope"]


@dataclass(frozen=True)
class Parameter:
    """One number of a convention, from 0 to ``most``; an ``inverse`` one is above 0, and ∞ means no penalty."""

    name: str
    default: float | None = None
    most: float = math.inf
    inverse: bool = False

    def check(self, value: object, owner: str) -> float:
        """:raises SpecError: unless ``value`` is a number in the range."""
        fits = is_number(value) and self._fits(float(value))  # type: ignore[arg-type]
        if not fits:
            raise SpecError(f"{self.name} of {owner} must be {self._range()}, not {clipped(str(value))}.")
        return float(value)  # type: ignore[arg-type]

    def _fits(self, value: float) -> bool:
        if self.inverse:
            return value > 0
        return 0 <= value <= self.most and math.isfinite(value)

    def _range(self) -> str:
        if self.inverse:
            return "a number above 0"
        return "a finite number of at least 0" if math.isinf(self.most) else f"a number from 0 to {self.most:g}"


@dataclass(frozen=True)
class Condition:
    """A clause that must hold for a convention's number to do the same as another's, where a meaning has ``parts``.

    ``text`` has ``{name}`` for numbers of the context that the conversion needs.
    """

    text: str
    parts: frozenset[str] = frozenset({"l1", "l2", "decay"})


@dataclass(frozen=True)
class Conversion:
    """How a convention's numbers become a :class:`Meaning` (``read``) and come from one (``write``), both pure.

    ``parts`` of a meaning can be expressed. ``reading`` and ``writing`` are the same formulas as text, one equation
    each, with ``{name}`` for the convention's own numbers and the context's, ``{L1}``, ``{L2}`` and ``{D}`` for the
    meaning's. ``needs``: what they take from the context, each with the reason.
    """

    parameters: tuple[Parameter, ...]
    parts: frozenset[str]
    read: Callable[[Values, Context], Meaning]
    write: Callable[[Meaning, Context], dict[str, float]]
    reading: tuple[str, ...] = ()
    writing: tuple[str, ...] = ()
    needs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Convention:
    """One system's λ.

    ``formula`` (LaTeX) and ``plain`` say what it adds, ``tensors`` and ``reach`` to which tensors. ``in_loss``: it is
    part of the printed loss. ``family``: the optimizer it belongs to, None for any. ``data_loss``: the data loss it
    stands beside, empty for any mean. ``code`` is the target's own syntax with ``{name}`` for its numbers.
    ``conditions`` are part of every answer in which it takes part, ``notes`` explain it further.
    """

    name: str
    label: str
    order: int
    formula: str
    plain: str
    tensors: str
    reach: Reach
    conversion: Conversion
    code: str
    source: str
    help: str
    in_loss: bool = True
    family: Family | None = None
    data_loss: str = ""
    conditions: tuple[Condition, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Its numbers; a single value is the first one."""
        return self.conversion.parameters

    @property
    def decoupled(self) -> bool:
        """Whether it shrinks the weights beside the step, instead of adding to the objective."""
        return self.conversion.parts == {"decay"}

    def values(self, given: float | Mapping[str, float]) -> dict[str, float]:
        """``given`` checked, with defaults filled in; a single number is the first parameter.

        :raises SpecError: for an unknown name, a missing one, or a value out of range.
        """
        named = dict(given) if isinstance(given, Mapping) else {self.parameters[0].name: given}
        names = [p.name for p in self.parameters]
        for name in named:
            if name not in names:
                hint = suggestion(name, names)
                raise SpecError(f"{self.label} has no {shown(name)}{hint}; it takes {join(names)}.")
        missing = [p.name for p in self.parameters if p.default is None and p.name not in named]
        if missing:
            raise SpecError(f"{self.label} needs a value for {join(missing)}.")
        return {p.name: p.check(named.get(p.name, p.default), self.label) for p in self.parameters}


CONVENTIONS: Registry[Convention] = Registry("convention", "reglab.conventions", Convention)
