"""Every piece of advice appears where it is true and only there, on both sides of its threshold, with its rule."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest
from hypothesis import given
from tests.factories import spec
from tests.ui.specs import specs as any_spec

from reglab import train
from reglab.events import EpochDone
from reglab.models import MODELS
from reglab.spec import RunSpec
from reglab.ui.train.advice import CHECKS, advice
from reglab.ui.train.advice_penalty import COLLAPSED, Advice, Facts, collapses_from

USUAL = Facts(n_train=400, n_val=539, acting=4)
NORMED = Facts(n_train=400, n_val=539, batch_norm=True, acting=21)
Changes = dict[str, Any]


def test_the_default_form_has_no_advice() -> None:
    assert advice(RunSpec(), USUAL) == []


def test_the_demonstration_s_settings_have_no_advice() -> None:
    assert advice(spec(penalty__l2=0.03, data__label_noise=0.2, model__name="keras_cnn", optim__lr=2e-3), USUAL) == []


CASES: list[tuple[Changes, Facts, str, str]] = [
    ({"optim__name": "adamw", "penalty__apply": "coupled"}, USUAL, "AdamW with a coupled penalty", "not rescaled"),
    ({"optim__name": "adamw"}, USUAL, "A decoupled λ is not Adam's", r"(1 - \eta\lambda_2)\,w"),
    ({"penalty__l1": 1e-4}, USUAL, "never exactly zero", r"as large at $w = 10^{-9}$"),
    ({"penalty__l1": 1e-4, "optim__name": "sgd"}, USUAL, "close to zero", r"$\eta\lambda_1$ = $10^{-7}$"),
    ({"penalty__group": 0.01}, USUAL, "Proximal removes whole filters", r"\lVert w_G \rVert_2, 0)\,w_G$"),
    ({"penalty__l2": 0, "penalty__apply": "proximal"}, USUAL, "Applied has no effect", "= 0$"),
    (
        {"penalty__l2": 0, "penalty__scope": "all", "penalty__factors": {"a": 2}},
        USUAL,
        "Scope and Factors have no effect",
        "= 0$",
    ),
    ({}, Facts(400, 539, acting=0), "λ has no effect", r"\lambda \cdot 0 = 0"),
    ({"optim__nesterov": True}, USUAL, "Nesterov is ignored", r"\mu v"),
    ({"optim__name": "sgd", "optim__nesterov": True, "optim__momentum": 0}, USUAL, "momentum is 0", r"0 \cdot v"),
    ({"optim__momentum": 0.5}, USUAL, "Momentum is ignored", "(0.5)"),
    ({"optim__step_every": 5}, USUAL, "the schedule is constant", "contains neither"),
    ({"optim__schedule": "cosine", "optim__step_factor": 0.5}, USUAL, "the schedule is cosine", r"\cos"),
    ({"optim__schedule": "step", "optim__step_every": 30}, USUAL, "come after epoch 30", r"/ 30 \rfloor = 0"),
    ({"optim__schedule": "step", "optim__step_factor": 1}, USUAL, "never changes", r"1^{\lfloor"),
    (
        {"optim__name": "adamw", "optim__lr": 1, "penalty__l2": 2},
        USUAL,
        "Learning rate × λ₂ = 2",
        r"1 - 1 \cdot 2 = -1",
    ),
    ({"train__patience": 30}, USUAL, "cannot end a run of 30", "30 ≥ 30"),
    ({}, NORMED, "changes the effective learning rate", r"\mathrm{BN}(a\,w"),
    ({"penalty__scope": "all"}, NORMED, "batch norm's scale and shift", r"\mathrm{BN}(a\,w"),
    (
        {"optim__name": "sgd", "optim__lr": 0.1, "penalty__l2": 0.1},
        USUAL,
        "time constant of 10 steps",
        r"\dfrac{1 - 0.9}{0.1 \cdot 0.1}$ = 10 steps < ⌈n / batch⌉ = 13 steps",
    ),
    ({"optim__name": "adamw"}, USUAL, "0.39 % off a weight", r"\dfrac{1}{0.001 \cdot 0.01}$ = 100,000 steps"),
    ({"penalty__l2": 0.3}, USUAL, "may collapse", "0.3 ≥ 0.3"),
    ({"train__batch_size": 400}, USUAL, "an epoch is a single step", "⌈400 / 400⌉ = 1"),
    ({}, Facts(400, 25), "up to 10 points", r"\sqrt{0.25 / 25}"),
    ({"regularize__augment": "shift+flip"}, USUAL, "mirrored 2 is no 2", r"p(y \mid T(x)) = p(y \mid x)"),
    (
        {"regularize__label_smoothing": 0.1, "regularize__mixup": 0.2},
        USUAL,
        "both soften the labels",
        r"0.1 / C$ with $\lambda \sim \mathrm{Beta}(0.2, 0.2)$",
    ),
]


@pytest.mark.parametrize(("changes", "facts", "text", "rule"), CASES, ids=[case[2] for case in CASES])
def test_advice_names_its_reason_and_shows_its_rule(changes: Changes, facts: Facts, text: str, rule: str) -> None:
    (found,) = [found for found in advice(spec(**changes), facts) if text in found.text]
    assert rule in found.rule


def test_every_check_has_a_case() -> None:
    assert {check for changes, facts, *_ in CASES for check in CHECKS if check(spec(**changes), facts)} == set(CHECKS)


def texts(facts: Facts = USUAL, **changes: Any) -> str:
    return "\n".join(said.text for said in advice(spec(**changes), facts))


THRESHOLDS: list[tuple[str, Changes, Changes, Facts]] = [
    ("may collapse", {"penalty__l2": 0.3}, {"penalty__l2": 0.29}, USUAL),
    ("may collapse", {"penalty__l2": 0.2, "data__label_noise": 0.2}, {"penalty__l2": 0.2}, USUAL),
    ("may collapse", {"penalty__l2": 0.5}, {"penalty__l2": 0.5, "penalty__apply": "proximal"}, USUAL),
    ("may collapse", {"penalty__l2": 0.5}, {"penalty__l2": 0.5, "penalty__factors": {"fc1.weight": 0.1}}, USUAL),
    ("Learning rate × λ₂", {"optim__lr": 1, "penalty__l2": 1.0, "penalty__apply": "decoupled"},
     {"optim__lr": 1, "penalty__l2": 0.99, "penalty__apply": "decoupled"}, USUAL),
    ("time constant", {"optim__name": "adamw", "optim__lr": 0.1, "penalty__l2": 0.78},
     {"optim__name": "adamw", "optim__lr": 0.1, "penalty__l2": 0.76}, USUAL),
    ("Too weak", {"optim__name": "adamw", "penalty__l2": 0.0257}, {"optim__name": "adamw", "penalty__l2": 0.0258},
     USUAL),
    ("λ has no effect", {}, {"penalty__l2": 0}, Facts(400, 539, acting=0)),
    ("never exactly", {"penalty__l1": 0.1}, {"penalty__l1": 0.1, "penalty__apply": "proximal"}, USUAL),
    ("decoupled λ", {"penalty__apply": "decoupled"}, {"penalty__apply": "decoupled", "optim__name": "sgd"}, USUAL),
    ("A decoupled λ is not", {"optim__name": "adamw"}, {"optim__name": "adamw", "penalty__l2": 0}, USUAL),
    ("effective learning rate", {}, {"penalty__l2": 0}, NORMED),
    ("single step", {"train__batch_size": 400}, {"train__batch_size": 399}, USUAL),
    ("cannot end", {"train__patience": 30}, {"train__patience": 29}, USUAL),
    ("come after", {"optim__schedule": "step", "optim__step_every": 30},
     {"optim__schedule": "step", "optim__step_every": 29}, USUAL),
    ("mirrored", {"regularize__augment": "flip"}, {"regularize__augment": "shift"}, USUAL),
    ("mirrored", {"regularize__augment": "flip"}, {"regularize__augment": "flip", "data__name": "cifar10"}, USUAL),
    ("both soften", {"regularize__label_smoothing": 0.1, "regularize__mixup": 1}, {"regularize__mixup": 1}, USUAL),
]  # fmt: skip


@pytest.mark.parametrize(("words", "holds", "not_yet", "facts"), THRESHOLDS)
def test_both_sides_of_a_threshold(words: str, holds: Changes, not_yet: Changes, facts: Facts) -> None:
    assert words in texts(facts, **holds)
    assert words not in texts(facts, **not_yet)


@pytest.mark.parametrize(("facts", "held"), [(Facts(400, 99), True), (Facts(400, 100), False)])
def test_a_hundred_validation_images_are_enough(facts: Facts, held: bool) -> None:
    assert ("validation images" in texts(facts)) == held


def test_batch_norm_and_an_acting_penalty_are_facts_of_the_network() -> None:
    assert "may collapse" not in texts(NORMED, penalty__l2=1.0, model__name="vgg_small")
    assert "may collapse" in texts(USUAL, penalty__l2=1.0, model__name="vgg_small")
    assert "λ has no effect" not in texts(USUAL)


@pytest.mark.parametrize(
    "changes",
    [
        {"penalty__l1": 1e-4, "penalty__apply": "proximal"},
        {"optim__name": "sgd", "optim__nesterov": True},
        {"optim__name": "sgd", "optim__momentum": 0.5, "optim__lr": 0.01},
        {"optim__schedule": "step", "optim__step_every": 5},
        {"penalty__apply": "proximal", "optim__lr": 1.0, "penalty__l2": 2.0, "train__epochs": 1,
         "train__batch_size": 399},
        {"penalty__factors": {"a": 0}},
        {"penalty__factors": {"a": 0, "b": 0}},
        {"penalty__l2": 0},
        {"regularize__max_norm": 3, "regularize__augment": "shift+rotate+crop+erase", "regularize__mixup": 0.2},
    ],
)  # fmt: skip
def test_what_makes_sense_needs_no_advice(changes: Changes) -> None:
    assert advice(spec(**changes), USUAL) == []


def test_unknown_facts_warn_about_nothing() -> None:
    assert texts(Facts(), train__batch_size=60_000) == ""


def test_warnings_come_before_information() -> None:
    said = advice(spec(optim__name="adamw", train__batch_size=400), NORMED)
    assert [one.level for one in said] == ["warning", *["info"] * (len(said) - 1)]
    assert len(said) >= 3


@given(any_spec())
def test_any_spec_gets_sentences_with_rules_in_whole_formulas(wanted: RunSpec) -> None:
    for said in advice(wanted, USUAL):
        assert said.text.endswith(".")
        assert said.rule.count("$") % 2 == 0
        assert re.sub(r"[^{}]", "", said.rule).count("{") == said.rule.count("}")


def test_the_share_that_decay_takes_is_that_of_the_steps() -> None:
    steps = Facts(400).steps(RunSpec())
    assert steps == 13
    share = 100 * (1 - (1 - 1e-3 * 1e-2) ** (13 * 30))
    weak: Advice = advice(spec(optim__name="adamw"), USUAL)[0]
    assert f"{share:.2g} %" in weak.text
    assert math.isclose(share, 0.389, rel_tol=1e-2)


# The rule of thumb for a collapse is a measurement; here is a part of it again


def accuracy(cnn: str, l2: float) -> float:
    """Validation accuracy after 30 epochs on 400 digits with SGD, in full."""
    wanted = spec(model__name=cnn, penalty__l2=l2, optim__name="sgd", optim__lr=0.05)
    *_, last = (event.metrics for event in train(wanted, device="cpu", threads=1) if isinstance(event, EpochDone))
    return last.val_acc


@pytest.mark.parametrize("cnn", ["keras_cnn", "lenet5"])
def test_beyond_the_measured_lambda_the_network_names_one_class_and_at_a_third_it_learns(cnn: str) -> None:
    limit = collapses_from(cnn, 0.0)
    assert limit is not None
    assert accuracy(cnn, 2 * limit) < 0.13
    assert accuracy(cnn, limit / 3) > 0.7


def test_every_measured_cnn_is_one_of_ours_and_wrong_labels_never_help() -> None:
    for cnn, (true_labels, wrong_labels) in COLLAPSED.items():
        assert not MODELS.get(cnn).has_batch_norm
        assert wrong_labels <= true_labels
    assert collapses_from("resnet18", 0.0) is None
