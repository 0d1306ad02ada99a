"""A lane's whole state as arrays and facts: a resume from it gives the same bits as training without a stop."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import Any

import torch

from reglab.errors import CheckpointError, SpecError
from reglab.events import Checkpoint
from reglab.spec import RunSpec
from reglab.training.lane import Lane, Progress, to_array

_FORMAT = 1


def snapshot(lane: Lane) -> Checkpoint:
    """A copy of ``lane``'s state: weights, buffers, optimizer moments, dropout generator, progress."""
    tensors, at = lane.capture()
    best = at.best_val_loss if math.isfinite(at.best_val_loss) else None
    facts = {**vars(at), "best_val_loss": best, "format": _FORMAT, "spec": lane.spec.model_dump()}
    return Checkpoint({name: to_array(tensor) for name, tensor in tensors.items()}, facts)


def restore(lane: Lane, checkpoint: Checkpoint) -> None:
    """Put ``lane`` where ``checkpoint`` was taken.

    :raises CheckpointError: it is of another spec or format, or an array is missing or has another shape.
    """
    facts = checkpoint.facts
    if facts.get("format") != _FORMAT:
        raise CheckpointError("The checkpoint was written by another version of RegLab; start the run again.")
    if _spec(facts.get("spec")) != lane.spec:
        raise CheckpointError("The checkpoint belongs to a run with other settings; start the run again.")
    _check_arrays(lane, checkpoint)
    at = Progress(**{field.name: facts[field.name] for field in fields(Progress) if field.name in facts})
    at.best_val_loss = math.inf if at.best_val_loss is None else at.best_val_loss
    tensors = {name: torch.from_numpy(array.copy()) for name, array in checkpoint.arrays.items()}
    lane.restore(tensors, at)


def _spec(values: Any) -> RunSpec | None:
    """The spec of a checkpoint; settings that are newer than it have their defaults."""
    try:
        return RunSpec.parse(values)
    except SpecError:
        return None


def _check_arrays(lane: Lane, checkpoint: Checkpoint) -> None:
    expected = {f"model/{name}": tuple(tensor.shape) for name, tensor in lane.model.state_dict().items()}
    found = {name: array.shape for name, array in checkpoint.arrays.items() if name.startswith("model/")}
    if found != expected or "dropout" not in checkpoint.arrays:
        raise CheckpointError("The checkpoint does not hold this CNN's weights; start the run again.")
