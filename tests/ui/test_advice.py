"""Every warning appears where it is true, and only there."""

from __future__ import annotations

import math

import pytest
from tests.factories import spec

from reglab.spec import RunSpec
from reglab.ui.train.advice import CHECKS, FACT_CHECKS, Facts, advice

USUAL = Facts(n_train=400, n_val=539)


def test_the_default_form_has_no_warning() -> None:
    assert advice(RunSpec(), USUAL) == []


def test_the_demonstration_s_settings_have_no_warning() -> None:
    assert advice(spec(penalty__l2=0.03, data__label_noise=0.2, model__name="keras_cnn"), USUAL) == []


CASES: list[tuple[dict[str, object], Facts, str]] = [
    ({"optim__name": "adamw", "penalty__apply": "coupled"}, USUAL, "AdamW with a coupled penalty is Adam + L2"),
    ({"penalty__l1": 1e-4}, USUAL, "never exactly at it"),
    ({"penalty__l2": 0, "penalty__apply": "proximal"}, USUAL, "Applied changes nothing"),
    (
        {"penalty__l2": 0, "penalty__scope": "all", "penalty__factors": {"a": 2}},
        USUAL,
        "Scope and Factors change nothing",
    ),
    ({"penalty__factors": {"a": 0, "b": 0}}, USUAL, "All 2 factors are 0"),
    ({"optim__nesterov": True}, USUAL, "Nesterov is ignored"),
    ({"optim__name": "sgd", "optim__nesterov": True, "optim__momentum": 0}, USUAL, "momentum is 0"),
    ({"optim__momentum": 0.5}, USUAL, "Momentum is ignored"),
    ({"optim__step_every": 5}, USUAL, "the schedule is constant"),
    ({"optim__schedule": "cosine", "optim__step_factor": 0.5}, USUAL, "the schedule is cosine"),
    ({"optim__schedule": "step", "optim__step_every": 30}, USUAL, "come after epoch 30"),
    ({"optim__schedule": "step", "optim__step_factor": 1}, USUAL, "never changes"),
    ({"optim__name": "sgd", "optim__lr": 1, "penalty__l2": 2}, USUAL, "Learning rate × λ₂ = 2"),
    ({"train__patience": 30}, USUAL, "cannot end a run of 30"),
    ({}, Facts(400, 539, batch_norm=True), "through the effective learning rate"),
    ({"penalty__scope": "all"}, Facts(400, 539, batch_norm=True), "batch norm's scale and shift"),
    ({"optim__name": "sgd", "optim__lr": 0.1, "penalty__l2": 0.1}, USUAL, "time constant of 10 steps"),
    ({"optim__name": "adamw"}, USUAL, "0.39 % off a weight"),
    ({"train__batch_size": 400}, USUAL, "an epoch is a single step"),
    ({}, Facts(400, 25), "± 10 points"),
]


@pytest.mark.parametrize(("changes", "facts", "words"), CASES, ids=[words for _, _, words in CASES])
def test_a_warning_names_its_reason(changes: dict[str, object], facts: Facts, words: str) -> None:
    assert len([text for text in advice(spec(**changes), facts) if words in text]) == 1


def test_every_check_has_a_case() -> None:
    fired = {check for changes, _, _ in CASES for check in CHECKS if check(spec(**changes))}
    fired_on_facts = {check for changes, facts, _ in CASES for check in FACT_CHECKS if check(spec(**changes), facts)}
    assert fired == set(CHECKS)
    assert fired_on_facts == set(FACT_CHECKS)


@pytest.mark.parametrize(
    "changes",
    [
        {"penalty__l1": 1e-4, "penalty__apply": "proximal"},
        {"optim__name": "adamw", "penalty__l2": 1.0},
        {"optim__name": "sgd", "optim__nesterov": True},
        {"optim__name": "sgd", "optim__momentum": 0.5, "optim__lr": 0.01},
        {"optim__schedule": "step", "optim__step_every": 5},
        {"optim__lr": 1.0, "penalty__l2": 2.0},
        {
            "penalty__apply": "proximal",
            "optim__lr": 1.0,
            "penalty__l2": 2.0,
            "train__epochs": 1,
            "train__batch_size": 399,
        },
        {"train__patience": 29},
        {"train__batch_size": 399},
        {"penalty__factors": {"a": 0}},
        {"penalty__l2": 0},
    ],
)
def test_what_makes_sense_is_not_warned_about(changes: dict[str, object]) -> None:
    assert advice(spec(**changes), USUAL) == []


def test_unknown_facts_warn_about_nothing() -> None:
    assert advice(spec(optim__name="adamw", train__batch_size=60_000), Facts()) == []


def test_the_share_that_decay_takes_is_that_of_the_steps() -> None:
    steps = Facts(400).steps(RunSpec())
    assert steps == 13
    share = 100 * (1 - (1 - 1e-3 * 1e-2) ** (13 * 30))
    (text,) = advice(spec(optim__name="adamw"), USUAL)
    assert f"{share:.2g} %" in text
    assert math.isclose(share, 0.389, rel_tol=1e-2)
