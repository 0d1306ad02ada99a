"""Predictions of stored runs for images that a person gives, and for their own wrongly labelled training images.

The network is built as for training, from the weights in the run's folder, and images are normalised with the figures
of the run's training images. Nothing is downloaded: a page must not wait for that.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, cast, get_args

import numpy as np
from numpy.typing import NDArray

from reglab.datasets import DATASETS, Chosen, choose, normalised, status
from reglab.errors import DataError, RegLabError, SpecError, StoreError
from reglab.predictions import Which
from reglab.settings import Settings
from reglab.spec import DataSpec
from reglab.store import Run, Store
from reglab.store.files import BEST, LAST
from reglab.training import Network

Facts = dict[str, Any]
"""JSON values."""

NOTHING: NDArray[np.int64] = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class PredictionRequest:
    """``images`` (n, C, H, W), uint8 or float32 in [0, 1], for each of ``runs`` at the ``which`` epoch.

    Without ``images`` they are each run's wrongly labelled training images.
    """

    runs: tuple[str, ...]
    which: Which = "last"
    images: NDArray[Any] | None = None


@dataclass(frozen=True, eq=False)
class Prediction:
    """Class ``probabilities`` (n, classes) of a run.

    Of wrongly labelled training images also their places ``index`` (n,) in the data set, the wrong ``labels`` that the
    run was trained on, and the ``true`` ones.
    """

    probabilities: NDArray[np.float32]
    index: NDArray[np.int64] = field(default_factory=lambda: NOTHING)
    labels: NDArray[np.int64] = field(default_factory=lambda: NOTHING)
    true: NDArray[np.int64] = field(default_factory=lambda: NOTHING)


Answer = Mapping[str, Prediction | str]
"""Run → its prediction, or a sentence why there is none."""


def predict(store: Store, settings: Settings, request: PredictionRequest) -> Answer:
    """The predictions of every run of ``request``; one that cannot predict costs itself alone."""
    found: dict[str, Prediction | str] = {}
    for run_id in request.runs:
        try:
            found[run_id] = _of_run(store, settings, store.get(run_id), request)
        except RegLabError as error:
            found[run_id] = str(error)
    return found


def _of_run(store: Store, settings: Settings, run: Run, request: PredictionRequest) -> Prediction:
    chosen = chosen_images(run.spec.data, settings.data)
    weights = weights_of(store, run, request.which)
    network = Network.of(run.spec, weights, chosen.shape, len(chosen.entry.classes), settings.device)
    if request.images is None:
        return _flipped(chosen, network)
    if request.images.shape[1:] != chosen.shape:
        raise SpecError(f"{chosen.entry.label} has images of another size than this one.")
    return Prediction(network.probabilities(normalised(request.images, chosen.mean, chosen.std)))


def _flipped(chosen: Chosen, network: Network) -> Prediction:
    places = chosen.train[chosen.flipped]
    labels, true = chosen.labels[chosen.flipped], chosen.images.y.numpy()[places]
    if not len(places):
        raise SpecError("This run was trained without label noise: no label is wrong.")
    parts = [
        network.probabilities(normalised(chosen.pixels("train", some), chosen.mean, chosen.std))
        for some in np.array_split(places, -(-len(places) // network.chunk))
    ]
    return Prediction(np.concatenate(parts), places, labels, true)


def weights_of(store: Store, run: Run, which: Which) -> Mapping[str, NDArray[Any]]:
    """The weights that a run kept of its last or best epoch.

    :raises StoreError: it has kept none of that.
    """
    files, name = store.files(run.id), BEST if which == "best" else LAST
    if not files.has(name):
        raise StoreError(f"The weights of the {which} epoch are not on the disk; a run keeps them when it ends.")
    return files.load_weights(files.named(name))


@lru_cache(maxsize=4)
def chosen_images(spec: DataSpec, folder: Path) -> Chosen:
    """The images of a run, where they are on this machine.

    :raises DataError: they are not.
    """
    here = status(DATASETS.get(spec.name), folder)
    if here.state != "ready":
        raise DataError(f"The images of {DATASETS.get(spec.name).label} are not on this machine. {here.sentence}.")
    return choose(spec, folder)


# Between processes


def request_facts(request: PredictionRequest) -> Facts:
    """The request as JSON values."""
    images = None if request.images is None else _array_facts(request.images)
    return {"runs": list(request.runs), "which": request.which, "images": images}


def request_of(facts: Mapping[str, Any]) -> PredictionRequest:
    """The request with these :func:`request_facts`."""
    which, images = facts["which"], facts["images"]
    assert which in get_args(Which)
    return PredictionRequest(tuple(facts["runs"]), which, None if images is None else _array(images))


def answer_facts(answer: Answer) -> Facts:
    """The answer as JSON values."""
    return {
        run_id: found if isinstance(found, str) else {name: _array_facts(array) for name, array in vars(found).items()}
        for run_id, found in answer.items()
    }


def answer_of(facts: Mapping[str, Any]) -> Answer:
    """The answer with these :func:`answer_facts`."""
    return {
        run_id: found if isinstance(found, str) else Prediction(**{name: _array(own) for name, own in found.items()})
        for run_id, found in facts.items()
    }


def _array_facts(array: NDArray[Any]) -> Facts:
    return {
        "dtype": array.dtype.str,
        "shape": list(array.shape),
        "base64": base64.b64encode(np.ascontiguousarray(array).tobytes()).decode(),
    }


def _array(facts: Mapping[str, Any]) -> NDArray[Any]:
    flat = np.frombuffer(base64.b64decode(facts["base64"]), dtype=np.dtype(facts["dtype"]))
    return cast("NDArray[Any]", flat.reshape(facts["shape"]).copy())
