"""Every registered regularizer: its formula, off as before, the same bits after a resume, and fused lanes as alone."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import beta, kstest  # type: ignore[import-untyped]
from tests.factories import spec
from tests.keras_torch import keras
from torch import nn

from reglab import RunSpec, train
from reglab._torchvision import load_torchvision
from reglab.errors import CheckpointError, SpecError
from reglab.events import Checkpoint, Ended, EpochDone, EpochMetrics, Event, StepDone
from reglab.exports import export
from reglab.regularizers import REGULARIZERS, Batch, Regularizer, active, max_norm, mixup
from reglab.settings import load_settings
from reglab.store.labels import default_name
from reglab.training import SEQUENTIAL, ExecutionMode
from reglab.training.loop import build_lanes
from reglab.training.regularizing import Hooks

load_torchvision()
V2 = importlib.import_module("torchvision.transforms.v2")

FUSED = ExecutionMode(fused=True, fused_evaluation=True)
VALUES: Mapping[str, Any] = {name: entry.example for name, entry in REGULARIZERS.entries.items()}
ON: dict[str, dict[str, Any]] = {
    **{name: {REGULARIZERS.get(name).setting: value} for name, value in VALUES.items()},
    "all": {REGULARIZERS.get(name).setting: value for name, value in VALUES.items()},
    "class weights": {"train.class_weights": "balanced", "regularize.label_smoothing": 0.1, "regularize.mixup": 0.4},
}
BASE = spec(
    data__train_size=64, data__val_size=48, train__epochs=3, train__precision="float64", penalty__l2=0
).with_changes({"model.name": "small_cnn", "optim.name": "sgd", "optim.lr": 0.05})


def run(specs: Sequence[RunSpec], how: ExecutionMode = SEQUENTIAL, resume: Sequence[Checkpoint | None] = ()) -> Any:
    return train(*specs, device="cpu", threads=1, how=how, resume=resume)


def results(events: Sequence[Event]) -> tuple[dict[int, EpochMetrics], dict[int, Mapping[str, NDArray[Any]]]]:
    """The last epoch's figures and the final weights of each lane."""
    last = {event.lane: event.metrics for event in events if isinstance(event, EpochDone)}
    return last, {event.lane: dict(event.weights()) for event in events if isinstance(event, Ended)}


def same(one: Mapping[str, NDArray[Any]], other: Mapping[str, NDArray[Any]]) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


def figures(metrics: EpochMetrics) -> dict[str, float]:
    return {name: value for name, value in vars(metrics).items() if name not in ("seconds", "penalties")}


def test_the_regularizers_of_the_issue_are_here() -> None:
    names = ["dropout", "label_smoothing", "augment", "mixup", "max_norm", "early_stopping"]
    assert REGULARIZERS.names() == names


@pytest.mark.parametrize("name", REGULARIZERS.names())
def test_an_entry_says_what_it_is(name: str) -> None:
    entry = REGULARIZERS.get(name)
    latex = entry.formula(VALUES[name])
    assert latex.count("{") == latex.count("}") == latex.replace("\\{", "").count("{")
    assert str(VALUES[name]).split("+")[0] in latex
    assert entry.source
    assert entry.meaning.endswith(".")
    assert entry.setting in RunSpec().flat()
    assert not entry.is_on(RunSpec())
    assert entry.is_on(RunSpec().with_changes(ON[name]))
    assert [one.name for one in active(RunSpec().with_changes(ON[name]))] == [name]
    hooks = {"data": entry.data, "loss": entry.loss, "after the step": entry.project}
    assert [place for place, hook in hooks.items() if hook] == [entry.acts] * (entry.acts in hooks)


@pytest.mark.parametrize("name", REGULARIZERS.names())
def test_its_calls_in_pytorch_and_keras_run(name: str) -> None:
    entry, value = REGULARIZERS.get(name), VALUES[name]
    scores, y = torch.zeros(2, 3), torch.tensor([0, 1])
    here: dict[str, Any] = {
        "nn": nn,
        "F": F,
        "v2": V2,
        "scores": scores,
        "y": y,
        "C": 3,
        "side": 8,
        "w": torch.ones(2, 3),
    }
    there = {"keras": keras, "layers": keras.layers, "losses": keras.losses}
    assert entry.torch(value) or entry.acts == "time"
    assert not entry.torch(value) or eval(entry.torch(value), here) is not None
    assert eval(entry.keras(value), there) is not None
    for kind in value.split("+") if name == "augment" else ():
        transform = eval(entry.torch(kind), here)
        assert transform(torch.rand(2, 1, 8, 8)).shape == (2, 1, 8, 8)


@pytest.mark.parametrize("framework", ["pytorch", "keras"])
def test_no_script_can_be_written_without_code(monkeypatch: pytest.MonkeyPatch, framework: str) -> None:
    monkeypatch.setitem(REGULARIZERS.entries, "noise", weight_noise())
    with pytest.raises(SpecError, match=r"^No script can be written for regularize\.noise: noise has no code for"):
        export(BASE.with_changes({"regularize.noise": 0.01}), framework, settings=load_settings({}))


@pytest.mark.parametrize("name", ON)
def test_a_resume_and_a_neighbour_leave_the_bits(name: str) -> None:
    """Stopped within the second epoch and restored; and with a lane of other λ and seed beside it."""
    wanted = BASE.with_changes(ON[name])
    whole, weights = results(list(run([wanted])))
    taken, steps = None, 0
    for event in run([wanted]):
        steps += isinstance(event, StepDone)
        if isinstance(event, StepDone) and steps == 3:
            taken = event.snapshots[0]()
            break
    resumed, again = results(list(run([wanted], resume=[taken])))
    assert same(weights[0], again[0])
    assert figures(resumed[0]) == figures(whole[0]) or np.isnan(whole[0].criterion)
    beside, both = results(list(run([wanted.with_changes({"train.seed": 5, "penalty.l2": 0.1}), wanted])))
    assert same(weights[0], both[1])
    assert beside[1].total == whole[0].total


@pytest.mark.parametrize("name", ON)
def test_fused_lanes_are_the_lanes_alone(name: str) -> None:
    changes: list[dict[str, Any]] = [
        {"penalty.l2": 0.0},
        {"penalty.l2": 0.1},
        {"penalty.l1": 1e-2, "penalty.apply": "proximal"},
    ]
    specs = [BASE.with_changes({**ON[name], **own}) for own in changes]
    alone, weights = results(list(run(specs)))
    fused, rows = results(list(run(specs, FUSED)))
    for lane in range(3):
        for tensor, array in weights[lane].items():
            np.testing.assert_allclose(rows[lane][tensor], array, rtol=1e-9, atol=1e-11)
        for figure in ("train_loss", "val_loss", "running_loss", "total", "criterion"):
            one, other = getattr(fused[lane], figure), getattr(alone[lane], figure)
            assert one == pytest.approx(other, rel=1e-9, nan_ok=True), figure


@pytest.mark.parametrize("name", ON)
def test_it_changes_what_is_trained_and_says_what_is_minimised(name: str) -> None:
    plain, before = results(list(run([BASE])))
    on, after = results(list(run([BASE.with_changes(ON[name])])))
    assert REGULARIZERS.entries.get(name, REGULARIZERS.get("mixup")).acts == "time" or not same(before[0], after[0])
    assert np.isnan(plain[0].criterion)
    assert plain[0].total == plain[0].train_loss
    if any(entry.changes_criterion for entry in active(BASE.with_changes(ON[name]))):
        assert on[0].criterion != on[0].train_loss
        assert on[0].total == on[0].criterion
    else:
        assert np.isnan(on[0].criterion)
        assert on[0].total == on[0].train_loss


def test_off_has_no_hooks_and_no_generators() -> None:
    [lane], *_ = build_lanes([BASE], "cpu", 1, Path())
    hooks = lane.hooks
    assert (hooks.on_data, hooks.on_loss, hooks.after_step, hooks.generators) == ({}, {}, {}, {})
    tensors, _ = lane.capture()
    assert not [key for key in tensors if key.startswith("generator/")]


def test_a_checkpoint_without_the_generators_is_refused() -> None:
    wanted = BASE.with_changes(ON["mixup"])
    taken = next(event for event in run([wanted]) if isinstance(event, StepDone)).snapshots[0]()
    arrays = {name: array for name, array in taken.arrays.items() if not name.startswith("generator/")}
    with pytest.raises(CheckpointError, match="regularizers' generators"):
        list(run([wanted], resume=[replace(taken, arrays=arrays)]))


# Label smoothing


def hooks(**regularize: Any) -> Hooks:
    return Hooks(RunSpec.parse({"regularize": regularize}), torch.zeros(1))


def logits(seed: int, lanes: int = 1, n: int = 7, classes: int = 5) -> tuple[torch.Tensor, torch.Tensor]:
    random = np.random.default_rng(seed)
    scores = torch.from_numpy(random.normal(0, 3, (lanes, n, classes)))
    return scores, torch.from_numpy(random.integers(0, classes, n))


@given(seed=st.integers(0, 10**6), share=st.floats(1e-3, 0.95), lanes=st.integers(1, 3))
def test_label_smoothing_is_torch_s_and_the_formula(seed: int, share: float, lanes: int) -> None:
    scores, labels = logits(seed, lanes)
    found = hooks(label_smoothing=share).mean_criterion(scores, Batch(torch.zeros(7), ((labels, None),)))
    for own, value in zip(scores, found, strict=True):
        assert value.item() == pytest.approx(F.cross_entropy(own, labels, label_smoothing=share).item(), rel=1e-12)
        log_p = own.numpy() - np.log(np.exp(own.numpy()).sum(1, keepdims=True))
        each = -(1 - share) * log_p[np.arange(7), labels.numpy()] - share * log_p.mean(1)
        assert value.item() == pytest.approx(each.mean(), rel=1e-12)


# Mixup


@given(seed=st.integers(0, 10**6), alpha=st.floats(0.05, 5), share=st.sampled_from([0.0, 0.2]))
def test_mixup_is_the_formula(seed: int, alpha: float, share: float) -> None:
    generator = torch.Generator().manual_seed(seed)
    x, (scores, labels) = torch.from_numpy(np.random.default_rng(seed).normal(size=(7, 1, 2, 2))), logits(seed)
    drawn = mixup.draw(alpha, 7, generator)
    mixed = mixup.mix(alpha, Batch(x, ((labels, None),)), drawn, torch.zeros(1))
    lam, order = drawn[0][0].item(), drawn[1].numpy()
    assert sorted(order) == list(range(7))
    assert bool((drawn[0] == lam).all())
    np.testing.assert_allclose(mixed.images.numpy(), lam * x.numpy() + (1 - lam) * x.numpy()[order], rtol=1e-12)
    smoothing = {"label_smoothing": share} if share else {}
    found = hooks(mixup=alpha, **smoothing).mean_criterion(scores, mixed)
    each = [F.cross_entropy(scores[0], y, label_smoothing=share).item() for y in (labels, labels[order])]
    assert found.item() == pytest.approx(lam * each[0] + (1 - lam) * each[1], rel=1e-11)


@pytest.mark.parametrize("alpha", [0.2, 1.0, 4.0])
def test_lambda_of_mixup_is_beta_distributed(alpha: float) -> None:
    shares, _ = mixup.draw_evaluated(alpha, 2000, torch.Generator().manual_seed(0))
    assert kstest(shares.numpy(), beta(alpha, alpha).cdf).pvalue > 0.01


# Max-norm


@given(seed=st.integers(0, 10**6), most=st.floats(0.01, 50), lanes=st.integers(1, 3))
def test_max_norm_is_renorm_and_the_formula(seed: int, most: float, lanes: int) -> None:
    before = torch.from_numpy(np.random.default_rng(seed).normal(0, 2, (lanes, 4, 3, 2, 2)))
    moved = before.clone()
    max_norm.project(most, [moved])
    for own, row in zip(before, moved, strict=True):
        torch.testing.assert_close(row, own.renorm(2, 0, most), rtol=1e-8, atol=0)
        norms = np.linalg.norm(own.numpy().reshape(4, -1), axis=1)[:, None, None, None]
        np.testing.assert_allclose(row.numpy(), own.numpy() * np.minimum(1, most / norms), rtol=2e-7 / min(1, most))
        assert bool((row.flatten(1).norm(dim=1) <= most).all())
        kept = torch.from_numpy(norms[:, 0, 0, 0] <= most)
        assert torch.equal(row[kept], own[kept])


def test_max_norm_keeps_every_unit_and_filter_in_the_ball() -> None:
    for how in (SEQUENTIAL, FUSED):
        specs = [BASE.with_changes({"regularize.max_norm": 0.4, "penalty.l2": l2}) for l2 in (0, 1e-3)]
        _, weights = results(list(run(specs, how)))
        for arrays in weights.values():
            weights_of = [w.reshape(len(w), -1) for w in arrays.values() if w.ndim > 1]
            norms = np.concatenate([np.linalg.norm(rows, axis=1) for rows in weights_of])
            assert norms.max() <= 0.4
            assert (norms > 0.3999).any()


# Settings


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("none", "none"), ("", "none"), ("erase+shift", "shift+erase"), (" flip + flip", "flip"), (None, "none")],
)
def test_augmentations_are_written_in_one_order(typed: str | None, kept: str) -> None:
    spec = RunSpec.parse({"regularize": {"augment": typed}})
    assert spec.regularize.augment == kept
    assert spec == RunSpec().with_changes({"regularize.augment": typed}) == RunSpec.from_query(spec.to_query())


def test_a_part_that_is_off_is_not_written() -> None:
    assert "regularize" not in RunSpec().model_dump()
    assert RunSpec().regularize.label == ""
    assert "regularize" not in RunSpec.parse({"regularize": {"max_norm": None, "mixup": 0}}).model_dump_json()
    spec = RunSpec().with_assignments(["regularize.mixup=0.2", "regularize.augment=none"])
    assert spec.model_dump()["regularize"] == {
        "label_smoothing": 0.0, "mixup": 0.2, "max_norm": None, "augment": "none"
    }  # fmt: skip
    assert RunSpec.from_yaml(spec.to_yaml()) == spec
    assert default_name(spec) == "digits · simple_cnn · λ₂ 0.01 · mixup 0.2"
    assert default_name(RunSpec()) == "digits · simple_cnn · λ₂ 0.01"


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"augment": "mirror"}, "regularize.augment should be 'none', or 'shift', 'flip', 'rotate', 'crop', 'erase' j"),
        ({"augment": 3}, "regularize.augment should be 'none', or"),
        ({"max_norm": 0}, "regularize.max_norm should be greater than 0, not 0."),
        ({"label_smoothing": 1}, "regularize.label_smoothing should be less than or equal to 0.95, not 1."),
        ({"mixup": -1}, "regularize.mixup should be greater than or equal to 0, not -1."),
        ({"mixpu": 1}, "Unknown setting 'regularize.mixpu' (did you mean 'mixup'?). Known: label_smoothing, mixup,"),
    ],
)
def test_every_mistake_is_one_sentence(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SpecError) as caught:
        RunSpec.parse({"regularize": values})
    assert sentence in str(caught.value)


def weight_noise() -> Regularizer:
    """Of another file: every weight is moved by noise that is not random, after the step."""

    def project(size: float, weights: Sequence[torch.Tensor]) -> None:
        for weight in weights:
            weight.add_(weight.sign(), alpha=size)

    entry = REGULARIZERS.get("max_norm")
    return replace(
        entry, name="noise", label="noise", setting="regularize.noise", off=0.0, most=1.0, project=project, code=None
    )


def test_a_new_file_is_a_setting_and_is_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SpecError, match=r"Unknown setting 'regularize\.noise'"):
        RunSpec.parse({"regularize": {"noise": 0.1}})
    monkeypatch.setitem(REGULARIZERS.entries, "noise", weight_noise())
    wanted = BASE.with_changes({"regularize.noise": 0.01})
    assert RunSpec.from_yaml(wanted.to_yaml()) == wanted
    assert BASE.with_changes({"regularize.noise": 0}) == BASE
    with pytest.raises(SpecError, match="noise must be from 0 to 1, not 2"):
        BASE.with_changes({"regularize.noise": 2})
    (_, before), (_, after) = results(list(run([BASE]))), results(list(run([wanted])))
    assert not same(before[0], after[0])
