"""What the trials of a claim came to, read from the store: last epochs, kernels, and weights by role and seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache, partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reglab import columns
from reglab.lessons.claims.trial import Trial
from reglab.spec import RunSpec
from reglab.store import Run, Store

ROLE, SEED = "role", "seed"

Floats = NDArray[np.float64]
Weights = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Results:
    """``metrics``: ROLE, SEED and the figures of the last epoch; ``layers()``: ROLE, SEED and the layer statistics
    at epoch 0 and at the end; ``weights(role, seed, "weights" | "initial")``: arrays by parameter name.
    """

    metrics: pd.DataFrame
    layers: Callable[[], pd.DataFrame]
    specs: Mapping[tuple[str, int], RunSpec]
    weights: Callable[[str, int, str], Weights]

    def seeds(self, role: str) -> list[int]:
        """The seeds of ``role``, ascending."""
        return sorted(seed for found, seed in self.specs if found == role)

    def last(self, role: str, column: str, seeds: Sequence[int] | None = None) -> Floats:
        """``column`` of the last epoch with each of ``seeds`` (default: all of the role's), in their order."""
        wanted = self.seeds(role) if seeds is None else seeds
        own = self.metrics[self.metrics[ROLE] == role].set_index(SEED)
        return own.loc[list(wanted), column].to_numpy(dtype=np.float64)

    def kernels(self, role: str) -> pd.DataFrame:
        """SIZE, Σ|w|, ‖w‖₂ and exact zeros over all kernels at the end, a row for each seed in order."""
        layers = self.layers()
        own = layers[(layers[ROLE] == role) & (layers[columns.EPOCH] > 0)]
        own = own.assign(**{columns.L2_NORM: own[columns.L2_NORM] ** 2})
        summed = own.groupby(SEED)[[columns.SIZE, columns.L1_NORM, columns.L2_NORM, columns.ZEROS]].sum().sort_index()
        return summed.assign(**{columns.L2_NORM: np.sqrt(summed[columns.L2_NORM])})


def read(store: Store, runs: Mapping[Trial, Run]) -> Results:
    """The results of trials whose runs have all finished."""
    by_place = {(trial.role, trial.seed): run for trial, run in runs.items()}
    metrics = [
        {ROLE: role, SEED: seed, **asdict(run.last)} for (role, seed), run in by_place.items() if run.last is not None
    ]
    ids = {run.id: place for place, run in by_place.items()}

    def weights(role: str, seed: int, which: str) -> Weights:
        run = by_place[role, seed]
        return store.files(run.id).load_weights(f"{run.id}/{which}.safetensors")

    specs = {(trial.role, trial.seed): trial.spec for trial in runs}
    return Results(pd.DataFrame(metrics), cache(partial(_layers, store, ids)), specs, weights)


def _layers(store: Store, places: Mapping[str, tuple[str, int]]) -> pd.DataFrame:
    frame = store.layers(list(places), latest=True).drop(columns=columns.COUNTS, errors="ignore")
    roles, seeds = zip(*(places[run] for run in frame[columns.RUN]), strict=True) if len(frame) else ((), ())
    return frame.assign(**{ROLE: roles, SEED: seeds})
