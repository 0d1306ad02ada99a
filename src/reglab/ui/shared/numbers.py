"""Numbers in LaTeX; in text they are those of :mod:`reglab.number_format`."""

from __future__ import annotations

from decimal import Decimal

from reglab.number_format import exact


def number(value: float) -> str:
    """``value`` in LaTeX, every digit kept: 0.03 → ``0.03``, 1e-4 → ``10^{-4}``, 2.5e-5 → ``2.5\\cdot 10^{-5}``."""
    if value == 0 or 1e-3 <= abs(value) < 1e5:
        return exact(value).replace("−", "-")  # LaTeX draws its own minus
    mantissa, _, exponent = f"{Decimal(repr(value)).normalize():E}".partition("E")
    power = f"10^{{{int(exponent)}}}"
    return power if mantissa == "1" else rf"{mantissa}\cdot {power}"
