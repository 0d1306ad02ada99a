"""Runs and sweeps on a real Ray cluster of two nodes: the bits of one process, also where a node is killed."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest
from tests.jobs.processes import LONG, ONE_BY_ONE, SWEEP, planned, wait_for_run, wait_for_sweep, wait_until_gone
from tests.jobs.running import settings_in, wait_until, work
from tests.jobs.sweeping import assert_same_lanes, lanes_of, train_sweep
from tests.live.ray_nodes import FIRST, SECOND, RayCluster, ray_cluster
from tests.store.postgres import Server

from reglab.cli.checkup import cluster as doctor
from reglab.jobs import Runner
from reglab.settings import Settings
from reglab.store import Store, open_store


@pytest.fixture(scope="module")
def cluster() -> Iterator[RayCluster]:
    with ray_cluster() as running:
        yield running


@pytest.fixture(scope="module")
def settings(cluster: RayCluster, postgres_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    home = tmp_path_factory.mktemp("ray") / "home"
    return settings_in(home, REGLAB_RUNNER=cluster.address, REGLAB_STORE=postgres_server.new_database())


@pytest.fixture(scope="module")
def store(settings: Settings) -> Iterator[Store]:
    with open_store(settings) as opened:
        yield opened


@pytest.fixture(scope="module")
def runner(store: Store, settings: Settings) -> Iterator[Runner]:
    with closing(Runner(store, settings)) as opened:
        yield opened


def test_doctor_shows_the_cluster_and_each_node(settings: Settings, store: Store) -> None:
    first, *nodes = doctor.ray(settings)
    assert (first.level, first.text) == ("ok", f"{settings.runner}: 2 nodes, 2 runs at once on the device cpu.")
    assert [(node.level, node.text) for node in nodes] == [("ok", f"Node {each}: 1 CPU.") for each in (FIRST, SECOND)]
    assert list(settings.home.glob(".beacon*")) == []


def test_a_killed_process_interrupts_its_run_which_goes_on_to_the_same_bits(
    runner: Runner, store: Store, settings: Settings
) -> None:
    assert runner.settings.slots == 2
    run_id = runner.submit(LONG).id
    wait_until(lambda: store.get(run_id).epoch > 0, "an epoch")
    os.kill(busy(runner)[0], signal.SIGKILL)
    killed = r"The worker process that trained this run on the Ray node 127\.0\.0\.[23] was killed \(signal 9\), for .*"
    assert re.fullmatch(killed, wait_for_run(store, run_id, "interrupted").error or "")
    runner.resume(run_id)
    wait_until(lambda: store.get(run_id).state == "running" and len(busy(runner)) == 1, "the run to go on")
    assert runner.pool is not None
    runner.pool.kill_busy()  # as for a worker that does not leave in time: by its actor
    assert re.fullmatch(killed, wait_for_run(store, run_id, "interrupted").error or "")
    runner.resume(run_id)
    alone = work(store, replace(settings, runner="thread", slots=2), LONG)
    assert wait_for_run(store, run_id, "finished").weights_sha256 == alone.weights_sha256


def test_a_sweep_ends_whole_where_a_node_is_killed(
    cluster: RayCluster, runner: Runner, store: Store, settings: Settings
) -> None:
    expected = lanes_of(store, train_sweep(store, replace(settings, runner="thread", slots=2), SWEEP, ONE_BY_ONE))
    assert runner.pool is not None
    for starter in runner.pool.warm(2):
        starter.join()
    sweep_id = planned(runner, store)
    wait_until(lambda: all(run.epoch for run in store.sweep_runs(sweep_id)), "an epoch of every lane")
    processes = busy(runner)
    assert len(processes) == 2
    cluster.ask("kill")
    sweep = wait_for_sweep(store, sweep_id, "finished")
    assert (sweep.error, sweep.counts["finished"]) == (None, SWEEP.size)
    assert_same_lanes(lanes_of(store, sweep), expected)
    runner.close()
    wait_until_gone(processes)


def busy(runner: Runner) -> list[int]:
    """The processes that train now; all nodes are on this machine."""
    assert runner.pool is not None
    return [worker.pid for worker in runner.pool.workers if worker.busy and worker.ready]
