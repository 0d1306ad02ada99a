"""The form's values and the sweep are equivalent; values that make no sweep are refused in the page's terms."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from tests.ui.test_sweep_query import sweeps

from reglab.errors import SpecError
from reglab.spec import RunSpec
from reglab.sweep import SweepSpec
from reglab.ui.shared.spec_fields import WIDGETS
from reglab.ui.sweep.presets import DEMO, PRESETS
from reglab.ui.sweep.query import (
    KEYS,
    KIND,
    LISTS,
    MODES,
    OVER,
    RATIO,
    REPEATS,
    RUN_WIDGETS,
    normal,
    to_sweep,
    to_values,
)


@given(sweeps())
def test_form_and_sweep_are_equivalent(wanted: SweepSpec) -> None:
    assert to_sweep(to_values(wanted)) == wanted


def test_presets_fill_every_field() -> None:
    for preset in (DEMO, *PRESETS):
        values = to_values(preset.spec)
        assert set(values) == set(KEYS)
        assert to_sweep(values) == normal(preset.spec)


def test_no_key_is_also_one_of_the_train_page() -> None:
    assert not set(KEYS) & set(WIDGETS.values())
    assert len(set(KEYS)) == len(KEYS)


def test_what_the_sweep_decides_is_not_kept_in_its_run() -> None:
    run = RunSpec().with_changes({"penalty.l1": 0.5, "penalty.l2": 0.25, "penalty.apply": "proximal"})
    assert normal(SweepSpec(run=run, l2=(0.1,))).run.penalty.l1 == 0.5
    assert normal(SweepSpec(run=run, l2=(0.1,))).run.penalty.l2 == 0.0
    assert normal(SweepSpec(run=run, l1=(0.1,))).run.penalty.l2 == 0.25
    grid = normal(SweepSpec(run=run, l1=(0.1,), l2=(0.1,), apply=("decoupled",)))
    assert (grid.run.penalty.l1, grid.run.penalty.l2, grid.run.penalty.apply, grid.apply) == (0, 0, "decoupled", ())


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({LISTS["l2"]: ""}, "λ₂ is empty; give values such as 0,1e-3,1e-2 or a range such as 1e-4:1e-1:9."),
        ({LISTS["l2"]: "0, 0"}, "λ₂ has 0 more than once; give each value once."),
        ({KIND: "grid", LISTS["l1"]: "0:1"}, "λ₁: cannot read '0:1'; a range is FIRST:LAST:COUNT"),
        ({LISTS["l2"]: "1," * 150_000}, "λ₂: the list has 300,000 characters, more than the 200,000 allowed."),
        ({LISTS["l2"]: "-1"}, "λ₂ must be from 0 to 1000, not -1."),
        ({MODES: []}, "Choose at least one penalty mode."),
        ({REPEATS: None}, "The number of repeats is empty; fill it in."),
        ({REPEATS: 0}, "Seeds must be at least 1, not 0."),
        ({REPEATS: 51}, "Seeds must be at most 50, not 51."),
        ({OVER: "fold", REPEATS: 1}, "Cross-validation needs at least 2 folds."),
        ({KIND: "elastic", RATIO: ""}, "L1 ratio is empty; fill it in."),
        ({KIND: "elastic", RATIO: "2"}, "L1 ratio must be at most 1, not 2."),
        ({RUN_WIDGETS["train.epochs"]: 0}, "Epochs must be at least 1, not 0."),
        ({RUN_WIDGETS["optim.lr"]: ""}, "Learning rate is empty; fill it in."),
        ({RUN_WIDGETS["optim.lr"]: "1,000"}, "Learning rate: '1,000' could mean 1 or 1000; write 1 or 1000."),
        ({LISTS["l2"]: "0,01"}, "λ₂: '0,01' could be one number or two; write 0.01, or separate the values by"),
        ({LISTS["l2"]: "1e-5:1:200", REPEATS: 20}, "200 λ × 20 are 4,000 runs of 60 epochs each, more than the 1,000"),
    ],
)
def test_values_that_make_no_sweep_are_refused_in_the_pages_terms(changes: dict[str, Any], text: str) -> None:
    with pytest.raises(SpecError) as raised:
        to_sweep({**to_values(DEMO.spec), **changes})
    assert str(raised.value).startswith(text)
