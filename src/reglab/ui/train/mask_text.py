"""The mask table as a DataFrame, and what it comes to in a sentence. No Streamlit."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from reglab.number_format import short
from reglab.penalties.mask import Row
from reglab.spec import PenaltySpec

TENSOR, SHAPE, WEIGHTS, KIND, FACTOR = "Tensor", "Shape", "Weights", "Kind", "Factor"
PENALISED, L1, L2, SHARE, SHARE_ALL = "Penalised?", "λ₁", "λ₂", "Of penalised Σw²", "Of all Σw²"

_KINDS = {"conv": "conv kernel", "dense": "dense kernel", "bias": "bias"}


def table(rows: Sequence[Row]) -> pd.DataFrame:
    """One line for each tensor; the shares are of Σw², from 0 to 1, and missing where they mean nothing."""
    return pd.DataFrame(
        {
            TENSOR: [row.parameter.name for row in rows],
            KIND: [_kind(row) for row in rows],
            SHAPE: [shape(row) for row in rows],
            WEIGHTS: [row.parameter.count for row in rows],
            FACTOR: [row.factor for row in rows],
            PENALISED: [("yes: " if row.penalised else "no: ") + row.why for row in rows],
            L1: [row.l1 for row in rows],
            L2: [row.l2 for row in rows],
            SHARE: pd.Series([row.share_penalised for row in rows], dtype="float64"),
            SHARE_ALL: pd.Series([row.share_all for row in rows], dtype="float64"),
        }
    )


def shape(row: Row) -> str:
    """For example "32 × 1 × 3 × 3"."""
    return " × ".join(map(str, row.parameter.shape))


def columns(penalty: PenaltySpec, rows: Sequence[Row], *, narrow: bool = False) -> list[str]:
    """The columns to show; ``narrow`` leaves out shapes and kinds.

    A λ that is 0 everywhere needs no column, unless both are; nor does a share that is known of no tensor.
    """
    hidden = {L1} if not penalty.l1 else {L2} if not penalty.l2 else set()
    hidden |= {KIND, SHAPE} if narrow else set()
    hidden |= {SHARE_ALL} if all(row.share_all is None for row in rows) else set()
    return [name for name in table(()).columns if name not in hidden]


def in_short(rows: Sequence[Row], when: str) -> str:
    """For example "λ acts on 4 of 8 tensors, 544,288 of 544,522 weights. …"; ``when``: "of the initial weights"."""
    acting = [row for row in rows if row.penalised]
    weights, whole = sum(row.parameter.count for row in acting), sum(row.parameter.count for row in rows)
    said = f"λ acts on {len(acting)} of {len(rows)} tensors: {weights:,} of {whole:,} weights."
    known = [row.l2 / 2 * row.squares for row in acting if row.squares is not None]
    if len(known) < len(acting) or not any(row.l2 for row in acting):
        return said
    term = "(λ₂/2) Σw²" if all(row.factor == 1 for row in acting) else "(λ₂/2) Σ factor·w²"
    return f"{said} The L2 term {when}: {term} = {short(sum(known))}."


def _kind(row: Row) -> str:
    if row.parameter.kind != "norm":
        return _KINDS[row.parameter.kind]
    return "norm scale" if row.parameter.name.endswith("weight") else "norm shift"
