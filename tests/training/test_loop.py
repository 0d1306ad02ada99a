"""The loop: what it yields, that its figures are those of a plain loop, and that stopping and company change no bit."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reglab import RunSpec, train
from reglab.errors import CheckpointError, RegLabError, SpecError
from reglab.events import Checkpoint, Ended, EpochDone, EpochMetrics, Evaluating, Event, LayerStats, Started, StepDone
from reglab.models import MODELS

SMALL: dict[str, Any] = {
    "data": {"name": "digits", "train_size": 100, "val_fraction": 0.1},
    "model": {"name": "dense_784"},
    "train": {"epochs": 3, "batch_size": 32},
}


def spec(**parts: dict[str, Any]) -> RunSpec:
    return RunSpec.parse({part: {**SMALL.get(part, {}), **parts.get(part, {})} for part in RunSpec.PARTS})


def run(*specs: RunSpec, resume: Sequence[Checkpoint | None] = ()) -> list[Event]:
    return list(train(*specs, threads=1, resume=resume))


def metrics(events: Sequence[Event], lane: int = 0) -> list[EpochMetrics]:
    return [e.metrics for e in events if isinstance(e, EpochDone) and e.lane == lane]


def weights(events: Sequence[Event], lane: int = 0) -> dict[str, bytes]:
    [end] = [e for e in events if isinstance(e, Ended) and e.lane == lane]
    return {name: array.tobytes() for name, array in end.weights().items()}


def figures(events: Sequence[Event], lane: int = 0) -> list[tuple[float, ...]]:
    """Every figure of every epoch but the seconds, and both pulls at every kernel."""
    done = [e for e in events if isinstance(e, EpochDone) and e.lane == lane]
    return [
        (*(v for k, v in vars(e.metrics).items() if k != "seconds"), *(v for x in e.layers for v in _pulls(x)))
        for e in done
    ]


def _pulls(layer: LayerStats) -> tuple[float, float]:
    return layer.data_grad, layer.penalty_grad


def test_the_story_of_a_run_in_events() -> None:
    events = run(spec())
    assert [type(e).__name__ for e in events] == ["Started", *(["StepDone"] * 4 + ["EpochDone"]) * 3, "Ended"]
    started, ended = events[0], events[-1]
    assert isinstance(started, Started)
    assert isinstance(ended, Ended)
    assert (started.environment.threads, started.environment.n_train) == (1, 100)
    assert (started.epoch, started.epochs, started.steps) == (0, 3, 4)
    assert ended.reason == "completed"
    best = min(metrics(events), key=lambda m: m.val_loss)
    assert ended.best_epoch == best.epoch
    assert [e.step for e in events if isinstance(e, StepDone)] == [1, 2, 3, 4] * 3


def test_gap_and_total_follow_from_their_parts() -> None:
    for m in metrics(run(spec(penalty={"l1": 1e-3, "l2": 1e-2}))):
        assert m.gap_loss == m.val_loss - m.train_loss
        assert m.gap_acc == m.train_acc - m.val_acc
        assert m.total == m.train_loss + m.l1 + m.l2
        assert m.l1 > 0
        assert m.l2 > 0


def test_penalty_terms_are_the_formula_over_the_final_kernels() -> None:
    events = run(spec(penalty={"l1": 1e-3, "l2": 1e-2, "factors": {"fc1.weight": 2.0}}))
    [end] = [e for e in events if isinstance(e, Ended)]
    kernels = {n: a.astype(np.float64) for n, a in end.weights().items() if a.ndim >= 2}
    factor = {"fc1.weight": 2.0}
    last = metrics(events)[-1]
    assert last.l1 == pytest.approx(
        1e-3 * sum(factor.get(n, 1) * np.abs(w).sum() for n, w in kernels.items()), rel=1e-6
    )
    assert last.l2 == pytest.approx(
        1e-2 / 2 * sum(factor.get(n, 1) * (w**2).sum() for n, w in kernels.items()), rel=1e-6
    )


def test_every_histogram_counts_every_weight() -> None:
    for event in run(spec(penalty={"l1": 0.05, "l2": 0, "apply": "proximal"}, optim={"name": "sgd", "lr": 0.1})):
        if isinstance(event, Started | EpochDone):
            assert [layer.layer for layer in event.layers] == ["fc1.weight", "fc2.weight"]
            assert all(layer.counts.sum() + layer.zeros == layer.size for layer in event.layers)


def test_proximal_l1_gives_exact_zeros_and_the_subgradient_does_not() -> None:
    def share(apply: str) -> float:
        events = run(spec(penalty={"l1": 0.1, "l2": 0, "apply": apply}, optim={"name": "sgd", "lr": 0.1}))
        return [e.layers[0].zero_share for e in events if isinstance(e, EpochDone)][-1]

    assert share("proximal") > 0.5
    assert share("coupled") == 0


MODES = ("coupled", "decoupled", "proximal")
PENALTIES = [(apply, l1, l2) for apply in MODES for l1, l2 in ((0, 0), (1e-3, 0), (0, 1e-2), (1e-3, 1e-2))]


@pytest.mark.parametrize("model", MODELS.names())
def test_lanes_equal_the_solo_runs_for_every_cnn_and_penalty_mode(model: str) -> None:
    """Every penalty with one CNN; with the others one that is both L1 and L2, in every mode.

    ResNet-18, with more parameters than all the others together, trains one epoch, and in two modes.
    """
    large = model == "resnet18"
    base = spec(
        model={"name": model, "dropout": 0.2 if "dropout" in MODELS.get(model).switches else 0.0},
        data={"train_size": 20, "val_fraction": 0.02},
        train={"epochs": 1 if large else 2, "batch_size": 10},
    )
    names = ("penalty.apply", "penalty.l1", "penalty.l2")
    penalties = PENALTIES if model == "small_cnn" else [penalty for penalty in PENALTIES if all(penalty)]
    lanes = [base.with_changes(dict(zip(names, penalty, strict=True))) for penalty in penalties[large:]]
    together = run(*lanes)
    for k, lane in enumerate(lanes):
        alone = run(lane)
        assert figures(together, k) == figures(alone)
        assert weights(together, k) == weights(alone)


def test_same_seed_gives_the_same_bits_beside_three_other_trainings() -> None:
    wanted = spec(model={"name": "simple_cnn", "dropout": 0.3})
    alone, found = weights(run(wanted)), {}

    def background(seed: int) -> None:
        found[seed] = weights(run(wanted.with_changes({"train.seed": seed})))

    threads = [threading.Thread(target=background, args=(seed,)) for seed in (0, 1, 2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found[0] == alone
    assert len({tuple(w.values()) for w in found.values()}) == 4


def test_the_process_wide_generator_is_neither_read_nor_written() -> None:
    torch.manual_seed(123)
    before = torch.random.get_rng_state()
    first = weights(run(spec(model={"name": "vgg_small", "dropout": 0.3, "batch_norm": True})))
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.manual_seed(321)
    assert weights(run(spec(model={"name": "vgg_small", "dropout": 0.3, "batch_norm": True}))) == first


RESUMED = [
    spec(model={"name": "simple_cnn", "dropout": 0.3}, optim={"schedule": "cosine"}),
    spec(model={"name": "vgg_small", "dropout": 0.3, "batch_norm": True}, optim={"name": "sgd", "nesterov": True}),
    spec(optim={"name": "adamw", "schedule": "step", "step_every": 1}, train={"patience": 1}),
    spec(penalty={"l1": 1e-3, "apply": "proximal"}, train={"precision": "float64"}),
]


@pytest.mark.parametrize("which", range(len(RESUMED)))
@settings(max_examples=6, suppress_health_check=list(HealthCheck))
@given(at=st.integers(0, 15))
def test_resuming_from_any_event_is_bit_equal_to_never_stopping(which: int, at: int) -> None:
    whole = run(RESUMED[which])
    events = train(RESUMED[which], threads=1)
    seen, checkpoint = [], None
    for event in events:
        seen.append(event)
        if isinstance(event, Ended):
            break
        checkpoint = event.snapshots[0]() if isinstance(event, StepDone | Evaluating) else event.snapshot()
        if len(seen) > at:
            break
    events.close()
    resumed = run(RESUMED[which], resume=[checkpoint])
    assert weights(resumed) == weights(whole)
    done = 0 if checkpoint is None else checkpoint.facts["epoch"]
    assert figures(resumed) == figures(whole)[done:]
    [end], [expected] = ([e for e in events_ if isinstance(e, Ended)] for events_ in (resumed, whole))
    assert (end.epoch, end.best_epoch, end.reason) == (expected.epoch, expected.best_epoch, expected.reason)


def test_a_long_evaluation_can_be_left_and_is_repeated_by_the_resumed_runs() -> None:
    lanes = [spec(model={"name": "simple_cnn", "dropout": 0.3}, penalty={"l2": l2}) for l2 in (0.0, 0.1)]
    whole, events = run(*lanes), train(*lanes, threads=1)
    left = next(event for event in events if isinstance(event, Evaluating) and event.epoch == 2)
    checkpoints = [take() for take in left.snapshots]
    assert {(c.facts["epoch"], c.facts["step"]) for c in checkpoints} == {(1, left.steps)}
    resumed = run(*lanes, resume=checkpoints)
    assert not any(isinstance(event, StepDone) and event.epoch == 2 for event in resumed)
    for k in range(len(lanes)):
        assert weights(resumed, k) == weights(whole, k)
        assert figures(resumed, k) == figures(whole, k)[1:]


def test_a_checkpoint_of_other_settings_is_refused() -> None:
    checkpoint = first_snapshot(spec())
    with pytest.raises(CheckpointError, match="other settings"):
        run(spec(train={"seed": 7}), resume=[checkpoint])


def test_the_record_names_the_test_part_and_a_resume_keeps_to_it() -> None:
    wanted = spec(data={"test_fraction": 0.2}, train={"epochs": 2})
    events = run(wanted)
    environment = next(event.environment for event in events if isinstance(event, Started))
    facts = (environment.n_pool, environment.n_test, environment.test_source, environment.n_val)
    assert facts == (1438, 359, "share", 144)
    checkpoint = first_snapshot(wanted)
    assert checkpoint.facts["test_sha256"] == environment.test_sha256
    assert weights(run(wanted, resume=[checkpoint])) == weights(events)
    other = Checkpoint(checkpoint.arrays, {**checkpoint.facts, "test_sha256": "0" * 64})
    with pytest.raises(CheckpointError, match="test part is not the one"):
        run(wanted, resume=[other])


def test_a_checkpoint_with_missing_arrays_is_refused() -> None:
    checkpoint = first_snapshot(spec())
    arrays = {name: array for name, array in checkpoint.arrays.items() if name != "model/fc1.weight"}
    with pytest.raises(CheckpointError, match="does not hold"):
        run(spec(), resume=[Checkpoint(arrays, checkpoint.facts)])


def test_a_checkpoint_of_another_format_is_refused() -> None:
    checkpoint = first_snapshot(spec())
    with pytest.raises(CheckpointError, match="another version"):
        run(spec(), resume=[Checkpoint(checkpoint.arrays, {**checkpoint.facts, "format": 99})])


def first_snapshot(wanted: RunSpec) -> Checkpoint:
    started = next(train(wanted, threads=1))
    assert isinstance(started, Started)
    return started.snapshot()


def test_a_loss_that_is_no_longer_finite_ends_the_lane_as_diverged_and_spares_the_others() -> None:
    wild = spec(optim={"name": "sgd", "lr": 10.0, "momentum": 0.9}, penalty={"l2": 100.0})
    calm = spec()
    events = run(wild, calm)
    ends = {e.lane: e.reason for e in events if isinstance(e, Ended)}
    assert ends == {0: "diverged", 1: "completed"}
    assert not math.isfinite(metrics(events, 0)[-1].total)
    assert figures(events, 1) == figures(run(calm))


def test_early_stopping_ends_after_patience_epochs_without_a_lower_validation_loss() -> None:
    events = run(spec(train={"epochs": 200, "patience": 2}, penalty={"l2": 0.0}, optim={"lr": 0.01}))
    end = events[-1]
    assert isinstance(end, Ended)
    assert end.reason == "stopped_early"
    losses = [m.val_loss for m in metrics(events)]
    assert end.epoch == len(losses) == end.best_epoch + 2
    assert min(losses) == losses[end.best_epoch - 1]


def test_a_single_image_left_over_joins_the_batch_before_it() -> None:
    events = run(spec(data={"train_size": 65}, train={"epochs": 1}))
    assert [e.steps for e in events if isinstance(e, StepDone)] == [2, 2]


def test_runs_side_by_side_must_keep_step() -> None:
    with pytest.raises(SpecError, match="side by side need the same epochs"):
        run(spec(), spec(train={"epochs": 4}))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"train.batch_size": 101}, r"batch_size \(101\) is larger than the 100 training images"),
        ({"data.name": "digitz"}, r"Unknown dataset 'digitz' \(did you mean 'digits'\?\)"),
        ({"model.name": "resnet19"}, r"Unknown CNN 'resnet19'"),
        ({"data.train_size": 100_000}, r"100,?000"),
        ({"data.train_size": 5}, r"10 classes"),
        ({"penalty.factors": {"fc9.weight": 1.0}}, r"no parameter 'fc9.weight'"),
        ({"model.name": "resnet18", "train.batch_size": 1}, r"batch norm"),
    ],
)
def test_what_cannot_be_trained_is_refused_at_once_in_one_sentence(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SpecError, match=sentence):
        train(spec().with_changes(changes))


def test_an_unknown_device_is_refused() -> None:
    with pytest.raises(RegLabError, match="device 'cuda:99' is not available"):
        next(train(spec(), device="cuda:99"))


def test_without_a_penalty_its_mode_scope_and_factors_change_no_bit() -> None:
    bare = {"l1": 0.0, "l2": 0.0}
    others = ({"apply": "proximal"}, {"apply": "decoupled", "scope": "all"}, {"factors": {"fc1.weight": 3.0}})
    first, *rest = (run(spec(penalty={**bare, **own}, train={"epochs": 1})) for own in ({}, *others))
    for events in rest:
        assert weights(events) == weights(first)
        assert repr(figures(events)) == repr(figures(first))  # NaN is NaN here
