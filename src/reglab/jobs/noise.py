"""Accuracy under input noise: the share of validation images with arg max f(x + σε) = y, ε standard normal.

σ is in units of the pixel range, 0 black and 1 white, and noisy pixels are not clipped (as in Cohen et al. 2019). The
noise of an image follows from its place in the data set alone: every run, every σ and every machine has the same ε.
Counts are kept in the run's folder, so that no run is computed twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, get_args

import numpy as np
import torch
from numpy.typing import NDArray

from reglab.columns import HIGH, LOW, VALUE, X
from reglab.datasets import Chosen, normalised
from reglab.errors import DataError, RegLabError, SpecError, StoreError
from reglab.jobs.predicting import chosen_images, weights_of
from reglab.predictions import NoiseCurve, Which
from reglab.settings import Settings
from reglab.states import ACTIVE
from reglab.store import Run, Store, derived
from reglab.training import Network

SIGMAS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0)
MOST_IMAGES = 1_000
"""Validation images that are classified at most: of a larger set, the same random choice for every run."""

SEED = 0
_RULE = 1
"""Counts by another rule (noise, choice of images, values of σ) are not those that are kept."""


@dataclass(frozen=True)
class NoiseRequest:
    """The ``runs``, at the ``which`` epoch."""

    runs: tuple[str, ...]
    which: Which = "last"


NoiseAnswer = Mapping[str, NoiseCurve | str]
"""Run → its counts, or a sentence why there are none."""


def accuracy_under_noise(store: Store, settings: Settings, request: NoiseRequest) -> NoiseAnswer:
    """The counts of every run of ``request``, kept ones as they are; a run that has none costs itself alone."""
    found: dict[str, NoiseCurve | str] = {}
    for run_id in request.runs:
        try:
            found[run_id] = _of_run(store, settings, store.get(run_id), request.which)
        except RegLabError as error:
            found[run_id] = str(error)
    return found


def kept_curve(store: Store, run: Run, which: Which) -> NoiseCurve | None:
    """The counts that an earlier call has kept for these weights; None where there are none."""
    found = derived.read(store.files(run.id), _name(which), _key(run, which))
    if not isinstance(found, dict) or found.keys() != NoiseCurve.__dataclass_fields__.keys():
        return None
    return _curve(found)


def _of_run(store: Store, settings: Settings, run: Run, which: Which) -> NoiseCurve:
    if run.state in ACTIVE:
        raise StoreError("It has not ended: a run keeps its weights when it ends.")
    if run.state == "diverged" and which == "last":
        raise StoreError("It diverged: of its last epoch there are no weights that are finite.")
    known = kept_curve(store, run, which)
    if known is not None:
        return known
    weights, chosen = weights_of(store, run, which), chosen_images(run.spec.data, settings.data)
    _check_labels(run, chosen)
    network = Network.of(run.spec, weights, chosen.shape, len(chosen.entry.classes), settings.device)
    places = shared_choice(chosen.val, len(chosen.images.y))
    made = NoiseCurve(_epoch(run, which), len(places), SIGMAS, _correct(network, chosen, places))
    derived.write(store.files(run.id), _name(which), _key(run, which), asdict(made))
    return made


def _correct(network: Network, chosen: Chosen, places: NDArray[np.int64]) -> tuple[int, ...]:
    """How many of the images at ``places`` are classified correctly, for each of :data:`SIGMAS`."""
    clean = normalised(chosen.images.x.numpy()[places], chosen.mean, chosen.std)
    noise = torch.from_numpy(noise_of(places, chosen.shape)).div_(chosen.std[:, None, None])
    labels = chosen.images.y.numpy()[places]
    predicted = (network.probabilities(clean.add(noise, alpha=sigma)).argmax(axis=1) for sigma in SIGMAS)
    return tuple(int((classes == labels).sum()) for classes in predicted)


def noise_of(places: Sequence[int] | NDArray[np.int64], shape: Sequence[int]) -> NDArray[np.float32]:
    """ε of the images at these places of a data set, (n, C, H, W): standard normal, of one generator an image."""
    images = [np.random.default_rng([SEED, int(place)]).standard_normal(shape, np.float32) for place in places]
    return np.stack(images) if images else np.zeros((0, *shape), np.float32)


def shared_choice(places: NDArray[np.int64], pool: int) -> NDArray[np.int64]:
    """At most :data:`MOST_IMAGES` of ``places``, ascending: those that come first in one random order of the ``pool``.

    Runs on different splits thus have as many images in common as their splits allow.
    """
    rank = np.random.default_rng(SEED).permutation(pool)
    chosen: NDArray[np.int64] = np.sort(places[np.argsort(rank[places])][:MOST_IMAGES])
    return chosen


def _check_labels(run: Run, chosen: Chosen) -> None:
    """Raise :class:`DataError` where the validation images are not of the classes that the run recorded."""
    recorded = (run.environment or {}).get("val_labels")
    found = np.bincount(chosen.images.y.numpy()[chosen.val], minlength=len(chosen.entry.classes)).tolist()
    if recorded and list(recorded) != found:
        raise DataError("The dataset on this machine is not the one that this run was validated on.")


def _epoch(run: Run, which: Which) -> int:
    return run.best_epoch or run.epoch if which == "best" else run.epoch


def _name(which: Which) -> str:
    return f"noise-{which}"


def _key(run: Run, which: Which) -> list[Any]:
    """Equal for equal weights and an equal rule."""
    return [_RULE, MOST_IMAGES, list(SIGMAS), run.weights_sha256, _epoch(run, which)]


def noise_result(store: Store, settings: Settings, runs: Sequence[Run], which: Which = "last") -> dict[str, Any]:
    """:func:`accuracy_under_noise` as an object: for each run its accuracies with 95 % Wilson intervals.

    :raises SpecError: none of the runs has any.
    """
    found = accuracy_under_noise(store, settings, NoiseRequest(tuple(run.id for run in runs), which))
    problems = [own for own in found.values() if isinstance(own, str)]
    if len(problems) == len(found):
        raise SpecError(f"No run has an accuracy under noise. {problems[0]}" if problems else "Give a run or more.")
    facts = {"measure": "noise", "epoch_rule": which, "unit": "standard deviation, pixels from 0 to 1", "seed": SEED}
    return {**facts, "runs": [_run_facts(run, found[run.id]) for run in runs]}


def _run_facts(run: Run, found: NoiseCurve | str) -> dict[str, Any]:
    own = {"run": run.id, "name": run.name, "status": run.state}
    if isinstance(found, str):
        return {**own, "epoch": None, "images": None, "accuracy": [], "problem": found}
    from reglab.analysis.noise import noise_accuracy  # with pandas, which a worker process does without

    rows = noise_accuracy({run.id: found}).to_dict("records")
    figures = [{"sigma": row[X], "value": row[VALUE], "low": row[LOW], "high": row[HIGH]} for row in rows]
    return {**own, "epoch": found.epoch, "images": found.images, "accuracy": figures, "problem": None}


# Between processes


def noise_request_of(facts: Mapping[str, Any]) -> NoiseRequest:
    """The request with these values of JSON."""
    assert facts["which"] in get_args(Which)
    return NoiseRequest(tuple(facts["runs"]), facts["which"])


def noise_facts(answer: NoiseAnswer) -> dict[str, Any]:
    """The answer as JSON values."""
    return {run_id: found if isinstance(found, str) else asdict(found) for run_id, found in answer.items()}


def noise_answer_of(facts: Mapping[str, Any]) -> NoiseAnswer:
    """The answer with these :func:`noise_facts`."""
    return {run_id: found if isinstance(found, str) else _curve(found) for run_id, found in facts.items()}


def _curve(facts: Mapping[str, Any]) -> NoiseCurve:
    return NoiseCurve(facts["epoch"], facts["images"], tuple(facts["sigmas"]), tuple(facts["correct"]))
