"""Confirmations: fresh seeds, the weights of the epoch rule on the test part, one opening, also after kill −9."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats  # type: ignore[import-untyped]
from tests.factories import add_sweep, metrics
from tests.jobs.killing import forkserver, kill_after
from tests.jobs.running import settings_in, wait_until
from tests.jobs.sweeping import (
    RUN,
    assert_same_lanes,
    lanes_of,
    new_sweep,
    plan_of,
    resume_sweep,
    tell_events,
    train_sweep,
    weights,
)

from reglab import RunSpec, columns
from reglab.columns import VAL_ACC, VAL_LOSS
from reglab.errors import SpecError, StoreError
from reglab.events import Environment, EpochDone, EpochMetrics, Event
from reglab.jobs import (
    Runner,
    SweepWorker,
    judge_stored,
    pace,
    plan_confirmation,
    read_confirmation,
    start_confirmation,
    sweep_result,
)
from reglab.models import build
from reglab.settings import Settings
from reglab.store import Confirmation, Ending, Store, Sweep, open_store
from reglab.sweep import LaneSpec, SweepSpec
from reglab.training import HeldOutSet, score_held_out

LOCKED = RUN.with_changes({"data.test_fraction": 0.2, "data.val_fraction": 0.1, "model.dropout": 0.0, "optim.lr": 5e-3})
TESTED = Environment("cpu", 1, {}, 60, 60, 100, n_pool=1438, n_test=359, test_sha256="ab12", test_source="share")
SMALL = SweepSpec(run=LOCKED, l2=(0.0, 1e-2, 1e-1), seeds=2)


@pytest.fixture(scope="module")
def trained_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the trained sweep: a copy of it is faster than training."""
    settings = settings_in(tmp_path_factory.mktemp("trained") / "home")
    with open_store(settings) as store:
        train_sweep(store, settings, SMALL)
    return settings.home


@pytest.fixture(name="store")
def _store(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Store]:
    """An empty store, or one with the trained sweep where the test asks for that."""
    if "sweep" in request.fixturenames:
        shutil.copytree(request.getfixturevalue("trained_home"), settings.home)
    with open_store(settings) as opened:
        yield opened


@pytest.fixture(name="sweep")
def _sweep(store: Store) -> Sweep:
    [sweep] = store.sweeps()
    return sweep


def confirmed(store: Store, settings: Settings, sweep: Sweep, seeds: int = 2, **changes: Any) -> Sweep:
    """A confirmation of ``sweep``, trained here and now."""
    spec, confirmation = plan_confirmation(store, sweep, seeds)
    made = store.create(spec, owner=store.owner(), confirmation=replace(confirmation, **changes))
    store.set_plan(made.id, plan_of(spec).facts())
    SweepWorker(store, settings, store.sweep(made.id)).work()
    return store.sweep(made.id)


def test_only_chosen_points_are_trained_again_on_seeds_that_nobody_has_had(
    store: Store, settings: Settings, sweep: Sweep
) -> None:
    found = sweep_result(store, sweep)
    best, one_se, by_accuracy = found["best"], found["one_se"], found["criteria"]["val_acc"]
    spec, confirmation = plan_confirmation(store, sweep, 3, add=(0.03,))
    assert {point.l2 for point in spec.points} == {0.0, 0.03, best["l2"], one_se["l2"], by_accuracy["l2"]}
    roles = dict(zip((point.l2 for point in spec.points), confirmation.roles, strict=True))
    assert "zero" in roles[0.0]
    assert "best" in roles[best["l2"]]
    assert "one_se" in roles[one_se["l2"]]
    assert roles[0.03] == ("added",)
    seeds = {(lane.run.data.seed, lane.run.train.seed) for lane in spec.lanes()}
    assert seeds == {(2, 2), (3, 3), (4, 4)}
    store.create(spec, confirmation=confirmation)
    assert {lane.run.data.seed for lane in plan_confirmation(store, sweep, 2)[0].lanes()} == {5, 6}


def test_either_measure_chooses_and_the_choice_by_the_other_is_named_so(store: Store) -> None:
    found = {0.0: (0.9, 0.6), 0.01: (0.5, 0.7), 0.1: (0.7, 0.8)}

    def figures(lane: LaneSpec, epoch: int) -> EpochMetrics:
        loss, accuracy = found[lane.point.value]
        return metrics(epoch, val_loss=loss + 0.001 * lane.repeat, val_acc=accuracy)

    sweep = add_sweep(store, SMALL.model_copy(update={"measure": "loss"}), figures=figures, environment=TESTED)
    roles = {name: plan_confirmation(store, sweep, 2, measure=name)[1] for name in (VAL_LOSS, VAL_ACC)}
    assert [confirmation.measure for confirmation in roles.values()] == [VAL_LOSS, VAL_ACC]
    assert roles[VAL_LOSS].roles == (("zero",), ("best", "one_se"), ("best_by_accuracy",))
    assert roles[VAL_ACC].roles == (("zero",), ("best_by_loss",), ("best", "one_se"))
    shown = {name: sweep_result(store, sweep, name) for name in (VAL_LOSS, VAL_ACC)}
    assert [shown[name]["best"]["l2"] for name in (VAL_LOSS, VAL_ACC)] == [0.01, 0.1]
    assert shown[VAL_LOSS].keys() == shown[VAL_ACC].keys()
    assert sweep_result(store, sweep) == shown[VAL_LOSS]


def test_a_confirmation_of_an_earlier_version_chose_by_accuracy(store: Store) -> None:
    sweep = add_sweep(store, SMALL, environment=TESTED)
    facts = json.loads(plan_confirmation(store, sweep, 2)[1].to_json())
    del facts["measure"]
    assert Confirmation.of(sweep.id, json.dumps(facts)).measure == VAL_ACC


def test_a_setting_is_confirmed_against_its_own_zero(store: Store, settings: Settings) -> None:
    dropout = SweepSpec(run=LOCKED, over={"model.dropout": (0.0, 0.3, 0.9)}, seeds=2)
    spec, confirmation = plan_confirmation(store, train_sweep(store, settings, dropout))
    roles = dict(zip((point.value for point in spec.points), confirmation.roles, strict=True))
    assert "zero" in roles[0.0]
    assert any("best" in each for each in roles.values())


def test_a_deleted_sweep_is_judged_as_before(store: Store, sweep: Sweep) -> None:
    before = judge_stored(store, sweep).corrected
    store.delete([sweep.id])
    assert before is not None
    assert judge_stored(store, store.sweep(sweep.id)).corrected == before


def test_sweeps_over_folds_are_confirmed_over_seeds(store: Store, settings: Settings) -> None:
    sweep = train_sweep(store, settings, SweepSpec(run=LOCKED, l2=(0.0, 1e-2), folds=2))
    spec, _ = plan_confirmation(store, sweep, 2)
    assert (spec.folds, spec.seeds, {lane.run.data.folds for lane in spec.lanes()}) == (0, 2, {None})
    assert {lane.run.data.seed for lane in spec.lanes()} == {2, 3}


def test_sweeps_over_blocks_have_no_overlap_and_are_confirmed_on_as_many_images(
    store: Store, settings: Settings
) -> None:
    run = LOCKED.with_changes({"data.train_size": None, "train.epochs": 1})
    sweep = train_sweep(store, settings, SweepSpec(run=run, l2=(0.0, 1e-2), blocks=3, measure="accuracy"))
    [_, row] = judge_stored(store, sweep).own.table.to_dict("records")
    last = [run.last.val_acc for run in store.sweep_runs(sweep.id) if run.last]
    apart = np.array(last[1::2]) - np.array(last[::2])
    half = stats.t.ppf(0.975, 2) * apart.std(ddof=1) / np.sqrt(3)
    assert (row[columns.LOW], row[columns.HIGH]) == pytest.approx((apart.mean() - half, apart.mean() + half))
    assert sweep_result(store, sweep)["overlap"] == 0
    block = 1438 // 3
    spec, _ = plan_confirmation(store, sweep, 2)
    assert (spec.blocks, spec.seeds, {lane.run.data.blocks for lane in spec.lanes()}) == (0, 2, {None})
    assert (spec.run.data.train_size, spec.run.data.val_size) == (block - round(0.1 * block), round(0.1 * block))
    assert {lane.run.data.seed for lane in spec.lanes()} == {3, 4}


def test_a_confirmation_scores_every_run_on_the_test_part_and_opens_it_once(
    store: Store, settings: Settings, sweep: Sweep
) -> None:
    assert store.openings("digits") == []
    made = confirmed(store, settings, sweep)
    assert (made.state, made.confirms) == ("finished", sweep.id)
    [opening] = store.openings("digits")
    assert (opening.sweep, opening.images) == (made.id, 359)
    assert all(opening.test_sha256 == run.environment["test_sha256"] for run in store.sweep_runs(sweep.id))  # type: ignore[index]
    assert all(store.test_scores(run.id) is None for run in store.sweep_runs(sweep.id))
    found = read_confirmation(store, sweep.id)
    assert found is not None
    assert found.correct.shape == (len(made.spec.points), 2, 359)
    for place, run in enumerate(store.sweep_runs(made.id)):
        seed, point = divmod(place, len(made.spec.points))
        assert np.array_equal(found.correct[point, seed], _by_hand(run.spec, weights(store, run), settings))
        assert run.last is not None
        assert found.val_acc[point, seed] == run.last.val_acc
    again = confirmed(store, settings, sweep)
    assert [one.sweep for one in store.openings("digits")] == [made.id, again.id]
    newest = read_confirmation(store, sweep.id)
    assert newest is not None
    assert (newest.sweep.id, newest.opening, newest.openings) == (again.id, 2, 2)
    facts = sweep_result(store, sweep)
    assert [one["sweep"] for one in facts["confirmations"]] == [again.id, made.id]
    assert [(one["opening"], one["openings"]) for one in facts["confirmations"]] == [(2, 2), (1, 2)]
    assert [one["train_seeds"] for one in facts["confirmations"]] == [[4, 5], [2, 3]]
    assert [point["test_acc"] for point in facts["confirmations"][1]["points"]] == list(found.correct.mean(axis=(1, 2)))
    assert facts["confirm"] == facts["confirmations"][0]


def _by_hand(spec: RunSpec, arrays: Any, settings: Settings) -> Any:
    """Which test images the network classifies correctly, image by image in PyTorch's own words."""
    test = HeldOutSet.of(spec, settings.data)
    model = build(spec.model, test.shape, test.classes, 0).eval()
    model.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()})
    with torch.no_grad():
        rows = zip(*test.rows(slice(None)), strict=True)
        return np.array([int(model(x[None]).argmax()) == int(y) for x, y in rows])


@pytest.mark.parametrize(("rule", "epochs"), [("best", ()), ("common", (1, 2, 1))])
def test_the_epoch_rule_says_which_weights_are_scored(
    rule: Any, epochs: tuple[int, ...], store: Store, settings: Settings, sweep: Sweep
) -> None:
    points = len(plan_confirmation(store, sweep, 2)[0].points)
    made = confirmed(store, settings, sweep, rule=rule, epochs=epochs[:points])
    for run in store.sweep_runs(made.id):
        at = run.best_epoch if rule == "best" else epochs[(run.lane or 0) % points]
        assert at is not None
        shorter = run.spec.with_changes({"train.epochs": at})
        alone = train_sweep(store, settings, SweepSpec(run=shorter, l2=(run.l2,)))
        [twin] = store.sweep_runs(alone.id)
        expected = score_held_out(run.spec, weights(store, twin), HeldOutSet.of(run.spec, settings.data), "cpu")
        found = store.test_scores(run.id)
        assert found is not None
        assert np.abs(found.probabilities - expected.probabilities).max() < 1e-3  # fused lanes round differently
    result = read_confirmation(store, sweep.id)
    assert result is not None
    first = store.sweep_runs(made.id)[0]
    at = first.best_epoch if rule == "best" else epochs[0]
    [row] = store.epochs([first.id]).query("epoch == @at").to_dict("records")
    assert result.val_acc[0, 0] == row["val_acc"]


def test_the_declared_rule_is_confirmed_each_point_at_its_own_common_epoch(store: Store, settings: Settings) -> None:
    sweep = train_sweep(store, settings, SweepSpec(run=LOCKED, l2=(0.0, 1e-2, 1e-1), seeds=2, epoch="common"))
    spec, confirmation = plan_confirmation(store, sweep, 2)
    runs, epochs = store.sweep_runs(sweep.id), store.epochs([run.id for run in store.sweep_runs(sweep.id)])
    for point, epoch in zip(spec.points, confirmation.epochs, strict=True):
        mine = epochs[epochs["run"].isin([run.id for run in runs if run.l2 == point.l2])]
        assert mine.groupby("epoch")["val_loss"].mean().idxmin() == epoch
    assert (confirmation.rule, spec.run.train.patience) == ("common", 0)
    with pytest.raises(SpecError, match=r"0\.5 is not a value of this sweep"):
        plan_confirmation(store, sweep, 2, add=(0.5,))


def test_figures_are_those_of_the_test_images(store: Store, settings: Settings, sweep: Sweep) -> None:
    confirmed(store, settings, sweep, 3)
    found, facts = read_confirmation(store, sweep.id), sweep_result(store, sweep)["confirm"]
    assert found is not None
    zero = next(number for number, roles in enumerate(found.confirmation.roles) if "zero" in roles)
    for number, point in enumerate(facts["points"]):
        assert point["test_acc"] == pytest.approx(found.correct[number].mean())
        assert point["test_low"] < point["test_acc"] < point["test_high"]
        assert (point["n"], point["val_acc"]) == (359, pytest.approx(found.val_acc[number].mean()))
        assert point["shift"]["value"] == pytest.approx(point["val_acc"] - point["test_acc"])
        expected = found.correct[number].mean() - found.correct[zero].mean()
        assert (point["difference"] is None) == (number == zero)
        assert point["difference"] is None or point["difference"]["value"] == pytest.approx(expected)
    best = next(point for point in facts["points"] if "best" in point["roles"])
    assert facts["difference"] == best["difference"]


def test_a_confirmation_of_fewer_epochs_is_none_of_the_longer_sweep(
    store: Store, settings: Settings, sweep: Sweep
) -> None:
    made = confirmed(store, settings, sweep)
    for one in (made, sweep):
        with pytest.raises(StoreError, match=f"Sweep {one.id} (confirms another sweep|is confirmed)"):
            store.extend(one.id, 4)
    store.delete([made.id])
    store.extend(sweep.id, 4, owner=store.owner())
    SweepWorker(store, settings, store.sweep(sweep.id)).work()
    store.restore([made.id])
    assert read_confirmation(store, sweep.id) is None
    assert plan_confirmation(store, store.sweep(sweep.id), 2)[1].shift == 4


def test_any_axis_is_confirmed(store: Store, settings: Settings) -> None:
    over = {"optim.lr": (1e-3, 5e-3)}
    sweep = train_sweep(store, settings, SweepSpec.parse({"run": LOCKED, "l2": (0.0, 1e-2), "over": over, "seeds": 2}))
    best = sweep_result(store, sweep)["best"]
    spec, _ = plan_confirmation(store, sweep, 2)
    assert {point.second for point in spec.points} == {best["over"]["optim.lr"]}
    confirmed(store, settings, sweep)
    points = sweep_result(store, sweep)["confirm"]["points"]
    assert {point["over"]["optim.lr"] for point in points} == {best["over"]["optim.lr"]}
    alone = train_sweep(store, settings, SweepSpec.parse({"run": LOCKED, "over": over, "seeds": 2}))
    confirmed(store, settings, alone)
    facts = sweep_result(store, alone)["confirm"]
    assert (facts["difference"], {role for point in facts["points"] for role in point["roles"]} - {"one_se"}) == (
        None,
        {"best"},
    )


def test_a_page_starts_one_confirmation_at_a_time(store: Store, settings: Settings, sweep: Sweep) -> None:
    spec, confirmation = plan_confirmation(store, sweep, 2)
    training = store.create(spec, confirmation=confirmation, owner=store.owner())
    with closing(Runner(store, settings)) as runner:
        assert start_confirmation(runner, sweep.id, 2).id == training.id
        store.finish([Ending(training.id, "cancelled")])
        made = start_confirmation(runner, sweep.id, 2)
        wait_until(lambda: store.sweep(made.id).state == "finished", "the confirmation's end")
    assert made.confirmation is not None
    assert (made.name, made.confirmation.shift) == (f"Confirm · {sweep.name}", 4)
    found = read_confirmation(store, sweep.id)
    assert found is not None
    assert (found.sweep.id, found.seeds) == (made.id, 2)


def test_what_cannot_be_confirmed_is_a_sentence(store: Store, settings: Settings, sweep: Sweep) -> None:
    without = train_sweep(store, settings, SweepSpec(run=LOCKED.with_changes({"data.test_fraction": 0}), l2=(0.0,)))
    with pytest.raises(SpecError, match=r"set data\.test_fraction"):
        plan_confirmation(store, without)
    with pytest.raises(StoreError, match="only a finished sweep can be confirmed"):
        plan_confirmation(store, store.create(SMALL))
    nothing = train_sweep(store, settings, SweepSpec(run=LOCKED.with_changes({"optim.lr": 1e-9}), l2=(0.0, 1.0)))
    with pytest.raises(SpecError, match="There is no λ to confirm"):
        plan_confirmation(store, nothing)


def test_another_test_part_is_not_opened(store: Store, settings: Settings, sweep: Sweep) -> None:
    made = confirmed(store, settings, sweep, test_sha256="0" * 64)
    assert (made.state, made.error) == (
        "failed",
        "The test part is not the one that was locked when the sweep was trained.",
    )
    assert store.openings("digits") == []


def train_telling(home: Path, pipe: Connection) -> None:
    """Train a confirmation in a process of its own until a run has been scored and others have not; tell of that."""
    pace.TICK = pace._OVERHEAD = pace._SHORTEST = 0.0
    settings, turn = settings_in(home), threading.Lock()
    with open_store(settings) as store, pytest.MonkeyPatch.context() as patch:
        [sweep] = store.sweeps()
        spec, confirmation = plan_confirmation(store, sweep, 2)
        made = store.create(spec, owner=store.owner(), confirmation=confirmation)
        store.set_plan(made.id, plan_of(spec, width=1).facts())

        def tell(event: Event, _specs: tuple[RunSpec, ...]) -> None:
            if isinstance(event, EpochDone) and store.openings("digits"):
                with turn:
                    pipe.send(made.id)
                    wait_until(lambda: False, "the kill")

        tell_events(patch, tell)
        SweepWorker(store, settings, store.sweep(made.id)).work()


def test_a_confirmation_killed_after_it_has_opened_the_test_part_resumes_to_the_same_and_counts_once(
    tmp_path: Path,
) -> None:
    settings = settings_in(tmp_path / "home")
    with open_store(settings) as store:
        sweep = train_sweep(store, settings, SMALL)
        sweep_id = kill_after(forkserver(), train_telling, settings.home, 1, 0.0)
        assert len(store.recover()) > 0
        assert len(store.openings("digits")) == 1
        resumed = resume_sweep(store, settings, sweep_id)
        assert resumed.state == "finished"
        assert len(store.openings("digits")) == 1
        found = read_confirmation(store, sweep.id)
        assert found is not None
        whole = new_sweep(store, resumed.spec, plan_of(resumed.spec, width=1))
        SweepWorker(store, settings, whole).work()
        assert_same_lanes(lanes_of(store, resumed), lanes_of(store, whole))
