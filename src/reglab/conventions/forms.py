"""The usual conversions: a number is a part of the meaning, is divided by a circumstance, or has a share beside it."""

from __future__ import annotations

from reglab.conventions.convention import Conversion, Parameter
from reglab.conventions.meaning import SYMBOLS, Meaning

LETTERS = {"l1": "{L1}", "l2": "{L2}", "decay": "{D}"}


def direct(*, half: bool = True, **names: str) -> Conversion:
    """``part="name"``: each number is its part; λ₂ is twice the number of a system that writes no ``half``.

    A single number has to be given; several default to 0.
    """
    twice = {part: part == "l2" and not half for part in names}
    scale = {part: 2.0 if twice[part] else 1.0 for part in names}
    reading, writing = [], []
    for part, name in names.items():
        symbol, letter, number = SYMBOLS[part], LETTERS[part], f"{{{name}}}"
        if twice[part]:
            reading.append(f"{symbol} = 2·{name} = 2·{number} = {letter}")
            writing.append(f"{name} = {symbol}/2 = {letter}/2 = {number}")
        else:
            reading.append(f"{symbol} = {name} = {letter}")
            writing.append(f"{name} = {symbol} = {number}")
    return Conversion(
        parameters=tuple(Parameter(name, default=0.0 if len(names) > 1 else None) for name in names.values()),
        parts=frozenset(names),
        read=lambda values, c: Meaning(**{part: scale[part] * values[name] for part, name in names.items()}),
        write=lambda meaning, c: {name: getattr(meaning, part) / scale[part] for part, name in names.items()},
        reading=tuple(reading),
        writing=tuple(writing),
    )


def divided(name: str, part: str, divisor: str, why: str) -> Conversion:
    """part = number/context: dividing by n itself, and not multiplying by 1/n, keeps the digits."""
    symbol, letter, number, by = SYMBOLS[part], LETTERS[part], f"{{{name}}}", f"{{{divisor}}}"
    return Conversion(
        parameters=(Parameter(name),),
        parts=frozenset({part}),
        read=lambda values, c: Meaning(**{part: values[name] / c.number(divisor)}),
        write=lambda meaning, c: {name: getattr(meaning, part) * c.number(divisor)},
        reading=(f"{symbol} = {name}/{divisor} = {number}/{by} = {letter}",),
        writing=(f"{name} = {symbol}·{divisor} = {letter}·{by} = {number}",),
        needs={divisor: why},
    )


def decay_per_step(name: str) -> Conversion:
    """decay = number/lr, for a system that does not multiply its decay by lr."""
    return divided(name, "decay", "lr", "this decay is not multiplied by it, while other systems' is")


def mixture(strength: str, share: str, default: float, symbols: tuple[str, str]) -> Conversion:
    """λ₁ = strength·share and λ₂ = strength·(1 − share)."""
    (a, r), s, q = symbols, f"{{{strength}}}", f"{{{share}}}"
    return Conversion(
        parameters=(Parameter(strength), Parameter(share, default=default, most=1.0)),
        parts=frozenset({"l1", "l2"}),
        read=lambda values, c: Meaning(l1=values[strength] * values[share], l2=values[strength] * (1 - values[share])),
        write=lambda meaning, c: {strength: meaning.l1 + meaning.l2, share: share_of(meaning)},
        reading=(f"λ₁ = {a}·{r} = {s}·{q} = {{L1}}", f"λ₂ = {a}·(1 − {r}) = {s}·(1 − {q}) = {{L2}}"),
        writing=(f"{strength} = λ₁ + λ₂ = {{L1}} + {{L2}} = {s}", f"{share} = λ₁/(λ₁ + λ₂) = {q}"),
    )


def share_of(meaning: Meaning) -> float:
    """λ₁/(λ₁ + λ₂); 0 where there is no penalty, since any share would do."""
    total = meaning.l1 + meaning.l2
    return meaning.l1 / total if total else 0.0
