"""What a run's files lack, and why a run or sweep cannot be resumed, as sentences."""

from __future__ import annotations

from pathlib import Path

from reglab.errors import CheckpointError
from reglab.store.files import RunFiles
from reglab.store.run import RESUMABLE, Run
from reglab.store.sweep import Sweep

_AGAIN = "duplicate it to train again"


def missing(home: Path, run: Run) -> str | None:
    """What is missing of the files of a run that has begun; None where everything is there."""
    files = RunFiles(home, run.id)
    if run.started is None:
        return None
    if files.trouble:
        return f"{files.trouble}: the weights of run {run.id} are not available."
    try:
        if run.weights_path is not None:
            files.find(run.weights_path)
    except CheckpointError as error:
        return str(error)
    return None


def not_resumable(home: Path, one: Run | Sweep) -> str:
    """Why a run or sweep that is not ``resumable`` cannot go on."""
    kind = "Run" if isinstance(one, Run) else "Sweep"
    if one.deleted is not None:
        return f"{kind} {one.id} is deleted; restore it first."
    if one.state not in RESUMABLE:
        return f"{kind} {one.id} is {one.state}: there is nothing to resume."
    files = RunFiles(home, one.id)
    trouble = files.trouble or f"There is no checkpoint in {files.folder}"
    return f"{trouble}: {kind.lower()} {one.id} cannot go on; {_AGAIN}."
