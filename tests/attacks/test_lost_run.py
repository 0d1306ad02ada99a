"""A run that the store no longer accepts, a row that cannot be read, a step that fails: the queue goes on."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text
from tests.attacks.outages import errors, wait_for_state
from tests.jobs.running import SMALL, settings_in, wait_until
from tests.jobs.sweeping import SMALL as SWEEP

from reglab.jobs import Runner
from reglab.settings import Settings
from reglab.store import Store, open_store, owners, transitions

LONG = SMALL.with_changes({"train.epochs": 10_000})
LONG_SWEEP = SWEEP.model_copy(update={"run": SWEEP.run.with_changes({"train.epochs": 10_000})})


pytestmark = pytest.mark.usefixtures("fused_plan")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path / "home", REGLAB_SLOTS="1")


def execute(store: Store, statement: str, **values: str) -> None:
    with store._database.write() as connection:
        connection.execute(text(statement), values)


def trained(store: Store, runner: Runner) -> str:
    """A long run that has done an epoch."""
    run_id = runner.submit(LONG).id
    wait_until(lambda: store.get(run_id).epoch > 0, "the first epoch")
    return run_id


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param("UPDATE runs SET state = 'interrupted', owner = NULL WHERE id = :id", id="ended"),
        pytest.param("UPDATE runs SET owner = 'another' WHERE id = :id", id="another's"),
        pytest.param("DELETE FROM runs WHERE id = :id", id="gone"),
    ],
)
def test_a_run_that_is_lost_is_dropped_and_the_next_one_trains(
    runner: Runner, store: Store, statement: str, caplog: pytest.LogCaptureFixture
) -> None:
    lost = trained(store, runner)
    execute(store, statement, id=lost)
    wait_for_state(store, runner.submit(SMALL).id, "finished")
    wait_until(lambda: runner.trouble() is None, "the runner to be well")
    left = {run.id: (run.state, run.owner, run.error) for run in store.runs()}
    assert left.get(lost) in (("interrupted", None, None), ("running", "another", None), None)
    assert errors(caplog) == []


def test_a_server_that_was_taken_for_dead_goes_on_with_its_queue(
    runner: Runner, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = trained(store, runner)
    other = settings_in(tmp_path / "other", REGLAB_STORE=f"sqlite:///{store.home / 'reglab.sqlite'}")
    with open_store(other) as elsewhere, monkeypatch.context() as patch:
        patch.setattr(transitions, "STALE", -1.0)  # as after more than a minute of SIGSTOP
        assert elsewhere.recover() == [lost]
    wait_for_state(store, runner.submit(SMALL).id, "finished")
    assert store.get(lost).state == "interrupted"


def test_a_lost_run_that_is_queued_again_waits_until_its_thread_has_ended_and_goes_on(
    runner: Runner, store: Store
) -> None:
    lost = trained(store, runner)
    execute(store, "UPDATE runs SET state = 'interrupted', owner = NULL WHERE id = :id", id=lost)
    runner.resume(lost)
    done = store.get(lost).epoch
    wait_until(lambda: store.get(lost).epoch > done + 1, "epochs after the resume")
    assert store.get(lost).error is None


def test_a_lost_lane_ends_its_sweep_and_the_next_sweep_trains(runner: Runner, store: Store) -> None:
    first = runner.submit(LONG_SWEEP).id
    wait_until(lambda: store.sweep(first).epoch > 0, "the first epoch of the sweep")
    lost, *others = [run.id for run in store.sweep_runs(first)]
    execute(store, "UPDATE runs SET state = 'interrupted', owner = NULL WHERE id = :id", id=lost)
    second = runner.submit(SWEEP).id
    wait_until(lambda: store.sweep(second).state == "finished", "the second sweep to be finished")
    assert {store.get(run_id).state for run_id in others} == {"interrupted"}
    assert {store.get(run_id).owner for run_id in [lost, *others]} == {None}


def test_a_queued_row_that_cannot_be_read_stays_as_it_is_and_the_next_one_trains(runner: Runner, store: Store) -> None:
    first = trained(store, runner)
    broken, whole = runner.submit(SMALL).id, runner.submit(SMALL).id
    execute(store, "UPDATE runs SET spec = 'no JSON' WHERE id = :id", id=broken)
    runner.stop(first)
    wait_for_state(store, whole, "finished")
    with store._database.read() as connection:
        row = connection.execute(text("SELECT state, error FROM runs WHERE id = :id"), {"id": broken}).one()
    assert (row.state, row.error) == ("queued", None)  # a newer version may have written it, and can still train it


def test_a_sweep_that_cannot_be_read_stays_as_it_is_and_the_next_one_trains(runner: Runner, store: Store) -> None:
    first = trained(store, runner)
    broken, whole = runner.submit(SWEEP).id, runner.submit(SWEEP).id
    execute(store, "UPDATE sweeps SET spec = 'no JSON' WHERE id = :id", id=broken)
    runner.stop(first)
    wait_until(lambda: store.sweep(whole).state == "finished", "the second sweep to be finished")
    with store._database.read() as connection:
        states = connection.execute(text("SELECT DISTINCT state FROM runs WHERE sweep = :id"), {"id": broken})
        assert states.scalars().all() == ["queued"]


def test_steps_that_fail_keep_no_run_from_being_taken_up(
    runner: Runner, store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    waiting = store.waiting

    def broken(kind: str = "") -> list[str]:
        if kind == "run":
            return waiting()
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(store, "waiting", lambda kind="run": broken(kind))
    monkeypatch.setattr(store, "recover", broken)
    monkeypatch.setattr("reglab.jobs.runner._RECOVER", 0.0)
    wait_until(lambda: "a bug" in (runner.trouble() or ""), "the failure to be noticed")
    for _ in range(2):
        wait_for_state(store, runner.submit(SMALL).id, "finished")
    [line] = errors(caplog)
    assert line.endswith(": An unexpected error (ZeroDivisionError: a bug); the log has the details. (traceback)")


def test_a_run_whose_claim_fails_does_not_keep_others_from_being_taken_up(
    runner: Runner, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim, refused = store.claim, []

    def refuse_first(run_id: str, owner: owners.Owner) -> bool:
        refused.append(run_id)
        if run_id == refused[0]:
            raise ZeroDivisionError("a bug")
        return claim(run_id, owner)

    monkeypatch.setattr(store, "claim", refuse_first)
    first, second = runner.submit(SMALL).id, runner.submit(SMALL).id
    wait_for_state(store, second, "finished")
    assert store.get(first).state == "queued"
    wait_until(lambda: "a bug" in (runner.trouble() or ""), "the next round, in which the slot is free")
