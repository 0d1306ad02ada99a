"""The command line: its lines, its result object, its exit statuses, and one clear sentence for every mistake."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.factories import add_many, add_run, metrics

from reglab import RunSpec
from reglab.cli import main
from reglab.settings import load_settings
from reglab.store import open_store

TINY = ["--set", "data.train_size=60", "--set", "data.val_fraction=0.1", "--set", "model.name=dense_784"]
OVERFITS = [*TINY, "--set", "train.epochs=8", "--set", "optim.lr=0.02", "--set", "data.label_noise=0.3"]
SMALL = [*TINY, "--set", "train.epochs=2"]

pytestmark = pytest.mark.usefixtures("own_home")


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_train_prints_the_run_then_its_epochs_then_the_result(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", *SMALL, "--json", "--set", "penalty.l2=1e-2"]) == 0
    first, *progress, result = lines(capsys)
    assert first == {"run": result["run"], "status": "running"}
    assert [line["epoch"] for line in progress] == [1, 2]
    assert set(result) >= {"run", "name", "status", "spec", "metrics", "seconds", "device", "threads"}
    assert set(result) >= {"weights", "weights_sha256"}
    measures = {f"{on}_{of}" for on in ("train", "val", "gap") for of in ("loss", "acc")}
    assert set(result["metrics"]) == {*measures, "l1", "l2", "total", "best_epoch", "epochs", "best"}
    assert result["status"] == "finished"
    assert result["spec"]["penalty"]["l2"] == 0.01
    assert result["threads"] == 1
    assert result["metrics"]["val_loss"] == progress[-1]["val_loss"]
    assert result["metrics"]["gap_loss"] == progress[-1]["val_loss"] - progress[-1]["train_loss"]
    assert hashlib.sha256(Path(result["weights"]).read_bytes()).hexdigest() == result["weights_sha256"]


def test_the_result_has_the_figures_and_the_weights_of_the_best_epoch_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", *OVERFITS, "--json"]) == 0
    _, *progress, result = lines(capsys)
    best = min(progress, key=lambda line: line["val_loss"])
    assert best["epoch"] < 8
    names = ("epoch", "val_loss", "val_acc", "train_loss", "train_acc")
    assert result["metrics"]["best"] == {name: best[name] for name in names}
    assert result["metrics"]["val_loss"] == progress[-1]["val_loss"]
    assert result["best_weights"] != result["weights"]
    assert Path(result["best_weights"]).name == "best.safetensors"


def test_a_run_ends_with_the_weights_that_it_keeps(capsys: pytest.CaptureFixture[str]) -> None:
    found = []
    for keep in ("last", "best"):
        assert main(["train", *OVERFITS, "--json", "--set", f"train.keep={keep}"]) == 0
        found.append(lines(capsys)[-1])
    last, best = found
    assert best["weights"] == best["best_weights"]
    assert best["weights_sha256"] == hashlib.sha256(Path(last["best_weights"]).read_bytes()).hexdigest()
    assert best["weights_sha256"] != last["weights_sha256"]
    assert best["metrics"] == last["metrics"]


def test_resume_goes_on_to_more_epochs(capsys: pytest.CaptureFixture[str]) -> None:
    main(["train", *SMALL, "--json"])
    run_id = lines(capsys)[-1]["run"]
    assert main(["resume", run_id, "--epochs", "4", "--json"]) == 0
    first, *progress, result = lines(capsys)
    assert first == {"run": run_id, "status": "running"}
    assert [line["epoch"] for line in progress] == [3, 4]
    main(["train", *TINY, "--json", "--set", "train.epochs=4"])
    whole = lines(capsys)[-1]
    assert (result["weights_sha256"], result["metrics"]) == (whole["weights_sha256"], whole["metrics"])
    assert result["spec"] == whole["spec"]


@pytest.mark.parametrize(
    ("epochs", "sentence"),
    [("2", "has 2 epochs already; give more"), ("x", "takes a whole number"), ("99999", "less than or equal to 10000")],
)
def test_epochs_that_a_run_cannot_be_extended_to(
    epochs: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["train", *SMALL, "--json"])
    run_id = lines(capsys)[-1]["run"]
    assert main(["resume", run_id, "--epochs", epochs]) == 2
    assert sentence in capsys.readouterr().err


def test_show_gives_the_result_again_by_id_beginning_or_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", *SMALL, "--json", "--name", "my run"]) == 0
    result = lines(capsys)[-1]
    for name in (result["run"], result["run"][:5], "my run"):
        assert main(["show", name, "--json"]) == 0
        assert lines(capsys) == [result]


def test_a_run_with_group_lasso_counts_its_filters_at_zero(capsys: pytest.CaptureFixture[str]) -> None:
    proximal = ["--set", "penalty.group=2", "--set", "penalty.l2=0", "--set", "penalty.apply=proximal"]
    assert main(["train", *SMALL, *proximal, "--set", "optim.lr=0.01", "--json", "--name", "lasso"]) == 0
    _, progress, *_, result = lines(capsys)
    assert progress["l2"] == 0 < progress["group"]
    assert result["spec"]["penalty"]["group"] == 2
    zero, among = result["metrics"]["zero_filters"], result["metrics"]["filters"]
    assert 0 < zero < among == 128
    assert main(["show", "lasso"]) == 0
    assert f"  zero_filters {zero}\n  filters      128\n" in capsys.readouterr().out


def test_the_training_criterion_is_a_figure_where_it_is_not_the_data_loss(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", *SMALL, "--set", "regularize.label_smoothing=0.2", "--json"]) == 0
    found = lines(capsys)[-1]["metrics"]
    assert found["criterion"] != found["train_loss"]
    assert found["total"] == pytest.approx(found["criterion"] + found["l1"] + found["l2"], rel=1e-12)
    assert main(["train", *SMALL, "--json"]) == 0
    assert "criterion" not in lines(capsys)[-1]["metrics"]


def test_runs_lists_newest_first(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("older", "newer"):
        main(["train", *SMALL, "--name", name])
    capsys.readouterr()
    assert main(["runs", "--json"]) == 0
    newer, older = lines(capsys)
    assert (newer["name"], older["name"]) == ("newer", "older")
    figures = (
        "last_val_acc",
        "best_val_acc",
        "best_val_acc_epoch",
        "test_acc",
        "gap_loss",
        "weight_norm",
        "zero_share",
    )
    assert tuple(newer["row"]) == (*figures, "seconds")
    assert newer["row"]["gap_loss"] == newer["metrics"]["gap_loss"]
    assert main(["runs"]) == 0
    table = capsys.readouterr().out.splitlines()
    heads = "RUN STATUS EPOCHS FINAL ACC BEST ACC @ EPOCH TEST ACC GAP ‖w‖ ZEROS λ DURATION NAME"
    assert table[0].split() == heads.split()
    assert "newer" in table[1]
    assert "2/2" in table[1]


def test_runs_are_grouped_as_on_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    with open_store(load_settings()) as store:
        for seed, accuracy in enumerate((0.8, 0.9)):
            wanted = RunSpec().with_changes({"train.seed": seed, "penalty.l2": 0.1})
            add_run(store, wanted, epochs=[metrics(1, val_acc=accuracy)])
        add_run(store, RunSpec().with_changes({"penalty.l2": 0}), epochs=[metrics(1, val_acc=0.7)])
    assert main(["runs", "--group-by", "lambda"]) == 0
    table = capsys.readouterr().out.splitlines()
    assert table[0].split() == [
        "N",
        "SEEDS",
        "FINAL",
        "ACC",
        "BEST",
        "ACC",
        "TEST",
        "ACC",
        "GAP",
        "‖w‖",
        "ZEROS",
        "DURATION",
        "GROUP",
    ]
    assert "85.0\u202f% ± 5.0\u202f%" in table[2]
    assert table[2].endswith("λ₂ = 0.1")
    assert main(["runs", "--group-by", "lambda", "--json"]) == 0
    free, held = lines(capsys)
    assert (free["label"], free["n"], free["figures"]["last_val_acc_se"]) == ("no penalty", 1, None)
    assert (held["group"], held["n"], held["seeds"], len(held["runs"])) == ("l2=0.1", 2, 2, 2)
    assert held["figures"]["last_val_acc"] == pytest.approx(0.85)
    assert main(["runs", "--group-by", "cnn", "--json", "--limit", "1"]) == 0
    assert [line["group"] for line in lines(capsys)] == ["simple_cnn"]


def test_runs_lists_the_newest_fifty_for_people_and_all_for_programs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with open_store(load_settings()) as store:
        add_many(store, 60, 1)

    def listed(*options: str) -> list[str]:
        assert main(["runs", *options]) == 0
        return capsys.readouterr().out.splitlines()

    table = listed()
    assert (len(table), table[1].split()[-1]) == (52, "59")
    assert table[-1] == "The 50 newest of 60 runs; --limit 0 lists all."
    assert len(listed("--limit", "0")) == 61
    assert len(listed("--limit", "60")) == 61
    assert len(listed("--json")) == 60
    assert [json.loads(line)["name"] for line in listed("--json", "--limit", "2")] == ["run 59", "run 58"]


@pytest.mark.parametrize("limit", ["-1", "x", "1.5", "9" * 30, ""])
def test_a_limit_that_is_no_number_is_refused(limit: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs", f"--limit={limit}"]) == 2
    assert "is not a number of runs" in capsys.readouterr().err


def test_no_runs_yet_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs"]) == 0
    assert "no runs yet" in capsys.readouterr().out
    assert main(["runs", "--json"]) == 0
    assert capsys.readouterr().out == ""


def test_the_spec_is_read_from_yaml_and_changed_by_set(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = RunSpec().with_changes({"model.name": "dense_784", "data.train_size": 60, "train.epochs": 9})
    (tmp_path / "spec.yaml").write_text(spec.to_yaml(), encoding="utf-8")
    assert main(["train", str(tmp_path / "spec.yaml"), "--set", "train.epochs=1", "--json"]) == 0
    assert lines(capsys)[-1]["spec"] == spec.with_changes({"train.epochs": 1}).model_dump()


def test_a_dash_reads_the_spec_from_standard_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("train: {epochs: 1}\nmodel: {name: dense_784}\n"))
    assert main(["train", "-", "--json"]) == 0
    assert lines(capsys)[-1]["metrics"]["epochs"] == 1


def test_a_diverged_run_exits_with_1_and_prints_valid_json(capsys: pytest.CaptureFixture[str]) -> None:
    wild = ["--set", "train.epochs=9", "--set", "optim.name=sgd", "--set", "optim.lr=10", "--set", "penalty.l2=100"]
    assert main(["train", *TINY, *wild, "--json"]) == 1
    result = lines(capsys)[-1]
    assert result["status"] == "diverged"
    assert result["metrics"]["total"] in ("NaN", "Infinity")
    assert "smaller learning rate" in result["error"]


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (["train", "--set", "penalty.l2=-1"], "penalty.l2 should be greater than or equal to 0, not -1."),
        (["train", "--set", "penalty.l2=nan"], "penalty.l2 should be a valid number, not 'nan'."),
        (["train", "--set", "penalty.l2=.nan"], "penalty.l2 should be a finite number, not nan."),
        (["train", "--set", "penalty.l2=1e9"], "penalty.l2 should be less than or equal to 1000"),
        (["train", "--set", "optim.lr=0"], "optim.lr should be greater than 0, not 0."),
        (["train", "--set", "penalty.l2=true"], "penalty.l2 should be a valid number, not True."),
        (["train", "--set", "penalty.l2=yes"], "penalty.l2 should be a valid number, not 'yes'."),
        (["train", "--set", "penalty.l2=0,01"], "penalty.l2 should be a valid number, not '0,01'; write 0.01."),
        (["train", "--set", "train.epochs=010"], "train.epochs should be a valid integer, not '010'; write 10."),
        (["train", "--set", "train.epochs=1:30"], "train.epochs should be a valid integer, not '1:30'."),
        (["train", "--set", "train.epochs=1", "--set", "train.epochs=2"], "train.epochs is set twice; keep one"),
        (
            ["train", "--set", "penalty.factors={conv1.weight: true}"],
            "conv1.weight should be a valid number, not True.",
        ),
        (["train", "--set", "penalty.l3=1"], "Unknown setting 'penalty.l3'"),
        (["train", "--set", "nonsense"], "write part.key=value"),
        (["train", "--set", "model.name=simple_cn"], "did you mean 'simple_cnn'?"),
        (["train", "--set", "data.train_size=5000"], "data.train_size"),
        (["train", "--set", "data.train_size=9"], "10 classes"),
        (["train", "--set", "train.batch_size=401"], "train.batch_size (401) is larger than the 400 training images"),
        (["train", "missing.yaml"], "Cannot read missing.yaml: no such file or directory."),
        (["show", "nope"], "There is no run 'nope'."),
        (["resume", "nope"], "There is no run 'nope'."),
        (["fly"], "invalid choice: 'fly'"),
        ([], "COMMAND"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_status_2(
    argv: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(argv) == 2
    captured = capsys.readouterr()
    assert sentence in captured.err
    assert captured.err.startswith("reglab: ")
    assert captured.err.count("\n") == 1
    assert captured.out == ""


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("penalty: {l3: 1}", "Unknown setting 'penalty.l3'"),
        ("penality: {l1: 1}", "did you mean 'penalty'?"),
        ("- a\n- b", "must be a mapping"),
        ("a: [", "not valid YAML (line"),
        ("!!python/object/apply:os.system ['true']", "The spec has a tag (line 1); write the value without it."),
        ("penalty:\n  l2: 0,01", "penalty.l2 should be a valid number, not '0,01'; write 0.01."),
        ("penalty: {l2: 1}\npenalty: {l1: 1}", "The spec has 'penalty' twice (line 2); keep one of them."),
        ('{"train": {"epochs": 1, "epochs": 2}}', "The spec has 'epochs' twice; keep one of them."),
        ("penalty: {l2: yes}", "penalty.l2 should be a valid number, not 'yes'."),
        ("a: &a {b: 1}\nc: *a", "The spec has an anchor or alias (line 1); write its values out."),
    ],
)
def test_a_bad_spec_file_is_one_sentence(
    text: str, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "spec.yaml").write_text(text, encoding="utf-8")
    assert main(["train", str(tmp_path / "spec.yaml")]) == 2
    assert sentence in capsys.readouterr().err


def test_a_store_that_cannot_be_opened_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broken.sqlite").write_bytes(b"this is no database" * 100)
    monkeypatch.setenv("REGLAB_STORE", f"sqlite:///{tmp_path / 'broken.sqlite'}")
    assert main(["runs"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_finished_run_has_nothing_to_resume(capsys: pytest.CaptureFixture[str]) -> None:
    main(["train", *SMALL, "--json"])
    run_id = lines(capsys)[-1]["run"]
    assert main(["resume", run_id]) == 2
    assert "nothing to resume" in capsys.readouterr().err


def test_the_module_runs_as_a_program_and_survives_a_reader_that_leaves(home: Path) -> None:
    command = [sys.executable, "-m", "reglab", "train", *SMALL, "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        run_id = json.loads(process.stdout.readline())["run"]
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait() == 0
    shown = subprocess.run(
        [sys.executable, "-m", "reglab", "show", run_id, "--json"], capture_output=True, text=True, check=True
    )
    assert json.loads(shown.stdout)["status"] == "finished"
