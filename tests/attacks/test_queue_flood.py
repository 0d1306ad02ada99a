"""Work that would wait for weeks is refused at the door: by runs, sweeps and resuming alike, on every database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests.factories import spec as spec_of

from reglab.errors import QueueFull
from reglab.jobs import Runner
from reglab.settings import Settings
from reglab.store import Store, open_store
from reglab.sweep import SweepSpec

LONG = spec_of(**{"train.epochs": 10_000})


@pytest.fixture
def any_store(any_settings: Settings) -> Iterator[Store]:
    with open_store(any_settings) as opened:
        yield opened


@pytest.fixture
def door(any_store: Store, any_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runner]:
    """A runner that takes nothing up, with room for 25,000 epochs."""
    monkeypatch.setattr(Runner, "_supervise", lambda self: None)
    runner = Runner(any_store, replace(any_settings, queue=25_000))
    yield runner
    runner.close()


def test_runs_wait_up_to_the_limit_and_no_further(door: Runner) -> None:
    first = door.submit(LONG, key="one")
    door.submit(LONG, key="two")
    with pytest.raises(QueueFull, match=r"20,000 epochs wait, this would add 10,000, and at most 25,000 may wait"):
        door.submit(LONG, key="three")
    assert door.submit(LONG, key="one").id == first.id  # the same click again adds nothing
    assert len(door.store.waiting()) == 2
    door.stop(first.id)
    assert door.submit(LONG, key="three").state == "queued"


def test_short_runs_count_as_something(door: Runner) -> None:
    settings = replace(door.settings, queue=100)
    door.settings = settings
    for _ in range(5):
        door.submit(spec_of(**{"train.epochs": 1}))
    with pytest.raises(QueueFull):
        door.submit(spec_of(**{"train.epochs": 1}))


def test_a_sweep_counts_with_all_its_runs_or_leaves_nothing_behind(door: Runner) -> None:
    door.submit(SweepSpec(run=LONG, l2=(0.0,), seeds=2))
    with pytest.raises(QueueFull, match=r"this would add 20,000"):
        door.submit(SweepSpec(run=LONG, l2=(0.0, 0.1), seeds=1))
    assert len(door.store.sweeps()) == 1
    with pytest.raises(QueueFull):
        door.submit(LONG)


def test_resuming_is_bounded_too(door: Runner) -> None:
    stopped = [door.submit(LONG) for _ in range(2)]
    for run in stopped:
        door.stop(run.id)
    sweep = door.submit(SweepSpec(run=LONG, l2=(0.0,), seeds=2))
    for run in stopped:
        with pytest.raises(QueueFull):
            door.resume(run.id)
    assert {door.store.get(run.id).state for run in stopped} == {"cancelled"}
    door.stop(sweep.id)
    door.resume(stopped[0].id)
    with pytest.raises(QueueFull):
        door.resume(sweep.id)


def test_a_command_that_trains_here_and_now_does_not_wait(any_store: Store) -> None:
    assert any_store.create(LONG, owner=any_store.owner(), queue_limit=None).state == "running"
