"""The few forms that conversions have: one number times a factor, a strength with a mixing share, and pairs."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from reglab.conventions.context import Context
from reglab.conventions.convention import Conversion, Parameter, Values
from reglab.conventions.meaning import SYMBOLS, Meaning

Scale = Callable[[Context], float]

LETTERS = {"l1": "{L1}", "l2": "{L2}", "decay": "{D}"}


def same(name: str, part: str) -> Conversion:
    """The part is the number itself."""
    symbol, letter = SYMBOLS[part], LETTERS[part]
    return scaled(name, part, lambda c: 1.0, (f"{symbol} = {name} = {letter}",), (f"{name} = {symbol} = {{{name}}}",))


def scaled(
    name: str, part: str, factor: Scale, reading: tuple[str, ...], writing: tuple[str, ...],
    needs: Mapping[str, str] | None = None,
) -> Conversion:  # fmt: skip
    """part = factor·number."""
    return Conversion(
        frozenset({part}),
        lambda values, c: Meaning(**{part: factor(c) * values[name]}),
        lambda meaning, c: {name: getattr(meaning, part) / factor(c)},
        reading, writing, needs or {},
    )  # fmt: skip


def divided(name: str, part: str, divisor: str, reading: str, writing: str, why: str) -> Conversion:
    """part = number/context: dividing by n itself, and not multiplying by 1/n, keeps the digits."""
    return Conversion(
        frozenset({part}),
        lambda values, c: Meaning(**{part: values[name] / c.number(divisor)}),
        lambda meaning, c: {name: getattr(meaning, part) * c.number(divisor)},
        (reading,), (writing,), {divisor: why},
    )  # fmt: skip


def pair(l1: str, l2: str, twice: bool = False) -> Conversion:
    """λ₁ = l1 and λ₂ = l2, or 2·l2 where the system writes no ½."""
    factor, times, half = (2.0, "2·", "/2") if twice else (1.0, "", "")
    return Conversion(
        frozenset({"l1", "l2"}),
        lambda values, c: Meaning(l1=values[l1], l2=factor * values[l2]),
        lambda meaning, c: {l1: meaning.l1, l2: meaning.l2 / factor},
        (f"λ₁ = {l1} = {{L1}}", f"λ₂ = {times}{l2} = " + (f"2·{{{l2}}} = " if twice else "") + "{L2}"),
        (f"{l1} = λ₁ = {{{l1}}}", f"{l2} = λ₂{half} = " + ("{L2}/2 = " if twice else "") + f"{{{l2}}}"),
    )


def mixture(strength: str, share: str, symbols: tuple[str, str] = ("α", "ρ")) -> Conversion:
    """λ₁ = strength·share and λ₂ = strength·(1 − share)."""
    a, r = symbols
    return Conversion(
        frozenset({"l1", "l2"}),
        lambda v, c: Meaning(l1=v[strength] * v[share], l2=v[strength] * (1 - v[share])),
        lambda m, c: {strength: m.l1 + m.l2, share: share_of(m)},
        (
            f"λ₁ = {a}·{r} = {{{strength}}}·{{{share}}} = {{L1}}",
            f"λ₂ = {a}·(1 − {r}) = {{{strength}}}·(1 − {{{share}}}) = {{L2}}",
        ),
        (
            f"{strength} = λ₁ + λ₂ = {{L1}} + {{L2}} = {{{strength}}}",
            f"{share} = λ₁/(λ₁ + λ₂) = {{{share}}}",
        ),
    )


def inverse(strength: str, share: str, why: str) -> Conversion:
    """λ₁ = ρ/(C·n) and λ₂ = (1 − ρ)/(C·n); no penalty is C = ∞."""

    def read(values: Values, context: Context) -> Meaning:
        total = 1 / values[strength] / context.number("n")
        return Meaning(l1=total * values[share], l2=total * (1 - values[share]))

    def write(meaning: Meaning, context: Context) -> dict[str, float]:
        total = (meaning.l1 + meaning.l2) * context.number("n")
        return {strength: 1 / total if total else math.inf, share: share_of(meaning)}

    return Conversion(
        frozenset({"l1", "l2"}), read, write,
        (
            f"λ₁ = ρ/(C·n) = {{{share}}}/({{{strength}}}·{{n}}) = {{L1}}",
            f"λ₂ = (1 − ρ)/(C·n) = (1 − {{{share}}})/({{{strength}}}·{{n}}) = {{L2}}",
        ),
        (
            f"{strength} = 1/(n·(λ₁ + λ₂)) = 1/({{n}}·({{L1}} + {{L2}})) = {{{strength}}}",
            f"{share} = λ₁/(λ₁ + λ₂) = {{{share}}}",
        ),
        {"n": why},
    )  # fmt: skip


def share_of(meaning: Meaning) -> float:
    """λ₁/(λ₁ + λ₂); 0 where there is no penalty, since any share would do."""
    total = meaning.l1 + meaning.l2
    return meaning.l1 / total if total else 0.0


def one(name: str) -> tuple[Parameter]:
    """A convention's only number."""
    return (Parameter(name),)


def strength_and_share(strength: str, share: str, default: float) -> tuple[Parameter, Parameter]:
    """A strength, and the L1 share from 0 to 1."""
    return Parameter(strength), Parameter(share, default=default, most=1.0)


def decay_per_step(name: str) -> Conversion:
    """decay = number/lr, for a decay that the system itself does not multiply by lr."""
    return divided(
        name, "decay", "lr", f"decay = {name}/lr = {{{name}}}/{{lr}} = {{D}}",
        f"{name} = decay·lr = {{D}}·{{lr}} = {{{name}}}",
        "this decay is not multiplied by it, while other systems' is",
    )  # fmt: skip
