"""What the files of a run or sweep lack, as a sentence for the person who asks for them."""

from __future__ import annotations

from pathlib import Path

from reglab.errors import CheckpointError
from reglab.states import RESUMABLE
from reglab.store.files import RunFiles
from reglab.store.run import Run
from reglab.store.sweep import Sweep


def missing(home: Path, one: Run | Sweep) -> str | None:
    """What is missing: the checkpoint of a run or sweep that stopped before its end, a run's folder, or its weights."""
    if one.state in RESUMABLE and one.deleted is None and not one.resumable:
        return f"{_no_checkpoint(home, one)}, so it cannot be resumed; duplicate it to train again."
    return _no_weights(home, one) if isinstance(one, Run) and (one.epoch or one.weights_path) else None


def not_resumable(home: Path, one: Run | Sweep) -> str:
    """Why a run or sweep that is not ``resumable`` cannot go on."""
    kind = _kind(one)
    if one.deleted is not None:
        return f"{kind} {one.id} is deleted; restore it first."
    return missing(home, one) or f"{kind} {one.id} is {one.state}: there is nothing to resume."


def _no_checkpoint(home: Path, one: Run | Sweep) -> str:
    """A run of a sweep has its checkpoint in the sweep's folder."""
    files = RunFiles(home, (one.sweep if isinstance(one, Run) else None) or one.id)
    return f"{_kind(one)} {one.id} has no checkpoint: {files.trouble or f'there is none in {files.folder}'}"


def _no_weights(home: Path, run: Run) -> str | None:
    files = RunFiles(home, run.id)
    if files.trouble:
        return f"The weights of run {run.id} are not available: {files.trouble}."
    try:
        if run.weights_path is not None:
            files.find(run.weights_path)
    except CheckpointError as error:
        return str(error)
    return None


def _kind(one: Run | Sweep) -> str:
    return "Run" if isinstance(one, Run) else "Sweep"
