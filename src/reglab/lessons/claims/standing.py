"""How far the test of a claim is, from the store alone: what is there, what is missing, and how long the rest takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from reglab.lessons.claims.claim import Claim
from reglab.lessons.claims.results import read
from reglab.lessons.claims.trial import GROUP, ROUND, Trial
from reglab.spec import RunSpec
from reglab.store import Run, Store

_RATE = 2.5e-5  # seconds per unit of work on one core, until some of these runs have been timed
_VALIDATION = 539  # images of the digits that the default split keeps for validation
ACTIVE = frozenset({"queued", "running"})
_ENDED = frozenset({"finished", "diverged"})


@dataclass(frozen=True)
class Standing:
    """The trials of ``claim`` known so far with their runs, None where there is none; ``expected`` counts those to come
    as well.
    """

    claim: Claim
    seeds: tuple[int, ...]
    runs: Mapping[Trial, Run | None]
    expected: int

    @property
    def done(self) -> int:
        """Runs that have ended well."""
        return sum(run is not None and run.state == "finished" for run in self.runs.values())

    @property
    def active(self) -> list[Run]:
        """Runs that train or wait."""
        return [run for run in self.runs.values() if run is not None and run.state in ACTIVE]

    @property
    def testing(self) -> bool:
        """Whether it is under way: all runs known so far are there, and one of them still trains or waits."""
        return bool(self.active) and None not in self.runs.values()

    @property
    def complete(self) -> bool:
        """Whether there is all that a verdict needs."""
        return self.done == self.expected

    @property
    def ready_to_confirm(self) -> bool:
        """Whether the first runs have all ended well and those that they name do not exist yet."""
        states = [run.state if run is not None else None for run in self.runs.values()]
        return self.claim.confirm is not None and set(states) == {"finished", None} and len(states) == self.expected

    @property
    def diverged(self) -> int:
        """Runs that ended without usable figures and will not be trained again."""
        return sum(run is not None and run.state == "diverged" for run in self.runs.values())

    @property
    def finished(self) -> dict[Trial, Run]:
        """The trials that have ended well."""
        return {trial: run for trial, run in self.runs.items() if run is not None and run.state == "finished"}

    @property
    def to_start(self) -> list[Trial]:
        """Trials without a run, or whose run stopped before its end."""
        return [trial for trial, run in self.runs.items() if run is None or run.resumable]


Index = Mapping[str, Run]


def index(store: Store) -> Index:
    """Every claim's run by its spec; one read for all claims."""
    return {run.spec.model_dump_json(): run for run in reversed(store.runs(group=GROUP))}


def standing(store: Store, known: Index, claim: Claim, seeds: Sequence[int]) -> Standing:
    """How far ``claim`` is with ``seeds``; the runs that confirm a choice are known once the choice can be made."""
    found = {trial: known.get(text) for trial, text in _trials(claim, tuple(seeds))}
    expected = len(found) + claim.arms * len(seeds)
    now = Standing(claim, tuple(seeds), found, expected)
    if claim.confirm is None or now.done < len(found):
        return now
    later = claim.confirm(read(store, now.finished), seeds)
    found = found | {trial: known.get(trial.spec.model_dump_json()) for trial in later}
    return Standing(claim, tuple(seeds), found, expected)


def rounds_in(known: Index) -> list[int]:
    """The rounds of seeds of which there are runs, ascending; the first one always."""
    return sorted({0, *(run.spec.train.seed // ROUND for run in known.values())})


def seconds_left(standings: Iterable[Standing], known: Index, slots: int) -> float:
    """Work still to do × measured seconds per unit of work ÷ slots; a run counts once however many claims need it."""
    standings = list(standings)
    open_ = {
        trial.key: (trial.spec, run)
        for one in standings
        for trial, run in one.runs.items()
        if run is None or run.state not in _ENDED
    }
    left = sum(work(spec) * (1 - (run.epoch / run.epochs if run else 0)) for spec, run in open_.values())
    return (left + sum(map(_later, standings))) * _rate(known) / max(slots, 1)


def seconds_until(one: Standing, known: Index, slots: int) -> float:
    """As :func:`seconds_left` for a claim under way, with the claims' runs that wait in front of its own."""
    last = max((run.queued for run in one.active), default=None)
    before = [run for run in known.values() if last is not None and run.state in ACTIVE and run.queued <= last]
    left = sum(work(run.spec) * (1 - run.epoch / run.epochs) for run in before)
    return (left + _later(one)) * _rate(known) / max(slots, 1)


def work(spec: RunSpec) -> float:
    """Images through the network, a training step's image counting three times: epochs · (3·train + evaluations)."""
    n = spec.data.train_size or 1
    return spec.train.epochs * (3.0 * n + min(n, _VALIDATION) + _VALIDATION)


def _later(one: Standing) -> float:
    """The work of runs that cannot be named yet."""
    count = one.expected - len(one.runs)
    return count * work(next(iter(one.runs)).spec) if one.runs else 0.0


def _rate(known: Index) -> float:
    timed = [run for run in known.values() if run.state == "finished" and run.seconds > 0][-40:]
    spent = sum(work(run.spec) for run in timed)
    return sum(run.seconds for run in timed) / spent if spent else _RATE


@lru_cache(maxsize=256)
def _trials(claim: Claim, seeds: tuple[int, ...]) -> tuple[tuple[Trial, str], ...]:
    return tuple((trial, trial.spec.model_dump_json()) for trial in claim.trials(seeds))
