"""What one home exports another imports: the same bits, the same figures, and it goes on as it would have at home."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from tests.archive.archiving import archived, everything_in, imported, members_of, opened_home
from tests.factories import add_run, add_sweep, metrics, spec
from tests.jobs.running import SMALL, assert_same_figures, figures, go_on, work
from tests.jobs.sweeping import RUN, assert_same_lanes, lanes_of, plan_of, train_sweep

from reglab.archive import ArchiveError
from reglab.errors import RegLabError
from reglab.events import Event, Started
from reglab.jobs import SweepWorker
from reglab.settings import Settings
from reglab.store import Confirmation, Run, Store
from reglab.sweep import SweepSpec

FEW = SweepSpec(run=RUN, l2=(0.0, 1e-2))
MARKUP = '<img src=x onerror="alert(1)"> [a](javascript:b) `c`'


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Store]:
    """A second home, empty."""
    with opened_home(tmp_path / "other") as store:
        yield store


def settings_of(store: Store, settings: Settings) -> Settings:
    return replace(settings, home=store.home, store=f"sqlite:///{store.home}/reglab.sqlite")


def facts(run: Run) -> dict[str, object]:
    """All that is known of a run; NaN as text, because no NaN equals another."""
    known = asdict(replace(run, heartbeat=None, owner=None, key=None))
    return {name: repr(value) for name, value in known.items()}


@pytest.fixture
def trained(store: Store, settings: Settings) -> Run:
    run = work(store, settings, SMALL.with_changes({"data.label_noise": 0.2, "penalty.group": 1e-3}))
    store.rename(run.id, MARKUP)
    store.set_tags(run.id, ["a", "b <b>c</b>"])
    store.set_note(run.id, "line one\nline two")
    store.set_colour(run.id, 7)
    return store.get(run.id)


def test_a_run_arrives_with_everything_that_it_had(trained: Run, store: Store, other: Store) -> None:
    (arrival,) = imported(other, archived(store, trained, checkpoints=True))
    assert (arrival.outcome, arrival.here, arrival.name) == ("new", trained.id, MARKUP)
    found = other.get(trained.id)
    assert facts(found) == facts(trained)
    assert_same_figures(other, found, figures(store, trained))
    files = (store.files(trained.id).folder, other.files(trained.id).folder)
    assert everything_in(files[0]) == everything_in(files[1])
    assert list(other.problems()) == []


def test_an_imported_run_goes_on_to_the_same_bits(trained: Run, store: Store, other: Store, settings: Settings) -> None:
    imported(other, archived(store, trained, checkpoints=True))
    ends = []
    for home in (store, other):
        home.extend(trained.id, 6, owner=home.owner())
        ends.append(go_on(home, settings_of(home, settings), home.get(trained.id)).weights_sha256)
    assert ends[0] == ends[1] != trained.weights_sha256


def test_a_run_that_stopped_at_its_start_goes_on_from_its_initial_weights(
    store: Store, other: Store, settings: Settings
) -> None:
    """The first checkpoint has no weights: it goes with the file of the initial ones."""

    def stop(event: Event, run: Run) -> None:
        if isinstance(event, Started):
            raise RegLabError("stopped")

    stopped, whole = work(store, settings, listen=stop), work(store, settings)
    assert (stopped.state, stopped.epoch, stopped.has_checkpoint) == ("failed", 0, True)
    (arrival,) = imported(other, archived(store, stopped, checkpoints=True))
    loaded = other.files(arrival.here).load_checkpoint()
    assert loaded is not None
    assert any(name.startswith("model/") for name in loaded.arrays)
    other.take_over(arrival.here, other.owner())
    resumed = go_on(other, settings_of(other, settings), other.get(arrival.here))
    assert resumed.weights_sha256 == whole.weights_sha256


def test_without_its_checkpoint_a_run_says_why_it_cannot_go_on(trained: Run, store: Store, other: Store) -> None:
    imported(other, archived(store, trained))
    sentence = other.why_not_extensible(other.get(trained.id))
    assert sentence == f"Run {trained.id} has no checkpoint, so it cannot go on; duplicate it with more epochs."


def test_a_second_import_changes_nothing_and_another_run_of_the_same_id_gets_a_new_one(
    trained: Run, store: Store, other: Store, settings: Settings
) -> None:
    data = archived(store, trained, checkpoints=True)
    imported(other, data)
    other.rename(trained.id, "mine")
    assert [one.outcome for one in imported(other, data)] == ["there"]
    assert other.get(trained.id).name == "mine"
    other.extend(trained.id, 6, owner=other.owner())
    longer = go_on(other, settings_of(other, settings), other.get(trained.id))
    (arrival,) = imported(other, data)
    assert (arrival.outcome, arrival.here != trained.id) == ("renamed", True)
    assert f"imported as {arrival.here}, because another run here has that id" in arrival.sentence
    assert other.get(arrival.here).weights_sha256 == trained.weights_sha256
    assert [(one.outcome, one.here) for one in imported(other, data)] == [("there", arrival.here)]
    assert len(other.runs()) == 2
    other.extend(arrival.here, 6, owner=other.owner())  # the checkpoint goes with the weights under the new id
    again = go_on(other, settings_of(other, settings), other.get(arrival.here))
    assert again.weights_sha256 == longer.weights_sha256


def test_a_run_that_is_deleted_here_is_not_doubled(trained: Run, store: Store, other: Store) -> None:
    data = archived(store, trained)
    imported(other, data)
    other.delete([trained.id])
    (arrival,) = imported(other, data)
    assert arrival.outcome == "deleted"
    assert f"restore {trained.id}" in arrival.sentence


def test_a_sweep_arrives_whole_and_goes_on_to_the_same_bits(store: Store, other: Store, settings: Settings) -> None:
    sweep = train_sweep(store, settings, FEW, plan_of(FEW))
    runs = store.sweep_runs(sweep.id)
    data = archived(store, *runs, checkpoints=True)
    assert [(one.kind, one.id, one.outcome) for one in imported(other, data)] == [("sweep", sweep.id, "new")]
    found = other.sweep(sweep.id)
    assert (found.spec, found.counts, found.plan, found.epochs_done) == (
        sweep.spec, sweep.counts, sweep.plan, sweep.epochs_done,
    )  # fmt: skip
    assert_same_lanes(lanes_of(store, sweep), lanes_of(other, found))
    assert [facts(run) for run in other.sweep_runs(sweep.id)] == [facts(run) for run in runs]
    assert [one.outcome for one in imported(other, data)] == ["there"]
    for home in (store, other):
        home.extend(sweep.id, 5, owner=home.owner())
        SweepWorker(home, settings_of(home, settings), home.sweep(sweep.id)).work()
    assert_same_lanes(lanes_of(store, store.sweep(sweep.id)), lanes_of(other, other.sweep(sweep.id)))
    (arrival,) = imported(other, data)  # it has changed here, so the archive's is another one
    assert arrival.outcome == "renamed"
    assert {run.id for run in other.sweep_runs(arrival.here)}.isdisjoint(run.id for run in runs)
    assert len(other.sweep_runs(arrival.here)) == FEW.size


def test_confirmations_openings_and_rate_checks_go_with_their_sweep(store: Store, other: Store) -> None:
    sweep = add_sweep(store, FEW, epochs=1)
    points = len(sweep.spec.points)
    confirmation = Confirmation(sweep.id, "best", 2, 1, "ab" * 32, (("best",),) * points, (), "val_loss")
    confirming = add_sweep(store, FEW, epochs=1, confirmation=confirmation)
    store.open_test(confirming.id, "digits", "ab" * 32, 100)
    check = add_sweep(store, FEW, epochs=1, key=store.next_rate_check(sweep.id))
    arrivals = imported(other, archived(store, *store.sweep_runs(sweep.id)))
    assert {one.id for one in arrivals} == {sweep.id, confirming.id, check.id}
    assert other.confirmations(sweep.id)[0].confirmation == confirmation
    assert [one.id for one in other.rate_checks(sweep.id)] == [check.id]
    assert other.openings("digits") == store.openings("digits")
    other.delete([run.id for run in other.sweep_runs(confirming.id)])


def test_nan_and_infinity_of_a_diverged_run_arrive(store: Store, other: Store) -> None:
    wild = [metrics(1), metrics(2, val_loss=math.inf, total=math.nan, train_loss=math.nan)]
    run = add_run(store, state="diverged", epochs=wild)
    imported(other, archived(store, run))
    found = other.epochs([run.id])
    for name, column in store.epochs([run.id]).items():
        np.testing.assert_array_equal(found[name].to_numpy(), column.to_numpy())
    assert facts(other.get(run.id)) == facts(store.get(run.id))


@pytest.mark.parametrize("state", ["failed", "cancelled", "interrupted"])
def test_states_arrive_and_a_run_without_an_epoch_too(state: str, store: Store, other: Store) -> None:
    runs = [add_run(store, state=state, epochs=epochs) for epochs in (0, 2)]  # type: ignore[arg-type]
    imported(other, archived(store, *runs))
    assert [facts(other.get(run.id)) for run in runs] == [facts(run) for run in runs]


def test_one_run_of_a_sweep_travels_alone(store: Store, other: Store) -> None:
    run = store.sweep_runs(add_sweep(store, epochs=2).id)[1]
    imported(other, archived(store, run))
    assert (other.get(run.id).sweep, other.get(run.id).group) == (None, None)
    assert other.sweeps() == []


def test_a_run_that_trains_is_not_exported(store: Store) -> None:
    run = add_run(store, state="running")
    with pytest.raises(ArchiveError, match="is running; an archive holds runs that have ended"):
        archived(store, run)


def test_the_same_runs_make_the_same_bytes_and_members_are_stored_as_they_are(trained: Run, store: Store) -> None:
    first, second = (archived(store, trained, checkpoints=True) for _ in range(2))
    assert first == second
    members = members_of(first)
    assert members[f"runs/{trained.id}/weights.safetensors"] in first
    assert len(first) < sum(map(len, members.values())) + 5_000


def test_an_archive_is_imported_into_either_database(any_store: Store, tmp_path: Path) -> None:
    with opened_home(tmp_path / "source") as source:
        run = add_run(source, spec(penalty__group=0.1), tags=["x"])
        imported(any_store, archived(source, run))
        assert facts(any_store.get(run.id)) == facts(run)
        assert any_store.layers([run.id]).equals(source.layers([run.id]))
