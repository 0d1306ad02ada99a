"""The mask table's columns and the sentence below it."""

from __future__ import annotations

import pandas as pd
import pytest
from tests.penalties.test_mask import SQUARES, TENSORS

from reglab.penalties.mask import mask
from reglab.spec import PenaltySpec
from reglab.ui.train.mask import columns_shown, in_short, table


def test_every_tensor_has_a_line() -> None:
    shown = table(mask(TENSORS, PenaltySpec(l2=0.5, factors={"fc.weight": 2.0}), SQUARES))
    assert list(shown["Tensor"]) == [tensor.name for tensor in TENSORS]
    assert list(shown["Kind"]) == ["conv weight", "bias", "norm scale", "dense weight"]
    assert list(shown["Shape"]) == ["4 × 1 × 3 × 3", "4", "4", "10 × 16"]
    assert list(shown["λ₂"]) == [0.5, 0, 0, 1.0]
    assert list(shown["Factor"]) == [1, 0, 0, 2]
    assert [text[: text.index(":")] for text in shown["Penalised?"]] == ["yes", "no", "no", "yes"]
    assert list(shown["Of all Σw²"]) == [0.1, 0.2, 0.4, 0.3]
    assert pd.isna(shown["Of penalised Σw²"]).tolist() == [False, True, True, False]


@pytest.mark.parametrize(
    ("l1", "l2", "hidden"), [(0, 0.1, {"λ₁"}), (0.1, 0, {"λ₂"}), (0.1, 0.1, set()), (0, 0, {"λ₁"})]
)
def test_a_lambda_that_is_zero_everywhere_has_no_column(l1: float, l2: float, hidden: set[str]) -> None:
    rows = mask(TENSORS, PenaltySpec(), SQUARES)
    shown = columns_shown(PenaltySpec(l1=l1, l2=l2), rows)
    assert {"λ₁", "λ₂"} - set(shown) == hidden
    assert len(shown) == 10 - len(hidden)
    assert set(shown) - set(columns_shown(PenaltySpec(l1=l1, l2=l2), rows, narrow=True)) == {"Kind", "Shape"}


def test_shares_that_are_not_known_have_no_column() -> None:
    weights = {name: SQUARES[name] for name in ("conv.weight", "fc.weight")}
    shown = columns_shown(PenaltySpec(), mask(TENSORS, PenaltySpec(), weights))
    assert "Of penalised Σw²" in shown
    assert "Of all Σw²" not in shown


def test_in_short() -> None:
    rows = mask(TENSORS, PenaltySpec(l2=0.5, factors={"fc.weight": 2.0}), SQUARES)
    assert in_short(rows, "of the final weights") == (
        "2 of 4 tensors are penalised: 196 of 204 parameters. L2 term of the final weights: (λ₂/2) Σ factor·w² = 1.75."
    )
    assert in_short(mask(TENSORS, PenaltySpec(l2=0.5), SQUARES), "x").endswith("x: (λ₂/2) Σw² = 1.")
    assert in_short(mask(TENSORS, PenaltySpec()), "x").endswith("196 of 204 parameters.")
    assert in_short(mask(TENSORS, PenaltySpec(l2=0), SQUARES), "x").startswith("0 of 4 tensors are penalised")
