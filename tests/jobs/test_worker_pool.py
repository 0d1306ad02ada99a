"""Worker processes are kept warm, ended when idle for long, never more than slots, and spread over devices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch
from tests.jobs.processes import wait_until_gone
from tests.jobs.running import SMALL

from reglab.errors import StoreError, StoreUnavailable
from reglab.jobs.messages import error_facts, error_of, settings_facts, settings_of
from reglab.jobs.patience import Outages
from reglab.jobs.work import Halted
from reglab.jobs.worker_pool import WARM, WorkerPool, devices
from reglab.settings import Settings
from reglab.store import Store

now = [0.0]


def going_on() -> None:
    """The state to end in of a job that goes on."""


@pytest.fixture(scope="module")
def pool(pool_store: Store, pool_settings: Settings) -> Iterator[WorkerPool]:
    opened = WorkerPool(pool_settings, pool_store.owner().id, Outages(), clock=lambda: now[0])
    yield opened
    opened.close(10.0)


def test_a_worker_is_used_again_and_there_are_no_more_than_slots(pool: WorkerPool) -> None:
    for starter in pool.warm(3):
        starter.join()
    assert len(pool.workers) == 2
    with pool.worker(going_on) as first, pool.worker(going_on) as second:
        assert first.pid != second.pid
        with pytest.raises(Halted), pool.worker(lambda: "cancelled"):
            pass
    with pool.worker(going_on) as again:
        assert again in (first, second)


def test_jobs_are_spread_over_devices(pool: WorkerPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "_devices", ["cpu", "cpu:0"])
    with pool.worker(going_on) as first, pool.worker(going_on) as second:
        assert [first.device, second.device] == ["cpu", "cpu:0"]


def test_a_job_trains_on_the_device_it_was_given(
    pool: WorkerPool, pool_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "_devices", ["cuda:7"])
    run = pool_store.create(SMALL, owner=pool_store.owner())
    with pool.worker(going_on) as worker:
        worker.train(run.id)
    assert "'cuda:7' is not available here" in (pool_store.get(run.id).error or "")


@pytest.mark.parametrize(
    ("name", "count", "found"),
    [
        ("auto", 0, ["auto"]),
        ("auto", 1, ["auto"]),
        ("auto", 3, ["cuda:0", "cuda:1", "cuda:2"]),
        ("cuda", 2, ["cuda:0", "cuda:1"]),
        ("cuda:1", 2, ["cuda:1"]),
        ("cpu", 2, ["cpu"]),
    ],
)
def test_runs_are_spread_over_all_gpus_unless_one_device_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, count: int, found: list[str]
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
    assert devices(name) == found


def test_a_worker_tells_of_a_store_that_is_away(pool: WorkerPool) -> None:
    with pool.worker(going_on) as worker:
        worker._note("Run a", "The disk is full.")
        assert pool.outages.reason == "The disk is full."
        worker._note("Run a", None)
    assert pool.outages.reason is None


def test_workers_that_are_idle_for_long_leave(pool: WorkerPool) -> None:
    with pool.worker(going_on) as worker:
        pass
    now[0] += WARM - 1
    pool.end_idle()
    assert worker.alive
    now[0] += 1
    pool.end_idle()
    wait_until_gone([worker.pid])
    assert pool.workers == []


def test_settings_and_errors_survive_the_way_to_another_process(pool_settings: Settings) -> None:
    assert settings_of(settings_facts(replace(pool_settings, threads=3))) == replace(pool_settings, threads=3)
    for error in (StoreError("It is away."), StoreUnavailable("It is busy.")):
        again = error_of(error_facts(error))
        assert (type(again), str(again)) == (type(error), str(error))
