"""A sweep as text: size, execution, progress, time left, memory, age."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reglab.jobs.sweep_plan import Plan
from reglab.states import STATES, State
from reglab.store import Sweep
from reglab.sweep import SweepSpec
from reglab.training import ExecutionMode
from reglab.ui.sweep import progress_text

SPEC = SweepSpec.parse({"run": {"train": {"epochs": 60}}, "l2": [0.0, 0.01, 0.1], "seeds": 2})
PLAN = Plan(((0, 1, 2), (3, 4, 5)), ExecutionMode(fused=True), 2, 2, 3.71, 2e-7, seconds=20.0)
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def sweep(state: State = "running", **changes: Any) -> Sweep:
    counts: dict[State, int] = dict.fromkeys(STATES, 0)
    counts[state] = SPEC.size
    values: dict[str, Any] = {
        "id": "s1", "key": None, "name": "sweep", "spec": SPEC, "created": NOW, "plan": PLAN.facts(), "seconds": 6.0,
        "error": None, "activity": None, "deleted": None, "counts": counts, "wanted": "run", "queued": None,
        "started": NOW, "ended": None, "epoch": 12, "highest": 13, "epochs": 60, "epochs_done": 72, "stopped_at": 0,
        "epochs_all": 60 * SPEC.size, "has_checkpoint": True,
    }  # fmt: skip
    return Sweep(**{**values, **changes})


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ({"l2": [0.0, 1.0], "seeds": 3}, "2 λ₂ × 3 seeds"),
        ({"l1": [0.0, 1.0]}, "2 λ₁"),
        ({"lambdas": [0.0, 1.0], "l1_ratio": 0.5, "folds": 5}, "2 λ × 5 folds"),
        ({"l1": [0.0, 1.0], "l2": [0.0, 1.0]}, "4 (λ₁, λ₂)"),
        ({"l2": [0.0], "apply": ["coupled", "decoupled"], "seeds": 2}, "1 λ₂ × 2 penalty modes × 2 seeds"),
    ],
)
def test_sizes(what: dict[str, Any], expected: str) -> None:
    assert progress_text.size_text(SweepSpec.parse(what)) == expected


def test_a_confirmation_counts_the_points_that_it_trains() -> None:
    assert progress_text.size_text(SweepSpec(l2=(0.0, 0.01, 0.1), seeds=10, only=(0, 2))) == "2 λ₂ × 10 seeds"
    map_of_two = SweepSpec(l2=(0.0, 0.01), over={"model.dropout": (0.0, 0.3)}, seeds=10, only=(0, 3))
    assert progress_text.size_text(map_of_two) == "2 points × 10 seeds"


def test_amounts_count_runs_and_epochs() -> None:
    assert progress_text.amount_text(SPEC) == "3 λ₂ × 2 seeds = 6 runs of 60 epochs"
    one = SweepSpec.parse({"run": {"train": {"epochs": 1}}, "l2": [0.0]})
    assert progress_text.amount_text(one) == "1 λ₂ = 1 run of 1 epoch"


def test_what_all_runs_have_in_common() -> None:
    noisy = {"data": {"label_noise": 0.2}, "optim": {"name": "sgd", "lr": 0.05}, "penalty": {"l2": 0.01}}
    assert progress_text.facts(SweepSpec.parse({"run": noisy, "l1": [0.0, 1.0], "apply": ["proximal"]})) == (
        "Digits (8×8), 400 training images with 20 % wrong labels · Simple CNN · SGD, learning rate 0.05 · fixed "
        "λ₂ = 0.01, proximal penalty"
    )
    lasso = SweepSpec.parse({"run": {"penalty": {"group": 0.02}}, "l2": [0.0, 1.0]})
    assert progress_text.facts(lasso).endswith("learning rate 0.001 · fixed λᴳ = 0.02")
    free = {"data": {"name": "gone", "train_size": None}, "model": {"name": "gone"}}
    net = SweepSpec.parse({"run": free, "lambdas": [0.0, 1.0], "l1_ratio": 0.3, "apply": ["coupled", "decoupled"]})
    assert progress_text.facts(net) == (
        "gone, all training images · gone · Adam, learning rate 0.001 · L1 ratio 0.3, coupled and decoupled penalty"
    )


def test_execution_with_its_speedup_or_reason() -> None:
    assert progress_text.plan_text(SPEC, PLAN) == "3 λ₂ × 2 seeds, fused: 3.7× faster than sequential"
    alone = replace(PLAN, how=ExecutionMode(fused=False))
    assert progress_text.plan_text(SPEC, alone) == "3 λ₂ × 2 seeds, sequential: faster than fused here"
    because = replace(alone, reason="batch norm cannot be fused")
    assert progress_text.plan_text(SPEC, because) == "3 λ₂ × 2 seeds, sequential: batch norm cannot be fused"
    assert "2 groups of up to 3 runs, 2 at a time, on 2 workers." in progress_text.plan_help(PLAN)
    assert "relative difference 2e-07" in progress_text.plan_help(PLAN)


def test_time_left_blends_the_plan_with_the_measured_rate() -> None:
    assert progress_text.seconds_left(sweep(epochs_done=0, seconds=2.0)) == 20.0
    assert progress_text.seconds_left(sweep(epochs_done=0, plan=None)) is None
    assert progress_text.seconds_left(sweep(epochs_done=180, seconds=6.0)) == pytest.approx(6.0)
    early = progress_text.seconds_left(sweep(epochs_done=90, seconds=6.0))  # a quarter: half way between the two
    assert early == pytest.approx(0.5 * 20 * 0.75 + 0.5 * 6 * 3)


def test_time_left_excludes_preparation_once_the_rate_is_known() -> None:
    one = sweep(epochs_done=36, seconds=9.0)  # a tenth, of which 0.05 took the last second; 8 s were before that
    assert progress_text.seconds_left(one, (8.0, 0.05)) == pytest.approx(18.0)
    assert progress_text.progress_text(one, None, (8.0, 0.05)).endswith("About 18 s left.")
    assert progress_text.seconds_left(one, (8.9, 0.099)) == progress_text.seconds_left(one)


def test_singular_of_one_run() -> None:
    one = SweepSpec.parse({"run": {"train": {"epochs": 1}}, "l2": [0.0]})
    assert progress_text.plan_text(one, replace(PLAN, how=ExecutionMode(fused=False))) == "1 λ₂: one run"
    counts = {**dict.fromkeys(STATES, 0), "finished": 1}
    text = progress_text.progress_text(sweep("finished", spec=one, counts=counts, epochs=1, epochs_done=1), None)
    assert text == "Finished 1 run of 1 epoch in 6 s."


@pytest.mark.parametrize(
    ("ends", "text"),
    [
        ([9, 31, 12], " Runs ended at epochs 9–31 of 60 (early stopping, patience 5)."),
        ([12, 12], " Runs ended at epoch 12 of 60 (early stopping, patience 5)."),
        ([], ""),
    ],
)
def test_with_early_stopping_a_finished_sweep_says_where_its_runs_ended(ends: list[int], text: str) -> None:
    patient = SweepSpec.parse({"run": {"train": {"epochs": 60, "patience": 5}}, "l2": [0.0]})
    counts = {**dict.fromkeys(STATES, 0), "finished": 1}
    found = progress_text.progress_text(sweep("finished", spec=patient, counts=counts), None, ends=ends)
    assert found == f"Finished 1 run of 60 epochs in 6 s.{text}"


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (sweep(epochs_done=180, seconds=23.9), "Epoch 12 of 60 done in every run. About 24 s left."),
        (sweep(wanted="stop"), "Stopping, with a checkpoint…"),
        (sweep(activity="Timing fused against sequential"), "Timing fused against sequential…"),
        (sweep(plan=None, epochs_done=0), "Preparing…"),
        (sweep("queued", epoch=0), "Waiting for a free slot, number 2 in the queue."),
        (sweep("queued"), "Waiting for a free slot, number 2 in the queue. Continues from epoch 12."),
        (sweep("finished", seconds=15.2), "Finished 6 runs of 60 epochs in 16 s."),
        (sweep("cancelled"), "Stopped at epoch 12 of 60, after 6 s."),
        (sweep("cancelled", epoch=0, highest=0), "Cancelled before the first step."),
        (sweep("interrupted"), "Interrupted at epoch 12 of 60: the program ended during training."),
        (sweep("interrupted", error="The worker was killed."), "Interrupted at epoch 12 of 60."),
        (sweep("failed"), "Failed at epoch 12 of 60."),
        (sweep("diverged"), "All 6 runs of 60 epochs diverged."),
    ],
)
def test_progress_in_every_state(one: Sweep, expected: str) -> None:
    assert progress_text.progress_text(one, 2) == expected


def test_progress_counts_diverged_runs() -> None:
    counts = {**sweep("finished").counts, "finished": 4, "diverged": 2}
    text = progress_text.progress_text(sweep("finished", counts=counts), None)
    assert text == "Finished 6 runs of 60 epochs in 6 s. 2 of them diverged."


def test_resume() -> None:
    assert progress_text.resume_text(sweep("cancelled", highest=0)) == "Starts from the beginning."
    assert "last checkpoint" in progress_text.resume_text(sweep("cancelled"))


def test_memory_with_and_without_room_for_all_runs() -> None:
    text = progress_text.memory_text(6_000_000, 162_000_000, 16_000_000_000)
    assert text == "Memory: about 6 MB a run, 162 MB in all. 16.0 GB available."
    text = progress_text.memory_text(6_000_000, 162_000_000, 100_000_000)
    assert text.endswith("100 MB available. The runs train in several groups.")


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(5, "just now"), (60, "1 minute ago"), (7300, "2 hours ago"), (90_000, "1 day ago"), (-5, "just now")],
)
def test_how_long_ago(seconds: int, expected: str) -> None:
    assert progress_text.ago(NOW, NOW + timedelta(seconds=seconds)) == expected


def test_data_and_epochs_of_a_previous_sweep() -> None:
    assert progress_text.data_text(SPEC) == "400 images, 60 epochs"
    run = {"data": {"train_size": None, "label_noise": 0.4}, "train": {"epochs": 1}}
    assert (
        progress_text.data_text(SweepSpec.parse({"run": run, "l2": [0.0]})) == "all images, 40 % wrong labels, 1 epoch"
    )


def test_what_is_done_to_the_data_is_named_and_a_swept_setting_only_with_its_range() -> None:
    data = {"imbalance": 8, "input_noise": 0.1, "noise_kind": "asymmetric", "label_noise": 0.2}
    fixed = SweepSpec.parse({"run": {"data": data}, "l2": [0.0]})
    text = "400 images, asymmetric label noise 20\N{NARROW NO-BREAK SPACE}%, long tail ρ = 8, input noise σ = 0.1"
    assert progress_text.data_text(fixed) == f"{text}, 30 epochs"
    swept = SweepSpec.parse({"run": {"data": data}, "over": {"data.imbalance": [1, 9], "data.label_noise": [0, 0.4]}})
    assert (
        progress_text.data_text(swept) == "400 images, asymmetric label noise 0 to 0.4, input noise σ = 0.1, 30 epochs"
    )
    assert "long tail" not in progress_text.facts(swept)
    assert "imbalance factor ρ 1 to 9" in progress_text.facts(swept)


@pytest.mark.parametrize("data", [{"train_share": 0.125}, {"train_size": None, "train_balance": "equal"}])
def test_a_share_of_the_training_images_is_not_called_all_of_them(data: dict[str, Any]) -> None:
    spec = SweepSpec.parse({"run": {"data": data}, "l2": [0.0]})
    assert progress_text.data_text(spec) == f"{spec.run.data.label}, 30 epochs"
    assert progress_text.facts(spec).startswith(f"Digits (8×8), {spec.run.data.label} · ")
    weighted = SweepSpec.parse({"run": {"data": data, "train": {"class_weights": "balanced"}}, "l2": [0.0]})
    assert f"{spec.run.data.label}, class weights in the loss · " in progress_text.facts(weighted)
