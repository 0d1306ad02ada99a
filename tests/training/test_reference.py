"""Our loop against the loop most people write (:mod:`tests.training.plain_loop`): the same figures in every epoch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.training.plain_loop import PlainEpoch, plain_train

from reglab import RunSpec, train
from reglab.events import EpochDone

LOSSES = ("train_loss", "val_loss", "running_loss", "total")
ACCURACIES = ("train_acc", "val_acc")


def spec(**parts: dict[str, Any]) -> RunSpec:
    """Few images, so that the training part is larger than the validation part and only a share of it is evaluated."""
    base: dict[str, dict[str, Any]] = {
        "data": {"name": "digits", "train_size": 210, "val_fraction": 0.1, "label_noise": 0.1},
        "penalty": {"l2": 1e-3},
        "train": {"epochs": 4, "batch_size": 32, "seed": 3},
    }
    return RunSpec.parse({part: {**base.get(part, {}), **parts.get(part, {})} for part in RunSpec.PARTS})


MNIST = {"name": "mnist_5k", "train_size": 100, "val_fraction": 0.05, "val_size": 60}

SPECS: dict[str, RunSpec] = {
    "simple_cnn": spec(model={"name": "simple_cnn"}),
    "keras_cnn, L1": spec(model={"name": "keras_cnn"}, penalty={"l1": 1e-4, "l2": 0}),
    "keras_cnn, elastic net, SGD": spec(
        model={"name": "keras_cnn"}, penalty={"l1": 1e-4, "l2": 1e-2}, optim={"name": "sgd", "lr": 0.02}
    ),
    "dense_784, no penalty": spec(model={"name": "dense_784"}, penalty={"l2": 0}),
    "keras_cnn, 28 pixels": spec(model={"name": "keras_cnn"}, data=MNIST, train={"epochs": 3}),
    "lenet5, 28 pixels": spec(model={"name": "lenet5"}, data=MNIST, train={"epochs": 3}),
}


def lane_beside(wanted: RunSpec) -> RunSpec:
    """Another run that can be trained side by side with ``wanted``."""
    return wanted.with_changes({"penalty.l2": 0.05, "train.seed": 8, "model.name": "dense_784"})


def our_epochs(*specs: RunSpec, folder: Path) -> list[Any]:
    events = train(*specs, device="cpu", threads=1, folder=folder)
    return [event.metrics for event in events if isinstance(event, EpochDone) and event.lane == 0]


def agree(ours: list[Any], plain: list[PlainEpoch], *, relative: float, absolute: float = 0) -> None:
    """Every loss of every epoch within the tolerance; in float64 every image is classified alike, too."""
    assert len(ours) == len(plain) > 0
    for mine, theirs in zip(ours, plain, strict=True):
        for name in LOSSES:
            assert getattr(mine, name) == pytest.approx(getattr(theirs, name), rel=relative, abs=absolute), name
        for name in ACCURACIES if relative < 1e-9 else ():
            assert getattr(mine, name) == getattr(theirs, name), name


@pytest.mark.parametrize("name", SPECS)
def test_every_figure_is_the_plain_loops_in_float64(name: str, tmp_path: Path) -> None:
    wanted = SPECS[name].with_changes({"train.precision": "float64"})
    ours, plain = our_epochs(wanted, folder=tmp_path), list(plain_train(wanted, tmp_path))
    agree(ours, plain, relative=1e-12)


@pytest.mark.parametrize("name", SPECS)
def test_every_loss_is_the_plain_loops_in_float32(name: str, tmp_path: Path) -> None:
    """Over all epochs where the network is smooth. With ReLU or max-pooling over one, since rounding sooner or later
    decides on which side of 0 an activation is, or which of two pixels is the larger, and from there the two part.
    """
    wanted = SPECS[name] if "lenet5" in name else SPECS[name].with_changes({"train.epochs": 1})
    ours, plain = our_epochs(wanted, folder=tmp_path), list(plain_train(wanted, tmp_path))
    agree(ours, plain, relative=1e-5, absolute=1e-5)


@pytest.mark.parametrize("name", ["simple_cnn", "keras_cnn, L1"])
def test_a_lane_beside_it_changes_nothing(name: str, tmp_path: Path) -> None:
    wanted = SPECS[name].with_changes({"train.precision": "float64"})
    ours = our_epochs(wanted, lane_beside(wanted), folder=tmp_path)
    agree(ours, list(plain_train(wanted, tmp_path)), relative=1e-12)


def test_the_comparison_can_fail(tmp_path: Path) -> None:
    wanted = SPECS["keras_cnn, L1"].with_changes({"train.precision": "float64", "train.epochs": 1})
    ours = our_epochs(wanted.with_changes({"penalty.l1": 1.01e-4}), folder=tmp_path)
    with pytest.raises(AssertionError):
        agree(ours, list(plain_train(wanted, tmp_path)), relative=1e-12)
