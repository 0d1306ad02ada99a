"""Stored runs against one of them: what they differ in, which page, command and JSON read alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reglab.analysis.group_differences import Group, GroupFigure, group_differences
from reglab.analysis.run_differences import ComparedRun, RunDifferences, run_differences
from reglab.columns import GAP_ACC, GAP_LOSS, TOTAL, TRAIN_ACC, TRAIN_LOSS, VAL_ACC, VAL_LOSS
from reglab.datasets import DATASETS
from reglab.errors import SpecError
from reglab.jobs.judging import overlap_of_runs
from reglab.models import MODELS
from reglab.spec import DataSpec
from reglab.store import Run

AT_BEST = "best."
"""Prefix of the figures at the epoch of lowest validation loss; those without it are of the last epoch."""

PENALTY, EPOCHS, SECONDS = "penalty", "epochs", "seconds"
SHARES = (VAL_ACC, TRAIN_ACC, GAP_ACC, AT_BEST + VAL_ACC)
"""Figures that are shares of 1; the losses are in nats."""

LOSSES = (VAL_LOSS, TRAIN_LOSS, GAP_ACC, GAP_LOSS, TOTAL, PENALTY, AT_BEST + VAL_LOSS)
"""Figures that are better where they are lower."""

OF_MEASURE: Mapping[str, tuple[str, ...]] = {
    "loss": (VAL_LOSS, TRAIN_LOSS, GAP_LOSS, TOTAL, PENALTY, AT_BEST + VAL_LOSS),
    "accuracy": (VAL_ACC, TRAIN_ACC, GAP_ACC, AT_BEST + VAL_ACC),
}
"""The figures of each measure."""

OF_TRAINING = {"name", "train_size", "train_share", "train_balance", "imbalance", "label_noise", "noise_kind"} | {
    "noise_map",
    "noise_by_class",
    "input_noise",
}
"""Settings of the data that leave the validation images as they are."""

OF_TIME = (AT_BEST + "epoch", EPOCHS, SECONDS)

_LAST = (VAL_ACC, VAL_LOSS, TRAIN_ACC, TRAIN_LOSS, GAP_ACC, GAP_LOSS, TOTAL)


def compare_runs(runs: Sequence[Run], baseline: str | None = None) -> RunDifferences:
    """Settings and figures of ``runs`` against the one with the id ``baseline``, or the first one."""
    chosen = baseline if any(run.id == baseline for run in runs) else runs[0].id
    known = [ComparedRun(run.id, run.name, run.spec.flat(), figures_of(run)) for run in runs]
    return run_differences(known, chosen or runs[0].id)


def compare_groups(groups: Sequence[Sequence[Run]], baseline: str) -> dict[str, dict[str, GroupFigure]]:
    """Id of a group's first run → figure → mean and difference to the group whose first run is ``baseline``.

    Differences are paired by the seeds, folds and blocks of the runs.
    """
    known = [Group(own[0].id, [(seeds_of(run), figures_of(run)) for run in own]) for own in groups]
    overlap = overlap_of_runs([run for own in groups for run in own])
    return group_differences(known, baseline, overlap, lower_is_better=LOSSES)


def seeds_of(run: Run) -> tuple[int, ...]:
    """What may differ between the repeats of a group: data seed, fold, block and training seed."""
    data = run.spec.data
    return data.seed, data.fold, data.block, run.spec.train.seed


def figures_of(run: Run) -> dict[str, float | None]:
    """The last epoch's figures with the sum of the penalty terms, those of the best epoch, epochs done, seconds."""
    last, best = run.last, run.best
    return {
        **{name: getattr(last, name, None) for name in _LAST},
        PENALTY: sum(last.penalties.values()) if last else None,
        AT_BEST + "epoch": best.epoch if best else None,
        AT_BEST + VAL_ACC: best.val_acc if best else None,
        AT_BEST + VAL_LOSS: best.val_loss if best else None,
        EPOCHS: run.epoch,
        SECONDS: run.seconds,
    }


def caveats(runs: Sequence[Run]) -> list[str]:
    """What cannot be compared between ``runs``, and why; a sentence each, none where all can."""
    data, models = _labels(runs, "dataset"), _labels(runs, "model")
    found = []
    if len(data) > 1:
        found.append(
            f"Different data sets ({', '.join(data)}): losses and accuracies are those of different images, and errors "
            "cannot be compared image by image."
        )
    elif len(_splits(runs)) > 1:
        found.append("The runs have different validation images, which adds to the differences between their figures.")
    if len(models) > 1:
        found.append(f"Different CNNs ({', '.join(models)}): their layers and weights cannot be compared.")
    if len({(run.spec.penalty.scope, repr(run.spec.penalty.factors)) for run in runs}) > 1:
        found.append("The penalties act on different parameters, so equal λ do not mean equal penalties.")
    return found


def runs_result(runs: Sequence[Run], baseline: str | None = None, measure: str | None = None) -> dict[str, Any]:
    """:func:`compare_runs` as an object, with the runs' states and the :func:`caveats`.

    ``measure``: only the figures of "loss" or "accuracy", and of time.

    :raises SpecError: there are fewer than two runs.
    """
    if len(runs) < 2:
        raise SpecError("There is nothing to compare: give two runs or more.")
    found, states = compare_runs(runs, baseline), {run.id: run.state for run in runs}
    names = [name for name in found.figures if measure is None or name in (*OF_MEASURE[measure], *OF_TIME)]
    return {
        "baseline": found.baseline,
        "settings": list(found.settings),
        "figures": names,
        "caveats": caveats(runs),
        "runs": [
            {
                "run": one.run,
                "name": one.name,
                "status": states[one.run],
                "settings": dict(one.settings),
                "figures": {name: one.figures[name] for name in names},
                "changes": {name: one.changes[name] for name in names},
            }
            for one in found.runs
        ],
    }


def _labels(runs: Sequence[Run], what: str) -> list[str]:
    entries: Mapping[str, Any] = DATASETS.entries if what == "dataset" else MODELS.entries
    keys = dict.fromkeys(getattr(run, what) for run in runs)
    return [entries[key].label if key in entries else key for key in keys]


def _splits(runs: Sequence[Run]) -> set[frozenset[str]]:
    """The splits of each sweep and of each run outside sweeps: the runs of sweeps over the same seeds are paired."""
    found: dict[str, set[str]] = {}
    for run in runs:
        found.setdefault(run.sweep or run.id, set()).add(_split(run.spec.data))
    return {frozenset(splits) for splits in found.values()}


def _split(data: DataSpec) -> str:
    """What decides which images a run is validated on, and the noise on them."""
    return data.model_dump_json(exclude=OF_TRAINING)
