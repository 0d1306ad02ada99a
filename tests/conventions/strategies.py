"""Values and contexts for tests over all conventions."""

from __future__ import annotations

import math

from hypothesis import strategies as st

from reglab.conventions import CONVENTIONS, Context, Convention

PLAIN = Context(n=400, batch_size=32, lr=0.05, momentum=0.0, optimizer="sgd")
MOMENTUM = Context(n=400, batch_size=32, lr=0.05, momentum=0.9, optimizer="sgd")
ADAM = Context(n=400, batch_size=32, lr=0.05, momentum=0.0, optimizer="adam")
CONTEXTS = {"plain": PLAIN, "momentum": MOMENTUM, "adam": ADAM}


def example(convention: Convention) -> dict[str, float]:
    """Values other than defaults, every part of the meaning above 0."""
    return {p.name: 0.25 if p.most == 1 else 0.03 * (i + 1) for i, p in enumerate(convention.parameters)}


def values(name: str) -> st.SearchStrategy[dict[str, float]]:
    """Any values over twelve orders of magnitude, and shares that lose no digits in 1 − ρ."""
    strengths = st.floats(-8, 4).map(lambda exponent: math.pow(10, exponent))
    shares = st.floats(0.001, 0.999)
    return st.fixed_dictionaries(
        {p.name: shares if p.most == 1 else strengths for p in CONVENTIONS.get(name).parameters}
    )


names = st.sampled_from(CONVENTIONS.names())
contexts = st.builds(
    Context,
    n=st.integers(1, 10**7),
    batch_size=st.integers(1, 4096),
    lr=st.floats(1e-6, 10),
    momentum=st.just(0.0),
    optimizer=st.sampled_from(["sgd", "adam"]),
)
