"""``reglab sweep``, and ``resume`` and ``show`` of sweeps: lines, result object, exit statuses, sentences, signals."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest
from tests.jobs.processes import workers_of
from tests.jobs.running import wait_until

from reglab import columns
from reglab.analysis import judged_table, runs_table
from reglab.cli import main
from reglab.cli.training import Progress
from reglab.jobs.sweep_part import SweepPartWorker
from reglab.settings import load_settings
from reglab.store import open_store
from reglab.sweep import SweepSpec

TWO_READINGS = "could be one number or two; write {}, or separate the values by semicolons, as in 0,001;0,01."
TINY = ["--set", "data.train_size=60", "--set", "data.val_fraction=0.1", "--set", "model.name=dense_784"]
SMALL = [*TINY, "--set", "train.epochs=2"]
QUICK = [*SMALL, "--seeds", "2", "--l2", "0,1e-2,1e-1"]

pytestmark = pytest.mark.usefixtures("own_home", "fused_plan")


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def sweep(capsys: pytest.CaptureFixture[str], *arguments: str, epochs: int = 2) -> dict[str, Any]:
    """The result of a sweep that succeeds."""
    assert main(["sweep", *TINY, "--set", f"train.epochs={epochs}", *arguments, "--json"]) == 0
    return lines(capsys)[-1]


def test_sweep_names_itself_reports_epochs_and_ends_with_the_result(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sweep", *QUICK, "--json", "--name", "my sweep"]) == 0
    first, *progress, result = lines(capsys)
    assert first == {"sweep": result["sweep"], "status": "running"}
    assert [line["epoch"] for line in progress] == sorted({line["epoch"] for line in progress})
    assert progress[-1]["epoch"] == progress[-1]["epochs"] == 2
    assert progress[-1]["share"] == 1.0
    assert set(result) >= {"sweep", "best", "one_se", "table", "runs", "seconds"}
    assert (result["status"], result["name"], result["error"]) == ("finished", "my sweep", None)
    assert len(result["runs"]) == len(set(result["runs"])) == 6
    assert [row["l2"] for row in result["table"]] == [0.0, 0.01, 0.1]
    figures = {"train_loss", "val_loss", "val_acc", "val_acc_se", "gap_acc", "gap_loss"}
    assert set(result["table"][0]) >= {"lambda", "l1", "l2", "apply", "n", *figures}
    assert {row["n"] for row in result["table"]} == {2}
    assert result["best"] in result["table"]
    assert result["one_se"] in result["table"]
    assert result["best"]["val_loss"] == min(row["val_loss"] for row in result["table"])
    assert result["one_se"]["l2"] >= result["best"]["l2"]
    assert result["plan"]["workers"] >= 1


def test_the_table_is_the_analysis_of_what_the_store_has(capsys: pytest.CaptureFixture[str]) -> None:
    result = sweep(capsys, "--seeds", "2", "--l2", "0,1e-2,1e-1")
    with open_store(load_settings()) as store:
        runs = store.sweep_runs(result["sweep"])
        path = judged_table(
            runs_table(store.sweep(result["sweep"]).spec.lanes(), runs), store.epochs([run.id for run in runs])
        )
        by_hand = [run.last.val_acc for run in runs if run.l2 == 0.1 and run.last is not None]
    assert [run.id for run in runs] == result["runs"]
    for name in ("train_loss", "val_loss", "val_acc", "val_acc_se", "gap_loss", "gap_acc"):
        assert [row[name] for row in result["table"]] == path[name].tolist()
    assert [row["lambda"] for row in result["table"]] == path[columns.LAMBDA].tolist()
    assert result["table"][-1]["val_acc"] == pytest.approx(sum(by_hand) / 2, rel=1e-12)


def test_the_measure_is_the_loss_unless_accuracy_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    result = sweep(capsys, "--seeds", "2", "--l2", "0,1e-2,1e-1", "--measure", "accuracy")
    assert (result["measure"], result["best"]["val_acc"]) == ("val_acc", max(row["val_acc"] for row in result["table"]))
    shown = {}
    for measure in ("loss", "accuracy"):
        assert main(["show", result["sweep"], "--measure", measure, "--json"]) == 0
        [shown[measure]] = lines(capsys)
    assert shown["accuracy"] == result
    assert shown["loss"]["measure"] == "val_loss"
    assert main(["show", result["sweep"], "--json"]) == 0
    assert lines(capsys) == [result]  # as it declares
    assert main(["show", result["sweep"], "--measure", "loss"]) == 0
    assert re.search(r"best.*\(validation loss \d\.\d{4}, accuracy \d+\.\d\d", capsys.readouterr().out)
    assert main(["show", result["sweep"], "--measure", "gap"]) == 2
    assert "'gap'" in capsys.readouterr().err


def test_for_people_there_is_a_table_and_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sweep", *QUICK]) == 0
    text = capsys.readouterr().out
    assert text.startswith("sweep ")
    assert "epoch 2/2  6 runs  about 0 s left" in text
    assert "1-SE choice: λ₁ 0, λ₂ " in text
    assert re.findall(r"^ +(\d\S*)", text, re.MULTILINE) == ["0", "0.01", "0.1"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], {"l2": [0, 1e-4, 2.68e-4, 7.2e-4, 1.93e-3, 5.18e-3, 1.39e-2, 3.73e-2, 0.1], "seeds": 3}),
        (["--l2", "1e-1, 0,1e-3:1e-2:2"], {"l2": [0, 1e-3, 1e-2, 0.1], "l1": []}),
        (["--l1", "0,1e-3"], {"l1": [0, 1e-3], "l2": []}),
        (["--l1", "0,1e-3", "--l2", "0,1e-2"], {"l1": [0, 1e-3], "l2": [0, 1e-2]}),
        (["--lambda", "0,1e-2", "--l1-ratio", "0.5"], {"lambdas": [0, 1e-2], "l1_ratio": 0.5}),
        (["--lambda", "0;0,01", "--l1-ratio", "0,5"], {"lambdas": [0, 1e-2], "l1_ratio": 0.5}),
        (["--l2", "0,1"], {"l2": [0, 1]}),
        (["--l2", "0.1", "--apply", "coupled, decoupled"], {"apply": ["coupled", "decoupled"]}),
        (["--l2", "0.1", "--folds", "3"], {"folds": 3, "seeds": 1}),
    ],
)
def test_the_options_make_the_sweep(
    arguments: list[str], expected: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    few = [] if "--folds" in arguments or not arguments else ["--seeds", "1"]
    result = sweep(capsys, *arguments, *few, epochs=1)
    assert {key: result["spec"][key] for key in expected} == expected
    if result["spec"]["l1"]:
        assert result["spec"]["run"]["penalty"]["l2"] == 0
    assert len(result["runs"]) == sum(row["n"] for row in result["table"])


def test_the_spec_is_read_from_a_file_and_keeps_the_penalty_that_is_not_swept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "spec.yaml").write_text("penalty: {l2: 0.02}\ntrain: {epochs: 9}\n", encoding="utf-8")
    assert main(["sweep", str(tmp_path / "spec.yaml"), *SMALL, "--l1", "0,1e-3", "--seeds", "1", "--json"]) == 0
    result = lines(capsys)[-1]
    assert [(row["l1"], row["l2"]) for row in result["table"]] == [(0.0, 0.02), (0.001, 0.02)]
    assert result["spec"]["run"]["train"]["epochs"] == 2


def test_the_epoch_rule_is_declared_stored_and_the_only_one_tested(capsys: pytest.CaptureFixture[str]) -> None:
    result = sweep(capsys, "--seeds", "3", "--l2", "0,1e-2", "--epoch", "common")
    assert (result["spec"]["epoch"], result["epoch_rule"], result["measure"]) == ("common", "common", "val_loss")
    assert {rule: found["tested"] for rule, found in result["by_rule"].items()} == {
        "last": False, "best": False, "common": True,
    }  # fmt: skip
    assert result["by_rule"]["common"]["best"] == result["best"]
    val = result["chance"]["images"]
    assert result["overlap"] == pytest.approx(val / (1438 - val))  # 359 of the 1,797 digits are the test part
    assert result["bias_corrected"]["method"] == "bootstrap bias correction"
    assert result["bias_corrected"]["value"] == pytest.approx(result["best"]["val_loss"], abs=0.3)
    other = next(row for row in result["table"] if row["l2"] > 0)
    assert (other["n_pairs"], other["better_in"] <= 3, other["p_adjusted"] >= 0.25) == (3, True, True)
    assert other["low"] <= other["difference"] <= other["high"]
    assert result["early_stopping"]["l2"] == 0
    assert len(result["early_stopping"]["epochs"]) == 3
    if result["best"]["l2"]:
        assert result["difference"]["value"] == result["best"]["difference"]
    else:
        assert result["difference"] is None
    assert main(["show", result["sweep"]]) == 0
    ended = f"runs ended: epoch {result['ended_at'][0]} of {result['spec']['run']['train']['epochs']}"
    assert f"epoch rule: common (common best epoch)\n{ended}\n" in capsys.readouterr().out
    assert len(set(result["ended_at"])) == 1
    assert main(["sweep", *QUICK, "--epoch", "first"]) == 2
    assert "epoch" in capsys.readouterr().err


def test_several_penalty_modes_are_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sweep", *SMALL, "--l2", "0,0.01", "--apply", "coupled,proximal", "--seeds", "1"]) == 0
    printed = capsys.readouterr().out.splitlines()
    rows = [line.split()[0] for line in printed if line.split()[0] in ("apply", "coupled", "proximal")]
    assert rows == ["apply", "coupled", "coupled", "proximal", "proximal"]
    best = [line for line in printed if line.startswith(("best", "1-SE"))]
    assert all("coupled" in line or "proximal" in line or "none" in line for line in best)


def test_a_sweep_of_which_every_lane_diverges_exits_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    wild = ["--set", "train.epochs=9", "--set", "optim.name=sgd", "--set", "optim.lr=10", "--l2", "100,200"]
    assert main(["sweep", *TINY, *wild, "--seeds", "1", "--json"]) == 1
    result = lines(capsys)[-1]
    assert result["status"] == "diverged"
    assert [row["n_diverged"] for row in result["table"]] == [1, 1]
    assert result["best"] is None


def test_one_lane_that_diverges_does_not_spoil_the_sweep(capsys: pytest.CaptureFixture[str]) -> None:
    wild = ["--set", "optim.name=sgd", "--set", "optim.lr=0.1", "--l2", "0,900"]
    result = sweep(capsys, *wild, "--seeds", "1", epochs=6)
    assert [row["n_diverged"] for row in result["table"]] == [0, 1]
    assert result["best"]["l2"] == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--l2", ""], "--l2: λ₂ is empty; give values such as 0,1e-3,1e-2 or a range such as 1e-4:1e-1:9."),
        (["--l2", " , "], "--l2: λ₂ is empty"),
        (["--l2", "0,1e-3,0.001"], "--l2: λ₂ has 0.001 more than once; give each value once."),
        (["--l2=-1,0"], "--l2: λ₂ must be from 0 to 1000, not -1."),
        (["--l1", "nan"], "--l1: λ₁: 'nan' is not a finite number"),
        (["--l2", "2e3"], "--l2: λ₂ must be from 0 to 1000, not 2000."),
        (["--l2", "a,b"], "--l2: λ₂: cannot read 'a'"),
        (["--l2", "1e-4:1e-1:5000"], "a range has 2 to 200 values, not 5,000"),
        (
            ["--l2", ",".join(map(str, range(3000)))],
            "--l2: 3,000 values of λ₂ are more than the 200 that a sweep takes",
        ),
        (["--l2", "1e-4:1e-1:100", "--seeds", "20"], "are 2,000 runs of 30 epochs each, more than the 1,000"),
        (["--l2", "1e-1:1e-4:9"], "must rise from above 0"),
        (["--lambda", "0,1"], "an elastic-net sweep needs both: the λ values and the L1 ratio"),
        (["--lambda", "0,1", "--l1-ratio", "2"], "l1_ratio should be less than or equal to 1, not 2"),
        (["--lambda", "0,1", "--l1-ratio", "x"], "--l1-ratio: cannot read 'x'"),
        (["--l2", "0,01"], f"--l2: λ₂: '0,01' {TWO_READINGS.format('0.01')}"),
        (["--l1", "0,1e-4:0,01:3"], f"--l1: λ₁: '0,01' {TWO_READINGS.format('0.01')}"),
        (["--lambda", "0;1,000", "--l1-ratio", "0,5"], "--lambda: λ: '1,000' could mean 1 or 1000"),
        (["--seeds", "true"], "seeds should be a valid integer, not True."),
        (["--seeds", "03"], "seeds should be a valid integer, not '03'; write 3."),
        (["--l1-ratio", "0.5"], "an elastic-net sweep needs both"),
        (["--lambda", "0,1", "--l1-ratio", "0.5", "--l2", "0"], "not both"),
        (["--seeds", "3", "--folds", "5"], "A sweep repeats over --seeds or over --folds, not both."),
        (["--blocks", "3", "--folds", "5"], "A sweep repeats over --folds or over --blocks, not both."),
        (["--blocks", "40"], "at most 2 repeats on disjoint blocks fit."),
        (["--check-lr", "--l1", "0,1", "--l2", "0,1"], "over two axes cannot be checked: a third axis would be needed"),
        (["--seeds", "0"], "seeds should be greater than or equal to 1, not 0."),
        (["--seeds", "many"], "seeds should be a valid integer"),
        (["--seeds", "51"], "seeds should be less than or equal to 50, not 51."),
        (["--folds", "1"], "cross-validation needs at least 2 folds"),
        (["--folds", "50", "--set", "data.train_size=1790"], "fold"),
        (["--apply", "sideways"], "apply"),
        (["--apply", ""], "apply"),
        (["--apply", "coupled,coupled"], "a penalty mode is given twice"),
        (["--set", "penalty.l3=1"], "Unknown setting 'penalty.l3'"),
        (["--set", "data.fold=1"], "fold"),
        (["--set", "data.folds=4", "--set", "data.fold=1"], "names no folds of its own"),
        (["--set", "nonsense"], "write part.key=value"),
        (["--set", "train.batch_size=401"], "train.batch_size (401) is larger than the 400 training images"),
        (["--set", "model.name=simple_cn"], "did you mean 'simple_cnn'?"),
        (["missing.yaml"], "Cannot read missing.yaml: no such file or directory."),
    ],
)
def test_bad_input_is_one_sentence_and_exit_status_2(
    arguments: list[str], sentence: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sweep", *arguments]) == 2
    captured = capsys.readouterr()
    assert sentence in captured.err
    assert captured.err.startswith("reglab: ")
    assert captured.err.count("\n") == 1
    assert captured.out == ""
    assert not home.exists()


def test_more_folds_than_the_smallest_class_holds_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    too_many = ["--folds", "50", "--set", "data.name=digits", "--set", "data.train_size=60"]
    assert main(["sweep", *too_many]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_show_gives_the_result_again_by_id_beginning_or_name(capsys: pytest.CaptureFixture[str]) -> None:
    result = sweep(capsys, "--seeds", "1", "--l2", "0,1e-2", "--name", "my sweep")
    for name in (result["sweep"], result["sweep"][:6], "my sweep"):
        assert main(["show", name, "--json"]) == 0
        assert lines(capsys) == [result]
    assert main(["show", result["runs"][1], "--json"]) == 0
    [lane] = lines(capsys)
    assert (lane["run"], lane["status"], lane["spec"]["penalty"]["l2"]) == (result["runs"][1], "finished", 0.01)
    assert lane["metrics"]["val_acc"] == result["table"][1]["val_acc"]


def test_a_finished_sweep_has_nothing_to_resume(capsys: pytest.CaptureFixture[str]) -> None:
    result = sweep(capsys, "--seeds", "1", "--l2", "0,1e-2")
    for name in (result["sweep"], result["runs"][0]):
        assert main(["resume", name]) == 2
        assert f"Sweep {result['sweep']} is finished: there is nothing to resume." in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_in_mid_sweep_leaves_it_resumable_by_its_id_or_a_lanes(
    number: signal.Signals, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = sweep(capsys, "--l2", "0,1e-2", "--seeds", "2", epochs=5)
    with monkeypatch.context() as patch:
        send_after_two_epochs(patch, number)
        arguments = ["--set", "train.epochs=5", "--l2", "0,1e-2", "--seeds", "2", "--json"]
        assert main(["sweep", *TINY, *arguments]) == 128 + number
    result = lines(capsys)[-1]
    assert (result["status"], result["error"]) == ("interrupted", None)
    with open_store(load_settings()) as store:
        assert store.sweep(result["sweep"]).resumable
        assert 2 <= store.sweep(result["sweep"]).epoch < 5
    assert main(["resume", result["sweep"] if number == signal.SIGINT else result["runs"][1], "--json"]) == 0
    first, *_, resumed = lines(capsys)
    assert first == {"sweep": result["sweep"], "status": "running"}
    assert resumed["table"] == whole["table"]
    with open_store(load_settings()) as store:
        mine, others = ([run.weights_sha256 for run in store.sweep_runs(one["sweep"])] for one in (resumed, whole))
        assert mine == others


def send_after_two_epochs(monkeypatch: pytest.MonkeyPatch, number: signal.Signals) -> None:
    report = Progress.report

    def report_and_send(progress: Progress, part: SweepPartWorker | None = None) -> None:
        report(progress, part)
        if part is not None and progress.epoch == 2 and not progress.worker._halting():
            os.kill(os.getpid(), number)
            wait_until(progress.worker._halting, "the sweep to leave")

    monkeypatch.setattr(Progress, "report", report_and_send)


def test_a_program_that_is_interrupted_leaves_its_sweep_resumable_and_no_worker() -> None:
    command = [sys.executable, "-m", "reglab", "sweep", *TINY, "--set", "train.epochs=10000", "--seeds", "1", "--json"]
    environment = {**os.environ, "REGLAB_RUNNER": "process", "REGLAB_SLOTS": "2"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        sweep_id = json.loads(process.stdout.readline())["sweep"]
        assert json.loads(process.stdout.readline())["epoch"] >= 1
        workers = workers_of(process.pid)
        assert len(workers) in (1, 2)
        process.send_signal(signal.SIGINT)
        assert json.loads(process.stdout.readlines()[-1])["status"] == "interrupted"
        assert process.wait() == 128 + signal.SIGINT
    assert not any(map(psutil.pid_exists, workers))
    with open_store(load_settings()) as store:
        assert store.sweep(sweep_id).resumable


def test_the_sweep_of_another_living_process_is_not_resumed(capsys: pytest.CaptureFixture[str]) -> None:
    with open_store(load_settings()) as elsewhere:
        theirs = elsewhere.create(SweepSpec(l2=(0.0, 1e-2)), owner=elsewhere.owner())
        for name in (theirs.id, elsewhere.sweep_runs(theirs.id)[0].id):
            assert main(["resume", name]) == 2
            assert f"Sweep {theirs.id} is running: there is nothing to resume." in capsys.readouterr().err
        assert elsewhere.sweep(theirs.id).state == "running"


def test_check_lr_trains_the_same_values_at_two_rates_and_says_whether_the_choice_moves(
    capsys: pytest.CaptureFixture[str],
) -> None:
    quick = ["sweep", *TINY, "--seeds", "1", "--l2", "0,1e-2", "--check-lr"]
    assert main([*quick, "--set", "train.epochs=4", "--set", "optim.lr=0.01", "--json"]) == 0
    first, *_, result = told = lines(capsys)
    [check] = [line for line in told[1:-1] if "sweep" in line]
    assert (first["sweep"], check["checks_lr_of"]) == (result["sweep"], result["sweep"])
    found = result["lr_check"]
    assert (found["sweep"], found["lr"]) == (check["sweep"], 0.01)
    assert [(one["lr"], one["times"]) for one in found["choices"]] == [(0.00333, "÷ 3"), (0.03, "× 3")]
    assert found["text"].count("Learning rate") >= 1
    assert main(["show", result["sweep"]]) == 0
    assert found["text"] in capsys.readouterr().out


def test_confirm_trains_fresh_seeds_and_opens_the_test_part_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sweep", *QUICK, "--confirm", "3", "--json"]) == 0
    told = lines(capsys)
    result, [first, second] = told[-1], [line for line in told if "sweep" in line][:2]
    assert (first["sweep"], second["confirms"]) == (result["sweep"], result["sweep"])
    found = result["confirm"]
    assert (found["sweep"], found["seeds"], found["openings"], found["epoch_rule"]) == (second["sweep"], 3, 1, "last")
    chosen = {0.0, result["best"]["l2"], result["one_se"]["l2"], result["criteria"]["val_acc"]["l2"]}
    assert {point["l2"] for point in found["points"]} == chosen
    assert {point["n"] for point in found["points"]} == {359}
    assert all(0 <= point[name] <= 1 for point in found["points"] for name in ("val_acc", "test_acc"))
    assert main(["show", result["sweep"], "--json"]) == 0
    assert lines(capsys)[-1]["confirm"] == found
    assert main(["show", result["sweep"]]) == 0
    assert "confirmed on 3 fresh seeds, 359 test images, opened once:" in capsys.readouterr().out


def test_without_best_lambda_the_test_part_stays_locked(capsys: pytest.CaptureFixture[str]) -> None:
    result = sweep(capsys, "--l2", "100,1000", "--seeds", "2", "--confirm", "2")
    assert (result["best"], result["confirm"]) == (None, None)
    with open_store(load_settings()) as store:
        assert store.openings("digits") == []
        assert store.count_sweeps() == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["--set", "data.test_fraction=0", "--confirm", "2"],
            "A confirmation needs a test part that no choice has seen: ",
        ),
        (["--confirm", "1"], "--confirm takes 2 to 50 fresh seeds, not '1'; 10 are usual."),
        (["--confirm", "ten"], "--confirm takes 2 to 50 fresh seeds, not 'ten'; 10 are usual."),
    ],
)
def test_what_cannot_be_confirmed_is_refused_before_anything_is_trained(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sweep", *QUICK, *arguments]) == 2
    assert capsys.readouterr().err.startswith(f"reglab: {sentence}")
    with open_store(load_settings()) as store:
        assert store.count_sweeps() == 0


def test_a_spec_file_without_the_key_has_no_test_part(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "spec.yaml"
    file.write_text("data: {train_size: 60}", encoding="utf-8")
    assert main(["sweep", str(file), "--l2", "0,0.1", "--confirm", "2"]) == 2
    assert "set data.test_fraction" in capsys.readouterr().err
