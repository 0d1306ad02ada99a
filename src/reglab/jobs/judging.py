"""A stored sweep, judged: the overlap of its repeats, and the judgement that commands and JSON read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reglab.analysis import (
    SweepJudgement,
    judge_sweep,
    overlap_of_folds,
    overlap_of_seeds,
    runs_table,
)
from reglab.columns import MEASURES
from reglab.datasets import DATASETS, load_images, status
from reglab.jobs.chances import chance_of
from reglab.settings import load_settings
from reglab.store import Run, Store, Sweep
from reglab.sweep import SweepSpec


def judge_stored(store: Store, sweep: Sweep, measure: str | None = None) -> SweepJudgement:
    """The judgement on ``sweep`` as far as it has come, by the epoch rule and the measure that it declares.

    ``measure`` (VAL_LOSS or VAL_ACC) takes the place of the declared one.
    """
    runs = store.sweep_runs(sweep.id)
    ids, chance = [run.id for run in runs], chance_of(runs)
    return judge_sweep(
        sweep.spec,
        runs_table(sweep.spec.lanes(), runs),
        store.epochs(ids),
        overlap=overlap_of(sweep.spec, runs),
        measure=measure or MEASURES[sweep.spec.measure],
        chance=chance,
        scores=store.val_scores(ids),
        labels=labels_at_hand(sweep.spec.run.data.name) if chance and chance.uneven else None,
    )


def labels_at_hand(name: str) -> NDArray[np.int64] | None:
    """The true classes of a dataset, for balanced accuracy; ``None`` where it is not at hand. Downloads nothing."""
    folder, entry = load_settings().data, DATASETS.find(name)
    if entry is None or status(entry, folder).state != "ready":
        return None
    labels: NDArray[np.int64] = load_images(name, folder).y.numpy()
    return labels


def overlap_of(spec: SweepSpec, runs: Sequence[Run]) -> float:
    """r of the intervals, the largest over ``runs``: 1/(K − 1) of folds, n_val / (n_pool − n_val) of seeds.

    Disjoint blocks share no image, so theirs is 0. So is that of runs on the validation part that a data set brings:
    the correction is for images drawn anew, and intervals over seeds are about this part alone, as those over one test
    part are. Runs of earlier versions recorded no pool: theirs is the whole dataset, or, where that is not known here,
    the images that they used. Runs that have not begun have no figures, and do not count.
    """
    if spec.folds:
        return overlap_of_folds(spec.folds)
    return 0.0 if spec.blocks else _overlap_of_seeds(spec.run.data.name, runs)


def overlap_of_runs(runs: Sequence[Run]) -> float:
    """:func:`overlap_of` for runs of one data set outside sweeps, the largest over their own splits."""
    folds = [overlap_of_folds(run.spec.data.folds) for run in runs if run.spec.data.folds]
    seeds = [run for run in runs if not run.spec.data.folds and not run.spec.data.blocks]
    return max([0.0, *folds, *([_overlap_of_seeds(runs[0].dataset, seeds)] if seeds else [])])


def _overlap_of_seeds(dataset: str, runs: Sequence[Run]) -> float:
    entry, found = DATASETS.find(dataset), [0.0]
    drawn = (run for run in runs if run.spec.data.validation == "share")
    for known in filter(None, (run.environment for run in drawn)):
        pool = known.get("n_pool") or (entry.size if entry else known["n_val"] + known["n_train"])
        found.append(overlap_of_seeds(known["n_val"], pool))
    return max(found)
