"""Fused lanes against the same lanes alone: every CNN, penalty and way of applying it, batch norm and dropout too."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from reglab import RunSpec, train
from reglab.errors import SpecError
from reglab.events import Checkpoint, Ended, EpochDone, Event, StepDone
from reglab.models import MODELS, CannotFollow, Dropout
from reglab.training import SEQUENTIAL, ExecutionMode
from reglab.training.execution import execution_of
from reglab.training.fused_lanes import FusedLanes
from reglab.training.fused_network import fuse
from reglab.training.loop import build_lanes

FUSED = ExecutionMode(fused=True, fused_evaluation=True)
MODES = ("coupled", "decoupled", "proximal")
PENALTIES = [
    (0.0, 0.0, "coupled"),
    *((l1, l2, way) for way in MODES for l1, l2 in ((1e-3, 0), (0, 1e-2), (1e-3, 1e-2))),
]
SMALL = ("small_cnn", "keras_cnn", "dense_784", "lenet5")
ELASTIC = [(0.0, 0.0, "coupled"), *((1e-3, 1e-2, way) for way in MODES)]
SGD = {"name": "sgd", "lr": 1e-3, "momentum": 0.0}
ADAM = {"name": "adam", "lr": 1e-3}


def spec(model: str = "small_cnn", **parts: dict[str, Any]) -> RunSpec:
    """16 digits in batches of 8: two steps an epoch, with every switch of the CNN on."""
    switches = MODELS.get(model).switches
    base: dict[str, dict[str, Any]] = {
        "data": {"name": "digits", "train_size": 16, "val_fraction": 0.01, "val_size": 10},
        "model": {"name": model, "dropout": 0.2 * ("dropout" in switches), "batch_norm": "batch_norm" in switches},
        "train": {"epochs": 3, "batch_size": 8},
    }
    return RunSpec.parse({part: {**base.get(part, {}), **parts.get(part, {})} for part in RunSpec.PARTS})


def lanes_of(base: RunSpec, penalties: Sequence[tuple[float, float, str]] = PENALTIES) -> list[RunSpec]:
    names = ("penalty.l1", "penalty.l2", "penalty.apply")
    return [base.with_changes(dict(zip(names, penalty, strict=True))) for penalty in penalties]


def run(specs: Sequence[RunSpec], how: ExecutionMode, resume: Sequence[Checkpoint | None] = ()) -> list[Event]:
    return list(train(*specs, device="cpu", threads=1, folder=Path(), how=how, resume=resume))


def weights(events: Sequence[Event]) -> dict[int, dict[str, NDArray[Any]]]:
    return {e.lane: dict(e.weights()) for e in _with_weights(events)}


def _with_weights(events: Sequence[Event]) -> list[Ended]:
    return [e for e in events if isinstance(e, Ended)]


def difference(mine: dict[str, NDArray[Any]], alone: dict[str, NDArray[Any]]) -> float:
    """‖mine − alone‖ / ‖alone‖ over all parameters and running statistics."""
    floats = [name for name, array in alone.items() if array.dtype.kind == "f"]
    a, b = (np.concatenate([one[n].astype(np.float64).ravel() for n in floats]) for one in (mine, alone))
    return float(np.linalg.norm(a - b) / np.linalg.norm(b))


def trained(specs: Sequence[RunSpec], how: ExecutionMode) -> list[dict[str, NDArray[Any]]]:
    """The final weights of each lane, taken as the lanes end."""
    found: dict[int, dict[str, NDArray[Any]]] = {}
    for event in train(*specs, device="cpu", threads=1, folder=Path(), how=how):
        if isinstance(event, Ended):
            found[event.lane] = dict(event.weights())
    return [found[lane] for lane in sorted(found)]


def nudged(base: RunSpec, size: float) -> dict[str, NDArray[Any]]:
    """The run of ``base`` from initial weights of which each is changed by a share ``size``: what rounding can do."""
    [lane], _, shape = build_lanes([base], "cpu", 1, Path())
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in lane.parameters.values():
            noise = torch.rand(parameter.shape, generator=generator, dtype=torch.float64) * 2 - 1
            parameter.mul_((1 + size * noise).to(parameter.dtype))
    execution = execution_of([lane], shape, SEQUENTIAL)
    while lane.at.epoch < lane.epochs:
        for _ in range(lane.steps):
            execution.step()
        list(execution.evaluate())
        list(execution.close_epoch())
    return dict(lane.weights())


@pytest.mark.parametrize(
    ("precision", "optim", "bound", "rounding", "model"),
    [
        *(("float64", ADAM, 1e-12, 2.0**-52, model) for model in MODELS.names()),
        *(("float32", SGD, 1e-5, 2.0**-23, model) for model in MODELS.names() if model != "resnet18"),
    ],
)
def test_every_lane_is_the_run_alone_but_for_rounding(
    precision: str, optim: dict[str, Any], bound: float, rounding: float, model: str
) -> None:
    """After 60 steps, and 4 small ones with the large CNNs (2 with ResNet-18). Batch norm magnifies rounding beyond
    the bound: there, a lane may be as far from the run alone as that is from itself with initial weights changed in
    their last bits.
    """
    small = model in SMALL
    rate = optim["lr"] if small else optim["lr"] / 10
    train = {"epochs": 15, "batch_size": 4} if small else {"epochs": 1 if model == "resnet18" else 2}
    base = spec(model, optim={**optim, "lr": rate}, train={**train, "precision": precision})
    specs = lanes_of(base, PENALTIES if model == "dense_784" else ELASTIC[2:] if model == "resnet18" else ELASTIC)
    alone = trained(specs, SEQUENTIAL)
    apart = [difference(*pair) for pair in zip(trained(specs, FUSED), alone, strict=True)]
    worst = int(np.argmax(apart))
    if base.model.batch_norm or MODELS.get(model).has_batch_norm:
        bound = max(bound, 10 * difference(nudged(specs[worst], 4 * rounding), alone[worst]))
    assert apart[worst] <= bound, specs[worst].penalty


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("scope", ["weights", "weights+biases", "all"])
def test_scopes_factors_and_schedules_are_the_runs_alone(scope: str, optimizer: str) -> None:
    base = spec(
        "vgg_small",
        penalty={"scope": scope, "factors": {"conv1_1.weight": 0.0, "fc1.weight": 3.0}},
        optim={"name": optimizer, "lr": 1e-3, "schedule": "cosine", "nesterov": True},
        train={"epochs": 2, "precision": "float64"},
    )
    specs = lanes_of(base, ELASTIC)
    for mine, alone in zip(trained(specs, FUSED), trained(specs, SEQUENTIAL), strict=True):
        assert difference(mine, alone) <= 1e-11


def test_every_figure_of_every_epoch_is_the_run_alones() -> None:
    base = spec(data={"label_noise": 0.25}, train={"precision": "float64"})
    together, alone = run(lanes_of(base), FUSED), run(lanes_of(base), SEQUENTIAL)
    pairs = [[e for e in events if isinstance(e, EpochDone)] for events in (together, alone)]
    assert len(pairs[0]) == 3 * len(PENALTIES)
    for mine, theirs in zip(*pairs, strict=True):
        assert (mine.lane, mine.best_epoch) == (theirs.lane, theirs.best_epoch)
        for name, value in vars(theirs.metrics).items():
            if name != "seconds":
                assert getattr(mine.metrics, name) == pytest.approx(value, rel=1e-10, nan_ok=True), name
        for ours, other in zip(mine.layers, theirs.layers, strict=True):
            assert ours.counts.sum() + ours.zeros == other.size
            for name in ("layer", "size", "zeros"):
                assert getattr(ours, name) == getattr(other, name)
            for name in ("l1_norm", "l2_norm", "max_abs", "data_grad", "penalty_grad"):
                assert getattr(ours, name) == pytest.approx(getattr(other, name), rel=1e-9, nan_ok=True), name


def test_proximal_l1_reaches_exact_zeros_in_its_own_lane_alone() -> None:
    base = spec("dense_784", optim={"name": "sgd", "lr": 0.1}, train={"epochs": 10})
    last = [e for e in run(lanes_of(base, [(0.1, 0, way) for way in MODES]), FUSED) if isinstance(e, EpochDone)][-3:]
    assert [e.layers[0].zeros > 0 for e in last] == [False, False, True]


@pytest.mark.parametrize("how", [FUSED, ExecutionMode(fused=True)], ids=["evaluated fused", "evaluated one by one"])
@pytest.mark.parametrize("at", [1, 2, 5])
def test_a_resumed_stack_goes_on_to_the_same_bits(how: ExecutionMode, at: int) -> None:
    """From any step, in the middle of an epoch or at its end; optimizer moments, dropout and running sums included."""
    specs = lanes_of(spec("vgg_small"), PENALTIES[:4])
    whole = trained(specs, how)
    events, kept = train(*specs, device="cpu", threads=1, folder=Path(), how=how), []
    steps = 0
    for event in events:
        if isinstance(event, StepDone):
            steps += 1
            if steps == at:
                kept = [snapshot() for snapshot in event.snapshots]
                events.close()
    found = {e.lane: e for e in run(specs, how, kept) if isinstance(e, Ended)}
    for lane, expected in enumerate(whole):
        assert {n: a.tobytes() for n, a in found[lane].weights().items()} == {
            n: a.tobytes() for n, a in expected.items()
        }


def test_a_lane_that_diverges_changes_no_bit_of_the_others() -> None:
    """η λ = 100: the third lane's weights grow 99-fold in each step."""
    base = spec(optim={"name": "sgd", "lr": 0.1, "momentum": 0.0}, train={"epochs": 10})
    both = [(0, 0, "coupled"), (0, 1e-2, "coupled")]
    calm = trained(lanes_of(base, [*both, (0, 1e-2, "decoupled")]), FUSED)
    wild = trained(lanes_of(base, [*both, (0, 1e3, "decoupled")]), FUSED)
    assert all(np.isfinite(array).all() for array in calm[2].values())
    assert not all(np.isfinite(array).all() for array in wild[2].values())
    for lane in (0, 1):
        assert {n: a.tobytes() for n, a in calm[lane].items()} == {n: a.tobytes() for n, a in wild[lane].items()}


def test_lanes_may_differ_in_lambda_and_its_application_alone() -> None:
    with pytest.raises(SpecError, match="differ in λ and in the penalty mode"):
        run([spec(), spec(train={"seed": 1})], FUSED)


def test_a_lane_stopped_early_is_the_run_alone_and_the_others_go_on() -> None:
    base = spec(optim=SGD, train={"epochs": 12, "patience": 2, "precision": "float64"}, penalty={"l2": 0.0})
    specs = lanes_of(base, [(0, 0, "coupled"), (0, 1e3, "decoupled"), (0, 1e-2, "coupled")])
    ends = [[(e.lane, e.reason, e.epoch) for e in _with_weights(run(specs, how))] for how in (FUSED, SEQUENTIAL)]
    assert sorted(ends[0]) == sorted(ends[1])
    assert len({epoch for _, _, epoch in ends[0]}) > 1


class Odd(nn.Module):
    """A layer that nobody knows."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.flip(1)


@pytest.mark.parametrize(
    ("layers", "word"),
    [
        ([nn.Conv2d(1, 2, 3), nn.LayerNorm((2, 6, 6))], "LayerNorm"),
        ([nn.Conv2d(1, 2, 3, padding_mode="reflect", padding=1)], "reflect"),
        ([nn.Conv2d(1, 2, 3), nn.Flatten(2)], "flattening from axis 1"),
        ([nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2, momentum=None)], "cumulative"),
        ([nn.Conv2d(1, 2, 3), Odd()], "flip"),
    ],
)
def test_what_cannot_be_fused_is_named(layers: list[nn.Module], word: str) -> None:
    with pytest.raises(CannotFollow, match=word):
        fuse(nn.Sequential(*layers, nn.Flatten()) if len(layers) < 3 else nn.Sequential(*layers), (1, 8, 8), 2)


@pytest.mark.parametrize(
    "first",
    [
        nn.Conv2d(3, 8, 3, stride=2, padding=1), nn.Conv2d(3, 9, 3, groups=3), nn.Conv2d(3, 4, 3, dilation=2),
        nn.Conv2d(3, 4, (3, 5), padding=(1, 2), bias=False), nn.Conv2d(3, 4, 3, padding="same"),
        nn.BatchNorm2d(3), nn.AvgPool2d(2),
    ],
)  # fmt: skip
def test_any_first_layer_of_shared_images_is_what_it_is_alone(first: nn.Module) -> None:
    _same_scores(nn.Sequential(first, nn.Flatten(), nn.LazyLinear(7), nn.ReLU(), Dropout(0.0), nn.Linear(7, 4)))


@torch.no_grad()
def _same_scores(model: nn.Module) -> None:
    x = torch.randn(5, 3, 8, 8, generator=torch.Generator().manual_seed(0)).contiguous(
        memory_format=torch.channels_last
    )
    model(x)
    fused = fuse(model, (3, 8, 8), 3)
    scales = (1.0, 0.5, -2.0)
    named = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    stacked = {n: torch.stack([t * s if t.is_floating_point() else t for s in scales]) for n, t in named.items()}
    stacked |= {n: t.abs() for n, t in stacked.items() if n.endswith("running_var")}
    scores = fused.scores(stacked, x, training=False)
    for lane in range(3):
        alone = torch.func.functional_call(model.eval(), {n: t[lane] for n, t in stacked.items()}, (x,))
        torch.testing.assert_close(scores[lane], alone, rtol=1e-4, atol=1e-4)


def test_lanes_look_at_rows_of_the_stack() -> None:
    lanes, _, shape = build_lanes(lanes_of(spec()), "cpu", 1, Path())
    stack = FusedLanes(lanes, shape)
    stack.step()
    for k, lane in enumerate(lanes):
        for name, parameter in lane.parameters.items():
            assert parameter.data_ptr() == stack.parameters[name][k].data_ptr()
            moments = lane.optimizer.state[parameter]
            assert torch.equal(moments["exp_avg"], stack.optimizer.state[stack.parameters[name]]["exp_avg"][k])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
@pytest.mark.parametrize("schedule", ["constant", "cosine"])
@pytest.mark.parametrize("model", MODELS.names())
def test_on_a_gpu_captured_steps_are_the_runs_alone(model: str, schedule: str) -> None:
    base = spec(model, optim={**ADAM, "schedule": schedule}, train={"epochs": 5, "precision": "float64"})

    def ends(how: ExecutionMode) -> list[dict[str, NDArray[Any]]]:
        events = train(*lanes_of(base, ELASTIC), device="cuda", threads=1, folder=Path(), how=how)
        return [dict(event.weights()) for event in events if isinstance(event, Ended)]

    for mine, alone in zip(ends(FUSED), ends(SEQUENTIAL), strict=True):
        assert difference(mine, alone) <= 1e-11
