"""The runs of the claims: one small setting that they share, so that what one claim has trained serves the others.

200 digits, a CNN of two convolutions (or one change of that), Adam, 280 steps; λ₂ = 0.03 is the demonstration's λ, not
one chosen by the outcome. A trial's seed fixes the split, the initial weights and the batch order: trials of one seed
are pairs, whose difference is due to what differs in their specs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reglab.number_format import exact, percent
from reglab.spec import RunSpec

GROUP = "claims, tested on Learn"
"""The group of every such run; lists know it by its beginning, :data:`reglab.store.run_filter.LESSON_GROUPS`."""

LAMBDA = 0.03
"""The demonstration's λ₂."""

FREE, HELD = "no penalty", f"λ₂ = {exact(LAMBDA)}"
"""The two roles that most claims compare."""

ROUND = 100
"""Seeds of round r are 100·r, 100·r + 1, …: "again with other seeds" is the next round."""

_BASE: Mapping[str, Mapping[str, Any]] = {
    "data": {"name": "digits", "train_size": 200},
    "model": {"name": "keras_cnn"},
    "penalty": {"l2": 0.0},
    "optim": {"name": "adam", "lr": 2e-3},
    "train": {"epochs": 40, "batch_size": 32},
}


@dataclass(frozen=True)
class Trial:
    """A run that a claim needs: its role there, its whole spec, and its seed."""

    role: str
    spec: RunSpec = field(hash=False)
    seed: int

    @property
    def key(self) -> str:
        """The same spec has the same key, so it is trained once for all claims and visitors."""
        return f"claim {identity(self.spec)}"

    @property
    def name(self) -> str:
        """For example "Claims: 200 digits, λ₂ 0.03, seed 3"."""
        return f"Claims: {', '.join(_words(self.spec))}, seed {self.seed}"


def identity(spec: RunSpec) -> str:
    """SHA-256 of the spec as JSON, shortened: equal for equal specs alone."""
    return hashlib.sha256(spec.model_dump_json().encode()).hexdigest()[:32]


def base(seed: int, **changes: Any) -> RunSpec:
    """The shared setting with ``seed``, and dotted keys written with ``__``: ``base(3, penalty__l2=0.03)``."""
    values = {part: dict(keys) for part, keys in _BASE.items()}
    values["data"]["seed"] = values["train"]["seed"] = seed
    for key, value in changes.items():
        part, _, name = key.partition("__")
        values[part][name] = value
    return RunSpec.parse(values)


def paired(roles: Mapping[str, Mapping[str, Any]], seeds: Iterable[int]) -> list[Trial]:
    """For each seed a trial of every role; ``roles``: role → what it changes in the shared setting."""
    return [Trial(role, base(seed, **changes), seed) for seed in seeds for role, changes in roles.items()]


def free_and_held(seeds: Sequence[int]) -> list[Trial]:
    """Without a penalty and with λ₂ = 0.03: the two runs that several claims share."""
    return paired({FREE: {}, HELD: {"penalty__l2": LAMBDA}}, seeds)


def seeds_of(round_: int, count: int) -> tuple[int, ...]:
    """The first ``count`` seeds of a round."""
    return tuple(range(ROUND * round_, ROUND * round_ + count))


def _words(spec: RunSpec) -> list[str]:
    penalty, optim = spec.penalty, spec.optim
    lambdas = [f"{name} {exact(value)}" for name, value in penalty.symbols.items() if value]
    factors = [f"{name.removesuffix('.weight')} × {exact(factor)}" for name, factor in penalty.factors.items()]
    parts = [
        f"{spec.data.train_size} digits",
        f"{percent(spec.data.label_noise, 0)} wrong labels" if spec.data.label_noise else "",
        optim.name if optim.name != "adam" else "",
        " ".join(lambdas) or "no penalty",
        penalty.apply if lambdas and penalty.apply != "coupled" else "",
        penalty.scope if penalty.scope != "weights" else "",
        *factors,
    ]
    return [part for part in parts if part]
