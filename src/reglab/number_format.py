"""Numbers as pages, charts and the command line print them, one function for each kind of number.

A negative number has a true minus (−), a percentage a thin no-break space before its sign, and what rounds to zero has
no sign. The minus of an exponent stays the one that people type: 1e-4.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from decimal import Decimal

PERCENT = "\N{NARROW NO-BREAK SPACE}%"
"""What follows the number of a percentage, for example as the suffix of an axis' ticks."""

NONE = "–"
"""What stands for a number that is not there."""

_SMALL, _LARGE = 1e-3, 1e6  # numbers from the one and below the other need no exponent


def exact(value: float) -> str:
    """A setting such as λ or a learning rate, every digit kept: 0.03, 400, 1e-4, 2.5e-5."""
    if not math.isfinite(value):
        return _not_finite(value)
    number = Decimal(repr(float(value))).normalize()
    if number == 0 or _SMALL <= abs(value) < _LARGE:
        return _minus(f"{abs(number) if number == 0 else number:f}")
    mantissa, _, exponent = f"{number:E}".partition("E")
    return f"{_minus(mantissa)}e{int(exponent)}"


def latex_number(value: float) -> str:
    """A setting in LaTeX, every digit kept: 0.03 → ``0.03``, 1e-4 → ``10^{-4}``, 2.5e-5 → ``2.5\\cdot 10^{-5}``."""
    if value == 0 or _SMALL <= abs(value) < 1e5:
        return exact(value).replace("−", "-")  # LaTeX draws its own minus
    mantissa, _, exponent = f"{Decimal(repr(value)).normalize():E}".partition("E")
    power = f"10^{{{int(exponent)}}}"
    return power if mantissa == "1" else rf"{mantissa}\cdot {power}"


def latex_base(value: float) -> str:
    """:func:`latex_number` before a factor or an exponent: in brackets if it is itself a power."""
    text = latex_number(value)
    return f"({text})" if "^" in text else text


def short(value: float | None, digits: int = 4) -> str:
    """A measured number to ``digits`` significant digits, without zeros at its end: 0.5333, −12.5, 3.2e-5."""
    if value is None or math.isnan(value):
        return NONE
    return exact(float(f"{value:.{digits}g}")) if math.isfinite(value) else _not_finite(value)


def fixed(value: float | None, digits: int, *, sign: bool = False) -> str:
    """A number with ``digits`` decimals, which line up in columns: 0.810, −0.200; with ``sign`` also +0.810."""
    if value is None or not math.isfinite(value):
        return NONE if value is None else _not_finite(value)
    rounded = round(value, digits) + 0.0  # −0.0 + 0.0 is 0.0
    return _minus(f"{rounded:{'+' if sign and rounded else ''}.{digits}f}")


def decimals(values: Iterable[float | None], digits: int = 4) -> int:
    """Decimals that a column or pair shares: ``digits`` significant digits of the largest, or two of the smallest.

    The smallest number that is not 0 asks for at most 4 decimals.
    """
    sizes = [abs(value) for value in values if value is not None and value and math.isfinite(value)]
    if not sizes:
        return 0
    largest, smallest = (math.floor(math.log10(size)) for size in (max(sizes), min(sizes)))
    return max(digits - 1 - largest, min(1 - smallest, 4), 0)


def column(values: Iterable[float | None], digits: int = 4) -> list[str]:
    """Measured numbers of one kind, such as norms, one below or beside the other: 8.10, 12.34, 0.05."""
    known = list(values)
    return [fixed(value, decimals(known, digits)) for value in known]


def printf(values: Iterable[float | None], digits: int = 4) -> str:
    """:func:`column` as the format of a table that the browser writes: "%.2f"."""
    return f"%.{decimals(values, digits)}f"


def percent(share: float | None, digits: int = 1) -> str:
    """A share of 1: 0.7834 is 78.3 %."""
    return NONE if share is None or not math.isfinite(share) else f"{fixed(100 * share, digits)}{PERCENT}"


def exact_percent(share: float) -> str:
    """A setting that is a share of 1, every digit kept: 0.125 is 12.5 %, 0.002 is 0.2 %."""
    return f"{exact(float(100 * Decimal(repr(float(share)))))}{PERCENT}"


def points(difference: float | None, digits: int = 1, *, sign: bool = True) -> str:
    """A difference of two shares, in percentage points, without the word: 0.068 is +6.8."""
    return NONE if difference is None else fixed(100 * difference, digits, sign=sign)


def gib(size: float) -> str:
    """Bytes: 1.5 GiB, 20 MiB, 463 KiB, or 12 bytes."""
    if size < 2**10:
        return f"{size:.0f} byte{'s' if size != 1 else ''}"
    if size < 2**20:
        return f"{size / 2**10:.0f} KiB"
    return f"{size / 2**30:.1f} GiB" if size >= 0.1 * 2**30 else f"{size / 2**20:.0f} MiB"


def typeset(text: str) -> str:
    """``text`` with a true minus in front of its negative numbers."""
    return re.sub(r"(^|[^\w.])-(?=[.\d])", r"\1−", text)


def _minus(text: str) -> str:
    return text.replace("-", "−")


def _not_finite(value: float) -> str:
    return NONE if math.isnan(value) else "∞" if value > 0 else "−∞"
