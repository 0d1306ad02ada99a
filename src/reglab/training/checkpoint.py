"""Checkpoints of a lane: a copy of its whole state, from which it goes on to the same bits.

Arrays are named ``model/``, ``optimizer/``, ``generator/``, ``best/``, ``logits/`` and ``gradients/`` and what follows;
facts are the progress, the spec, the products of layers and the test part. Settings and facts that are newer than a
checkpoint have the meaning that its version gave them.
"""

from __future__ import annotations

import math
from dataclasses import fields
from typing import Any

import torch

from reglab.errors import CheckpointError, SpecError
from reglab.events import Checkpoint
from reglab.optimizers import extensible
from reglab.spec import RunSpec
from reglab.training.lane import Lane, Progress, to_array

_FORMAT = 1


def snapshot(lane: Lane) -> Checkpoint:
    """A copy of ``lane``'s state: weights, buffers, optimizer moments, generators, progress."""
    tensors, at = lane.capture()
    best = at.best_val_loss if math.isfinite(at.best_val_loss) else None
    facts = {**vars(at), "best_val_loss": best, "format": _FORMAT, "spec": lane.spec.model_dump()}
    facts |= {"products": dict(lane.products)} if lane.products else {}
    if lane.arrays.test_sha256:
        facts["test_sha256"] = lane.arrays.test_sha256
    return Checkpoint({name: to_array(tensor) for name, tensor in tensors.items()}, facts)


def restore(lane: Lane, checkpoint: Checkpoint) -> None:
    """Put ``lane`` where ``checkpoint`` was taken.

    :raises CheckpointError: it is of another spec, format or test part, or an array is missing or has another shape.
    """
    facts = checkpoint.facts
    if facts.get("format") != _FORMAT:
        raise CheckpointError("The checkpoint was written by another version of RegLab; start the run again.")
    if not _continues(_spec(facts.get("spec")), lane.spec, facts.get("epoch", 0)):
        raise CheckpointError("The checkpoint belongs to a run with other settings; start the run again.")
    if facts.get("test_sha256", "") != lane.arrays.test_sha256:
        raise CheckpointError(
            "The test part is not the one that the run began with: its images have changed, or official test images "
            "have come or gone; start the run again."
        )
    _check_arrays(lane, checkpoint)
    lane.compute_by(facts.get("products", {}))
    at = Progress(**{field.name: facts[field.name] for field in fields(Progress) if field.name in facts})
    at.best_val_loss = math.inf if at.best_val_loss is None else at.best_val_loss
    if at.ended == "completed" and at.epoch < lane.epochs:
        at.ended = None
    tensors = {name: torch.from_numpy(array.copy()) for name, array in checkpoint.arrays.items()}
    lane.restore(tensors, at)


def _spec(values: Any) -> RunSpec | None:
    """The spec of a checkpoint; settings that are newer than it have their defaults."""
    try:
        return RunSpec.parse(values)
    except SpecError:
        return None


def _continues(taken: RunSpec | None, spec: RunSpec, done: int) -> bool:
    """Whether a checkpoint of ``taken``, of ``done`` epochs, also is one of ``spec``, which may only ask for more."""
    if taken is None or taken == spec:
        return taken is not None
    same = taken.with_changes({"train.epochs": spec.train.epochs}) == spec
    return same and done <= spec.train.epochs and extensible(spec.optim)


def _check_arrays(lane: Lane, checkpoint: Checkpoint) -> None:
    expected = {f"model/{name}": tuple(tensor.shape) for name, tensor in lane.model.state_dict().items()}
    found = {name: array.shape for name, array in checkpoint.arrays.items() if name.startswith("model/")}
    if found != expected or "dropout" not in checkpoint.arrays:
        raise CheckpointError("The checkpoint does not hold this CNN's weights; start the run again.")
    if any(f"generator/{name}" not in checkpoint.arrays for name in lane.hooks.generators):
        raise CheckpointError("The checkpoint does not hold the regularizers' generators; start the run again.")
