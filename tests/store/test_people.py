"""Persons in the store: what is theirs, what is refused in the transaction itself, limits, and the audit log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from tests.factories import add_run, add_sweep, spec
from tests.store.test_read_only_store import ARRAYS, FILE_WRITES, WRITES

from reglab.access import Person
from reglab.errors import AccessDenied, LimitReached, UnknownRun
from reglab.settings import Settings
from reglab.sharing import Limits
from reglab.store import Store
from reglab.store.audit import POLICY, DataAction
from reglab.store.limits import bytes_of
from reglab.store.schema import audit
from reglab.sweep import SweepSpec

LIMITS = Limits(runs=6, epochs=1000, disk=1)
ANN, BOB = Person("ann@lab.org", "experimenter"), Person("bob@lab.org", "experimenter")
VIEWER, ADMIN = Person("vic@lab.org", "viewer"), Person("ada@lab.org", "admin")
SWEEP = SweepSpec(run=spec(), l2=(0.0, 0.1), seeds=2)

ORDERS: dict[str, Callable[[Store, str], object]] = {
    "request_stop": lambda store, job: store.request_stop(job),
    "requeue": lambda store, job: store.requeue(job),
    "extend": lambda store, job: store.extend(job, 100),
    "delete": lambda store, job: store.delete([job]),
    "restore": lambda store, job: store.restore([job]),
    "rename": lambda store, job: store.rename(job, "other"),
    "set_tags": lambda store, job: store.set_tags(job, ["t"]),
    "set_note": lambda store, job: store.set_note(job, "n"),
    "change_tags": lambda store, job: store.change_tags([job], add=["t"]),
    "set_colour": lambda store, job: store.set_colour(job, 1),
}
"""What an experimenter may do to runs of their own."""

LABELS = ("rename", "set_tags", "set_note", "set_colour", "change_tags")


def log(store: Store) -> list[tuple[str | None, str, str]]:
    """Who did what to which run, oldest first."""
    return [(one.person, one.action, one.job) for one in store.audit_log(100)][::-1]


def test_what_a_person_creates_is_theirs_and_nobodys_without_sign_in(any_store: Store) -> None:
    run, sweep = any_store.acting_for(ANN, LIMITS).create(spec()), any_store.acting_for(BOB, LIMITS).create(SWEEP)
    assert (run.person, any_store.get(run.id).person) == (ANN.email, ANN.email)
    assert any_store.sweep(sweep.id).person == BOB.email
    assert {one.person for one in any_store.sweep_runs(sweep.id)} == {BOB.email}
    assert any_store.create(spec()).person is None
    assert add_sweep(any_store, state="queued").person is None


def test_every_write_is_refused_to_a_viewer(store: Store) -> None:
    run = add_run(store)
    before = [(one.name, one.tags, one.state) for one in store.runs()]
    seen = store.acting_for(VIEWER, LIMITS)
    for name, call in WRITES.items():
        with pytest.raises(AccessDenied):
            call(seen, run.id)
        assert [(one.name, one.tags, one.state) for one in store.runs()] == before, name
    for name, write in FILE_WRITES.items():
        with pytest.raises(Exception, match="own processes") as refused:
            write(seen.files(run.id))
        assert refused.type.__name__ == "StoreError", name
    assert (seen.get(run.id), seen.recover()) == (run, [])
    assert log(store) == [(None, "start", run.id)]


@pytest.mark.parametrize("of_sweep", [False, True], ids=["run", "sweep"])
def test_another_persons_work_cannot_be_touched(store: Store, of_sweep: bool) -> None:
    """Neither by the id of a sweep, nor by that of one of its runs."""
    anns = store.acting_for(ANN, LIMITS)
    job = anns.create(SWEEP).id if of_sweep else anns.create(spec()).id
    ids = [job, store.sweep_runs(job)[0].id] if of_sweep else [job]
    theirs = store.acting_for(BOB, LIMITS)
    for one in ids:
        for name, order in ORDERS.items():
            if name == "extend" or (of_sweep and one == job and name in LABELS):
                continue  # what is queued is not extended, and a sweep has no labels
            with pytest.raises(AccessDenied, match=r"This is a run of ann@lab.org; only they or an admin may"):
                order(theirs, one)
    assert [run.state for run in store.runs()] == ["queued"] * (4 if of_sweep else 1)
    assert theirs.why_barred("stop", store.find(job)) is not None
    anns.request_stop(job)
    with pytest.raises(AccessDenied):
        theirs.requeue(job)
    store.acting_for(ADMIN, LIMITS).requeue(job)
    assert log(store) == [(ANN.email, "start", job), (ANN.email, "stop", job), (ADMIN.email, "resume", job)]


def test_a_finished_run_of_another_is_not_extended(store: Store) -> None:
    run = add_run(store)
    with store._database.write() as connection:
        connection.exec_driver_sql("UPDATE runs SET person = 'ann@lab.org'")
    with pytest.raises(AccessDenied, match="only they or an admin may extend it"):
        store.acting_for(BOB, LIMITS).extend(run.id, 100)


def test_nobodys_runs_are_anybodys_as_before(store: Store) -> None:
    run = store.create(spec())
    anns = store.acting_for(ANN, LIMITS)
    anns.rename(run.id, "renamed")
    anns.request_stop(run.id)
    anns.delete([run.id])
    anns.restore([run.id])
    assert [action for _, action, _ in log(store)] == ["start", "label", "stop", "delete", "restore"]


def test_one_of_several_runs_of_another_refuses_all(store: Store) -> None:
    own, other = store.acting_for(ANN, LIMITS).create(spec()), store.acting_for(BOB, LIMITS).create(spec())
    with pytest.raises(AccessDenied):
        store.acting_for(ANN, LIMITS).delete([own.id, other.id])
    assert len(store.runs()) == 2


# Limits


def test_runs_and_epochs_of_one_person_are_bounded_and_not_those_of_others(any_store: Store) -> None:
    anns = any_store.acting_for(ANN, LIMITS)
    anns.create(SWEEP)
    with pytest.raises(LimitReached, match=r"You have 4 runs waiting or training, this would add 4, and .* may have 6"):
        anns.create(SWEEP)
    with pytest.raises(LimitReached, match=r"120 epochs still to train, this would add 5,000, and one person may have"):
        anns.create(spec(train__epochs=5000))
    assert any_store.count_sweeps() == 1
    any_store.acting_for(BOB, LIMITS).create(SWEEP)
    any_store.acting_for(ADMIN, LIMITS).create(spec(train__epochs=5000))
    any_store.create(spec(train__epochs=5000))


def test_resuming_is_bounded_too_and_the_same_click_adds_nothing(store: Store) -> None:
    anns = store.acting_for(ANN, Limits(runs=1, epochs=1000, disk=1))
    first = anns.create(spec(), key="click")
    anns.request_stop(first.id)
    second = anns.create(spec(), key="other")
    with pytest.raises(LimitReached):
        anns.requeue(first.id)
    assert anns.create(spec(), key="other").id == second.id
    assert [action for _, action, _ in log(store)] == ["start", "stop", "start"]


def test_files_of_one_person_are_bounded(store: Store, settings: Settings) -> None:
    anns = store.acting_for(ANN, Limits(runs=100, epochs=10_000, disk=0))
    with pytest.raises(LimitReached, match=r"The files of your runs take 0 bytes, and .* may take 0 GiB"):
        anns.create(spec())
    run = store.acting_for(ANN, LIMITS).create(spec())
    files = store.files(run.id)
    path, _ = files.save_weights(ARRAYS, "initial")
    files.link_weights(path, "best")
    assert bytes_of([settings.home / run.id]) == (settings.home / path).stat().st_size  # two names of one file
    store.acting_for(ADMIN, Limits(1, 1, 0)).create(spec())


# The audit log


def test_the_log_is_for_admins(store: Store) -> None:
    run = store.acting_for(ANN, LIMITS).create(spec(), name="hers")
    for person in (ANN, VIEWER):
        with pytest.raises(AccessDenied, match="Only an admin"):
            store.acting_for(person, LIMITS).audit_log(10)
    [entry] = store.acting_for(ADMIN, LIMITS).audit_log(10)
    assert (entry.person, entry.action, entry.job, entry.name) == (ANN.email, "start", run.id, "hers")
    assert entry.moment.tzinfo is not None


@pytest.mark.parametrize("action", POLICY)
def test_what_is_done_to_images_is_in_the_log_of_whom_may_do_it(store: Store, action: DataAction) -> None:
    refused = (VIEWER, ANN) if action in ("delete data", "clear cache") else (VIEWER,)
    for person in (VIEWER, ANN, ADMIN, None):
        acting = store.acting_for(person, LIMITS) if person else store
        if person in refused:
            with pytest.raises(AccessDenied):
                acting.note_data(action, "cells")
        else:
            acting.note_data(action, "cells")
    names = [(one.person, one.action, one.job, one.name) for one in store.audit_log(100)]
    assert names == [
        (who and who.email, action, "", "cells") for who in (None, ADMIN, ANN, VIEWER) if who not in refused
    ]


def test_what_fails_is_not_in_the_log(store: Store) -> None:
    with pytest.raises(UnknownRun):
        store.request_stop("nowhere")
    with pytest.raises(UnknownRun):
        store.delete(["nowhere"])
    assert log(store) == []


def test_a_sweep_is_one_entry_and_a_removed_one_stays_in_the_log(store: Store) -> None:
    from datetime import timedelta

    sweep = add_sweep(store)
    ids: list[Any] = [run.id for run in store.sweep_runs(sweep.id)]
    store.delete(ids)
    assert store.purge(timedelta(seconds=-1))
    assert log(store) == [(None, "start", sweep.id), (None, "delete", sweep.id), (None, "upkeep", sweep.id)]
    with store._database.read() as connection:
        assert {row.name for row in connection.execute(select(audit.c.name))} == {sweep.name}
