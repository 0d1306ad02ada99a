"""J(w) = data loss + penalty in exact fractions: λΣw², (λ/2)Σw² and λΣ|w| of typed weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from reglab.lessons.checks import BadInput

_SHOWN = 12  # significant digits


@dataclass(frozen=True)
class Convention:
    """A penalty P(w), as ``formula`` (LaTeX) and ``penalty(λ, w)``, with ∂P/∂w of one weight, ``gradient(λ, w)``."""

    key: str
    name: str
    formula: str
    penalty: Callable[[Fraction, Sequence[Fraction]], Fraction]
    gradient: Callable[[Fraction, Fraction], Fraction]


def sum_of_squares(weights: Sequence[Fraction]) -> Fraction:
    """Σw²."""
    return sum((w * w for w in weights), Fraction(0))


def sum_of_magnitudes(weights: Sequence[Fraction]) -> Fraction:
    """Σ|w|."""
    return sum((abs(w) for w in weights), Fraction(0))


def sign(w: Fraction) -> int:
    """1, -1, or 0 at 0: the subgradient of |w| that PyTorch takes."""
    return (w > 0) - (w < 0)


CONVENTIONS: tuple[Convention, ...] = (
    Convention(
        key="half",
        name="L2 as ½λΣw²",
        formula=r"\frac{\lambda}{2}\sum w^2",
        penalty=lambda lam, w: lam / 2 * sum_of_squares(w),
        gradient=lambda lam, w: lam * w,
    ),
    Convention(
        key="full",
        name="L2 as λΣw²",
        formula=r"\lambda\sum w^2",
        penalty=lambda lam, w: lam * sum_of_squares(w),
        gradient=lambda lam, w: 2 * lam * w,
    ),
    Convention(
        key="l1",
        name="L1 as λΣ|w|",
        formula=r"\lambda\sum |w|",
        penalty=lambda lam, w: lam * sum_of_magnitudes(w),
        gradient=lambda lam, w: lam * sign(w),
    ),
)
"""The two conventions for L2, and L1. RegLab's λ₂ is the first, its λ₁ the last."""


@dataclass(frozen=True)
class Objective:
    """Typed weights, data loss and λ.

    :raises BadInput: where the data loss or λ is below 0.
    """

    weights: tuple[Fraction, ...]
    data: Fraction
    strength: Fraction

    def __post_init__(self) -> None:
        if self.data < 0:
            raise BadInput(f"The data loss must be 0 or more, not {digits(self.data)}.")
        if self.strength < 0:
            raise BadInput(f"λ must be 0 or more, not {digits(self.strength)}: below 0 it would reward large weights.")

    def penalty(self, convention: Convention) -> Fraction:
        """P(w)."""
        return convention.penalty(self.strength, self.weights)

    def total(self, convention: Convention) -> Fraction:
        """J(w) = data loss + P(w)."""
        return self.data + self.penalty(convention)

    def gradient(self, convention: Convention) -> tuple[Fraction, ...]:
        """∂P/∂w of every weight, in order."""
        return tuple(convention.gradient(self.strength, w) for w in self.weights)


def digits(value: Fraction) -> str:
    """``value`` to twelve significant digits, without zeros at its end: 30 → ``30``, 3/2 → ``1.5``."""
    number = _rounded(value).normalize()
    return f"{number:f}" if not number or 1e-6 <= abs(number) < 1e12 else f"{number:.{_SHOWN}g}"


def result(value: Fraction) -> str:
    """As :func:`digits`, with at least one decimal: 2 → ``2.0``."""
    text = digits(value)
    return text if "." in text or "e" in text else f"{text}.0"


def relation(value: Fraction) -> str:
    """``=`` where :func:`digits` is exact, else ``≈``, in LaTeX."""
    return "=" if Fraction(_rounded(value)) == value else r"\approx"


def _rounded(value: Fraction) -> Decimal:
    return Decimal(f"{Decimal(value.numerator) / Decimal(value.denominator):.{_SHOWN}g}")
