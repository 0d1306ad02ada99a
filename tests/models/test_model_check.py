"""A spec that no CNN can follow is refused in one sentence, before anything is built."""

from __future__ import annotations

import pytest

from reglab.errors import SpecError, UnknownName
from reglab.models import build, check_model, summarise
from reglab.models.architecture import Shape
from reglab.spec import ModelSpec

DIGITS: Shape = (1, 8, 8)
REFUSED = [
    (ModelSpec(name="simple_cn"), DIGITS, "Unknown CNN 'simple_cn' (did you mean 'simple_cnn'?)"),
    (ModelSpec(name="simple_cnn", batch_norm=True), DIGITS, "Simple CNN has no batch norm; set model.batch_norm to"),
    (ModelSpec(name="keras_cnn"), (1, 7, 28), "needs images of at least 8×8 pixels, and these are 7×28"),
    (ModelSpec(name="vgg_small"), (3, 32, 4), "needs images of at least 8×8 pixels, and these are 32×4"),
]


@pytest.mark.parametrize(("spec", "shape", "sentence"), REFUSED)
def test_one_sentence_says_what_to_do(spec: ModelSpec, shape: Shape, sentence: str) -> None:
    for refuse in (check_model, lambda s, sh: build(s, sh, 10, 0), lambda s, sh: summarise(s, sh, 10)):
        with pytest.raises(SpecError) as refusal:
            refuse(spec, shape)
        assert sentence in str(refusal.value)
        assert str(refusal.value).endswith(".")
        assert "\n" not in str(refusal.value)


def test_the_refusal_of_batch_norm_names_the_cnns_that_have_it() -> None:
    with pytest.raises(SpecError, match=r"choose one of: vgg_small, resnet18\."):
        check_model(ModelSpec(name="dense_784", batch_norm=True), DIGITS)


def test_an_unknown_name_is_its_own_kind_of_error() -> None:
    with pytest.raises(UnknownName):
        check_model(ModelSpec(name="nothing"), DIGITS)


def test_batch_norm_is_accepted_where_it_is_always_on() -> None:
    check_model(ModelSpec(name="resnet18", batch_norm=True), DIGITS)
