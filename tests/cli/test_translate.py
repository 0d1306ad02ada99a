"""``reglab translate``: its answers, its table, its JSON, and one clear sentence for every mistake."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reglab.cli import main
from reglab.conventions import CONVENTIONS


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What it prints; it must end well and complain of nothing."""
    assert main(["translate", *arguments]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    return printed.out


def result(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    """The last line of ``--json``."""
    found: dict[str, Any] = json.loads(said(capsys, *arguments, "--json").splitlines()[-1])
    return found


def test_an_exact_answer_comes_first_then_its_steps(capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, "0.01", "--from", "torch-sgd", "--to", "keras-l2").splitlines()
    assert lines[0] == "keras.regularizers.L2(0.005)"
    assert any("l2 = λ₂/2 = 0.01/2 = 0.005" in line for line in lines)


def test_conditions_follow_the_number_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    """In the answer, in the table of all, and in JSON; y matters to glmnet's L2 part alone."""
    lines = said(capsys, "0.01", "--from", "torch-sgd", "--to", "glmnet").splitlines()
    assert lines[0] == "glmnet(x, y, lambda = 0.01, alpha = 0)"
    assert lines[1] == (
        "Exact if every column of x has variance 1 (with 1/n), y has standard deviation 1 (with 1/n), the data loss is "
        "½·mean square error and both act on the same tensors."
    )
    found = result(capsys, "0.01", "--from", "glmnet", "--to", "sklearn-lasso")
    assert found["conditions"] == ["every column of x has variance 1 (with 1/n)"]
    assert found["headline"] == "Exact if every column of x has variance 1 (with 1/n)."
    [row] = [line for line in said(capsys, "0.01", "--from", "torch-sgd").splitlines() if line.startswith("glmnet")]
    assert "if every column of x has variance 1" in row
    assert said(capsys, "0.1", "--from", "sklearn-lasso", "--to", "sklearn-elasticnet").splitlines()[1] == ""


@pytest.mark.parametrize(
    ("source", "target", "context", "clause"),
    [
        ("torch-adamw", "tfa-adamw", ["--lr", "0.01"], "the learning rate stays at 0.01"),
        ("torch-adamw", "adamw-paper", ["--lr", "0.01"], "the base learning rate α is 0.01"),
        ("torch-sgd", "sklearn-mlp", ["--batch-size", "32"], "every batch has 32 examples, the last one too"),
        ("torch-sgd", "sklearn-ridge", ["--n", "400"], "there are 400 training examples"),
        ("torch-sgd", "keras-weight-decay", ["--momentum", "0"], "the optimizer is plain SGD"),
        ("torch-sgd", "torch-adam", [], "it is the objective that counts"),
        ("sklearn-ridge", "sklearn-logistic", ["--n", "400"], "the data loss changes with it"),
        ("torch-l1", "playground-l1", [], "the Playground removes weights"),
    ],
)
def test_what_a_number_takes_for_granted_is_said_with_it(
    capsys: pytest.CaptureFixture[str], source: str, target: str, context: list[str], clause: str
) -> None:
    found = result(capsys, "0.01", "--from", source, "--to", target, *context)
    assert found["exact"] is True
    assert clause in found["headline"]


def test_what_both_take_for_granted_is_not_said(capsys: pytest.CaptureFixture[str]) -> None:
    found = result(capsys, "0", "--from", "torch-sgd", "--to", "glmnet")
    assert found["conditions"] == []
    found = result(capsys, "0.1", "--from", "sklearn-lasso", "--and", "sklearn-ridge=0.1", "--to", "glmnet", "--n", "9")
    assert found["conditions"].count("every column of x has variance 1 (with 1/n)") == 1


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    found = result(capsys, "0.01", "--from", "torch-sgd", "--to", "keras-l2")
    assert found["exact"] is True
    assert found["values"] == {"l2": 0.005}
    assert found["from"] == [{"name": "torch-sgd", "values": {"weight_decay": 0.01}}]
    assert (found["to"], found["reason"], found["approximation"]) == ("keras-l2", "", None)
    assert found["meaning"] == {"l1": 0.0, "l2": 0.01, "decay": 0.0}
    assert found["code"] == "keras.regularizers.L2(0.005)"
    assert found["steps"]
    assert found["notes"]


def test_no_exact_equivalent_is_an_answer(capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, "0.01", "--from", "torch-adam", "--to", "torch-adamw").splitlines()
    assert lines[0] == "No exact equivalent."
    assert "√v" in lines[1]
    found = result(capsys, "0.01", "--from", "torch-sgd", "--to", "keras-weight-decay", "--momentum", "0.9")
    assert (found["exact"], found["values"]) == (False, None)
    assert found["approximation"] == {"weight_decay": 0.1}
    assert found["reason"]


def test_context_and_several_parameters(capsys: pytest.CaptureFixture[str]) -> None:
    found = result(capsys, "C=0.5,l1_ratio=0.25", "--from", "sklearn-logistic", "--to", "keras-l1l2", "--n", "400")
    assert found["values"] == pytest.approx({"l1": 0.00125, "l2": 0.001875})
    found = result(capsys, "0.02", "--from", "torch-sgd", "--to", "sklearn-mlp", "--batch-size", "32")
    assert found["values"] == pytest.approx({"alpha": 0.64})
    found = result(capsys, "0.02", "--from", "torch-adamw", "--to", "tfa-adamw", "--lr", "1e-3")
    assert found["values"] == pytest.approx({"weight_decay": 2e-5})
    arguments = ("0.02", "--from", "keras-l2", "--to", "keras-weight-decay", "--momentum", "0", "--optimizer", "sgd")
    assert result(capsys, *arguments)["values"] == pytest.approx({"weight_decay": 0.04})


def test_without_a_target_all_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, "0.01", "--from", "torch-sgd").splitlines()
    assert [line.split()[0] for line in lines] == [name for name in CONVENTIONS.names() if name != "torch-sgd"]
    results = result(capsys, "0.01", "--from", "torch-sgd")["results"]
    assert results["keras-l2"]["values"] == {"l2": 0.005}
    assert results["sklearn-ridge"]["missing"] == "n"
    assert results["torch-adamw"]["exact"] is False


def test_double_counting(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("0.01", "--from", "torch-sgd", "--and", "sum-squares=0.01")
    found = result(capsys, *arguments, "--to", "reglab")
    assert found["values"] == {"l1": 0.0, "l2": 0.03}
    assert found["doubled"] is True
    assert "3 times" in found["together"]
    assert "counted more than once" in said(capsys, *arguments, "--to", "reglab")
    assert "counted more than once" in said(capsys, *arguments)
    mixed = result(capsys, "0.1", "--from", "keras-l2", "--and", "keras-weight-decay=0.1", "--to", "torch-adam")
    assert mixed["doubled"] is False
    assert "two different things" in mixed["together"]


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, "--list").splitlines()
    assert [line.split()[0] for line in lines] == CONVENTIONS.names()
    listed = result(capsys, "--list")["conventions"]
    assert [entry["name"] for entry in listed] == CONVENTIONS.names()
    assert all(entry["formula"] and entry["tensors"] and entry["source"] for entry in listed)


def test_infinity_in_json_is_a_word(capsys: pytest.CaptureFixture[str]) -> None:
    found = result(capsys, "0", "--from", "torch-sgd", "--to", "sklearn-logistic", "--n", "10")
    assert found["values"] == {"C": "Infinity", "l1_ratio": 0.0}


BAD = [
    [], ["0.01"], ["--from", "torch-sgd"], ["-1", "--from", "torch-sgd", "--to", "keras-l2"],
    ["nan", "--from", "torch-sgd", "--to", "keras-l2"], ["inf", "--from", "torch-sgd", "--to", "keras-l2"],
    ["x", "--from", "torch-sgd"], ["0.01", "--from", "torch-sdg"], ["0.01", "--from", "torch-sgd", "--to", "keras"],
    ["l2=1", "--from", "torch-sgd"], ["l1=1,l1=2", "--from", "keras-l1l2"], ["l1=", "--from", "keras-l1l2"],
    ["1", "--from", "sklearn-ridge", "--to", "reglab"], ["1", "--from", "sklearn-ridge", "--to", "reglab", "--n", "0"],
    ["1", "--from", "sklearn-ridge", "--to", "reglab", "--n", "2.5"],
    ["1", "--from", "sklearn-ridge", "--to", "reglab", "--n", "inf"],
    ["1", "--from", "torch-sgd", "--momentum", "1"], ["1", "--from", "torch-sgd", "--lr", "0"],
    ["1", "--from", "torch-sgd", "--batch-size", "0"], ["1", "--from", "torch-sgd", "--optimizer", "adm"],
    ["alpha=1,l1_ratio=2", "--from", "glmnet"], ["C=0", "--from", "sklearn-logistic"],
    ["1", "--from", "torch-sgd", "--and", "keras-l2"], ["1", "--from", "torch-sgd", "--and", "torch-adamw=1"],
    ["1", "--from", "torch-sgd", "--and", "keras-l2=x"], ["1", "--from", "torch-sgd", "--wrong"],
]  # fmt: skip


@pytest.mark.parametrize("arguments", BAD, ids=" ".join)
@pytest.mark.parametrize("json_too", [False, True], ids=["words", "json"])
def test_bad_input_is_one_sentence(arguments: list[str], json_too: bool, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["translate", *arguments, *(["--json"] if json_too else [])]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("reglab: ")
    assert printed.err.endswith(".\n")
    assert printed.err.count("\n") == 1
