"""Data made scarce, noisy or uneven, and class weights, on the command line: one run of all, and one sweep."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reglab.cli import main
from reglab.datasets import load_images
from reglab.jobs.results import OTHER_IMAGES
from reglab.settings import load_settings
from reglab.store import open_store

KNOBS = [
    "data.train_share=0.1", "data.imbalance=5", "data.noise_kind=asymmetric", "data.label_noise=0.5",
    "data.noise_map={0: 1}", "data.input_noise=0.1", "data.val_input_noise=0.05", "train.class_weights=balanced",
]  # fmt: skip
QUICK = ["--set", "model.name=dense_784", "--set", "train.epochs=1", "--set", "data.val_fraction=0.1"]

pytestmark = pytest.mark.usefixtures("own_home")


def _last(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return found


def test_a_run_with_every_knob_says_so_and_records_what_came_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", *QUICK, *(part for knob in KNOBS for part in ("--set", knob)), "--json"]) == 0
    result = _last(capsys)
    assert (
        result["spec"]["data"] | {"train_share": 0.1, "imbalance": 5, "noise_map": {"0": "1"}} == result["spec"]["data"]
    )
    assert result["spec"]["data"]["train_size"] is None
    assert result["spec"]["train"]["class_weights"] == "balanced"
    run = open_store(load_settings()).get(result["run"])
    sizes = run.environment["train_labels"]  # type: ignore[index]
    assert (np.diff(sizes) <= 0).all()
    assert sizes[-1] == sizes[0] // 5
    assert run.last is not None
    assert run.last.criterion != run.last.train_loss
    left = np.bincount(load_images("digits", Path("/nonexistent")).y) - run.environment["val_labels"]  # type: ignore[index]
    assert (left >= sizes).all()
    assert main(["show", run.id]) == 0
    about = "training share 10\u202f%, long tail ρ = 5, input noise σ = 0.1, validation input noise σ = 0.05"
    assert f"asymmetric label noise 50\u202f%, {about}, class weights in the loss\n" in capsys.readouterr().out


def test_a_knob_is_an_axis_of_a_sweep(capsys: pytest.CaptureFixture[str]) -> None:
    values = ["--over", "data.train_share=0.05,0.1", "--over", "data.imbalance=1,4"]
    assert main(["sweep", *QUICK, *values, "--seeds", "1", "--json"]) == 0
    result = _last(capsys)
    points = {(row["over"]["data.train_share"], row["over"]["data.imbalance"]) for row in result["table"]}
    assert points == {(0.05, 1), (0.05, 4), (0.1, 1), (0.1, 4)}
    store = open_store(load_settings())
    runs = [store.get(run) for run in result["runs"]]
    assert len({tuple(run.environment["val_labels"]) for run in runs}) == 1  # type: ignore[index]
    assert all(run.spec.data.train_size is None for run in runs)
    assert [remark.partition(":")[0] for remark in result["data_remarks"]] == [
        "At training share 0.1, imbalance factor ρ 4"
    ]


def test_values_that_are_validated_on_other_images_are_not_compared_without_a_word(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["sweep", *QUICK, "--over", "data.val_input_noise=0,0.5", "--seeds", "1", "--json"]) == 0
    assert _last(capsys)["data_remarks"] == [f"Validation input noise σ: {OTHER_IMAGES}"]


@pytest.mark.parametrize("command", ["train", "sweep"])
def test_a_long_tail_that_does_not_fit_is_refused_before_anything_is_queued(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, "--set", "data.imbalance=1000", "--set", "data.train_size=1000"]) == 2
    assert "with data.imbalance 1000, at most 1" in capsys.readouterr().err
    with open_store(load_settings()) as store:
        assert store.runs() == []


def test_a_class_that_is_not_there_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["train", "--set", "data.noise_kind=asymmetric", "--set", "data.noise_map={12: 1}"]
    assert main(command) == 2
    assert "data.noise_map names '12'" in capsys.readouterr().err
