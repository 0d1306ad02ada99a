"""What every store does, on SQLite and on PostgreSQL: runs, their states, their results, their labels."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from tests.factories import add_many, layer_stats, metrics, spec
from tests.store.helpers import ENVIRONMENT, NOWHERE, brought_to, counted_statements, running

from reglab import columns
from reglab.errors import StoreError, UnknownRun
from reglab.events import Checkpoint
from reglab.settings import Settings
from reglab.spec import RunSpec
from reglab.states import ENDED, RESUMABLE, STATES, State
from reglab.store import Ending, Progress, Store, catalog, open_store
from reglab.sweep import SweepSpec


class TestCreating:
    def test_a_new_run_waits_in_the_queue(self, any_store: Store) -> None:
        before = datetime.now(UTC)
        run = any_store.create(spec(penalty__l2=0.03, train__epochs=7))
        assert (run.state, run.wanted, run.epoch, run.epochs, run.step) == ("queued", "run", 0, 7, 0)
        assert (run.dataset, run.model, run.l1, run.l2) == ("digits", "simple_cnn", 0.0, 0.03)
        assert (run.last, run.best_val_acc, run.best_epoch, run.error, run.deleted) == (None, None, None, None, None)
        assert (run.tags, run.note, run.group, run.key) == ((), "", None, None)
        assert before <= run.created <= datetime.now(UTC)
        assert run.created.tzinfo is UTC
        assert re.fullmatch(r"[a-z][a-z0-9]{9}", run.id)
        assert any_store.get(run.id) == run

    @pytest.mark.parametrize(
        ("l1", "l2", "penalty", "name"),
        [
            (0, 0, "none", "digits · simple_cnn · λ 0"),
            (1e-4, 0, "L1", "digits · simple_cnn · λ₁ 1e-4"),
            (0, 0.03, "L2", "digits · simple_cnn · λ₂ 0.03"),
            (1e-4, 0.03, "elastic net", "digits · simple_cnn · λ₁ 1e-4 λ₂ 0.03"),
        ],
    )
    def test_the_penalty_names_the_run(self, any_store: Store, l1: float, l2: float, penalty: str, name: str) -> None:
        run = any_store.create(spec(penalty__l1=l1, penalty__l2=l2))
        assert (run.penalty, run.name) == (penalty, name)

    def test_the_spec_comes_back_equal(self, any_store: Store) -> None:
        wanted = spec(data__train_size=None, penalty__factors={"conv1.weight": 0.5, "λ": 0.1}, optim__lr=1 / 3)
        assert any_store.get(any_store.create(wanted).id).spec == wanted

    def test_a_second_create_with_the_same_key_gives_the_first_run(self, any_store: Store) -> None:
        first = any_store.create(spec(penalty__l2=0.5), key="click-1", name="mine", group="sweep 1")
        again = any_store.create(RunSpec(), key="click-1", name="other")
        other = any_store.create(RunSpec(), key="click-2")
        assert again == first
        assert (first.name, first.group, first.key) == ("mine", "sweep 1", "click-1")
        assert {run.id for run in any_store.runs()} == {first.id, other.id}

    def test_an_id_that_is_taken_is_not_used_again(self, any_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        taken = [any_store.create(RunSpec()).id for _ in range(2)]
        ids = iter([taken[0], "b000000000", *taken, taken[0], taken[1], taken[0]])
        monkeypatch.setattr(catalog, "new_id", lambda _first: next(ids))
        assert any_store.create(RunSpec()).id == "b000000000"
        with pytest.raises(StoreError, match="could not be created"):
            any_store.create(RunSpec())
        assert len(any_store.runs()) == 3

    def test_an_owner_can_create_a_run_as_claimed(self, any_store: Store) -> None:
        run = any_store.create(RunSpec(), owner=any_store.owner())
        assert (run.state, run.owner) == ("running", any_store.owner().id)
        assert any_store.waiting() == []


class TestFinding:
    def test_by_id_beginning_and_name(self, any_store: Store) -> None:
        run = any_store.create(RunSpec(), name="my run")
        for text in (run.id, run.id[:6], "my run"):
            assert any_store.get(text).id == run.id

    def test_an_ambiguous_text_names_the_runs_it_may_mean(self, any_store: Store) -> None:
        ids = [any_store.create(RunSpec(), name="twin").id for _ in range(2)]
        with pytest.raises(UnknownRun, match="may mean several runs") as error:
            any_store.get("twin")
        assert all(run_id in str(error.value) for run_id in ids)

    @pytest.mark.parametrize("text", ["", "%", "_", "nothing", "a'; DROP TABLE runs", "\x00", "\ud800", "x" * 10_000])
    def test_unknown(self, any_store: Store, text: str) -> None:
        any_store.create(RunSpec())
        with pytest.raises(UnknownRun, match=r"^There is no run ('|\")[^\n]*\.$"):
            any_store.get(text)

    def test_every_method_knows_that_a_run_is_unknown(self, any_store: Store) -> None:
        store = any_store
        calls: list[Callable[[], object]] = [
            lambda: store.request_stop(NOWHERE),
            lambda: store.wanted(NOWHERE), lambda: store.requeue(NOWHERE),
            lambda: store.began({NOWHERE: ENVIRONMENT}), lambda: store.say(NOWHERE, "x"),
            lambda: store.progress(NOWHERE, {NOWHERE: Progress(0, 1, 2, 0.1)}),
            lambda: store.add_epochs([(NOWHERE, metrics(1), [], 1)]),
            lambda: store.add_initial_layers({NOWHERE: []}), lambda: store.drop_epochs_after({NOWHERE: 0}),
            lambda: store.finish([Ending(NOWHERE, "failed")]), lambda: store.rename(NOWHERE, "x"),
            lambda: store.set_tags(NOWHERE, []), lambda: store.set_note(NOWHERE, ""),
            lambda: store.set_colour(NOWHERE, 1),
            lambda: store.delete([NOWHERE]), lambda: store.restore([NOWHERE]),
        ]  # fmt: skip
        for call in calls:
            with pytest.raises(UnknownRun, match=NOWHERE):
                call()
        assert not store.claim(NOWHERE, store.owner())

    def test_lists_are_newest_first_and_filtered(self, any_store: Store) -> None:
        first, second, third = (any_store.create(RunSpec(), group=group) for group in ("a", "b", "a"))
        any_store.claim(second.id, any_store.owner())
        assert [run.id for run in any_store.runs()] == [third.id, second.id, first.id]
        assert [run.id for run in any_store.runs(limit=2)] == [third.id, second.id]
        assert [run.id for run in any_store.runs(group="a")] == [third.id, first.id]
        assert [run.id for run in any_store.runs(states=["running"])] == [second.id]
        assert [run.id for run in any_store.runs(states=("running", "queued"), group="b")] == [second.id]
        assert any_store.runs(states=[]) == []
        assert any_store.waiting() == [first.id, third.id]

    @pytest.mark.parametrize(
        ("known", "wanted", "same"),
        [
            ({"l2": 0.0}, {"l2": 0.0, "apply": "proximal"}, True),
            ({"l2": 0.0, "apply": "decoupled"}, {"l2": 0.0}, True),
            ({"l2": 0.0, "scope": "all", "factors": {"conv1.weight": 2.0}}, {"l2": 0.0, "apply": "proximal"}, False),
            ({"l2": 0.0}, {"l2": 0.0, "scope": "all", "factors": {"conv1.weight": 2.0}}, True),
            ({"l2": 0.01}, {"l2": 0.01, "apply": "proximal"}, False),
            ({"l2": 0.0}, {"l2": 0.0, "group": 0.01}, False),
            ({"l2": 0.0}, {"l2": 0.01}, False),
        ],
    )
    def test_without_a_penalty_a_run_of_any_mode_is_the_same_training(
        self, any_store: Store, known: dict[str, Any], wanted: dict[str, Any], same: bool
    ) -> None:
        run = any_store.create(RunSpec.parse({"penalty": known}))
        found = any_store.run_with(RunSpec.parse({"penalty": wanted}))
        assert (found.id if found else None) == (run.id if same else None)

    def test_the_run_without_a_penalty_may_be_one_of_a_sweep(self, any_store: Store) -> None:
        sweep = any_store.create(SweepSpec(run=spec(), l2=(0.0, 0.1), apply=("proximal", "coupled")))
        found = any_store.run_with(spec(penalty__l2=0.0, penalty__apply="decoupled"))
        assert found is not None
        assert found.id in {run.id for run in any_store.sweep_runs(sweep.id)}

    def test_a_thousand_runs_take_a_statement_a_kind(self, any_store: Store) -> None:
        ids = add_many(any_store, 1000, epochs=3)
        with counted_statements(any_store) as listing:
            runs = any_store.runs()
        with counted_statements(any_store) as reading:
            frame, lines = any_store.epochs(ids), any_store.sparklines(ids, columns.VAL_LOSS)
        assert [run.id for run in runs] == ids
        assert all(run.last == metrics(3) for run in runs)
        assert len(frame) == 3000
        assert list(frame[columns.RUN].drop_duplicates()) == ids
        assert all(line == [metrics(e).val_loss for e in (1, 2, 3)] for line in lines.values())
        assert (len(listing), len(reading)) == (1, 3)


Act = Callable[[Store, str], object]


def changed(act: Act, store: Store, run_id: str) -> State | None:
    """The state of the run after ``act``; None where it is refused, which must change nothing."""
    before = store.get(run_id)
    try:
        act(store, run_id)
    except StoreError:
        assert store.get(run_id) == before
        return None
    return store.get(run_id).state


def finishing(state: State) -> Act:
    return lambda store, run_id: store.finish([Ending(run_id, state)])


UNMOVED: dict[State, State] = {state: state for state in STATES if state != "queued"}
WAITING: tuple[State, ...] = ("queued", *sorted(RESUMABLE))
TRANSITIONS: dict[str, tuple[Act, dict[State, State]]] = {
    "claim": (lambda store, run_id: store.claim(run_id, store.owner()), {**UNMOVED, "queued": "running"}),
    "stop": (lambda store, run_id: store.request_stop(run_id), {**UNMOVED, "queued": "cancelled"}),
    "requeue": (lambda store, run_id: store.requeue(run_id), dict.fromkeys(WAITING, "queued")),
    "take over": (lambda store, run_id: store.take_over(run_id, store.owner()), dict.fromkeys(WAITING, "running")),
    "delete": (lambda store, run_id: store.delete([run_id]), {end: end for end in ENDED} | {"queued": "cancelled"}),
    **{f"finish as {end}": (finishing(end), {"running": end} if end in ENDED else {}) for end in STATES},
}
"""What is done to a run → its states after it by those before; where there is none, it is refused."""


class TestStates:
    @pytest.mark.parametrize("how", TRANSITIONS)
    @pytest.mark.parametrize("before", STATES)
    def test_only_legal_transitions(self, any_store: Store, before: State, how: str) -> None:
        act, after = TRANSITIONS[how]
        assert changed(act, any_store, brought_to(any_store, before)) == after.get(before)

    def test_one_claimer_wins(self, any_settings: Settings, any_store: Store) -> None:
        run = any_store.create(RunSpec())
        with open_store(any_settings) as other:
            assert other.claim(run.id, other.owner())
            assert not any_store.claim(run.id, any_store.owner())
            assert any_store.get(run.id).owner == other.owner().id

    def test_a_stop_cancels_a_queued_run_and_asks_a_running_one(self, any_store: Store) -> None:
        queued, active = any_store.create(RunSpec()), running(any_store)
        any_store.request_stop(queued.id)
        any_store.request_stop(active.id)
        assert (any_store.get(queued.id).state, any_store.get(active.id).state) == ("cancelled", "running")
        assert (any_store.wanted(queued.id), any_store.wanted(active.id)) == ("run", "stop")
        any_store.finish([Ending(active.id, "cancelled")])
        any_store.request_stop(active.id)
        assert any_store.get(active.id).state == "cancelled"

    def test_a_requeued_run_waits_at_the_end_and_is_wanted_again(self, any_store: Store) -> None:
        first, second = running(any_store), any_store.create(RunSpec())
        any_store.request_stop(first.id)
        any_store.finish([Ending(first.id, "cancelled", error="stopped")])
        any_store.requeue(first.id)
        any_store.requeue(first.id)
        assert any_store.waiting() == [second.id, first.id]
        again = any_store.get(first.id)
        assert (again.state, again.wanted, again.error, again.ended, again.owner) == ("queued", "run", None, None, None)

    @pytest.mark.parametrize("state", ["running", "finished", "diverged"])
    def test_what_cannot_be_requeued(self, any_store: Store, state: State) -> None:
        run_id = brought_to(any_store, state)
        with pytest.raises(StoreError, match=rf"^Run {run_id} is .*{state}.*\.$"):
            any_store.requeue(run_id)

    def test_taking_over_resumes_at_once(self, any_store: Store) -> None:
        run_id = brought_to(any_store, "interrupted")
        any_store.take_over(run_id, any_store.owner())
        run = any_store.get(run_id)
        assert (run.state, run.owner) == ("running", any_store.owner().id)
        with pytest.raises(StoreError, match="already running"):
            any_store.take_over(run_id, any_store.owner())

    @pytest.mark.parametrize(
        ("state", "resumable"),
        [("queued", False), ("running", False), ("finished", False), ("diverged", False), ("failed", True),
         ("cancelled", True), ("interrupted", True)],
    )  # fmt: skip
    def test_which_runs_can_be_resumed(self, any_store: Store, state: State, resumable: bool) -> None:
        assert any_store.get(brought_to(any_store, state)).resumable is resumable

    def test_a_run_with_epochs_needs_a_checkpoint_to_be_resumed(self, any_store: Store) -> None:
        run = running(any_store)
        any_store.add_epochs([(run.id, metrics(1), [], 1)])
        any_store.finish([Ending(run.id, "interrupted")])
        assert not any_store.get(run.id).resumable
        any_store.files(run.id).save_checkpoint(Checkpoint({"w": np.ones(3)}, {"epoch": 1}))
        assert any_store.get(run.id).resumable
        assert [listed.resumable for listed in any_store.runs()] == [True]
        any_store.delete([run.id])
        assert not any_store.get(run.id).resumable


class TestLabels:
    def test_name_tags_and_note(self, any_store: Store) -> None:
        run = any_store.create(RunSpec())
        any_store.rename(run.id, "  Größe\n\x00 7 ")
        any_store.set_tags(run.id, ["b", " a  a ", "b", ""])
        any_store.set_note(run.id, "line 1\nλ\x00 \ud800line 2")
        named = any_store.get(run.id)
        assert (named.name, named.tags, named.note) == ("Größe 7", ("b", "a a"), "line 1\nλ line 2")

    def test_texts_have_limits(self, any_store: Store) -> None:
        run = any_store.create(RunSpec())
        cases: list[tuple[Callable[[], object], str]] = [
            (lambda: any_store.rename(run.id, " \n"), "A name has 1 to 200 characters, not 0."),
            (lambda: any_store.rename(run.id, "x" * 201), "A name has 1 to 200 characters, not 201."),
            (lambda: any_store.set_tags(run.id, ["x" * 51]), "A tag has 1 to 50 characters, not 51."),
            (lambda: any_store.set_tags(run.id, map(str, range(51))), "A run has at most 50 tags, not 51."),
            (lambda: any_store.set_tags(run.id, "abc"), "Tags are a list of words, not one text."),
            (lambda: any_store.set_note(run.id, "x" * 20_001), "A note has at most 20,000 characters, not 20,001."),
            (lambda: any_store.create(RunSpec(), key=""), "A key has 1 to 200 characters, not 0."),
        ]
        for call, sentence in cases:
            with pytest.raises(StoreError) as error:
                call()
            assert str(error.value) == sentence
        assert any_store.runs() == [run]

    def test_runs_in_succession_have_different_colours_and_those_of_a_sweep_that_of_lambda(
        self, any_store: Store
    ) -> None:
        first, second = any_store.create(RunSpec()), any_store.create(RunSpec())
        assert [first.colour, second.colour] == [0, 1]
        any_store.set_colour(second.id, 6)
        sweep = any_store.create(SweepSpec(l2=(0.0, 0.1)))
        assert {run.colour for run in any_store.sweep_runs(sweep.id)} == {None}
        assert any_store.create(RunSpec()).colour == 7
        other = any_store.create(SweepSpec(over={"model.dropout": (0.0, 0.5)}, seeds=2))
        assert [run.colour for run in any_store.sweep_runs(other.id)] == [0, 1, 0, 1]

    def test_a_colour_can_be_changed_and_left_to_the_id(self, any_store: Store) -> None:
        run = any_store.create(RunSpec())
        any_store.set_colour(run.id, 3)
        assert any_store.get(run.id).colour == 3
        any_store.set_colour(run.id, None)
        assert any_store.get(run.id).colour is None
        with pytest.raises(StoreError, match="The number of a colour is from 0"):
            any_store.set_colour(run.id, -1)

    def test_deleting_hides_until_restored(self, any_store: Store) -> None:
        keep, gone, queued = running(any_store), brought_to(any_store, "finished"), any_store.create(RunSpec())
        any_store.delete([gone, queued.id])
        assert [run.id for run in any_store.runs()] == [keep.id]
        assert {run.id for run in any_store.runs(deleted=True)} == {gone, queued.id}
        assert any_store.waiting() == []
        assert not any_store.claim(queued.id, any_store.owner())
        assert any_store.get(gone).deleted is not None
        with pytest.raises(UnknownRun):
            any_store.get(gone[:-1])
        with pytest.raises(StoreError, match="is deleted; restore it first"):
            any_store.requeue(queued.id)
        any_store.restore([gone, queued.id])
        assert {run.id: run.state for run in any_store.runs()} == {
            keep.id: "running", gone: "finished", queued.id: "cancelled",
        }  # fmt: skip

    def test_running_runs_are_not_deleted_and_then_none_is(self, any_store: Store) -> None:
        active, done = running(any_store), brought_to(any_store, "finished")
        with pytest.raises(StoreError, match=r"is still training; stop it before deleting it\.$"):
            any_store.delete([done, active.id])
        assert any_store.runs(deleted=True) == []

    def test_purging_removes_rows_and_files_of_what_was_deleted_long_enough_ago(self, any_store: Store) -> None:
        gone, keep = running(any_store), brought_to(any_store, "finished")
        any_store.add_epochs([(gone.id, metrics(1), layer_stats(1), 1)])
        any_store.files(gone.id).save_weights({"w": np.ones(3)})
        any_store.finish([Ending(gone.id, "finished")])
        any_store.delete([gone.id])
        assert any_store.purge(timedelta(hours=1)) == []
        assert any_store.purge(timedelta(0)) == [gone.id]
        assert [run.id for run in any_store.runs()] == [keep]
        assert (len(any_store.epochs([gone.id])), len(any_store.layers([gone.id]))) == (0, 0)
        assert not any_store.files(gone.id).folder.exists()
        with pytest.raises(UnknownRun):
            any_store.get(gone.id)


def test_the_check_notices_that_the_tables_are_gone(new_settings: Settings) -> None:
    with open_store(new_settings) as store:
        store.check()
        with store._database.write() as connection:
            connection.exec_driver_sql("ALTER TABLE runs RENAME TO elsewhere")
        with pytest.raises(StoreError, match=r"^The store .* cannot be used: .*runs.*\.$"):
            store.check()


def test_a_closed_store_opens_its_connections_again_when_used(any_store: Store) -> None:
    run = running(any_store)
    any_store.close()
    any_store.close()
    assert any_store.recover() == [run.id]
    assert any_store.owner().id != run.owner


def test_everything_is_there_after_opening_again(any_settings: Settings) -> None:
    with open_store(any_settings) as store:
        run = running(store)
        store.add_epochs([(run.id, metrics(1), layer_stats(1), 1)])
        store.finish([Ending(run.id, "finished")])
        before = store.get(run.id)
    with open_store(any_settings) as again:
        assert again.get(run.id) == before
        assert len(again.layers([run.id])) == len(layer_stats(1))
