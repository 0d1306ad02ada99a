"""What two runs predict for the images that both are validated on, read once for all sessions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from reglab.analysis.calibration import Calibration, calibration
from reglab.analysis.confusion import confusion_matrix, predicted_classes
from reglab.analysis.mcnemar import Discordance
from reglab.datasets import DATASETS, load_images, status
from reglab.errors import RegLabError
from reglab.predictions import Which
from reglab.store import Run
from reglab.ui.shared.memo import Memo
from reglab.ui.shared.services import services

Labels = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Predictions:
    """A run on its n validation images at ``epoch``: ``index`` (n,) are their places in the data set, ``correct`` (n,).

    ``probabilities`` (n, classes) are None where the run kept none: it has not ended, or is of an earlier version.
    """

    epoch: int
    index: Labels
    correct: NDArray[np.bool_]
    probabilities: NDArray[np.float32] | None

    @cached_property
    def calibration(self) -> Calibration | None:
        """Accuracy by confidence."""
        return None if self.probabilities is None else calibration(self.probabilities, self.correct)

    def predicted(self, true: Labels) -> Labels | None:
        """The predicted class of each image, given the true ones."""
        return None if self.probabilities is None else predicted_classes(self.probabilities, self.correct, true)

    def confusion(self, labels: Labels, classes: int, chosen: NDArray[np.bool_] | None = None) -> Labels | None:
        """The confusion matrix over all images, or over the ``chosen`` ones (n,); ``labels`` are the data set's."""
        true = labels[self.index]
        predicted = self.predicted(true)
        if predicted is None:
            return None
        own = np.ones(len(true), dtype=np.bool_) if chosen is None else chosen
        return confusion_matrix(true[own], predicted[own], classes)


def predictions_of(run: Run, which: Which) -> Predictions | None:
    """The predictions of ``run`` at its last or best epoch; None where it kept none."""
    epoch = run.epoch if which == "last" else run.best_epoch
    if not epoch:
        return None
    key = (services().store.home, run.id, run.epoch, run.state, which)
    return _PREDICTIONS.get(key, lambda: _read(run, which, epoch))


def _read(run: Run, which: Which, epoch: int) -> Predictions | None:
    store = services().store
    scores = store.val_scores([run.id]).get(run.id)
    if scores is None:
        return None
    return Predictions(epoch, scores.index, scores.correct[epoch - 1].copy(), store.probabilities(run.id, which))


def _size(found: Predictions | None) -> int:
    if found is None:
        return 64
    return (
        found.index.nbytes + found.correct.nbytes + (0 if found.probabilities is None else found.probabilities.nbytes)
    )


_PREDICTIONS: Memo[Predictions | None] = Memo(most=64 * 2**20, size=_size)


@dataclass(frozen=True, eq=False)
class Pair:
    """Two runs on the images that both are validated on: their places in either run's order, and in the data set."""

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    images: Labels
    discordance: Discordance
    only_first: NDArray[np.bool_]
    only_second: NDArray[np.bool_]


def pair_of(first: Predictions, second: Predictions) -> Pair | None:
    """Both on their common images, in the order of the data set; None where they have none in common."""
    images, places, others = np.intersect1d(first.index, second.index, assume_unique=True, return_indices=True)
    if not len(images):
        return None
    one, other = first.correct[places], second.correct[others]
    return Pair(places, others, images, Discordance.of(one, other), one & ~other, ~one & other)


@dataclass(frozen=True, eq=False)
class Pictures:
    """A data set at hand: true classes (N,), class names, and pixels (N, C, H, W) as numbers or torch tensor."""

    labels: Labels
    classes: tuple[str, ...]
    pixels: NDArray[np.generic]

    def fit(self, found: Predictions) -> bool:
        """Whether these can be the images of ``found``: local files may have become fewer, or of other classes."""
        known = found.probabilities is None or found.probabilities.shape[1] == len(self.classes)
        return known and int(found.index.max(initial=-1)) < len(self.labels)


def pictures_of(dataset: str) -> Pictures | str:
    """The images of ``dataset``, or why they cannot be shown. Downloads nothing."""
    entry, folder = DATASETS.find(dataset), services().settings.data
    if entry is None:
        return "This data set is not known here, so the classes of its images are not known either."
    if status(entry, folder).state != "ready":
        return f"{entry.label} is not on this machine, so the classes of its images are not known."
    try:
        images = load_images(dataset, folder)
    except RegLabError as error:
        return str(error)
    return Pictures(images.y.numpy(), entry.classes, images.x.numpy())
