"""The methods paragraph: every condition of a sweep's figures is in it, and none that it does not have."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.ui.sweeps import U_CURVE, view_of
from tests.ui.test_confirm_text import FOUND
from tests.ui.test_verdict_text import VIEWS

from reglab import __version__
from reglab.content.methods_text import methods_text

KNOWN: dict[str, Any] = {
    "n_train": 400, "n_val": 431, "n_pool": 1438, "n_test": 359, "test_source": "share", "device": "cpu",
    "versions": {"python": "3.11.7", "torch": "2.13.0"},
}  # fmt: skip
SIX = U_CURVE * 2


def test_a_sweep_without_extras() -> None:
    run = {"data": {"label_noise": 0.2}, "optim": {"name": "adam", "lr": 0.003}, "train": {"epochs": 60}}
    text = methods_text(view_of(SIX, overlap=431 / 1007, run=run), KNOWN)
    for part in (
        "400 images of Digits (8×8), 20 % of them with a wrong label, and validated on 431 others",
        "drawn stratified from 1,438 images", "359 images were locked away", "Adam, learning rate 0.003",
        "batch size 32, for 60 epochs.", "λ₂ = 0, 0.01, 0.1, 1, coupled penalty", "6 seeds (from 0)",
        "highest mean validation accuracy", "epoch rule “last”, declared beforehand", "r = 0.428", "max-T",
        "Chosen: λ₂ = 0.1, validation accuracy 91.0", "better in 6 of 6 repeats", "Early stopping alone (λ₂ = 0",
        f"Software: RegLab {__version__} on cpu, with python 3.11.7, torch 2.13.0.",
    ):  # fmt: skip
        assert part in text
    for absent in (
        "dropout",
        "mixup",
        "label smoothing",
        "max-norm",
        "augmentation",
        "stopped after",
        "test part opened",
    ):
        assert absent not in text


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({"label_noise": 0.125}, "12.5 % of them with a wrong label"),
        (
            {"label_noise": 0.4, "noise_kind": "asymmetric"},
            "asymmetric label noise 40 % (2 → 7, 3 → 8, 5 → 6, 6 → 5, 7 → 1)",
        ),
        ({"label_noise": 0.4, "noise_kind": "asymmetric", "noise_map": {"9": "4"}}, "label noise 40 % (9 → 4)"),
        (
            {"label_noise": 0.1, "noise_kind": "per_class", "noise_by_class": {"3": 0.5, "1": 0}},
            "label noise by class (1: 0 %, 3: 50 %, others: 10 %)",
        ),
    ],
)
def test_wrong_labels_are_named_by_class(data: dict[str, Any], text: str) -> None:
    assert text in methods_text(view_of(SIX, run={"data": data}), KNOWN)


def test_numbers_of_images_that_an_axis_changes_are_not_those_of_one_run() -> None:
    over = {"data.imbalance": [1, 5, 10, 50]}
    text = methods_text(view_of(SIX, l1=[], l2=[], lambdas=[], over_=over), KNOWN)
    assert "trained on images, as many as the imbalance factor ρ gives, of Digits" in text
    assert "400 images" not in text
    assert "those of validation stratified" in text


def test_a_measure_that_was_not_declared_beforehand_is_named_so() -> None:
    about = "The measure that was declared beforehand is the accuracy."
    assert about in methods_text(view_of(SIX, measure="loss"), KNOWN)
    assert about not in methods_text(view_of(SIX), KNOWN)


def test_other_regularizers_early_stopping_and_folds_are_named() -> None:
    run = {
        "model": {"dropout": 0.3}, "train": {"patience": 5, "epochs": 60}, "penalty": {"l2": 0.0, "l1": 0.01},
        "regularize": {"label_smoothing": 0.1, "mixup": 0.2, "max_norm": 3.0, "augment": "shift+flip"},
    }  # fmt: skip
    text = methods_text(view_of(SIX[:5], over="fold", measure="loss", run=run), KNOWN)
    for part in (
        "stopped after 5 epochs without a lower validation loss", "dropout 0.3", "label smoothing 0.1", "mixup 0.2",
        "max-norm 3", "augmentation shift+flip", "5 stratified folds", "beside λ₁ = 0.01",
        "lowest mean validation loss",
        "epoch rule “best”", "corrected over folds (Tibshirani & Tibshirani 2009)",
    ):  # fmt: skip
        assert part in text


def test_the_learning_rate_check_is_named() -> None:
    text = methods_text(VIEWS["the learning rate moves the choice"](), KNOWN)
    assert (
        "The same values were also trained at learning rates 0.001 and 0.009. Learning rate × 3 moves the choice from "
        "0.1 to 0.01. Learning rate ÷ 3 does not move it." in text
    )


def test_disjoint_blocks_are_named_with_their_size() -> None:
    known = {**KNOWN, "n_pool": 60_000, "n_val": 3000}
    text = methods_text(view_of(SIX, over="block"), known)
    assert "drawn stratified from one of 6 disjoint blocks of 10,000 of 60,000 images" in text
    assert "repeated over 6 disjoint stratified blocks; all λ of a repeat" in text
    assert "r = 0 (" in text


def test_intervals_over_one_validation_part_say_what_they_are_about() -> None:
    view = view_of(SIX)
    run = view.spec.run.with_changes({"data.validation": "own"})
    text = methods_text(replace(view, spec=view.spec.model_copy(update={"run": run})), KNOWN)
    assert "(Nadeau & Bengio 2003), about the dataset's own validation images alone; p values" in text


def test_a_confirmation_is_told_with_its_openings_and_intervals() -> None:
    text = methods_text(replace(view_of(SIX), confirmed=FOUND), KNOWN)
    assert (
        "2 λ values were retrained on 10 fresh seeds and evaluated on the 359 test images (test part opened once)"
        in text
    )
    assert "λ₂ = 0.01: 90.5 % [87.0 %, 93.1 %]" in text
    paired = "Differences on the test part, paired by seed and image (bootstrap over both)"
    assert f"{paired}: λ₂ = 0.01 less λ₂ = 0: +10.5 points [7.0, 14.0]." in text


def test_a_confirmation_of_one_value_is_singular() -> None:
    kept = {name: getattr(FOUND, name)[:1] for name in ("points", "roles", "figures", "differences")}
    one = replace(FOUND, **kept)
    text = methods_text(replace(view_of(SIX), confirmed=one), KNOWN)
    assert "1 λ value was retrained on 10 fresh seeds" in text


def test_what_is_not_known_is_left_out() -> None:
    text = methods_text(view_of([[0.1] * 4] * 2), {})
    assert text.endswith("No λ was chosen.")
    assert "Nadeau" not in text
    assert "nan" not in text
