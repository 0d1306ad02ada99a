"""The form and the spec are the same thing in two shapes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ui.specs import SETTINGS as GENERATED
from tests.ui.specs import specs

from reglab.errors import SpecError
from reglab.spec import RunSpec
from reglab.ui.shared.spec_fields import SETTINGS, WIDGETS, factors_from, factors_text, field, title, to_spec, to_values


@given(specs())
def test_a_spec_survives_the_form(wanted: RunSpec) -> None:
    assert to_spec(to_values(wanted)) == wanted


def test_every_setting_has_a_field_of_its_own_with_a_name_and_an_explanation() -> None:
    assert set(SETTINGS) == set(GENERATED)
    assert len(set(WIDGETS.values())) == len(SETTINGS)
    for setting in SETTINGS:
        assert title(setting) != setting
        assert len(field(setting).description or "") > 10


def test_the_keys_that_others_rely_on() -> None:
    kept = {
        "data.name": "dataset",
        "model.name": "model",
        "penalty.l1": "l1",
        "penalty.l2": "l2",
        "train.epochs": "epochs",
    }
    assert {setting: WIDGETS[setting] for setting in kept} == kept


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"l2": "-1"}, "λ₂ (L2) must be at least 0, not -1."),
        ({"l1": "nan"}, "λ₁ (L1): 'nan' is not a finite number; write a number such as 0.03."),
        ({"l2": "1,000"}, "λ₂ (L2): '1,000' could mean 1 or 1000; write 1 or 1000."),
        ({"l2": ""}, "λ₂ (L2) is empty; fill it in."),
        ({"lr": "fast"}, "Learning rate: cannot read 'fast'; give a number such as 0, 0.03 or 1e-3."),
        ({"l2": "1e9"}, "λ₂ (L2) must be at most 1000, not 1000000000."),
        ({"lr": "0"}, "Learning rate must be greater than 0, not 0."),
        ({"epochs": 0}, "Epochs must be at least 1, not 0."),
        ({"epochs": None}, "Epochs is empty; fill it in."),
        ({"apply": None}, "Applied is empty; fill it in."),
        ({"factors": "conv1.weight"}, "Factors: cannot read 'conv1.weight'; write name: factor, e.g. conv1.weight: 0."),
        ({"factors": "a.b: 0,5x"}, "Factors: 'a.b': cannot read '0,5x'; give a number such as 0, 0.03 or 1e-3."),
        ({"factors": "a.b: 0\na.b: 1"}, "Factors: 'a.b' has two lines; keep one of them."),
        ({"factors": "conv1.weight: -1"}, "penalty: the factor of 'conv1.weight' must be from 0 to 1000, not -1."),
    ],
)
def test_a_bad_value_is_one_sentence_in_the_page_s_words(values: dict[str, object], sentence: str) -> None:
    with pytest.raises(SpecError) as caught:
        to_spec(values)
    assert str(caught.value) == sentence


def test_an_empty_size_means_all_and_empty_folds_mean_none() -> None:
    data = to_spec({"train_size": None, "val_size": None, "folds": None}).data
    assert (data.train_size, data.val_size, data.folds) == (None, None, None)


def test_an_empty_max_norm_and_no_augmentation_are_off() -> None:
    part = to_spec({"max_norm": " ", "augment": []}).regularize
    assert (part.max_norm, part.augment) == (None, "none")
    part = to_spec({"max_norm": "2,5", "augment": ["erase", "shift"]}).regularize
    assert (part.max_norm, part.augment) == (2.5, "shift+erase")
    assert to_values(RunSpec())["augment"] == []
    with pytest.raises(SpecError, match=r"^Max-norm c must be greater than 0, not 0\.$"):
        to_spec({"max_norm": "0"})


@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}[0-9]\.(weight|bias)", fullmatch=True), st.floats(0, 1e3)))
def test_factors_survive_as_text(factors: dict[str, float]) -> None:
    assert factors_from(factors_text(factors)) == factors


def test_blank_lines_between_factors_are_fine() -> None:
    assert factors_from("\n conv1.weight : 0 \n\nfc1.weight:2\n") == {"conv1.weight": 0.0, "fc1.weight": 2.0}
    assert factors_from(None) == {}


@pytest.mark.parametrize(("typed", "value"), [("0,01", 0.01), ("1e−3", 1e-3), (" .5 ", 0.5), ("1,5e-3", 1.5e-3)])
def test_numbers_are_read_as_they_are_typed(typed: str, value: float) -> None:
    assert to_spec({"l2": typed}).penalty.l2 == value
    assert to_spec({"factors": f"conv1.weight: {typed}"}).penalty.factors == {"conv1.weight": value}
