"""The learning-rate check of a finished sweep: which runs it trains, paired with the sweep's, and what it says."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import numpy as np
import pytest
from tests.factories import add_sweep
from tests.jobs.running import wait_until
from tests.jobs.sweeping import RUN, initial, plan_of, train_sweep

from reglab.analysis import judge_sweep, runs_table
from reglab.columns import VAL_LOSS
from reglab.errors import SpecError, StoreError
from reglab.jobs import (
    Runner,
    SweepWorker,
    current_rate_check,
    judge_stored,
    plan_rate_check,
    rate_check_spec,
    read_rate_check,
    start_rate_check,
    sweep_result,
)
from reglab.settings import Settings
from reglab.store import Ending, Store, Sweep
from reglab.sweep import SweepSpec

SMALL = SweepSpec(
    run=RUN.with_changes({"data.test_fraction": 0.2, "optim.lr": 1e-2, "model.dropout": 0.0}),
    l2=(0.0, 1e-2, 1e-1),
    seeds=2,
)


def checked(store: Store, settings: Settings, sweep: Sweep) -> Sweep:
    """A check of ``sweep``, trained here and now."""
    spec = plan_rate_check(sweep)
    made = store.create(spec, owner=store.owner(), key=store.next_rate_check(sweep.id))
    store.set_plan(made.id, plan_of(spec).facts())
    SweepWorker(store, settings, store.sweep(made.id)).work()
    return store.sweep(made.id)


@pytest.mark.parametrize(
    ("sweep", "axes"),
    [
        ({"l2": [0.0, 0.1], "seeds": 4, "run": {"train": {"patience": 3}}}, {"optim.lr": (3.33e-4, 3e-3)}),
        ({"l1": [0.0, 0.1], "folds": 5, "apply": ["proximal", "coupled"]}, {"optim.lr": (3.33e-4, 3e-3)}),
        ({"lambdas": [0.0, 0.1], "l1_ratio": 0.5, "epoch": "common", "blocks": 2}, {"optim.lr": (3.33e-4, 3e-3)}),
        ({"over": {"model.dropout": [0.0, 0.5]}}, {"model.dropout": (0.0, 0.5), "optim.lr": (3.33e-4, 3e-3)}),
    ],
)
def test_every_run_has_its_twin_at_both_rates(sweep: dict[str, Any], axes: dict[str, Any]) -> None:
    spec = SweepSpec.parse(sweep)
    check = rate_check_spec(spec)
    assert (check.over, check.epoch_rule, check.size) == (axes, spec.epoch_rule, 2 * spec.size)
    twins = {
        (lane.run.optim.lr, lane.run.with_changes({"optim.lr": spec.run.optim.lr}).to_yaml()) for lane in check.lanes()
    }
    assert twins == {(rate, lane.run.to_yaml()) for rate in axes["optim.lr"] for lane in spec.lanes()}
    assert SweepSpec.from_json(check.to_json()) == check


@pytest.mark.parametrize(
    ("sweep", "sentence"),
    [
        ({"l2": [0.0], "over": {"model.dropout": [0.0, 0.5]}}, "over two axes cannot be checked"),
        ({"l1": [0.0], "l2": [0.0, 0.1]}, "over two axes cannot be checked"),
        ({"over": {"optim.lr": [0.1, 0.2]}}, "varies the learning rate itself"),
        ({"l2": [0.0, 0.1], "only": [1]}, "check the sweep that it confirms"),
        ({"l2": [0.0, 0.1], "run": {"optim": {"lr": 5.0}}}, "optim.lr should be less than or equal to 10, not 15.0."),
    ],
)
def test_what_cannot_be_checked_is_refused_in_one_sentence(sweep: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SpecError, match=sentence):
        rate_check_spec(SweepSpec.parse(sweep))


def test_a_sweep_that_has_not_finished_is_not_checked(store: Store) -> None:
    with pytest.raises(StoreError, match="only a finished sweep can be checked"):
        plan_rate_check(add_sweep(store, SMALL, state="interrupted", epochs=3))


def test_a_check_is_read_with_the_figures_that_were_trained(store: Store, settings: Settings) -> None:
    sweep = train_sweep(store, settings, SMALL)
    assert sweep_result(store, sweep)["lr_check"] is None
    made = checked(store, settings, sweep)
    assert (made.state, made.checks_rate_of) == ("finished", sweep.id)
    assert sweep_result(store, made)["checks_lr_of"] == sweep.id
    lanes = zip(made.spec.lanes(), store.sweep_runs(made.id), strict=True)
    first = {lane.repeat: run for lane, run in zip(SMALL.lanes(), store.sweep_runs(sweep.id), strict=True)}
    for lane, run in lanes:
        assert run.spec.data == first[lane.repeat].spec.data
        twin = initial(store, first[lane.repeat])
        assert all(np.array_equal(array, twin[name]) for name, array in initial(store, run).items())
    found = sweep_result(store, sweep, VAL_LOSS)["lr_check"]
    runs = store.sweep_runs(made.id)
    table = runs_table(made.spec.lanes(), runs), store.epochs([run.id for run in runs])
    own = judge_stored(store, sweep, VAL_LOSS)
    judged = judge_sweep(made.spec, *table, overlap=own.overlap, measure=VAL_LOSS, chance=own.chance)
    assert judged.winners is not None
    assert len(judged.winners.by_second) > 0
    choices = {one["lr"]: one["best"]["l2"] for one in found["choices"] if one["best"]}
    assert choices == {winner.held: winner.point.l2 for winner in judged.winners.by_second}
    assert (found["sweep"], found["lr"], found["measure"]) == (made.id, 1e-2, VAL_LOSS)
    read = read_rate_check(store, sweep, own)
    assert read is not None
    assert read[1].text == found["text"]


def test_a_check_of_the_sweep_before_it_was_extended_is_none(store: Store) -> None:
    sweep = add_sweep(store, SMALL, epochs=3)
    made = add_sweep(store, plan_rate_check(sweep), epochs=3, key=store.next_rate_check(sweep.id))
    assert current_rate_check(store, sweep) == made
    longer = sweep.spec.model_copy(update={"run": sweep.spec.run.with_changes({"train.epochs": 6})})
    other = add_sweep(store, longer, key=f"check-lr {sweep.id} 9")
    assert current_rate_check(store, sweep) == made  # the newest of the same values, rates, repeats and epochs
    assert other in store.rate_checks(sweep.id)
    store.delete([made.id])
    assert current_rate_check(store, sweep) is None


def test_a_second_press_shows_the_check_that_waits(store: Store, settings: Settings) -> None:
    run = SMALL.run.with_changes({"train.epochs": 1})
    sweep = add_sweep(store, SweepSpec(run=run, l2=(0.0, 0.1)), epochs=1)
    training = add_sweep(store, plan_rate_check(sweep), epochs=0, state="running", key=store.next_rate_check(sweep.id))
    with closing(Runner(store, settings)) as runner:
        assert start_rate_check(runner, sweep.id).id == training.id
        store.finish([Ending(training.id, "cancelled")])
        made = start_rate_check(runner, sweep.id)
        wait_until(lambda: store.sweep(made.id).state == "finished", "the check's end")
        with pytest.raises(SpecError):
            start_rate_check(runner, add_sweep(store, made.spec, epochs=1).id)
    assert (made.name, current_rate_check(store, sweep)) == (f"Learning rate · {sweep.name}", store.sweep(made.id))
