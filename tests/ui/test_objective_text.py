"""The objective and the translation say exactly the numbers of the spec."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.factories import spec

from reglab.number_format import latex_number
from reglab.spec import RunSpec
from reglab.ui.train import objective_text as objective

AMOUNTS = st.floats(min_value=1e-12, max_value=1e3)


def value(latex: str) -> float:
    """The number that a LaTeX number stands for."""
    power = re.fullmatch(r"(?:(.+)\\cdot )?10\^\{(-?\d+)\}", latex)
    return float(Decimal(power[1] or "1").scaleb(int(power[2]))) if power else float(latex)


@given(AMOUNTS)
def test_a_number_keeps_every_digit(number: float) -> None:
    assert value(latex_number(number)) == number


@pytest.mark.parametrize(
    ("number", "latex"),
    [(0.0, "0"), (0.03, "0.03"), (1e-3, "0.001"), (1e-4, "10^{-4}"), (2.5e-5, r"2.5\cdot 10^{-5}"), (400.0, "400")],
)
def test_numbers_read_as_people_write_them(number: float, latex: str) -> None:
    assert latex_number(number) == latex


@given(AMOUNTS, AMOUNTS, st.integers(2, 60_000))
def test_both_lambdas_and_the_number_of_images_stand_in_the_objective(l1: float, l2: float, n: int) -> None:
    latex = objective.objective(spec(penalty__l1=l1, penalty__l2=l2), n)
    first, second, third = latex.split(r"\\ &")
    assert rf"\frac{{1}}{{{n}}} \sum_{{i=1}}^{{{n}}}" in first
    assert second.strip().startswith(f"+ {latex_number(l1)} \\sum")
    assert second.strip().endswith("|w|")
    assert rf"\frac{{{latex_number(l2)}}}{{2}}" in third
    assert "w^2" in third


def test_without_a_penalty_only_the_data_loss_is_left() -> None:
    assert "+" not in objective.objective(spec(penalty__l2=0), 400)
    assert objective.translation(spec(penalty__l2=0)) == ""


def test_an_unknown_number_of_images_is_n() -> None:
    assert r"\frac{1}{n} \sum_{i=1}^{n}" in objective.objective(RunSpec(), None)


def test_the_issue_s_example() -> None:
    example = spec(penalty__l2=0.03)
    assert objective.objective(example, 400) == (
        r"\begin{aligned} J(w) = {} & \frac{1}{400} \sum_{i=1}^{400} \mathrm{CE}(f_w(x_i), y_i) \\ "
        r"& + \frac{0.03}{2} \sum_{w\,\in\,\text{weights}} w^2 \end{aligned}"
    )
    assert objective.translation(example) == (
        "In PyTorch: `weight_decay=0.03` for the weights. In Keras: `kernel_regularizer=l2(0.015)`."
    )


@pytest.mark.parametrize("scope", ["weights", "weights+biases", "all"])
def test_the_scope_is_under_the_sums(scope: str) -> None:
    latex = objective.objective(spec(penalty__l1=0.1, penalty__scope=scope), 400)
    assert latex.count(objective.SCOPES[scope]) == 2


def test_factors_weigh_each_tensor() -> None:
    weighed = spec(penalty__l1=0.1, penalty__factors={"conv1.weight": 0})
    assert objective.objective(weighed, 400).count("c_w\\,") == 2
    assert "c_w" not in objective.objective(RunSpec(), 400)


@given(AMOUNTS)
def test_keras_halves_what_pytorch_takes(l2: float) -> None:
    words = objective.translation(spec(penalty__l2=l2))
    torch_value, keras_value = re.findall(r"weight_decay=([^`]+)`|l2\(([^)]+)\)", words)
    assert float(torch_value[0]) == l2
    assert float(keras_value[1]) == l2 / 2


def test_translations_are_honest_about_what_does_not_exist() -> None:
    adamw, sgd = spec(optim__name="adamw"), spec(optim__name="sgd", penalty__apply="decoupled")
    assert objective.translation(adamw).startswith("In PyTorch and in Keras: `AdamW(weight_decay=0.01)`.")
    assert "PyTorch's SGD has only the coupled form" in objective.translation(sgd)
    assert "Neither" in objective.translation(spec(penalty__apply="proximal"))
    assert "Neither" in objective.translation(spec(penalty__apply="decoupled", penalty__l1=0.1))
    both = objective.translation(spec(penalty__l1=1e-4, penalty__scope="all"))
    assert "l1_l2(l1=1e-4, l2=0.005)" in both
    assert "gamma_regularizer" in both
    assert "for every parameter" in both


def test_what_each_way_means_for_the_objective() -> None:
    assert "J itself is minimised" in objective.meaning(RunSpec())
    assert "no J is minimised exactly" in objective.meaning(spec(optim__name="adamw"))
    assert "exactly 0" in objective.meaning(spec(penalty__apply="proximal", penalty__l1=0.1))
    assert "no J is minimised exactly" in objective.meaning(spec(penalty__apply="proximal"))
    for apply in ("decoupled", "proximal"):
        plain_sgd, momentum = (spec(penalty__apply=apply, optim__name="sgd", optim__momentum=m) for m in (0.0, 0.9))
        assert "that minimises J itself" in objective.meaning(plain_sgd)
        assert "with λ times 0.1" in objective.meaning(momentum)
    assert objective.meaning(spec(penalty__l2=0)).startswith("No penalty")


def test_a_training_criterion_stands_in_j_and_is_written_out_below() -> None:
    smoothed = spec(regularize__label_smoothing=0.1, penalty__l2=0)
    assert r"\ell(f_w(x_i), y_i)" in objective.objective(smoothed, 400)
    assert objective.meaning(smoothed) == "No penalty: only the training criterion is minimised."
    [row] = objective.other_regularizers(smoothed)
    assert row.latex.startswith(r"\ell(f_w(x), y) = (1 - 0.1)")
    assert row.meaning.startswith("Label smoothing, in the loss: ")
    assert "This is the training criterion in J; loss curves stay data losses. In PyTorch: `F.cross_" in row.meaning
    assert row.meaning.endswith("In Keras: `losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)`.")
    both = smoothed.with_changes({"regularize.mixup": 0.2, "model.dropout": 0.5, "train.patience": 3})
    assert r"\tilde{\ell}_i" in objective.objective(both, 400)
    whole = [row.meaning.partition(":")[0] for row in objective.other_regularizers(both)]
    assert whole == [
        "Dropout, in the network", "Label smoothing, in the loss", "Mixup, on the images", "Early stopping, in time"
    ]  # fmt: skip
    assert "training criterion L: the mean ℓ of" in _text(objective.update_rule(both))
    assert "data loss L: the mean cross-entropy of" in _text(objective.update_rule(spec()))


def test_max_norm_is_the_last_line_of_the_update_rule() -> None:
    held = spec(regularize__max_norm=3)
    assert objective.update_rule(held)[-1].latex.endswith(r"\min\left(1,\,\dfrac{3}{\lVert w_G \rVert_2}\right)")
    assert objective.update_rule(held)[:-1] == objective.update_rule(spec())
    assert objective.other_regularizers(held) == ()


def _text(rows: tuple[objective.Row, ...]) -> str:
    return " ".join(row.meaning for row in rows)
