"""The progress of a claim's test, read from the store: finished and missing runs, their results, the time left."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache, lru_cache, partial

import pandas as pd

from reglab import columns
from reglab.datasets import check_data
from reglab.lessons.claim import GROUP, ROLE, ROUND, SEED, Claim, Results, Trial, Weights
from reglab.spec import RunSpec
from reglab.states import ACTIVE, FINAL
from reglab.store import Run, Store

_IMAGE: Mapping[str, float] = {
    **{"keras_cnn": 2.2e-5, "small_cnn": 8e-6, "dense_784": 2e-6},
    **{"vgg_small": 1.2e-4, "sigmoid_784": 1e-6, "linear": 2e-7},
}
"""CNN → seconds of an idle core for an image through the network, at 8 pixels (sigmoid_784: 28)."""
_STEP, _EPOCH = 3e-4, 2e-3  # seconds of an optimizer step and of an epoch, apart from their images


@dataclass(frozen=True)
class Standing:
    """The trials of ``claim`` known so far with their runs (None: no run yet); ``expected`` counts later ones, too."""

    claim: Claim
    seeds: tuple[int, ...]
    runs: Mapping[Trial, Run | None]
    expected: int

    @property
    def done(self) -> int:
        """Number of finished runs."""
        return sum(run is not None and run.state == "finished" for run in self.runs.values())

    @property
    def active(self) -> list[Run]:
        """Runs that train or wait."""
        return [run for run in self.runs.values() if run is not None and run.state in ACTIVE]

    @property
    def testing(self) -> bool:
        """Whether all trials known so far have runs, and one of these trains or waits."""
        return bool(self.active) and None not in self.runs.values()

    @property
    def complete(self) -> bool:
        """Whether all runs have finished."""
        return self.done == self.expected

    @property
    def ready_to_confirm(self) -> bool:
        """Whether the first runs have finished, and the confirming ones do not exist yet."""
        states = [run.state if run is not None else None for run in self.runs.values()]
        return self.claim.confirm is not None and set(states) == {"finished", None} and len(states) == self.expected

    @property
    def diverged(self) -> int:
        """Number of diverged runs, which are not trained again."""
        return sum(run is not None and run.state == "diverged" for run in self.runs.values())

    @property
    def finished(self) -> dict[Trial, Run]:
        """The finished trials and their runs."""
        return {trial: run for trial, run in self.runs.items() if run is not None and run.state == "finished"}

    @property
    def to_start(self) -> list[Trial]:
        """Trials without a run, or with one that was stopped, interrupted or has failed."""
        return [trial for trial, run in self.runs.items() if run is None or run.resumable]


Index = Mapping[str, Run]


def index(store: Store) -> Index:
    """The runs of all claims by their spec, in a single read."""
    return {run.spec.model_dump_json(): run for run in reversed(store.runs(group=GROUP))}


def standing(store: Store, known: Index, claim: Claim, seeds: Sequence[int]) -> Standing:
    """The standing of ``claim`` with ``seeds``; confirming runs are known once the first ones have finished."""
    found = {trial: known.get(text) for trial, text in _trials(claim, tuple(seeds))}
    expected = len(found) + claim.arms * len(seeds)
    now = Standing(claim, tuple(seeds), found, expected)
    if claim.confirm is None or now.done < len(found):
        return now
    later = claim.confirm(read(store, now.finished), seeds)
    found = found | {trial: known.get(trial.spec.model_dump_json()) for trial in later}
    return Standing(claim, tuple(seeds), found, expected)


def rounds_in(known: Index) -> list[int]:
    """The rounds of seeds that have runs, ascending; round 0 always."""
    return sorted({0, *(run.spec.train.seed // ROUND for run in known.values())})


def seconds_left(standings: Iterable[Standing], known: Index, slots: int) -> float:
    """Work still to do × how much longer it has taken here ÷ slots; a run that several claims need counts once."""
    standings = list(standings)
    open_ = {
        trial.key: (trial.spec, run)
        for one in standings
        for trial, run in one.runs.items()
        if run is None or run.state not in FINAL
    }
    left = sum(work(spec) * (1 - (run.epoch / run.epochs if run else 0)) for spec, run in open_.values())
    return (left + sum(map(_later, standings))) * _rate(known) / max(slots, 1)


def seconds_until(one: Standing, known: Index, slots: int) -> float:
    """As :func:`seconds_left` for a claim under way, including the claims' runs ahead of its own in the queue."""
    last = max((run.queued for run in one.active), default=None)
    before = [run for run in known.values() if last is not None and run.state in ACTIVE and run.queued <= last]
    left = sum(work(run.spec) * (1 - run.epoch / run.epochs) for run in before)
    return (left + _later(one)) * _rate(known) / max(slots, 1)


def work(spec: RunSpec) -> float:
    """Seconds that a run takes on one idle core, roughly: its images through the network, a training step's image
    counting three times, its steps and its epochs.
    """
    sizes = check_data(spec.data)
    steps = math.ceil(sizes.train / spec.train.batch_size)
    images = 3 * sizes.train + min(sizes.train, sizes.val) + sizes.val
    return spec.train.epochs * (_EPOCH + steps * _STEP + images * _IMAGE.get(spec.model.name, max(_IMAGE.values())))


def read(store: Store, runs: Mapping[Trial, Run]) -> Results:
    """The results of finished trials."""
    by_place = {(trial.role, trial.seed): run for trial, run in runs.items()}
    metrics = [
        {ROLE: role, SEED: seed, **asdict(run.last)} for (role, seed), run in by_place.items() if run.last is not None
    ]
    ids = {run.id: place for place, run in by_place.items()}

    def weights(role: str, seed: int, which: str) -> Weights:
        run = by_place[role, seed]
        return store.files(run.id).load_weights(f"{run.id}/{which}.safetensors")

    specs = {(trial.role, trial.seed): trial.spec for trial in runs}
    layers, epochs = cache(partial(_layers, store, ids)), cache(partial(_epochs, store, ids))
    return Results(pd.DataFrame(metrics), layers, specs, weights, epochs)


def _epochs(store: Store, places: Mapping[str, tuple[str, int]]) -> pd.DataFrame:
    return _placed(store.epochs(list(places)), places)


def _layers(store: Store, places: Mapping[str, tuple[str, int]]) -> pd.DataFrame:
    return _placed(store.layers(list(places), latest=True).drop(columns=columns.COUNTS, errors="ignore"), places)


def _placed(frame: pd.DataFrame, places: Mapping[str, tuple[str, int]]) -> pd.DataFrame:
    """``frame`` with the role and the seed of each row's run."""
    roles, seeds = zip(*(places[run] for run in frame[columns.RUN]), strict=True) if len(frame) else ((), ())
    return frame.assign(**{ROLE: roles, SEED: seeds})


def _later(one: Standing) -> float:
    """The work of the confirming runs, which are not known yet."""
    count = one.expected - len(one.runs)
    return count * work(next(iter(one.runs)).spec) if one.runs else 0.0


def _rate(known: Index) -> float:
    """Measured seconds per second of :func:`work`; 1 until some of these runs have been timed."""
    timed = [run for run in known.values() if run.state == "finished" and run.seconds > 0][-40:]
    spent = sum(work(run.spec) for run in timed)
    return sum(run.seconds for run in timed) / spent if spent else 1.0


@lru_cache(maxsize=256)
def _trials(claim: Claim, seeds: tuple[int, ...]) -> tuple[tuple[Trial, str], ...]:
    return tuple((trial, trial.spec.model_dump_json()) for trial in claim.trials(seeds))
