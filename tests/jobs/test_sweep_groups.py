"""Sweeps over other settings than λ: which lanes share a group, unequal lanes train as alone, what the store counts."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.jobs.sweeping import RUN, alone, distance, plan_of, train_sweep, weights

from reglab.errors import SpecError
from reglab.jobs import check_sweep, sweep_plan, sweep_result
from reglab.jobs.sweep_plan import make_plan, share_out
from reglab.settings import Settings
from reglab.store import Store
from reglab.sweep import SweepSpec
from reglab.training import SEQUENTIAL, Choice, ExecutionMode, lane_size
from reglab.training.fused_lanes import check_alike

AXES: tuple[dict[str, Any], ...] = (
    {"over": {"optim.lr": [1e-3, 1e-2, 3e-2]}},
    {"l2": [0, 0.01, 0.1], "over": {"optim.lr": [1e-3, 1e-2]}},
    {"l2": [0, 0.01, 0.1], "over": {"penalty.group": [0, 0.01]}},
    {"l1": [0, 0.01, 0.1], "l2": [0, 0.1]},
    {"over": {"data.train_size": [30, 60], "train.epochs": [1, 3]}},
)


@given(st.sampled_from(AXES), st.integers(1, 3), st.sampled_from([(), ("coupled", "proximal")]), st.integers(1, 20))
def test_lanes_that_differ_in_lambda_and_mode_alone_share_groups(
    axes: dict[str, Any], seeds: int, modes: tuple[str, ...], width: int
) -> None:
    spec = SweepSpec.parse({"run": RUN.model_dump(), "seeds": seeds, "apply": modes, **axes})
    lanes, groups = spec.lanes(), share_out(spec, width)
    assert sorted(number for group in groups for number in group) == list(range(spec.size))
    for group in groups:
        check_alike([lanes[number].run for number in group])
        assert len(group) <= width
    kinds = {(lane.repeat, spec.structure(lane.point)) for lane in lanes}
    if width >= spec.size:
        assert len(groups) == len(kinds)


def test_lambdas_of_all_terms_fuse_and_other_settings_do_not() -> None:
    alike = [len(share_out(SweepSpec.parse({"run": RUN.model_dump(), **axes}), 99)) for axes in AXES]
    assert alike == [3, 2, 1, 1, 4]


UNEQUAL = SweepSpec.parse(
    {"run": RUN.model_dump(), "l2": [0, 0.1], "over": {"data.train_size": [30, 60]}, "apply": ["coupled", "proximal"]}
)


def test_lanes_with_other_data_train_as_alone(store: Store, settings: Settings) -> None:
    sweep = train_sweep(store, settings, UNEQUAL)
    for run, lane in zip(store.sweep_runs(sweep.id), UNEQUAL.lanes(), strict=True):
        assert (run.spec, run.environment["n_train"]) == (lane.run, lane.point.second)  # type: ignore[index]
        assert distance(weights(store, run), alone(run.spec)) <= 1e-5


def test_lanes_with_other_epochs_end_each_at_its_own(store: Store, settings: Settings) -> None:
    spec = SweepSpec.parse({"run": RUN.model_dump(), "over": {"train.epochs": [1, 4], "train.batch_size": [16, 30]}})
    sweep = train_sweep(store, settings, spec, plan_of(spec, SEQUENTIAL))
    assert [run.epoch for run in store.sweep_runs(sweep.id)] == [1, 4, 1, 4]
    assert (sweep.state, sweep.epochs, sweep.epochs_all, sweep.epochs_done, sweep.share) == ("finished", 4, 10, 10, 1.0)
    for run in store.sweep_runs(sweep.id):
        assert distance(weights(store, run), alone(run.spec)) == 0
    table = sweep_result(store, sweep)["table"]
    assert [row["over"] for row in table] == [
        {"train.epochs": epochs, "train.batch_size": size} for epochs in (1, 4) for size in (16, 30)
    ]
    assert {row["lambda"] for row in table} == {None}


def test_the_kind_of_group_with_the_most_work_is_timed_once(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    timed: list[Any] = []

    def choose(specs: Any, **_where: Any) -> Choice:
        timed.append(specs)
        return Choice(ExecutionMode(True, True), alone=2.0, fused=1.0, difference=0.0)

    monkeypatch.setattr(sweep_plan, "choose", choose)
    spec = SweepSpec.parse({"run": RUN.model_dump(), "l2": [0, 0.1], "over": {"data.train_size": [20, 60]}, "seeds": 2})
    plan = make_plan(spec, settings, workers=1)
    assert [[(run.data.train_size, run.penalty.l2) for run in specs] for specs in timed] == [[(60, 0.0), (60, 0.1)]]
    assert plan.stacks == ((0, 1), (2, 3), (4, 5), (6, 7))
    assert plan.seconds == pytest.approx(RUN.train.epochs * (4 + 4 / 3))  # a second an epoch of 60 images


def test_the_largest_run_is_checked_and_its_memory_counts(settings: Settings) -> None:
    batches = SweepSpec.parse({"run": RUN.model_dump(), "over": {"train.batch_size": [8, 60]}})
    assert check_sweep(batches, settings) == lane_size(RUN.with_changes({"train.batch_size": 60}))
    with pytest.raises(SpecError, match=r"train\.batch_size \(61\) is larger than the 60 training images"):
        check_sweep(SweepSpec.parse({"run": RUN.model_dump(), "over": {"train.batch_size": [8, 61]}}), settings)
