"""How a sweep's lanes are shared out: each in one stack, narrower with little memory, fused where that is right."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, NamedTuple

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tests.jobs.sweeping import RUN, SMALL, alone, distance, weights
from torch import nn

from reglab.jobs import Plan, SweepWorker, sweep_plan
from reglab.jobs.sweep_plan import make_plan, share_out
from reglab.models import MODELS
from reglab.models.architecture import Architecture, Shape
from reglab.settings import Settings
from reglab.store import Store
from reglab.sweep import SweepSpec
from reglab.training import SEQUENTIAL, Choice, ExecutionMode, fused_network, lane_size

RepeatsAndModes = st.tuples(st.integers(1, 6), st.sampled_from([("coupled",), ("coupled", "proximal")]))


@given(points=st.integers(1, 40), repeats_and_modes=RepeatsAndModes, width=st.integers(1, 90))
def test_lanes_are_shared_out_into_stacks_of_one_repeat(
    points: int, repeats_and_modes: tuple[int, Any], width: int
) -> None:
    seeds, ways = repeats_and_modes
    spec = SweepSpec(run=RUN, l2=tuple(i / 100 for i in range(points)), seeds=seeds, apply=ways)
    stacks = share_out(spec, width)
    assert sorted(lane for stack in stacks for lane in stack) == list(range(spec.size))
    repeats = [lane.repeat for lane in spec.lanes()]
    sizes = [len(stack) for stack in stacks]
    for stack in stacks:
        assert len({repeats[lane] for lane in stack}) == 1
        assert list(stack) == sorted(stack)
    assert max(sizes) <= width
    assert max(sizes) - min(sizes) <= 1
    assert len(stacks) == seeds * -(-points * len(ways) // width)


@pytest.fixture
def choosing(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Fused always, without a timing; the numbers of lanes that were to be timed."""
    asked: list[int] = []

    def choose(specs: Any, **_where: Any) -> Choice:
        asked.append(len(specs))
        return Choice(ExecutionMode(True, True), alone=2.0, fused=1.0, difference=0.0)

    monkeypatch.setattr(sweep_plan, "choose", choose)
    return asked


class Room(NamedTuple):
    """A machine with memory for so many lanes; the stacks' sizes, and how many advance at a time."""

    lanes: int
    sizes: list[int]
    together: int


@pytest.mark.parametrize(
    "room",
    [Room(1, [1] * 12, 1), Room(3, [1] * 12, 3), Room(5, [2] * 6, 2), Room(9, [3, 3] * 2, 3), Room(99, [6, 6], 2)],
)
def test_with_little_memory_stacks_are_narrower_and_fewer_advance_at_a_time(
    monkeypatch: pytest.MonkeyPatch, store: Store, settings: Settings, choosing: list[int], room: Room
) -> None:
    spec = SweepSpec(run=RUN, l2=(0.0, 1e-4, 1e-3, 1e-2, 1e-1, 1.0), seeds=2)
    monkeypatch.setattr(sweep_plan, "free_memory", lambda _device: room.lanes * lane_size(RUN).memory + 1)
    plan = make_plan(spec, settings, workers=2)
    assert [len(stack) for stack in plan.stacks] == room.sizes
    assert plan.together == room.together
    assert plan.together * plan.widest <= room.lanes
    assert choosing[0] <= max(1, room.lanes // 2)  # the trial has to fit, too
    sweep = store.create(spec, owner=store.owner())
    open_at_once: list[int] = []
    worker = SweepWorker(store, settings, sweep)
    worker.listen = lambda _: open_at_once.append(
        sum(part._events is not None for part in worker.groups.parts)  # type: ignore[union-attr]
    )
    worker.work()
    assert store.sweep(sweep.id).counts["finished"] == spec.size
    assert max(open_at_once) <= room.together


@pytest.mark.parametrize(("workers", "seeds", "sizes"), [(1, 1, [6]), (2, 1, [3, 3]), (4, 2, [3] * 4), (3, 4, [6] * 4)])
@pytest.mark.usefixtures("choosing")
def test_every_worker_has_a_stack(settings: Settings, workers: int, seeds: int, sizes: list[int]) -> None:
    spec = SweepSpec(run=RUN, l2=(0.0, 1e-4, 1e-3, 1e-2, 1e-1, 1.0), seeds=seeds)
    plan = make_plan(spec, settings, workers)
    assert [len(stack) for stack in plan.stacks] == sizes
    assert (plan.speedup, plan.workers) == (2.0, workers)
    assert plan.seconds == 1.0 * spec.size * RUN.train.epochs / workers
    assert Plan.of(plan.facts()) == plan


def make_strange(shape: Shape, classes: int, _dropout: float, _batch_norm: bool) -> nn.Module:
    """A network with a layer that nobody knows how to fuse."""
    units = shape[0] * shape[1] * shape[2]
    layers = OrderedDict[str, nn.Module](flatten=nn.Flatten(), odd=nn.Softsign(), fc=nn.Linear(units, classes))
    return nn.Sequential(layers)


STRANGE = Architecture(
    "strange", "Strange", 99, "Not to be fused.", "", frozenset(), False, min_side=1, make=make_strange
)


def test_a_network_that_cannot_be_fused_is_trained_one_by_one_with_a_reason(
    monkeypatch: pytest.MonkeyPatch, store: Store, settings: Settings
) -> None:
    monkeypatch.setitem(MODELS.entries, "strange", STRANGE)
    spec = SweepSpec(run=RUN.with_changes({"model.name": "strange", "model.dropout": 0.0}), l2=(0.0, 1e-2), seeds=2)
    plan = trained_plan(store, settings, spec)
    assert plan.how == SEQUENTIAL
    assert plan.reason == "Softsign is not a layer that can be fused"
    assert plan.stacks == ((0,), (1,), (2,), (3,))
    assert (plan.speedup, plan.difference) == (1.0, None)


def test_fused_gradients_that_are_wrong_are_noticed_and_not_used(
    monkeypatch: pytest.MonkeyPatch, store: Store, settings: Settings
) -> None:
    dense = fused_network._dense

    def wrong(layer: Any, name: str, x: Any, on: Any) -> Any:
        made = dense(layer, name, x, on)
        return made.of(made.tensor * (1 + 1e-3 * torch.arange(len(made.tensor))[:, None, None]))

    rules = tuple((kind, wrong if rule is dense else rule) for kind, rule in fused_network._RULES)
    monkeypatch.setattr(fused_network, "_RULES", rules)
    plan = trained_plan(store, settings, SMALL)
    assert plan.how == SEQUENTIAL
    assert plan.difference is not None
    assert 1e-4 < plan.difference < 1
    assert plan.reason == f"fused and alone, the gradients differ by {plan.difference:.0e}"


def trained_plan(store: Store, settings: Settings, spec: SweepSpec) -> Plan:
    """The plan that was made for ``spec``; its lanes have trained as they would alone."""
    sweep = store.create(spec, owner=store.owner())
    SweepWorker(store, settings, sweep).work()
    done = store.sweep(sweep.id)
    assert done.counts["finished"] == spec.size
    for run in store.sweep_runs(sweep.id):
        assert distance(weights(store, run), alone(run.spec)) == 0
    assert done.plan is not None
    return Plan.of(done.plan)
