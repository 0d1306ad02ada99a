"""The slope of log best λ on log learning rate as text: its interval, what it says, and what is not known."""

from __future__ import annotations

import pytest

from reglab.analysis.separability import Separability
from reglab.sweep import SweepSpec
from reglab.ui.sweep.maps import has_rate_map, slope_text, title_of


@pytest.mark.parametrize(
    ("low", "high", "says"),
    [
        (-1.3, -0.7, "only lr·λ counts."),
        (-0.2, 0.3, "λ can be chosen by itself."),
        (-1.5, 0.5, "these repeats do not tell −1 from 0."),
        (0.2, 0.6, "neither −1 nor 0."),
        (-0.7, -0.3, "neither −1 nor 0."),
    ],
)
def test_the_interval_decides_what_the_slope_says(low: float, high: float, says: str) -> None:
    text = slope_text(Separability((low + high) / 2, low, high, 3, 8, 9))
    assert text.endswith(f"3 repeats, 8 of 9 best λ inside the range): {says}")


def test_without_an_interval_nothing_is_concluded() -> None:
    assert slope_text(None) == "Slope not known: too few learning rates have their best λ inside the range."
    one = Separability(-0.9, None, None, 1, 2, 3)
    assert slope_text(one, "coupled") == (
        "Coupled: slope **−0.90** (1 repeat, 2 of 3 best λ inside the range): no interval."
    )


@pytest.mark.parametrize(
    ("optimizer", "modes", "title"),
    [
        ("sgd", [], "SGD + L2"),
        ("adamw", [], "AdamW"),
        ("adam", ["coupled", "decoupled"], "Adam, coupled and decoupled"),
    ],
)
def test_maps_are_called_as_in_the_field(optimizer: str, modes: list[str], title: str) -> None:
    run = {"optim": {"name": optimizer}}
    assert title_of(SweepSpec.parse({"run": run, "l2": [0, 1], "apply": modes})) == title


def test_slopes_are_for_lambda_and_the_learning_rate() -> None:
    rates = {"optim.lr": [0.1, 0.2]}
    assert has_rate_map(SweepSpec.parse({"l2": [0, 1], "over": rates}))
    assert has_rate_map(SweepSpec.parse({"over": {"penalty.group": [0, 1], **rates}}))
    for other in ({"l2": [0, 1]}, {"over": rates}, {"l1": [0], "l2": [0]}, {"l2": [0], "over": {"model.dropout": [0]}}):
        assert not has_rate_map(SweepSpec.parse(other))
