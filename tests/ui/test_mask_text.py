"""The mask table's columns and the sentence below it."""

from __future__ import annotations

import pandas as pd
import pytest
from tests.penalties.test_mask import SQUARES, TENSORS

from reglab.penalties.mask import mask
from reglab.spec import PenaltySpec
from reglab.ui.train import mask_text


def test_every_tensor_has_a_line() -> None:
    table = mask_text.table(mask(TENSORS, PenaltySpec(l2=0.5, factors={"fc.weight": 2.0}), SQUARES))
    assert list(table["Tensor"]) == [tensor.name for tensor in TENSORS]
    assert list(table["Kind"]) == ["conv kernel", "bias", "norm scale", "dense kernel"]
    assert list(table["Shape"]) == ["4 × 1 × 3 × 3", "4", "4", "10 × 16"]
    assert list(table["λ₂"]) == [0.5, 0, 0, 1.0]
    assert list(table["Factor"]) == [1, 0, 0, 2]
    assert [words[: words.index(":")] for words in table["Penalised?"]] == ["yes", "no", "no", "yes"]
    assert list(table["Of all Σw²"]) == [0.1, 0.2, 0.4, 0.3]
    assert pd.isna(table["Of penalised Σw²"]).tolist() == [False, True, True, False]


@pytest.mark.parametrize(
    ("l1", "l2", "hidden"), [(0, 0.1, {"λ₁"}), (0.1, 0, {"λ₂"}), (0.1, 0.1, set()), (0, 0, {"λ₁"})]
)
def test_a_lambda_that_is_zero_everywhere_has_no_column(l1: float, l2: float, hidden: set[str]) -> None:
    rows = mask(TENSORS, PenaltySpec(), SQUARES)
    shown = mask_text.columns(PenaltySpec(l1=l1, l2=l2), rows)
    assert {"λ₁", "λ₂"} - set(shown) == hidden
    assert len(shown) == 10 - len(hidden)
    assert set(shown) - set(mask_text.columns(PenaltySpec(l1=l1, l2=l2), rows, narrow=True)) == {"Kind", "Shape"}


def test_shares_that_are_not_known_have_no_column() -> None:
    kernels = {name: SQUARES[name] for name in ("conv.weight", "fc.weight")}
    shown = mask_text.columns(PenaltySpec(), mask(TENSORS, PenaltySpec(), kernels))
    assert "Of penalised Σw²" in shown
    assert "Of all Σw²" not in shown


def test_in_short() -> None:
    rows = mask(TENSORS, PenaltySpec(l2=0.5, factors={"fc.weight": 2.0}), SQUARES)
    assert mask_text.in_short(rows, "of the final weights") == (
        "λ acts on 2 of 4 tensors: 196 of 204 weights. The L2 term of the final weights: (λ₂/2) Σ factor·w² = 1.75."
    )
    assert mask_text.in_short(mask(TENSORS, PenaltySpec(l2=0.5), SQUARES), "x").endswith("x: (λ₂/2) Σw² = 1.")
    assert mask_text.in_short(mask(TENSORS, PenaltySpec()), "x").endswith("196 of 204 weights.")
    assert mask_text.in_short(mask(TENSORS, PenaltySpec(l2=0), SQUARES), "x").startswith("λ acts on 0 of 4")
