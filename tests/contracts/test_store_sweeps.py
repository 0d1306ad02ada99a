"""What every store does with sweeps, on SQLite and on PostgreSQL: creating, finding, states, deleting."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from tests.factories import add_run, add_sweep, metrics, spec
from tests.store.helpers import ENVIRONMENT, NOWHERE, counted_statements

from reglab.errors import StoreError, UnknownRun, UnknownSweep
from reglab.events import Checkpoint
from reglab.settings import Settings
from reglab.states import STATES, State
from reglab.store import Ending, Progress, Store, Sweep, catalog, open_store, transitions
from reglab.sweep import SweepSpec
from reglab.sweep_values import spaced

PATH = SweepSpec(run=spec(train__epochs=4), l2=(0.0, 0.03), seeds=2)


def running(store: Store, wanted: SweepSpec = PATH) -> Sweep:
    """A new sweep that this process owns."""
    return store.create(wanted, owner=store.owner())


def ids_of(store: Store, sweep: Sweep) -> list[str]:
    return [run.id for run in store.sweep_runs(sweep.id)]


def states_of(store: Store, sweep: Sweep) -> list[State]:
    return [run.state for run in store.sweep_runs(sweep.id)]


def ended(store: Store, *states: State) -> Sweep:
    """A sweep whose lanes are in these states, brought there by legal steps; "running" stays as it is."""
    sweep = running(store, SweepSpec(run=spec(train__epochs=4), l2=tuple(0.01 * i for i in range(len(states)))))
    ends = zip(ids_of(store, sweep), states, strict=True)
    store.finish([Ending(run_id, state) for run_id, state in ends if state != "running"])
    return store.sweep(sweep.id)


class TestCreating:
    def test_a_new_sweep_waits_with_all_its_lanes(self, any_store: Store) -> None:
        before = datetime.now(UTC)
        sweep = any_store.create(PATH)
        assert re.fullmatch(r"s[a-z0-9]{9}", sweep.id)
        assert (sweep.spec, sweep.state, sweep.size, sweep.wanted) == (PATH, "queued", 4, "run")
        assert (sweep.plan, sweep.error, sweep.activity, sweep.deleted, sweep.key) == (None,) * 5
        assert (sweep.seconds, sweep.epoch, sweep.highest, sweep.epochs, sweep.share) == (0.0, 0, 0, 4, 0.0)
        assert (sweep.started, sweep.ended, sweep.resumable) == (None, None, False)
        assert before <= sweep.created <= datetime.now(UTC)
        assert sweep == any_store.sweep(sweep.id)
        runs = any_store.sweep_runs(sweep.id)
        assert [run.spec for run in runs] == [lane.run for lane in PATH.lanes()]
        assert [(run.sweep, run.lane, run.group) for run in runs] == [
            (sweep.id, i, f"sweep {sweep.id}") for i in range(4)
        ]
        assert all(run == any_store.get(run.id) for run in runs)
        assert [(run.l2, run.epochs, run.state) for run in runs[:2]] == [(0.0, 4, "queued"), (0.03, 4, "queued")]

    @pytest.mark.parametrize(
        ("wanted", "name", "last"),
        [
            (SweepSpec(l2=spaced(1e-3, 1e-1, 9), seeds=3), "9 λ₂ × 3 seeds", "λ₂ 0.1 · seed 2"),
            (SweepSpec(run=spec(train__seed=7), l1=(0, 1e-4), seeds=2), "2 λ₁ × 2 seeds", "λ₁ 1e-4 · seed 8"),
            (SweepSpec(l2=(0, 0.03), folds=5), "2 λ₂ × 5 folds", "λ₂ 0.03 · fold 4"),
            (SweepSpec(lambdas=(0.1, 0.2), l1_ratio=0.5), "2 λ", "λ 0.2"),
            (SweepSpec(l1=(0, 1e-3), l2=(0, 1)), "4 (λ₁, λ₂)", "λ₁ 0.001 λ₂ 1"),
            (
                SweepSpec(l2=(0, 0.1), over={"optim.lr": (0.1, 1)}),
                "2 λ₂ × 2 values of learning rate",
                "λ₂ 0.1, learning rate 1",
            ),
            (
                SweepSpec(over={"model.dropout": (0.1,)}, seeds=2),
                "1 value of dropout × 2 seeds",
                "dropout 0.1 · seed 1",
            ),
            (SweepSpec(l2=(0.5,), apply=("coupled", "proximal")), "1 λ₂ × 2 modes", "λ₂ 0.5 · proximal"),
        ],
    )
    def test_the_path_names_the_sweep_and_its_lanes(
        self, any_store: Store, wanted: SweepSpec, name: str, last: str
    ) -> None:
        sweep = any_store.create(wanted)
        assert sweep.name == f"Sweep · digits · simple_cnn · {name}"
        assert any_store.sweep_runs(sweep.id)[-1].name == f"{last} · {sweep.name}"

    def test_a_given_name_names_the_lanes_too_within_the_limit(self, any_store: Store) -> None:
        sweep = any_store.create(PATH, name="x" * 200)
        names = [run.name for run in any_store.sweep_runs(sweep.id)]
        assert sweep.name == "x" * 200
        assert {len(name) for name in names} == {200}
        assert names[1].startswith("λ₂ 0.03 · seed 0 · x")
        with pytest.raises(StoreError, match="A name has 1 to 200 characters"):
            any_store.create(PATH, name="x" * 201)

    def test_a_second_create_with_the_same_key_gives_the_first_sweep(self, any_store: Store) -> None:
        first = any_store.create(PATH, key="press 1", name="mine")
        again = any_store.create(SweepSpec(l1=(0.0,)), key="press 1", name="other")
        other = any_store.create(PATH, key="press 2")
        assert again == first
        assert len(any_store.runs()) == 8
        any_store.delete([first.id])
        assert any_store.create(PATH, key="press 1").id == first.id
        assert [sweep.id for sweep in any_store.sweeps()] == [other.id]

    def test_an_owner_can_create_a_sweep_as_claimed(self, any_store: Store) -> None:
        sweep = running(any_store)
        assert (sweep.state, sweep.counts["running"]) == ("running", 4)
        assert {run.owner for run in any_store.sweep_runs(sweep.id)} == {any_store.owner().id}
        assert any_store.waiting("sweep") == []

    def test_ids_that_are_taken_are_not_used_again(self, any_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        taken = any_store.create(PATH)
        lanes = ids_of(any_store, taken)
        sweeps, runs = iter([taken.id, "s000000000"]), iter([*lanes, "a0", "a1", "a1", "a2", "a3", "a4", "a5", "a6"])
        monkeypatch.setattr(catalog, "new_id", lambda first="": next(sweeps if first == "s" else runs))
        assert any_store.create(PATH).id == "s000000000"
        assert [run.id for run in any_store.sweep_runs("s000000000")] == ["a3", "a4", "a5", "a6"]

    def test_a_thousand_lanes_take_a_few_statements(self, any_store: Store) -> None:
        wanted = SweepSpec(l2=(0.0, *spaced(1e-5, 1e-1, 99)), seeds=10)
        with counted_statements(any_store) as creating:
            sweep = running(any_store, wanted)
        with counted_statements(any_store) as reading:
            runs = any_store.sweep_runs(sweep.id)
        with counted_statements(any_store) as listing:
            assert any_store.sweeps() == [sweep]
        assert (sweep.size, len(runs), runs[999].lane) == (1000, 1000, 999)
        assert (len(reading), len(listing)) == (1, 2)
        assert len(creating) <= 11  # two of them for the audit log


class TestFinding:
    def test_by_id_beginning_and_name(self, any_store: Store) -> None:
        sweep = any_store.create(PATH, name="my path")
        for text in (sweep.id, sweep.id[:6], "my path"):
            assert any_store.sweep(text).id == sweep.id

    def test_an_ambiguous_text_names_the_sweeps_it_may_mean(self, any_store: Store) -> None:
        twins = [any_store.create(PATH, name="twin").id for _ in range(2)]
        with pytest.raises(UnknownSweep, match="'twin' may mean several sweeps") as error:
            any_store.sweep("twin")
        assert all(sweep_id in str(error.value) for sweep_id in twins)

    @pytest.mark.parametrize("text", ["", "%", "_", "nothing", "a'; DROP TABLE runs", "\x00", "\ud800", "x" * 10_000])
    def test_unknown(self, any_store: Store, text: str) -> None:
        any_store.create(PATH)
        with pytest.raises(UnknownSweep, match=r"^There is no sweep ('|\")[^\n]*\.$"):
            any_store.sweep(text)

    def test_every_method_knows_that_a_job_is_unknown(self, any_store: Store) -> None:
        store = any_store
        calls: list[Callable[[], object]] = [
            lambda: store.request_stop(NOWHERE), lambda: store.wanted(NOWHERE), lambda: store.requeue(NOWHERE),
            lambda: store.take_over(NOWHERE, store.owner()), lambda: store.say(NOWHERE, "x"),
            lambda: store.finish([Ending(NOWHERE, "failed")]), lambda: store.progress(NOWHERE, {}, seconds=0.1),
            lambda: store.delete([NOWHERE]), lambda: store.restore([NOWHERE]),
        ]  # fmt: skip
        for call in calls:
            with pytest.raises(UnknownRun, match=f"There is no run or sweep '{NOWHERE}'"):
                call()
        assert not store.claim(NOWHERE, store.owner())

    @pytest.mark.parametrize("kind", ["nowhere", "run", "run of a sweep"])
    def test_what_only_sweeps_have_is_asked_of_no_other(self, any_store: Store, kind: str) -> None:
        store, sweep = any_store, any_store.create(PATH)
        names = {"nowhere": NOWHERE, "run": add_run(store).id, "run of a sweep": ids_of(store, sweep)[0]}
        for call in (store.sweep, store.sweep_runs, lambda name: store.set_plan(name, {})):
            with pytest.raises(UnknownSweep, match=f"There is no sweep '{names[kind]}'"):
                call(names[kind])
        assert store.sweep(sweep.id).plan is None

    def test_ending_a_sweep_keeps_the_weights_that_its_runs_have(self, any_store: Store) -> None:
        sweep = running(any_store)
        first = ids_of(any_store, sweep)[0]
        with any_store._database.write() as connection:
            transitions.change(connection, {first: {"weights_path": "a/b.safetensors", "weights_sha256": "f" * 64}})
        any_store.finish([Ending(sweep.id, "interrupted")])
        run = any_store.get(first)
        assert (run.state, run.weights_path, run.weights_sha256) == ("interrupted", "a/b.safetensors", "f" * 64)

    def test_lists_are_newest_first_and_queues_oldest_first(self, any_store: Store) -> None:
        first, second, third = (any_store.create(PATH) for _ in range(3))
        single = add_run(any_store, state="queued")
        any_store.claim(second.id, any_store.owner())
        assert [sweep.id for sweep in any_store.sweeps()] == [third.id, second.id, first.id]
        assert [sweep.id for sweep in any_store.sweeps(limit=2)] == [third.id, second.id]
        assert any_store.waiting("sweep") == [first.id, third.id]
        any_store.request_stop(first.id)
        any_store.requeue(first.id)
        assert any_store.waiting("sweep") == [third.id, first.id]
        assert any_store.waiting() == [single.id]

    def test_a_lane_is_not_claimed_alone(self, any_store: Store) -> None:
        sweep = any_store.create(PATH)
        assert not any_store.claim(ids_of(any_store, sweep)[0], any_store.owner())
        assert any_store.sweep(sweep.id).state == "queued"


class TestStates:
    @pytest.mark.parametrize(
        ("lanes", "state"),
        [
            (("finished", "running", "failed"), "running"),
            (("cancelled", "failed", "interrupted", "finished"), "failed"),
            (("cancelled", "interrupted", "diverged"), "interrupted"),
            (("cancelled", "finished"), "cancelled"),
            (("finished", "diverged"), "finished"),
            (("diverged", "diverged"), "diverged"),
        ],
    )
    def test_a_sweeps_state_follows_from_its_lanes(
        self, any_store: Store, lanes: tuple[State, ...], state: State
    ) -> None:
        sweep = ended(any_store, *lanes)
        assert sweep.state == state
        assert sweep.counts == {one: lanes.count(one) for one in STATES}
        assert (sweep.ended is None) == (state == "running")
        assert sweep.resumable == (state in ("failed", "interrupted", "cancelled"))

    def test_one_claimer_wins_all_lanes(self, any_settings: Settings, any_store: Store) -> None:
        sweep = any_store.create(PATH)
        with open_store(any_settings) as other:
            assert other.claim(sweep.id, other.owner())
            assert not any_store.claim(sweep.id, any_store.owner())
            assert {run.owner for run in any_store.sweep_runs(sweep.id)} == {other.owner().id}

    def test_a_sweep_of_which_some_lanes_train_is_not_claimed(self, any_store: Store) -> None:
        sweep = ended(any_store, "running", "running")
        with any_store._database.write() as connection:  # as a version before this one could leave it
            transitions.change(connection, {ids_of(any_store, sweep)[0]: {"state": "queued", "owner": None}})
        assert any_store.waiting("sweep") == []
        assert not any_store.claim(sweep.id, any_store.owner())
        assert states_of(any_store, sweep) == ["queued", "running"]

    def test_a_stop_cancels_a_queued_sweep_and_asks_a_running_one(self, any_store: Store) -> None:
        queued, active = any_store.create(PATH), running(any_store)
        any_store.request_stop(queued.id)
        any_store.request_stop(active.id)
        assert (any_store.sweep(queued.id).state, any_store.sweep(active.id).state) == ("cancelled", "running")
        assert (any_store.wanted(queued.id), any_store.wanted(active.id)) == ("run", "stop")
        assert any_store.sweep(active.id).wanted == "stop"
        assert any_store.wanted(ids_of(any_store, active)[0]) == "stop"
        any_store.finish([Ending(active.id, "cancelled", seconds=7.5)])
        sweep = any_store.sweep(active.id)
        assert (sweep.state, sweep.seconds, sweep.counts["cancelled"], sweep.wanted) == ("cancelled", 7.5, 4, "run")

    def test_resuming_leaves_what_has_come_to_its_end(self, any_store: Store) -> None:
        sweep = ended(any_store, "finished", "cancelled", "diverged", "failed", "interrupted")
        any_store.finish([Ending(sweep.id, "failed", error="There is not enough memory.")])
        assert any_store.sweep(sweep.id).error == "There is not enough memory."
        any_store.requeue(sweep.id)
        any_store.requeue(sweep.id)
        assert states_of(any_store, sweep) == ["finished", "queued", "diverged", "queued", "queued"]
        again = any_store.sweep(sweep.id)
        assert (again.state, again.error, again.ended) == ("queued", None, None)
        assert any_store.claim(sweep.id, any_store.owner())
        assert states_of(any_store, sweep) == ["finished", "running", "diverged", "running", "running"]

    def test_taking_over_resumes_at_once(self, any_store: Store) -> None:
        sweep = ended(any_store, "finished", "interrupted")
        any_store.take_over(sweep.id, any_store.owner())
        assert states_of(any_store, sweep) == ["finished", "running"]
        assert any_store.sweep_runs(sweep.id)[1].owner == any_store.owner().id
        with pytest.raises(StoreError, match=rf"^Sweep {sweep.id} is already running\.$"):
            any_store.take_over(sweep.id, any_store.owner())

    def test_where_nothing_is_to_resume(self, any_store: Store) -> None:
        sweep = ended(any_store, "finished", "diverged")
        sentence = rf"^All runs of sweep {sweep.id} are at their end: there is nothing to resume\.$"
        with pytest.raises(StoreError, match=sentence):
            any_store.requeue(sweep.id)
        with pytest.raises(StoreError, match=sentence):
            any_store.take_over(sweep.id, any_store.owner())
        assert states_of(any_store, sweep) == ["finished", "diverged"]

    def test_what_is_done_to_one_lane_is_done_to_the_sweep(self, any_store: Store) -> None:
        sweep = running(any_store)
        lane = ids_of(any_store, sweep)[2]
        any_store.request_stop(lane)
        assert any_store.sweep(sweep.id).wanted == "stop"
        any_store.finish([Ending(sweep.id, "cancelled")])
        assert set(states_of(any_store, sweep)) == {"cancelled"}
        any_store.requeue(lane)
        assert set(states_of(any_store, sweep)) == {"queued"}
        any_store.request_stop(lane)
        assert set(states_of(any_store, sweep)) == {"cancelled"}
        any_store.take_over(lane, any_store.owner())
        assert set(states_of(any_store, sweep)) == {"running"}

    def test_lanes_with_epochs_need_a_checkpoint_of_the_sweep_to_be_resumed(self, any_store: Store) -> None:
        sweep = running(any_store)
        lanes = ids_of(any_store, sweep)
        any_store.add_epochs([(lanes[0], metrics(1), [], 1)])
        any_store.finish([Ending(sweep.id, "interrupted")])
        assert not any_store.sweep(sweep.id).resumable
        assert [run.resumable for run in any_store.sweep_runs(sweep.id)] == [False, True, True, True]
        any_store.sweep_files(sweep.id, 1).save_checkpoint(Checkpoint({"w": np.ones(3)}, {"epoch": 1}))
        assert any_store.sweep(sweep.id).resumable
        assert all(run.resumable for run in [*any_store.runs(), any_store.get(lanes[0])])
        any_store.delete([sweep.id])
        assert not any_store.sweep(sweep.id).resumable

    def test_lanes_that_ended_need_no_checkpoint_for_the_others_to_begin(self, any_store: Store) -> None:
        sweep = running(any_store)
        first = ids_of(any_store, sweep)[0]
        any_store.add_epochs([(first, metrics(1), [], 1)])
        any_store.finish([Ending(first, "finished")])
        any_store.finish([Ending(sweep.id, "cancelled")])
        assert any_store.sweep(sweep.id).resumable


class TestProgress:
    def test_what_the_worker_says_of_the_whole_sweep(self, any_store: Store) -> None:
        sweep = running(any_store)
        first, *others = ids_of(any_store, sweep)
        any_store.say(sweep.id, "Timing fused against one by one")
        assert any_store.sweep(sweep.id).activity == any_store.get(first).activity == "Timing fused against one by one"
        any_store.set_plan(sweep.id, {"fused": True, "ratio": 3.1, "seconds": [math.inf, None]})
        any_store.add_epochs([(first, metrics(1), [], 1)])
        lanes = {first: Progress(1, 3, 13, 0.5), others[0]: Progress(5, 3, 13, 0.25)}
        any_store.progress(sweep.id, lanes, seconds=2.5)
        now = any_store.sweep(sweep.id)
        assert (now.plan, now.seconds, now.activity) == (
            {"fused": True, "ratio": 3.1, "seconds": [math.inf, None]}, 2.5, None,
        )  # fmt: skip
        assert (now.epoch, now.highest, now.epochs_done, now.share) == (0, 1, 1, 1 / 16)
        runs = any_store.sweep_runs(sweep.id)
        assert [(run.epoch, run.step, run.steps, run.seconds) for run in runs] == [
            (1, 3, 13, 0.5), (0, 0, 13, 0.25), (0, 0, 0, 0.0), (0, 0, 0, 0.0),
        ]  # fmt: skip

    def test_lanes_that_ended_early_count_as_done(self, any_store: Store) -> None:
        sweep = running(any_store)
        lanes = ids_of(any_store, sweep)
        any_store.add_epochs([(lane, metrics(epoch), [], 1) for epoch in (1, 2) for lane in lanes])
        any_store.finish([Ending(lanes[0], "diverged"), Ending(lanes[1], "finished")])
        any_store.add_epochs([(lane, metrics(3), [], 1) for lane in lanes[2:]])
        now = any_store.sweep(sweep.id)
        assert (now.epoch, now.highest, now.epochs_done, now.share) == (3, 3, 14, 14 / 16)
        any_store.progress(sweep.id, {lanes[0]: Progress(2, 5, 13, 99.0)}, seconds=9.0)
        diverged = any_store.get(lanes[0])
        assert (diverged.step, diverged.seconds) == (0, 0.0)
        any_store.finish([Ending(sweep.id, "finished")])
        over = any_store.sweep(sweep.id)
        assert (over.epoch, over.share, over.seconds) == (3, 1.0, 9.0)

    def test_reports_are_heartbeats_of_all_running_lanes(self, any_store: Store) -> None:
        sweep = ended(any_store, "running", "running", "finished")
        before = any_store.sweep_runs(sweep.id)
        reports: list[Callable[[], None]] = [
            lambda: any_store.say(sweep.id, "x"), lambda: any_store.progress(sweep.id, {}, seconds=1),
        ]  # fmt: skip
        for report in reports:
            report()
            after = any_store.sweep_runs(sweep.id)
            beats = [(one.heartbeat, two.heartbeat) for one, two in zip(before, after, strict=True)]
            assert [one is not None and two is not None and one < two for one, two in beats] == [True, True, False]
            before = after

    def test_a_sweep_takes_no_reports_from_others_or_when_it_does_not_run(
        self, any_settings: Settings, any_store: Store
    ) -> None:
        sweep = running(any_store)
        with open_store(any_settings) as other:
            reports: list[Callable[[], None]] = [
                lambda: other.progress(sweep.id, {}, seconds=1.0), lambda: other.say(sweep.id, "x"),
                lambda: other.set_plan(sweep.id, {}), lambda: other.finish([Ending(sweep.id, "failed")]),
            ]  # fmt: skip
            for report in reports:
                with pytest.raises(StoreError, match=rf"^Sweep {sweep.id} is being trained by another process\.$"):
                    report()
        any_store.finish([Ending(sweep.id, "cancelled")])
        with pytest.raises(StoreError, match="is not running: it takes no more results"):
            any_store.progress(sweep.id, {}, seconds=1.0)
        with pytest.raises(StoreError, match="A sweep cannot finish as queued"):
            any_store.finish([Ending(sweep.id, "queued")])

    def test_when_it_started_and_ended(self, any_store: Store) -> None:
        sweep = running(any_store)
        lanes = ids_of(any_store, sweep)
        any_store.began(dict.fromkeys(lanes[:2], ENVIRONMENT))
        any_store.began(dict.fromkeys(lanes[2:], ENVIRONMENT))
        any_store.finish([Ending(lane, "finished") for lane in lanes[:2]])
        assert any_store.sweep(sweep.id).ended is None
        any_store.finish([Ending(sweep.id, "finished")])
        runs, now = any_store.sweep_runs(sweep.id), any_store.sweep(sweep.id)
        assert now.started == runs[0].started
        assert now.ended == runs[3].ended


class TestDeleting:
    def test_deleting_hides_the_sweep_and_its_lanes_until_restored(self, any_store: Store) -> None:
        keep, gone = add_sweep(any_store, epochs=1), any_store.create(PATH, name="gone")
        any_store.delete([gone.id])
        assert [sweep.id for sweep in any_store.sweeps()] == [keep.id]
        assert [sweep.id for sweep in any_store.sweeps(deleted=True)] == [gone.id]
        assert {run.sweep for run in any_store.runs()} == {keep.id}
        assert any_store.waiting("sweep") == []
        assert not any_store.claim(gone.id, any_store.owner())
        with pytest.raises(UnknownSweep):
            any_store.sweep("gone")
        with pytest.raises(StoreError, match="is deleted; restore it first"):
            any_store.requeue(gone.id)
        any_store.restore([gone.id])
        assert {sweep.id: sweep.state for sweep in any_store.sweeps()} == {keep.id: "finished", gone.id: "cancelled"}

    def test_a_running_sweep_is_not_deleted(self, any_store: Store) -> None:
        sweep = ended(any_store, "running", "finished")
        with pytest.raises(StoreError, match=r"is still training; stop it before deleting it\.$"):
            any_store.delete([sweep.id])
        assert any_store.runs(deleted=True) == []

    def test_the_lanes_of_a_sweep_are_deleted_together(self, any_store: Store) -> None:
        sweep, single = add_sweep(any_store, PATH, epochs=1), add_run(any_store)
        lanes = ids_of(any_store, sweep)
        with pytest.raises(
            StoreError, match=r"is a run of a sweep, whose runs are deleted together; delete the sweep\."
        ):
            any_store.delete([single.id, *lanes[1:]])
        assert any_store.runs(deleted=True) == []
        any_store.delete([single.id, *lanes])
        assert (any_store.sweeps(), any_store.runs()) == ([], [])
        any_store.restore([lanes[0]])
        assert [one.id for one in any_store.sweeps()] == [sweep.id]
        assert {run.id for run in any_store.runs()} == set(lanes)

    def test_purging_removes_rows_and_files(self, any_store: Store) -> None:
        gone, keep = add_sweep(any_store, PATH, epochs=2), add_sweep(any_store, epochs=1)
        lanes = ids_of(any_store, gone)
        any_store.files(lanes[0]).save_weights({"w": np.ones(3)})
        any_store.sweep_files(gone.id, 0).save_checkpoint(Checkpoint({"w": np.ones(3)}, {"epoch": 2}))
        any_store.delete([gone.id])
        assert any_store.purge(timedelta(hours=1)) == []
        assert set(any_store.purge(timedelta(0))) == {gone.id, *lanes}
        assert [sweep.id for sweep in any_store.sweeps()] == [keep.id]
        assert (len(any_store.epochs(lanes)), len(any_store.layers(lanes))) == (0, 0)
        assert not any_store.files(lanes[0]).folder.exists()
        assert not (any_store.home / gone.id).exists()
        with pytest.raises(UnknownSweep):
            any_store.sweep(gone.id)
        with pytest.raises(UnknownRun):
            any_store.get(lanes[0])
