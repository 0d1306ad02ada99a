"""What the geometry's numbers say, in LaTeX and in sentences: no Streamlit."""

from __future__ import annotations

import numpy as np

from reglab.lessons.geometry import Floats, Landscape, Mix, solve, zero_from
from reglab.number_format import latex_number, short


def solution(land: Landscape, mix: Mix, strength: float) -> str:
    """The solution, and there the data loss D, the penalty λP and their sum, in LaTeX."""
    w = solve(land, mix, strength)
    loss, size = float(land.loss(w)), float(mix.value(w))
    return (
        rf"\begin{{aligned}} w^* &= ({_short(w[0])},\ {_short(w[1])}) \\ D &= {_short(loss)} \\ "
        rf"\lambda P &= {_short(strength * size)} \\ "
        rf"J &= {_short(loss + strength * size)} \end{{aligned}}"
    )


def meaning(land: Landscape, mix: Mix, strength: float) -> str:
    """What happens at this λ, and at which λ the weights become 0, in Markdown."""
    return f"{_now(solve(land, mix, strength), mix, strength)} {_later(land, mix)}"


def _now(w: Floats, mix: Mix, strength: float) -> str:
    if strength == 0:
        return "λ = 0: only the data count."
    zeros = [f"w{sub}" for sub, value in zip("₁₂", w, strict=True) if value == 0]
    if len(zeros) == 2:
        return "**Both weights are exactly 0.**"
    if zeros:
        return f"**{zeros[0]} is exactly 0.**"
    smallest = "" if mix.l1_share else f" The smaller one is {short(float(np.abs(w).min()), 3)} in size."
    return f"Neither weight is 0.{smallest}"


def _later(land: Landscape, mix: Mix) -> str:
    marks = zero_from(land, mix)
    if marks == (None, None):
        return (
            "L2 divides and never subtracts: $w^* = (H + \\lambda I)^{-1} H a$ comes closer to 0 at every λ, and "
            "reaches it at none."
        )
    first, second = sorted(zip(marks, "₁₂", strict=True), key=lambda mark: mark[0] or 0.0)
    if not second[0]:
        return "The data optimum is 0 already."
    if not first[0]:
        return f"w{first[1]} is 0 at every λ; w{second[1]} from λ = {short(float(second[0]), 3)} on."
    return (
        f"As λ grows, the path reaches an axis: w{first[1]} is exactly 0 from λ = {short(float(first[0]), 3)} on, "
        f"and w{second[1]} from λ = {short(float(second[0]), 3)}."
    )


def _short(value: float) -> str:
    return latex_number(float(f"{value:.4g}"))
