"""Several conventions at once on the same tensors: gradients add, decays add, and a person may count twice.

``weight_decay=λ`` and a term λΣw² in the loss are λ₂ = λ + 2λ = 3λ.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add

from reglab.conventions.context import Context, join
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
    families = {c.family: c.label for part in parts if (c := part.convention).family is not None}
    if len(families) > 1:
        raise SpecError(f"{join(families.values())} have different optimizers; the same weights have one.")
    meanings = [read(part, context) for part in parts]
    total = reduce(add, meanings)
    if not all(math.isfinite(getattr(total, name)) for name in SYMBOLS):
        raise SpecError("These values are too large to calculate with; use a smaller penalty.")
    numbers = {name: [value for own in meanings if (value := getattr(own, name))] for name in SYMBOLS}
    doubled = {name: found for name, found in numbers.items() if len(found) > 1}
    steps = [step for part, own in zip(parts, meanings, strict=True) for step in _reading(part, own, context)]
    for name, found in doubled.items():
        about = "Gradients of terms add" if name in ("l1", "l2") else "They add"
        equation = f"{SYMBOLS[name]} = {' + '.join(map(figure, found))} = {figure(sum(found))}"
        steps.append(Step(about, equation))
    return Combination(tuple(parts), total, bool(doubled), _sentence(parts, meanings, total, doubled), tuple(steps))


def read(part: Part, context: Context) -> Meaning:
    """What ``part`` alone does."""
    conversion, values = part.convention.conversion, part.numbers
    context.require(conversion.needs)
    return conversion.read(values, context)


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


def _sentence(
    parts: Sequence[Part], meanings: Sequence[Meaning], total: Meaning, doubled: Mapping[str, Sequence[float]]
) -> str:
    """Each part's share, then what they are together; ``doubled``: the numbers of what is counted more than once."""
    if len(parts) == 1:
        return ""
    shares = join(f"{_name(part)} counts as {_text(own)}" for part, own in zip(parts, meanings, strict=True))
    if doubled:
        times = {SYMBOLS[name]: figure(sum(numbers) / numbers[0]) for name, numbers in doubled.items()}
        more = join(f"{symbol} is {factor} times what the first alone does" for symbol, factor in times.items())
        tail = f"the same thing is counted more than once, and together they are {_text(total)}: {more}"
    elif total.l2 and total.decay:
        tail = f"these are two different things at once, {_text(total)}, each with its own pull towards zero"
    else:
        tail = f"together they are {_text(total)}, and nothing is counted twice"
    return f"{shares}; {tail}."


def _name(part: Part) -> str:
    numbers = ", ".join(f"{name} = {figure(value)}" for name, value in part.numbers.items())
    return f"{part.convention.label} ({numbers})"


def _text(meaning: Meaning) -> str:
    """``"λ₂ = 0.02"``, ``"λ₁ = 0.1, λ₂ = 0.2"``, ``"a decoupled decay of 0.01"``, ``"no penalty"``."""
    found = [f"{SYMBOLS[name]} = {figure(getattr(meaning, name))}" for name in ("l1", "l2") if getattr(meaning, name)]
    found += [f"a decoupled decay of {figure(meaning.decay)}"] if meaning.decay else []
    found += ["a penalty on outputs"] if meaning.outputs else []
    return " and ".join(found) or "no penalty"
