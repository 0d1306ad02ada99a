"""Numbers as people read them: in LaTeX, and as one types them."""

from __future__ import annotations

from decimal import Decimal


def number(value: float) -> str:
    """``value`` in LaTeX, every digit kept: 0.03 → ``0.03``, 1e-4 → ``10^{-4}``, 2.5e-5 → ``2.5\\cdot 10^{-5}``."""
    if value == 0 or 1e-3 <= abs(value) < 1e5:
        return plain(value)
    mantissa, _, exponent = f"{Decimal(repr(value)).normalize():E}".partition("E")
    power = f"10^{{{int(exponent)}}}"
    return power if mantissa == "1" else rf"{mantissa}\cdot {power}"


def plain(value: float) -> str:
    """``value`` as one types it: 400.0 → ``400``, 0.03 → ``0.03``, 1e-05 → ``1e-05``."""
    return f"{value:.0f}" if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))
