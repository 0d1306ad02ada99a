"""What makes two runs or sweeps the same: their specs, how they ended, every figure of every epoch, and the weights.

Names, tags, notes and colours are not part of it: a person may change them in one home and not in another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np

from reglab.archive.tables import Arrays, epoch_arrays
from reglab.spec import RunSpec
from reglab.store import Run, Store, Sweep
from reglab.sweep import SweepSpec


def content_of_run(spec: RunSpec, state: str, epochs: Arrays, weights_sha256: str | None) -> str:
    """SHA-256 of a run with the figures ``epochs``; every NaN counts as the same, and −0 as 0."""
    digest = hashlib.sha256(f"{spec.model_dump_json()}\n{state}\n{weights_sha256}\n".encode())
    for name in sorted(epochs):
        array = epochs[name] + 0.0
        digest.update(name.encode() + np.where(np.isnan(array), np.nan, array).tobytes())
    return digest.hexdigest()


def content_of_sweep(spec: SweepSpec, runs: Iterable[str]) -> str:
    """SHA-256 of a sweep whose runs have the contents ``runs``, in order."""
    return hashlib.sha256("\n".join([spec.to_json(), *runs]).encode()).hexdigest()


def content_here(store: Store, job: Run | Sweep) -> str:
    """The content of a job of ``store``."""
    if isinstance(job, Sweep):
        return content_of_sweep(job.spec, [content_here(store, run) for run in store.sweep_runs(job.id)])
    return content_of_run(job.spec, job.state, epoch_arrays(store.epochs([job.id])), job.weights_sha256)
