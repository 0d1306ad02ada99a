"""Who owns a run, and what happens to runs whose owner is gone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.store import children
from tests.store.children import child
from tests.store.helpers import running

from reglab.errors import StoreError
from reglab.events import Checkpoint
from reglab.settings import Settings
from reglab.spec import RunSpec
from reglab.store import Ending, Progress, Store, open_store, transitions
from reglab.sweep import SweepSpec


def lock_files(store: Store) -> set[str]:
    return {path.stem for path in (store.home / "owners").iterdir()}


def claimed_for(store: Store, owner: str, heartbeat: datetime | None) -> str:
    """A running run of an owner that has no lock file in this home."""
    run = running(store)
    with store._database.write() as connection:
        transitions.change(connection, {run.id: {"owner": owner, "heartbeat": heartbeat}})
    return run.id


def test_a_process_is_one_owner(any_store: Store) -> None:
    assert any_store.owner() is any_store.owner()
    assert lock_files(any_store) == {any_store.owner().id}


def test_runs_of_this_and_other_living_processes_are_left_alone(any_settings: Settings, any_store: Store) -> None:
    mine, its = running(any_store), any_store.create(RunSpec())
    with child(children.own, any_settings, its.id) as process:
        assert process.heard() == "ready"
        assert any_store.recover() == []
        assert {run.id for run in any_store.runs(states=["running"])} == {mine.id, its.id}
        assert len(lock_files(any_store)) == 2
        with open_store(any_settings) as another:
            assert another.recover() == []


def test_a_killed_owners_run_is_interrupted_at_once_and_can_be_resumed(
    any_settings: Settings, any_store: Store
) -> None:
    mine, lost, queued = running(any_store), any_store.create(RunSpec()), any_store.create(RunSpec())
    with child(children.own, any_settings, lost.id) as process:
        assert process.heard() == "ready"
        process.kill()
        leftover = any_store.files(lost.id).folder / ".checkpoint.safetensors.0.tmp"
        leftover.parent.mkdir()
        leftover.touch()
        assert any_store.recover() == [lost.id]
    run = any_store.get(lost.id)
    assert (run.state, run.epoch, run.owner) == ("interrupted", 1, None)
    assert (
        run.error
        == "The process that trained this run ended without warning; resume it to go on from its last checkpoint."
    )
    assert run.ended is not None
    assert not leftover.exists()
    assert lock_files(any_store) == {any_store.owner().id}
    assert (any_store.get(mine.id).state, any_store.get(queued.id).state) == ("running", "queued")
    assert any_store.recover() == []
    any_store.take_over(lost.id, any_store.owner())
    assert any_store.get(lost.id).state == "running"


def test_a_killed_owners_sweep_is_interrupted_but_for_the_lanes_that_had_ended(
    any_settings: Settings, any_store: Store
) -> None:
    sweep, mine = (any_store.create(SweepSpec(l2=(0.0, 0.01, 0.02))) for _ in range(2))
    any_store.claim(mine.id, any_store.owner())
    finished, *lost = (run.id for run in any_store.sweep_runs(sweep.id))
    with child(children.own_sweep, any_settings, sweep.id) as process:
        assert process.heard() == "ready"
        assert any_store.recover() == []
        process.kill()
        leftovers = [
            any_store.sweep_files(sweep.id, 0).folder / ".checkpoint.safetensors.0.tmp",
            any_store.files(lost[0]).folder / ".initial.safetensors.0.tmp",
        ]
        for path in leftovers:
            path.parent.mkdir(parents=True)
            path.touch()
        assert sorted(any_store.recover()) == sorted(lost)
    after = any_store.sweep(sweep.id)
    assert (after.state, after.counts["finished"], after.counts["interrupted"]) == ("interrupted", 1, 2)
    assert after.activity is None
    assert (
        after.error
        == "The process that trained this sweep ended without warning; resume it to go on from its last checkpoint."
    )
    assert not any(path.exists() for path in leftovers)
    assert any_store.sweep(mine.id).state == "running"
    any_store.sweep_files(sweep.id, 0).save_checkpoint(Checkpoint({}, {"epoch": 1}))
    assert any_store.sweep(sweep.id).resumable
    any_store.take_over(sweep.id, any_store.owner())
    now = any_store.sweep(sweep.id)
    assert (now.state, now.counts["running"], now.error) == ("running", 2, None)
    assert any_store.get(finished).state == "finished"


def test_an_owner_that_closed_its_store_counts_as_gone(any_settings: Settings, any_store: Store) -> None:
    with open_store(any_settings) as other:
        run = running(other)
    assert any_store.recover() == [run.id]


def test_a_living_owner_may_be_silent_for_long(any_settings: Settings, any_store: Store) -> None:
    run_id = claimed_for(any_store, any_store.owner().id, datetime(2020, 1, 1, tzinfo=UTC))
    with open_store(any_settings) as other:
        assert any_store.recover() == other.recover() == []
    assert any_store.get(run_id).state == "running"


@pytest.mark.parametrize(("silent", "lost"), [(None, True), (61, True), (30, False)])
def test_an_owner_unknown_in_this_home_is_judged_by_its_heartbeat(
    any_store: Store, silent: int | None, lost: bool
) -> None:
    heartbeat = None if silent is None else datetime.now(UTC) - timedelta(seconds=silent)
    run_id = claimed_for(any_store, "f" * 32, heartbeat)
    assert any_store.recover() == ([run_id] if lost else [])
    assert any_store.get(run_id).state == ("interrupted" if lost else "running")


def test_reports_are_heartbeats(any_store: Store) -> None:
    run = running(any_store)
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    reports: list[Callable[[], None]] = [
        lambda: any_store.progress(run.id, {run.id: Progress(0, 1, 2, 0.1)}),
        lambda: any_store.say(run.id, "Downloading"),
    ]
    for report in reports:
        with any_store._database.write() as connection:
            transitions.change(connection, {run.id: {"heartbeat": long_ago}})
        report()
        heartbeat = any_store.get(run.id).heartbeat
        assert heartbeat is not None
        assert heartbeat > long_ago


def test_a_process_taken_for_dead_cannot_write_into_the_run_that_another_resumed(
    any_settings: Settings, any_store: Store
) -> None:
    run = running(any_store)
    with open_store(any_settings) as other:
        any_store.finish([Ending(run.id, "interrupted")])
        other.take_over(run.id, other.owner())
        with pytest.raises(StoreError, match="trained by another process"):
            any_store.progress(run.id, {run.id: Progress(0, 1, 2, 0.1)})
        with pytest.raises(StoreError, match="trained by another process"):
            any_store.finish([Ending(run.id, "failed")])
        other.finish([Ending(run.id, "finished")])


def test_a_home_that_cannot_hold_owners_is_a_sentence(settings: Settings, store: Store, tmp_path: Path) -> None:
    (store.home / "owners").write_text("in the way")
    with pytest.raises(StoreError, match=r"^.*owners cannot be used: .*\.$"):
        store.owner()
    elsewhere = replace(settings, home=tmp_path / "other")
    with open_store(elsewhere) as other:
        assert other.owner().id


def test_a_process_that_joined_writes_as_the_owner_and_keeps_it_alive(any_settings: Settings) -> None:
    server, worker, another = (open_store(any_settings) for _ in range(3))
    with worker, another:
        run, owner = running(server), server.owner().id
        assert worker.join(owner).id == owner
        with pytest.raises(StoreError, match="owner of runs already"):
            worker.join(owner)
        worker.progress(run.id, {run.id: Progress(0, 1, 2, 0.1)})
        server.close()  # as kill -9 would: its lock is free
        assert another.recover() == []
        worker.progress(run.id, {run.id: Progress(0, 2, 2, 0.2)})
        assert another.get(run.id).step == 2
        worker.close()
        assert another.recover() == [run.id]
        assert lock_files(another) == set()


def test_a_process_that_leaves_takes_its_lock_file_along(any_settings: Settings, any_store: Store) -> None:
    run = running(any_store)
    with open_store(any_settings) as worker:
        worker.join(any_store.owner().id)
        assert len(lock_files(any_store)) == 2
    assert lock_files(any_store) == {any_store.owner().id}
    with open_store(any_settings) as another:
        assert another.recover() == []
    assert any_store.get(run.id).state == "running"
