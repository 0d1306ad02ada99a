"""REGLAB_THREADS=auto: the cores that are free for a run, and the number that it keeps; another CPU is named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from tests.factories import add_run
from tests.jobs.running import SMALL, go_on, resume

from reglab.events import Environment, Event, StepDone
from reglab.jobs import machine_remark, pace, result, threads_auto
from reglab.jobs.threads_auto import free_cores
from reglab.machine import processor
from reglab.settings import Settings
from reglab.spec import RunSpec
from reglab.store import Ending, Run, Store
from reglab.sweep import SweepSpec

ENVIRONMENT = Environment("CPU (x86_64)", 1, {}, 10, 100, 20)
BRIEF = SMALL.with_changes({"train.epochs": 2, "train.batch_size": 50})


@pytest.fixture
def auto(settings: Settings) -> Settings:
    return replace(settings, threads=None, slots=16)


def runs_beside(store: Store, *threads: int | None) -> Run:
    """A run that is about to train beside running ones with so many threads (None: not recorded yet)."""
    for count in threads:
        other = store.create(SMALL, owner=store.owner())
        if count is not None:
            store.began({other.id: replace(ENVIRONMENT, threads=count)})
    return store.create(SMALL, owner=store.owner())


@pytest.mark.parametrize(
    ("threads", "waiting", "slots", "free"),
    [
        ((), 0, 16, 16),  # alone
        ((None,), 0, 16, 8),  # two begin at once: half each
        ((16,), 0, 16, 1),  # an earlier run has all
        ((4,), 0, 16, 8),
        ((4, 4), 0, 16, 5),
        ((), 3, 16, 4),  # three more are about to begin
        ((), 300, 2, 8),  # of which one finds a slot
        ((8, 8, 8), 0, 16, 1),
    ],
)
def test_runs_share_the_cores(
    store: Store,
    auto: Settings,
    monkeypatch: pytest.MonkeyPatch,
    threads: tuple[int | None, ...],
    waiting: int,
    slots: int,
    free: int,
) -> None:
    monkeypatch.setattr(threads_auto, "available_cores", lambda: 16)
    run = runs_beside(store, *threads)
    for _ in range(min(waiting, 20)):
        store.create(SMALL)
    add_run(store, state="finished")
    assert free_cores(run, store, replace(auto, slots=slots)) == free


@pytest.mark.parametrize("owner", [True, False])
def test_beside_a_sweep_a_run_has_one_core(
    store: Store, auto: Settings, monkeypatch: pytest.MonkeyPatch, owner: bool
) -> None:
    monkeypatch.setattr(threads_auto, "available_cores", lambda: 16)
    store.create(SweepSpec(run=SMALL, l2=(0.0, 0.1)), owner=store.owner() if owner else None)
    assert free_cores(runs_beside(store), store, auto) == 1


def test_the_number_is_recorded_and_kept_when_the_run_goes_on(
    store: Store, auto: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "TICK", 0.0)
    monkeypatch.setattr(threads_auto, "fastest_threads", lambda *_, **__: 2)

    def stop(event: Event, run: Run) -> None:
        if isinstance(event, StepDone) and event.epoch == 2:
            store.request_stop(run.id)

    stopped = go_on(store, auto, store.create(BRIEF, owner=store.owner()), stop)
    assert (stopped.state, stopped.threads) == ("cancelled", 2)
    monkeypatch.setattr(threads_auto, "fastest_threads", None)  # is not asked again
    resumed = resume(store, auto, stopped.id)
    assert (resumed.state, resumed.threads, result(store, resumed)["threads"]) == ("finished", 2, 2)
    assert machine_remark(resumed) is None


def trained(store: Store, **facts: Any) -> Run:
    """A finished run of SMALL on 3 threads of this kind of CPU, but for ``facts``."""
    run, cpu = store.create(SMALL, owner=store.owner()), torch.backends.cpu.get_cpu_capability()
    here = replace(ENVIRONMENT, cpu=processor(), cpu_capability=cpu, threads=3)
    store.began({run.id: replace(here, **facts)})
    store.finish([Ending(run.id, "finished")])
    return store.get(run.id)


def threads(store: Store, settings: Settings, spec: RunSpec = SMALL) -> int:
    """Those that a new run of ``spec`` takes."""
    return threads_auto.threads_of(store.create(spec), store, settings, lambda *_: None)


def test_a_repeat_has_the_threads_of_the_run_before(
    store: Store, auto: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads_auto, "fastest_threads", lambda *_, **__: 1)
    first = trained(store)
    assert threads(store, auto) == 3
    assert threads(store, replace(auto, threads=2)) == 2
    for key, value in (("train.seed", 1), ("penalty.l2", 0.5), ("train.batch_size", 17)):
        assert threads(store, auto, SMALL.with_changes({key: value})) == 1
    trained(store, threads=2)
    assert threads(store, auto) == 2  # the newest
    store.delete([run.id for run in store.runs() if run.threads == 2])
    assert threads(store, auto) == 3
    store.delete([first.id])
    assert threads(store, auto) == 1


@pytest.mark.parametrize(
    "facts", [{"cpu": "another CPU"}, {"cpu_capability": "another"}, {"cpu": ""}, {"advance": "fused, 9 lanes"}]
)
def test_a_repeat_to_other_bits_chooses_anew(
    store: Store, auto: Settings, monkeypatch: pytest.MonkeyPatch, facts: dict[str, str]
) -> None:
    monkeypatch.setattr(threads_auto, "fastest_threads", lambda *_, **__: 1)
    trained(store, **facts)
    assert threads(store, auto) == 1


def test_a_resume_on_another_cpu_says_that_bits_may_differ(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(pace, "TICK", 0.0)
    monkeypatch.setattr("reglab.training.loop.processor", lambda: "Old CPU")

    def stop(event: Event, run: Run) -> None:
        if isinstance(event, StepDone) and event.epoch == 2:
            store.request_stop(run.id)

    stopped = go_on(store, settings, store.create(BRIEF, owner=store.owner()), stop)
    assert stopped.environment is not None
    kind = f"Old CPU ({stopped.environment['cpu_capability']})"
    assert machine_remark(stopped) is None
    monkeypatch.setattr("reglab.training.loop.processor", lambda: "New CPU")
    resumed = resume(store, settings, stopped.id)
    assert resumed.state == "finished"
    remark = f"Trained on {kind}, then {kind.replace('Old', 'New')}: the last bits may differ"
    assert (machine_remark(resumed) or "").startswith(remark)
    assert remark in result(store, resumed)["machine_remark"]
    assert remark in caplog.text


def test_records_without_a_cpu_make_no_remark(store: Store) -> None:
    assert machine_remark(add_run(store)) is None
    assert machine_remark(store.create(SMALL)) is None
