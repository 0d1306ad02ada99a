"""``reglab sweep --over``: axes of any numeric setting, their tables and result objects, sentences for mistakes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reglab.cli import main
from reglab.cli.training import _confirm_lines

TINY = [
    *("--set", "data.train_size=60", "--set", "data.val_fraction=0.1", "--set", "train.epochs=2"),
    *("--set", "train.batch_size=16", "--seeds", "2"),
]

pytestmark = pytest.mark.usefixtures("own_home", "fused_plan")


def _swept(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    """The result of a sweep that succeeds."""
    assert main(["sweep", *TINY, *arguments, "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return found


def test_a_setting_alone_is_the_only_axis(capsys: pytest.CaptureFixture[str]) -> None:
    found = _swept(capsys, "--over", "data.train_size=20:60:3", "--name", "sizes")
    assert found["spec"]["over"] == {"data.train_size": [20, 35, 60]}
    assert found["spec"]["l2"] == []
    assert [(row["over"], row["lambda"], row["l2"], row["n"]) for row in found["table"]] == [
        ({"data.train_size": size}, None, 0.01, 2) for size in (20, 35, 60)
    ]
    assert {row["difference"] for row in found["table"]} == {None}  # no value 0 to compare with
    assert main(["runs"]) == 0
    assert "training images 35 · seed 1 · sizes" in capsys.readouterr().out


def test_dropout_0_is_the_reference_of_dropout(capsys: pytest.CaptureFixture[str]) -> None:
    found = _swept(capsys, "--over", "model.dropout=0,0.5")
    none, half = found["table"]
    assert none["difference"] == 0
    assert half["difference"] == pytest.approx(half["val_loss"] - none["val_loss"])


def test_a_confirmed_setting_is_named_by_its_key() -> None:
    one = {"lambda": None, "l1": 0.0, "l2": 0.01, "over": {"model.dropout": 0.5}, "n": 359, "val_acc": 0.9}
    difference = {"value": 0.01, "low": -0.02, "high": 0.04}
    point = {**one, "test_acc": 0.88, "test_low": 0.85, "test_high": 0.91, "difference": difference}
    line, *_ = _confirm_lines({"seeds": 3, "openings": 1, "points": [point]})[1:]
    assert line.startswith("  model.dropout 0.5: test 88.0")
    assert line.endswith("; against model.dropout = 0: +1.0 points [−2.0, 4.0]")


def test_beside_lambda_it_is_a_second_axis(capsys: pytest.CaptureFixture[str]) -> None:
    found = _swept(capsys, "--l2", "0,0.1", "--over", "optim.lr=0.001,0.01")
    rows = {(row["lambda"], row["over"]["optim.lr"]): row for row in found["table"]}
    assert list(rows) == [(0, 1e-3), (0, 1e-2), (0.1, 1e-3), (0.1, 1e-2)]
    for rate in (1e-3, 1e-2):
        gain = rows[0.1, rate]["val_loss"] - rows[0, rate]["val_loss"]
        assert rows[0.1, rate]["difference"] == pytest.approx(gain)


def test_the_table_for_people_has_a_column_for_each_axis(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sweep", *TINY, "--l1", "0,0.1", "--over", "penalty.group=0,0.01"]) == 0
    out = capsys.readouterr().out
    assert "2 λ₁ × 2 λᴳ × 2 seeds" in out
    [header] = [line.split() for line in out.splitlines() if "lambda" in line.split()]
    assert header[:5] == ["lambda", "l1", "l2", "penalty.group", "n"]
    assert main(["sweep", *TINY, "--over", "optim.lr=0.01,0.1"]) == 0
    out = capsys.readouterr().out
    [header] = [line.split() for line in out.splitlines() if line.split()[0] == "optim.lr"]
    assert header[:2] == ["optim.lr", "n"]
    assert "best: optim.lr 0." in out


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["optim.lr"], "--over: cannot read 'optim.lr'; write KEY=LIST, e.g. optim.lr=1e-4:1e-2:5."),
        (["optim.lr=1e-3", "optim.lr=1e-2"], "--over: optim.lr is given twice; keep one of the two lists."),
        (["optim.lr="], "--over: optim.lr is empty; give values such as 0,1e-3,1e-2 or a range such as 1e-4:1e-1:9."),
        (["optim.lr=x"], "--over: optim.lr: cannot read 'x'; give a number such as 0, 0.03 or 1e-3."),
        (["optim.lr=0"], "optim.lr should be greater than 0, not 0.0."),
        (["train.epochs=1.5"], "The sweep: train.epochs takes whole numbers only, not 1.5."),
        (["train.seed=1,2"],
         "--over: train.seed cannot be swept: it changes with the repeats; give a number of seeds, blocks or folds."),
        (["optim.lr=0.1", "train.epochs=1", "model.dropout=0"],
         "The sweep: a sweep has one or two axes, not 3: learning rate, epochs, dropout."),
        (["penalty.l2=0,1", "penalty.l1=0,1", "optim.lr=0.1"],
         "The sweep: a sweep has one or two axes, not 3: λ₁, λ₂, learning rate."),
    ],
)  # fmt: skip
def test_a_mistake_is_one_sentence(capsys: pytest.CaptureFixture[str], options: list[str], sentence: str) -> None:
    assert main(["sweep", *(part for option in options for part in ("--over", option))]) == 2
    assert capsys.readouterr().err == f"reglab: {sentence}\n"
