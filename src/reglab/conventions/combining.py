"""Several conventions at once on the same tensors: gradients add, decays add, and a person may count twice.

``weight_decay=λ`` and a term λΣw² in the loss are λ₂ = λ + 2λ = 3λ.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add

from reglab.conventions.context import Context, Family, join
from reglab.conventions.convention import CONVENTIONS, Convention, Values
from reglab.conventions.meaning import SYMBOLS, Meaning, figure
from reglab.errors import SpecError


@dataclass(frozen=True)
class Part:
    """A convention's name with its numbers; a single number is its first parameter."""

    name: str
    values: float | Mapping[str, float]

    @property
    def convention(self) -> Convention:
        """:raises UnknownName: where there is none of this name."""
        return CONVENTIONS.get(self.name)

    @property
    def numbers(self) -> dict[str, float]:
        """:raises SpecError: where they are not what the convention takes."""
        return self.convention.values(self.values)


@dataclass(frozen=True)
class Step:
    """One step of a calculation: what it does, and its equation with the numbers."""

    about: str
    equation: str


@dataclass(frozen=True)
class Combination:
    """What the ``parts`` do together. ``doubled``: two of them do the same thing. ``sentence`` explains."""

    parts: tuple[Part, ...]
    meaning: Meaning
    doubled: bool
    sentence: str
    steps: tuple[Step, ...]


def combine(parts: Sequence[Part], context: Context | None = None) -> Combination:
    """All ``parts`` at once on the same tensors.

    :raises SpecError: for none at all, a bad value, missing context, or parts of two different optimizers.
    """
    if not parts:
        raise SpecError("Name at least one convention and its value.")
    context = context or Context()
    family_of([part.convention for part in parts])
    meanings = [read(part, context) for part in parts]
    total = _finite(reduce(add, meanings))
    steps = [step for part, own in zip(parts, meanings, strict=True) for step in _reading(part, own, context)]
    steps += [_sum(name, meanings) for name in SYMBOLS if _count(name, meanings) > 1]
    doubled = any(_count(name, meanings) > 1 for name in SYMBOLS)
    return Combination(tuple(parts), total, doubled, _sentence(parts, meanings, total), tuple(steps))


def read(part: Part, context: Context) -> Meaning:
    """What ``part`` alone does."""
    conversion, values = part.convention.conversion, part.numbers
    context.require(conversion.needs)
    return conversion.read(values, context)


def family_of(conventions: Sequence[Convention]) -> Family | None:
    """The family of the one optimizer that all of them share; None where none of them names any.

    :raises SpecError: where two belong to different optimizers.
    """
    named = {c.family: c for c in conventions if c.family is not None}
    if len(named) > 1:
        raise SpecError(
            f"{join(c.label for c in named.values())} have different optimizers; the same weights have one."
        )
    return next(iter(named), None)


def equations(templates: Iterable[str], values: Values, meaning: Meaning, context: Context) -> tuple[str, ...]:
    """``"λ₂ = 2·l2 = 2·{l2} = {L2}"`` → ``"λ₂ = 2·l2 = 2·0.01 = 0.02"``."""
    numbers = {name: figure(value) for name, value in values.items()}
    numbers |= {"L1": figure(meaning.l1), "L2": figure(meaning.l2), "D": figure(meaning.decay)}
    numbers |= {name: figure(value) for name, value in context.given().items() if not isinstance(value, str)}
    return tuple(template.format_map(numbers) for template in templates)


def _reading(part: Part, meaning: Meaning, context: Context) -> list[Step]:
    convention, values = part.convention, part.numbers
    about = f"{convention.label} adds {convention.plain}"
    if convention.decoupled or convention.data_loss:
        about = f"{convention.label}: {convention.plain}"
    return [Step(about, line) for line in equations(convention.conversion.reading, values, meaning, context)]


def _finite(meaning: Meaning) -> Meaning:
    """:raises SpecError: where a sum or product has left the range of floating-point numbers."""
    if not all(math.isfinite(getattr(meaning, name)) for name in SYMBOLS):
        raise SpecError("These values are too large to calculate with; use a smaller penalty.")
    return meaning


def _count(name: str, meanings: Sequence[Meaning]) -> int:
    return sum(bool(getattr(meaning, name)) for meaning in meanings)


def _sum(name: str, meanings: Sequence[Meaning]) -> Step:
    numbers = [getattr(meaning, name) for meaning in meanings if getattr(meaning, name)]
    about = "Gradients of terms add" if name in ("l1", "l2") else "They add"
    return Step(about, f"{SYMBOLS[name]} = {' + '.join(map(figure, numbers))} = {figure(sum(numbers))}")


def _sentence(parts: Sequence[Part], meanings: Sequence[Meaning], total: Meaning) -> str:
    """Each part's share, then what they are together."""
    if len(parts) == 1:
        return ""
    shares = join(f"{_name(part)} counts as {_text(own)}" for part, own in zip(parts, meanings, strict=True))
    doubled = [name for name in SYMBOLS if _count(name, meanings) > 1]
    if doubled:
        times = join(_times(name, meanings) for name in doubled)
        tail = f"the same thing is counted more than once, and together they are {_text(total)}: {times}"
    elif total.l2 and total.decay:
        tail = f"these are two different things at once, {_text(total)}, each with its own pull towards zero"
    else:
        tail = f"together they are {_text(total)}, and nothing is counted twice"
    return f"{shares}; {tail}."


def _times(name: str, meanings: Sequence[Meaning]) -> str:
    numbers = [getattr(meaning, name) for meaning in meanings if getattr(meaning, name)]
    return f"{SYMBOLS[name]} is {figure(sum(numbers) / numbers[0])} times what the first alone does"


def _name(part: Part) -> str:
    numbers = ", ".join(f"{name} = {figure(value)}" for name, value in part.numbers.items())
    return f"{part.convention.label} ({numbers})"


def _text(meaning: Meaning) -> str:
    """``"λ₂ = 0.02"``, ``"λ₁ = 0.1, λ₂ = 0.2"``, ``"a decoupled decay of 0.01"``, ``"no penalty"``."""
    found = [f"{SYMBOLS[name]} = {figure(getattr(meaning, name))}" for name in ("l1", "l2") if getattr(meaning, name)]
    found += [f"a decoupled decay of {figure(meaning.decay)}"] if meaning.decay else []
    found += ["a penalty on outputs"] if meaning.outputs else []
    return " and ".join(found) or "no penalty"
