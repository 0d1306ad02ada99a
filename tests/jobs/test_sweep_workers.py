"""Groups of a sweep change hands between worker processes: the bits stay the same, and no worker stands idle."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from tests.jobs.processes import ONE_BY_ONE, SWEEP, pool_of, process_settings, train_in_workers
from tests.jobs.sweeping import Figures, assert_same_lanes, lanes_of, new_sweep, plan_of, train_sweep

from reglab.jobs import Plan, SweepWorker
from reglab.jobs.sweep_workers import GroupWorkers
from reglab.jobs.worker_handle import WorkerHandle
from reglab.jobs.worker_pool import WorkerPool
from reglab.settings import Settings
from reglab.store import Store, open_store
from reglab.sweep import SweepSpec
from reglab.training import SEQUENTIAL

SHORT = SweepSpec(run=SWEEP.run.with_changes({"train.epochs": 8}), l2=SWEEP.l2, seeds=SWEEP.seeds)
UNEVEN = SweepSpec.parse({"run": SWEEP.run.model_dump(), "over": {"train.epochs": [1, 2, 40, 41]}, "seeds": 1})


@dataclass(frozen=True)
class Place:
    """A store, and two warm workers."""

    store: Store
    settings: Settings
    pool: WorkerPool


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    settings = process_settings(tmp_path_factory.mktemp("groups") / "home")
    with open_store(settings) as store, pool_of(store, settings) as pool:
        pool.start()
        pool.start()
        yield Place(store, settings, pool)


@pytest.fixture(scope="module")
def expected(place: Place) -> Figures:
    """The lanes of the short sweep, trained in this process."""
    return lanes_of(place.store, train_sweep(place.store, place.settings, SHORT, ONE_BY_ONE))


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """Collects the groups that workers give up."""
    noted: list[list[int]] = []
    note = GroupWorkers._note

    def noting(groups: GroupWorkers, number: int, session: object, message: dict[str, object]) -> None:
        if isinstance(found := message.get("given"), list):
            noted.append(found)
        note(groups, number, session, message)  # type: ignore[arg-type]

    monkeypatch.setattr(GroupWorkers, "_note", noting)
    return noted


def test_groups_are_dealt_out_evenly(place: Place, expected: Figures, monkeypatch: pytest.MonkeyPatch) -> None:
    dealt: list[list[int]] = []
    portion = GroupWorkers._portion

    def noting(groups: GroupWorkers, number: int) -> list[int]:
        dealt.append(portion(groups, number))
        return dealt[-1]

    monkeypatch.setattr(GroupWorkers, "_portion", noting)
    sweep = train_in_workers(place.store, place.settings, place.pool, SHORT, ONE_BY_ONE)
    assert sorted(dealt[:2]) == [[0, 2], [1, 3]]
    assert_same_lanes(lanes_of(place.store, sweep), expected)


def test_a_worker_without_groups_takes_over_those_of_another(place: Place, given: list[list[int]]) -> None:
    stacks = ((0,), (2,), (1,), (3,))  # so that one worker has both long lanes
    plan = Plan(stacks, SEQUENTIAL, 4, 2, 1.0, 0.0, 1.0)
    here = train_sweep(place.store, place.settings, UNEVEN, plan)
    there = train_in_workers(place.store, place.settings, place.pool, UNEVEN, plan)
    assert there.error is None
    assert [len(groups) for groups in given[:1]] == [1]
    assert_same_lanes(lanes_of(place.store, there), lanes_of(place.store, here))


def test_a_sweep_gives_up_a_worker_and_takes_it_back(
    place: Place, given: list[list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second worker has to leave after its first epoch, and may come back when the first one has all groups."""
    sweep = new_sweep(place.store, SWEEP, ONE_BY_ONE)

    def share() -> int:
        began = all(run.epoch for run in place.store.sweep_runs(sweep.id))
        return 1 if began and len(given) < 1 else 2

    SweepWorker(place.store, place.settings, sweep, share=share, pool=place.pool).work()
    assert len(given[0]) == 2
    here = train_sweep(place.store, place.settings, SWEEP, ONE_BY_ONE)
    assert_same_lanes(lanes_of(place.store, sweep), lanes_of(place.store, here))


def test_where_memory_is_short_workers_are_fewer(place: Place, expected: Figures) -> None:
    plan = Plan(ONE_BY_ONE.stacks, SEQUENTIAL, 1, 2, 1.0, 0.0, 1.0)
    used: set[WorkerHandle] = set()
    sweep = new_sweep(place.store, SHORT, plan)
    worker = SweepWorker(place.store, place.settings, sweep, pool=place.pool)
    worker.tick = lambda: used.update(one for one in place.pool.workers if one.busy)
    worker.work()
    assert len(used) == 1
    assert_same_lanes(lanes_of(place.store, sweep), expected)


def test_fused_groups_train_to_the_same_bits(place: Place) -> None:
    fused = plan_of(SHORT)
    here = train_sweep(place.store, place.settings, SHORT, fused)
    there = train_in_workers(place.store, place.settings, place.pool, SHORT, fused)
    assert_same_lanes(lanes_of(place.store, there), lanes_of(place.store, here))


def test_a_worker_lost_while_it_plans_leaves_the_sweep_to_another_one(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost, plan = list[int](), WorkerHandle.plan

    def die_once(worker: WorkerHandle, sweep_id: str) -> None:
        if not lost:
            lost.append(worker.pid)
            worker.kill()
        plan(worker, sweep_id)

    monkeypatch.setattr(WorkerHandle, "plan", die_once)
    sweep = place.store.create(SHORT, owner=place.store.owner())
    SweepWorker(place.store, place.settings, sweep, share=lambda: 1, pool=place.pool).work()
    done = place.store.sweep(sweep.id)
    assert (done.state, done.error, len(lost)) == ("finished", None, 1)
    assert done.plan is not None
    here = train_sweep(place.store, place.settings, SHORT, Plan.of(done.plan))
    assert_same_lanes(lanes_of(place.store, done), lanes_of(place.store, here))


def test_where_two_workers_are_lost_while_they_plan_the_sweep_says_so(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = WorkerHandle.plan

    def die(worker: WorkerHandle, sweep_id: str) -> None:
        worker.kill()
        plan(worker, sweep_id)

    monkeypatch.setattr(WorkerHandle, "plan", die)
    sweep = place.store.create(SHORT, owner=place.store.owner())
    SweepWorker(place.store, place.settings, sweep, share=lambda: 1, pool=place.pool).work()
    done = place.store.sweep(sweep.id)
    assert (done.state, done.plan) == ("interrupted", None)
    assert done.error == (
        "The worker process that planned this sweep was killed (signal 9), for instance because memory ran out; "
        "resume it to try again."
    )
    assert done.resumable
