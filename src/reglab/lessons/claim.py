"""What a claim is made of: :class:`Claim`, :class:`Part`, the trials that test it and the results it measures.

A published result is a claim with a :class:`Source`, and with the published figures in its parts; its trials change the
shared setting as far as it needs. A claim imports from here, from :mod:`reglab.lessons.rules` (rules and units) and,
where it compares weights or predictions, from :mod:`reglab.lessons.measures`. Its rule is fixed before any figure is
known.

The trials of claims change one small setting, so that runs serve several of them: 200 digits, a CNN of two
convolutions, Adam, 280 steps. λ₂ = 0.03 is a λ for demonstration, not one chosen by its outcome. The seed of a trial
fixes split, initial weights and batch order: trials of one seed are pairs that differ in their specs alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reglab import columns
from reglab.lessons.rules import Rule, Unit
from reglab.number_format import exact, percent
from reglab.spec import RunSpec

Floats = NDArray[np.float64]
Weights = Mapping[str, NDArray[Any]]
Changes = Mapping[str, Any]
"""Changes to the shared setting: dotted keys written with ``__``, ``{"penalty__l2": 0.03}``."""

GROUP = "claims, tested on Learn"
"""Group of all these runs; it begins with :data:`reglab.store.run_filter.LESSON_GROUPS`."""

LAMBDA = 0.03
FREE, HELD = "no penalty", f"λ₂ = {exact(LAMBDA)}"
"""The two roles that most claims compare."""

ROUND = 100
"""Round r has the seeds 100·r, 100·r + 1, …; repeating a claim with other seeds uses the next round."""

ROLE, SEED = "role", "seed"

_BASE: Mapping[str, Mapping[str, Any]] = {
    "data": {"name": "digits", "train_size": 200},
    "model": {"name": "keras_cnn"},
    "penalty": {"l2": 0.0},
    "optim": {"name": "adam", "lr": 2e-3},
    "train": {"epochs": 40, "batch_size": 32},
}


# Trials


@dataclass(frozen=True)
class Trial:
    """A run that a claim needs: its role there, its whole spec, and its seed."""

    role: str
    spec: RunSpec = field(hash=False)
    seed: int

    @property
    def key(self) -> str:
        """Equal for equal specs alone, so that a run is trained once for all claims and visitors."""
        return f"claim {hashlib.sha256(self.spec.model_dump_json().encode()).hexdigest()[:32]}"

    @property
    def name(self) -> str:
        """For example "Claims: 200 digits, λ₂ 0.03, seed 3"."""
        data, penalty, optim = self.spec.data, self.spec.penalty, self.spec.optim
        lambdas = [f"{name} {exact(value)}" for name, value in penalty.symbols.items() if value]
        factors = [f"{name.removesuffix('.weight')} × {exact(factor)}" for name, factor in penalty.factors.items()]
        parts = [
            f"{data.train_size or 'all'} {data.name}",
            f"{percent(data.label_noise, 0)} wrong labels" if data.label_noise else "",
            optim.name if optim.name != "adam" else "",
            f"η {exact(optim.lr)}" if optim.lr != _BASE["optim"]["lr"] else "",
            " ".join(lambdas) or "no penalty",
            penalty.apply if lambdas and penalty.apply != "coupled" else "",
            penalty.scope if penalty.scope != "weights" else "",
            *factors,
        ]
        return f"Claims: {', '.join(filter(None, parts))}, seed {self.seed}"


def base(seed: int, **changes: Any) -> RunSpec:
    """The shared setting with ``seed`` and :data:`Changes`: ``base(3, penalty__l2=0.03)``."""
    values = {part: dict(keys) for part, keys in _BASE.items()}
    values["data"]["seed"] = values["train"]["seed"] = seed
    for key, value in changes.items():
        part, _, name = key.partition("__")
        values[part][name] = value
    return RunSpec.parse(values)


def paired(roles: Mapping[str, Changes], seeds: Iterable[int]) -> list[Trial]:
    """A trial of every role for each seed."""
    return [Trial(role, base(seed, **changes), seed) for seed in seeds for role, changes in roles.items()]


def free_and_held(seeds: Sequence[int]) -> list[Trial]:
    """Without a penalty, and with λ₂ = 0.03: the runs that several claims share."""
    return paired({FREE: {}, HELD: {"penalty__l2": LAMBDA}}, seeds)


def seeds_of(round_: int, count: int) -> tuple[int, ...]:
    """The first ``count`` seeds of a round."""
    return tuple(range(ROUND * round_, ROUND * round_ + count))


# Results


@dataclass(frozen=True)
class Results:
    """``metrics``: ROLE, SEED and the figures of the last epoch; ``epochs()``: the same of every epoch. ``layers()``:
    ROLE, SEED and the layer statistics at epoch 0 and at the end. ``weights(role, seed, "weights" | "initial")``:
    arrays by parameter name.
    """

    metrics: pd.DataFrame
    layers: Callable[[], pd.DataFrame]
    specs: Mapping[tuple[str, int], RunSpec]
    weights: Callable[[str, int, str], Weights]
    epochs: Callable[[], pd.DataFrame]

    def seeds(self, role: str) -> list[int]:
        """The seeds of ``role``, ascending."""
        return sorted(seed for found, seed in self.specs if found == role)

    def last(self, role: str, column: str, seeds: Sequence[int] | None = None) -> Floats:
        """``column`` at the last epoch for each of ``seeds`` (default: all of the role), in their order."""
        wanted = self.seeds(role) if seeds is None else seeds
        own = self.metrics[self.metrics[ROLE] == role].set_index(SEED)
        return own.loc[list(wanted), column].to_numpy(dtype=np.float64)

    def best(self, role: str, column: str) -> Floats:
        """The largest ``column`` of any epoch for each of the role's seeds, ascending: chosen by what it measures."""
        epochs = self.epochs()
        return epochs[epochs[ROLE] == role].groupby(SEED)[column].max().sort_index().to_numpy(dtype=np.float64)

    def totals(self, role: str) -> pd.DataFrame:
        """SIZE, Σ|w|, ‖w‖₂ and exact zeros over the weights at the end, a row for each seed in order."""
        layers = self.layers()
        own = layers[(layers[ROLE] == role) & (layers[columns.EPOCH] > 0)]
        own = own.assign(**{columns.L2_NORM: own[columns.L2_NORM] ** 2})
        summed = own.groupby(SEED)[[columns.SIZE, columns.L1_NORM, columns.L2_NORM, columns.ZEROS]].sum().sort_index()
        return summed.assign(**{columns.L2_NORM: np.sqrt(summed[columns.L2_NORM])})


# Claims

Measured = Mapping[str, Sequence[float] | Floats]
"""Name of a part → its value for each seed."""


@dataclass(frozen=True)
class Part:
    """One figure of a claim. ``says`` is a sentence with ``{figure}`` in it that is true whatever the outcome;
    ``published`` is the source's own figure in ``unit``, None where it gives none.
    """

    name: str
    label: str
    says: str
    unit: Unit
    test: Rule
    published: float | None = None


@dataclass(frozen=True)
class Source:
    """Where a result was published: ``paper`` (authors, title, year), ``place`` (its table, figure or section), its
    address, and the ``signature`` that is to be found again, as the source has it.
    """

    paper: str
    place: str
    url: str
    signature: str


@dataclass(frozen=True)
class Claim:
    """``label`` is the claim as people make it, ``about`` its reasoning, ``setup`` what is trained, ``caveat`` what
    the test leaves open.

    ``trials(seeds)`` are the runs; those of one seed differ only in what the claim is about. ``confirm(results,
    seeds)`` are further runs, ``arms`` for each seed, that follow from the results of the first. ``measure(results)``
    gives every part its value for each seed. ``source`` makes it a published result, run again here.
    """

    name: str
    label: str
    order: int
    about: str
    setup: str
    caveat: str
    parts: tuple[Part, ...]
    trials: Callable[[Sequence[int]], list[Trial]] = field(repr=False)
    measure: Callable[[Results], Measured] = field(repr=False)
    n_seeds: int = 8
    confirm: Callable[[Results, Sequence[int]], list[Trial]] | None = field(default=None, repr=False)
    arms: int = 0
    source: Source | None = None

    @property
    def rule(self) -> str:
        """The decision rule as a sentence, written by the tests themselves."""
        if len(self.parts) == 1:
            text = self.parts[0].test.text(self.parts[0].unit)
            return f"{text[0].upper()}{text[1:]}; else undecided."
        rules = [f"{part.label}: {part.test.text(part.unit)}." for part in self.parts]
        return " ".join([*rules, "Holds if every part holds, fails if one fails; else undecided."])
