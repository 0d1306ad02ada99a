"""What the views read of a run: frames that all sessions share, read once for every state of the run."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reglab import columns
from reglab.analysis import misclassified
from reglab.analysis.weight_history import layer_figures, norm_history, weight_history
from reglab.datasets import DATASETS
from reglab.errors import DataError
from reglab.jobs import PredictionRequest, labels_at_hand
from reglab.predictions import ValScores
from reglab.states import ACTIVE
from reglab.store import Run, Store
from reglab.ui.inspect.query import At
from reglab.ui.shared.memo import shared_frame
from reglab.ui.shared.services import services

MOST = 120
"""Epochs whose histograms are read at most: an even choice of more, with the first, the best and the last."""


def version_of(run: Run) -> Hashable:
    """Equal for equal results: a resumed run trains the same epochs again to the same bits."""
    return services().store.home, run.id, run.created, run.epoch, run.best_epoch, run.state


def newest_finished(store: Store) -> Run | None:
    """The run to show where none is named: the newest finished one, else the newest."""
    found = store.runs(states=["finished"], limit=1) or store.runs(limit=1)
    return found[0] if found else None


def epochs_of(run: Run) -> list[int]:
    """The epochs whose weights are shown, from 0, the initial weights."""
    chosen = np.unique(np.linspace(0, run.epoch, min(run.epoch + 1, MOST)).round().astype(int)).tolist()
    return sorted({*chosen, *([run.best_epoch] if run.best_epoch else [])})


def layers_of(run: Run) -> pd.DataFrame:
    """:data:`columns.LAYER_COLUMNS` at :func:`epochs_of`."""
    return shared_frame(
        ("inspect layers", version_of(run)), lambda: services().store.layers([run.id], epochs=epochs_of(run))
    )


def history_of(run: Run, layer: str | None) -> pd.DataFrame:
    """The weight histograms of ``layer`` at those epochs."""
    return shared_frame(("inspect history", version_of(run), layer), lambda: weight_history(layers_of(run), layer))


def norms_of(run: Run, layer: str | None) -> pd.DataFrame:
    """The norms of ``layer`` at those epochs."""
    return shared_frame(("inspect norms", version_of(run), layer), lambda: norm_history(layers_of(run), layer))


def figures_of(run: Run, epoch: int) -> pd.DataFrame:
    """The layers' figures at ``epoch``, which may be any."""

    def read() -> pd.DataFrame:
        return layer_figures(services().store.layers([run.id], epochs=[epoch]), epoch)

    return shared_frame(("inspect figures", version_of(run), epoch), read)


def nothing_recorded(run: Run) -> str:
    """Why a run has no weights on record, not even the initial ones."""
    return f"No weights are recorded: the run {'has not begun' if run.state in ACTIVE else 'ended before it began'}."


def layer_names(run: Run) -> list[str]:
    """The layers in network order."""
    return list(dict.fromkeys(layers_of(run)[columns.LAYER]))


@dataclass(frozen=True, eq=False)
class Validation:
    """The validation images of a run at ``epoch``: a row each, as :mod:`reglab.analysis.misclassified` has them.

    ``has_classes``: whether the probabilities of all classes are known.
    """

    scores: pd.DataFrame
    classes: tuple[str, ...]
    epoch: int
    has_classes: bool


def validation_of(run: Run, at: At) -> Validation:
    """The validation images at the last or best epoch; of a run that trains, at the last one that is on the disk.

    :raises DataError: their predictions or labels are not known.
    """
    entry = DATASETS.find(run.spec.data.name)
    epoch = run.best_epoch if at == "best" and run.best_epoch else run.epoch
    if entry is None:
        raise DataError(f"The dataset {run.spec.data.name} is not known here.")
    if run.state in ACTIVE:
        scores, epoch = _scores_so_far(run, at, epoch)
    else:
        scores = shared_frame(("inspect scores", version_of(run), at), lambda: _scores(run, at, epoch))
    known = bool((scores[misclassified.PREDICTED] >= 0).all())
    return Validation(scores, entry.classes, epoch, known)


def _scores(run: Run, at: At, epoch: int) -> pd.DataFrame:
    store = services().store
    scores = store.val_scores([run.id]).get(run.id)
    if scores is None or not epoch:
        raise DataError("The predictions of this run were not kept.")
    probabilities = store.probabilities(run.id, at)
    if probabilities is None:
        return _without_classes(run, scores, epoch)
    labels = _labels(run, scores.index)
    return misclassified.image_scores(scores.index, labels, scores.correct[epoch - 1], probabilities)


def _scores_so_far(run: Run, at: At, epoch: int) -> tuple[pd.DataFrame, int]:
    """The scores of a run that trains, and their epoch: the best one, or the last one on the disk."""
    scores = services().store.val_scores([run.id], so_far=True).get(run.id)
    there = 0 if scores is None else len(scores.correct)
    if scores is None or (at == "best" and there < epoch):
        raise DataError("The predictions of this run are not on the disk yet.")
    epoch = min(epoch, there)
    return _without_classes(run, scores, epoch), epoch


def _without_classes(run: Run, scores: ValScores, epoch: int) -> pd.DataFrame:
    correct, log_prob = scores.correct[epoch - 1], scores.log_prob[epoch - 1]
    return misclassified.scores_without_classes(scores.index, _labels(run, scores.index), correct, log_prob)


def _labels(run: Run, index: NDArray[np.int64]) -> NDArray[np.int64]:
    """The true classes of the run's validation images; those of another version of the dataset are refused."""
    every = labels_at_hand(run.spec.data.name)
    if every is None:
        raise DataError("The images of this dataset are not on this machine.")
    recorded = (run.environment or {}).get("val_labels")
    labels = every[index] if index.max(initial=0) < len(every) else None
    if labels is None or (recorded and np.bincount(labels, minlength=len(recorded)).tolist() != list(recorded)):
        raise DataError("The dataset on this machine is not the one that this run was validated on.")
    return labels


def flipped_of(run: Run, at: At) -> pd.DataFrame:
    """The wrongly labelled training images and what the run predicts for them, computed in a worker process.

    :raises RegLabError: they cannot be computed.
    """

    def read() -> pd.DataFrame:
        found = services().runner.predict(PredictionRequest((run.id,), at))[run.id]
        if isinstance(found, str):
            raise DataError(found)
        return misclassified.memorised(found.index, found.labels, found.true, found.probabilities)

    return shared_frame(("inspect memorised", version_of(run), at), read)
