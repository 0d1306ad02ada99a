"""What the walks of one weight have shown, in sentences with measured numbers: no Streamlit."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from reglab.lessons.decay import Walk, band, first_at_most, half_life, zero_from_step
from reglab.number_format import exact, short

Walks = Mapping[str, Sequence[float]]


def facts(setting: Walk, walks: Walks) -> list[tuple[str, str]]:
    """(title, Markdown) of L2's decay, of subgradient L1 and of proximal L1."""
    return [
        ("L2", f"{_halving(setting, walks)} {_pair(setting, walks)}"),
        ("Subgradient L1", _hovering(setting, walks["L1 subgradient"])),
        ("Proximal L1", _arriving(setting, walks["L1 proximal"])),
    ]


def _halving(setting: Walk, walks: Walks) -> str:
    """The half-life where one exists, and when the walk really was at half."""
    if setting.optimum is not None:
        end = walks["L2 coupled"][-1]
        return (
            f"The data pull to {exact(setting.optimum)}, L2 to 0: the coupled walk ends between them, at {short(end)}."
        )
    step = first_at_most(walks["L2 decoupled"], abs(setting.start) / 2)
    seen = (
        "Decoupled decay has not halved the weight" if step is None else f"Decoupled decay has halved it at step {step}"
    )
    life = half_life(setting.lr, setting.strength)
    if life is None or not setting.is_plain:
        return f"{seen}."
    product = setting.lr * setting.strength
    return (
        f"Each step keeps 1 − ηλ = {short(1 - product)} of the weight, so its half-life is "
        f"$\\frac{{\\ln 2}}{{-\\ln(1 - \\eta\\lambda)}}$ = **{short(life)} steps** "
        f"(about 0.69/(ηλ) = {short(math.log(2) / product)}). {seen}."
    )


def _pair(setting: Walk, walks: Walks) -> str:
    """Whether coupled and decoupled did the same."""
    apart = max(abs(a - b) for a, b in zip(walks["L2 coupled"], walks["L2 decoupled"], strict=True))
    if apart <= 1e-12 * max(1.0, abs(setting.start)):
        return "Coupled and decoupled agree to rounding."
    return f"Coupled and decoupled differ, by up to {short(apart, 3)}: λ does not mean the same in both."


def _hovering(setting: Walk, values: Sequence[float]) -> str:
    around, end = band(values), values[-1]
    if not any(values):
        return "Nothing moves: the weight is 0."
    if around is None and setting.optimum is not None:
        return f"The data hold it away from 0: it ends at {short(end)}."
    if around is None:
        return f"It has not reached 0 in these steps; it ends at {short(end)}. Take more steps."
    if around == (0, 0):
        return "Its steps happen to land on exactly 0, where the subgradient is 0, so it stays there: a rare chance."
    return (
        f"Near 0, its push of constant size overshoots, and the next one comes back: in the last quarter of the "
        f"steps, it hovers between {short(around[0], 3)} and {short(around[1], 3)}. {_exact_zeros(values)}"
    )


def _exact_zeros(values: Sequence[float]) -> str:
    exact = sum(w == 0 for w in values)
    return f"It was exactly 0 at {exact} of {len(values)} steps." if exact else "It was never exactly 0."


def _arriving(setting: Walk, values: Sequence[float]) -> str:
    step = zero_from_step(values)
    if step is not None:
        return f"The proximal step stops at 0 instead of jumping over it: **exactly 0 from step {step} on**."
    if setting.optimum is not None:
        return f"The data pull harder than λ: it ends at {short(values[-1])}, not at 0. A larger λ would win."
    return f"It has not reached 0 in these steps; it ends at {short(values[-1])}. Take more steps, or a larger λ."
