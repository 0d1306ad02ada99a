"""Runs and sweeps in real worker processes: the same bits as in a thread, also where a worker dies."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest
from tests.jobs.processes import (
    LONG,
    ONE_BY_ONE,
    SWEEP,
    begun,
    busy,
    planned,
    wait_for_run,
    wait_for_sweep,
    wait_until_gone,
    workers_of,
)
from tests.jobs.running import SMALL, resume, wait_until, work
from tests.jobs.sweeping import Figures, assert_same_lanes, lanes_of, plan_of, train_sweep

from reglab.jobs import Plan, Runner
from reglab.settings import Settings
from reglab.store import Run, Store
from reglab.sweep import SweepSpec
from reglab.training import SEQUENTIAL

ONE_GROUP = SweepSpec(run=SWEEP.run.with_changes({"train.epochs": 150}), l2=(1e-2,), seeds=1)
KILLED = (
    "The worker process that trained this run was killed (signal 9), for instance because memory ran out; "
    "resume it to go on from its last checkpoint."
)


@pytest.fixture(scope="module")
def runner(pool_store: Store, pool_settings: Settings) -> Iterator[Runner]:
    with closing(Runner(pool_store, pool_settings)) as opened:
        yield opened
    assert workers_of(os.getpid()) == []


@pytest.fixture(scope="module")
def whole(pool_store: Store, pool_settings: Settings) -> Run:
    """The long run, undisturbed, in this process."""
    return work(pool_store, pool_settings, LONG)


@pytest.fixture(scope="module")
def expected(pool_store: Store, pool_settings: Settings) -> Figures:
    """The lanes of the sweep, trained in this process one by one."""
    return lanes_of(pool_store, train_sweep(pool_store, pool_settings, SWEEP, ONE_BY_ONE))


def test_a_run_has_the_bits_it_has_in_this_process(runner: Runner, pool_store: Store, pool_settings: Settings) -> None:
    run = wait_for_run(pool_store, runner.submit(SMALL).id, "finished")
    assert run.weights_sha256 == work(pool_store, pool_settings).weights_sha256
    assert (run.threads, run.owner, run.error) == (1, None, None)


def test_a_sweep_is_planned_and_trained_to_the_bits_it_has_in_this_process(
    runner: Runner, pool_store: Store, pool_settings: Settings
) -> None:
    sweep = wait_for_sweep(pool_store, runner.submit(SWEEP).id, "finished")
    assert (sweep.error, sweep.activity) == (None, None)
    assert sweep.plan is not None
    assert sweep.seconds > 0
    here = train_sweep(pool_store, pool_settings, SWEEP, Plan.of(sweep.plan))
    assert_same_lanes(lanes_of(pool_store, sweep), lanes_of(pool_store, here))


def test_a_killed_worker_leaves_its_run_interrupted_and_the_next_one_trains(
    runner: Runner, pool_store: Store, pool_settings: Settings, whole: Run
) -> None:
    run_id, worker = begun(runner, pool_store)
    os.kill(worker, signal.SIGKILL)
    assert wait_for_run(pool_store, run_id, "interrupted").error == KILLED
    wait_for_run(pool_store, runner.submit(SMALL).id, "finished")
    assert runner.trouble() is None
    runner.resume(run_id)
    assert wait_for_run(pool_store, run_id, "finished").weights_sha256 == whole.weights_sha256


def test_a_crash_is_named(runner: Runner, pool_store: Store) -> None:
    run_id, worker = begun(runner, pool_store)
    os.kill(worker, signal.SIGSEGV)
    assert "crashed with a segmentation fault (signal 11)" in (
        wait_for_run(pool_store, run_id, "interrupted").error or ""
    )


def test_a_worker_that_is_asked_to_end_checkpoints_first(
    runner: Runner, pool_store: Store, pool_settings: Settings, whole: Run
) -> None:
    run_id, worker = begun(runner, pool_store)
    os.kill(worker, signal.SIGTERM)
    run = wait_for_run(pool_store, run_id, "interrupted")
    assert run.error is None
    wait_until_gone([worker])
    assert resume(pool_store, pool_settings, run_id).weights_sha256 == whole.weights_sha256


def test_stop_and_resume(runner: Runner, pool_store: Store, whole: Run) -> None:
    run_id, worker = begun(runner, pool_store)
    runner.stop(run_id)
    wait_for_run(pool_store, run_id, "cancelled")
    runner.resume(run_id)
    assert wait_for_run(pool_store, run_id, "finished").weights_sha256 == whole.weights_sha256
    assert worker in workers_of(os.getpid())  # it was kept


def test_a_killed_worker_interrupts_its_lanes_of_a_sweep_and_no_others(
    runner: Runner, pool_store: Store, expected: Figures
) -> None:
    warm(runner)
    sweep_id = planned(runner, pool_store)
    wait_until(lambda: all(run.epoch for run in pool_store.sweep_runs(sweep_id)), "an epoch of every lane")
    [first, _second] = busy(runner)
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: pool_store.sweep(sweep_id).error is not None, "the end of the other lanes")
    sweep = pool_store.sweep(sweep_id)
    assert sweep.state == "interrupted"
    assert sweep.counts["interrupted"] in (1, 2)  # the other worker may have asked for one of its groups before
    assert sweep.counts["finished"] == SWEEP.size - sweep.counts["interrupted"]
    assert sweep.error == KILLED.replace("this run", "this part of the sweep")
    assert {run.error for run in pool_store.sweep_runs(sweep_id)} == {None, sweep.error}
    runner.resume(sweep_id)
    assert_same_lanes(lanes_of(pool_store, wait_for_sweep(pool_store, sweep_id, "finished")), expected)


def test_another_worker_trains_the_groups_that_a_killed_one_had_not_begun(runner: Runner, pool_store: Store) -> None:
    warm(runner)
    sweep_id = pool_store.create(SWEEP).id
    pool_store.set_plan(sweep_id, replace(ONE_BY_ONE, together=2).facts())  # each worker has two groups, and begins one
    runner._bell.set()
    firsts = [ONE_BY_ONE.stacks[group][0] for group in (0, 1)]
    wait_until(lambda: all(pool_store.sweep_runs(sweep_id)[lane].epoch for lane in firsts), "an epoch at either worker")
    os.kill(busy(runner)[0], signal.SIGKILL)
    wait_until(lambda: pool_store.sweep(sweep_id).error is not None, "the end of the other lanes")
    counts = pool_store.sweep(sweep_id).counts
    assert (counts["interrupted"], counts["finished"]) == (1, SWEEP.size - 1)


@pytest.mark.parametrize(("kills", "state"), [(1, "finished"), (2, "interrupted")])
def test_where_workers_are_retried_a_sweep_ends_whole_after_as_many_losses(
    runner: Runner, pool_store: Store, pool_settings: Settings, monkeypatch: pytest.MonkeyPatch, kills: int, state: str
) -> None:
    """As on a cluster: groups that were begun on a lost machine go on on another one."""
    monkeypatch.setattr(runner.pool, "retries", 1)
    warm(runner)
    sweep_id = pool_store.create(ONE_GROUP).id
    plan = plan_of(ONE_GROUP, SEQUENTIAL, workers=1)
    pool_store.set_plan(sweep_id, plan.facts())
    runner._bell.set()
    lost = set[int]()
    for _ in range(kills):
        before = pool_store.sweep_runs(sweep_id)[0].epoch
        wait_until(lambda: set(busy(runner)) - lost != set(), "a worker")
        wait_until(lambda at=before: pool_store.sweep_runs(sweep_id)[0].epoch > at, "an epoch")  # type: ignore[misc]
        [worker] = set(busy(runner)) - lost
        os.kill(worker, signal.SIGKILL)
        lost.add(worker)
    wait_for_sweep(pool_store, sweep_id, state)
    if state == "interrupted":
        wait_until(lambda: pool_store.sweep(sweep_id).error is not None, "the reason")
        return
    assert pool_store.sweep(sweep_id).error is None
    here = train_sweep(pool_store, pool_settings, ONE_GROUP, plan)
    assert_same_lanes(lanes_of(pool_store, pool_store.sweep(sweep_id)), lanes_of(pool_store, here))


def warm(runner: Runner) -> None:
    """Both workers are ready."""
    assert runner.pool is not None
    while len(runner.pool.workers) < 2:
        runner.pool.start()


def test_a_run_beside_a_sweep_gets_a_worker_and_gives_it_back(
    runner: Runner, pool_store: Store, expected: Figures
) -> None:
    sweep_id = planned(runner, pool_store)
    wait_until(lambda: all(run.epoch for run in pool_store.sweep_runs(sweep_id)), "an epoch of every lane")
    run = runner.submit(SMALL)
    wait_for_run(pool_store, run.id, "finished")
    assert len(workers_of(os.getpid())) <= 2
    assert_same_lanes(lanes_of(pool_store, wait_for_sweep(pool_store, sweep_id, "finished")), expected)
