"""A sweep as a table: one row for each λ, rounded on the page and at full precision as CSV."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from reglab import columns
from reglab.charts.lambda_axis import lambda_text
from reglab.exports.csv import csv_bytes
from reglab.number_format import NONE, PERCENT, fixed
from reglab.ui.sweep.verdict_text import EpochView

_FIGURES = (columns.VAL_ACC, columns.TRAIN_ACC, columns.GAP_ACC, columns.VAL_LOSS, columns.TRAIN_LOSS, columns.GAP_LOSS)
_CSV = (
    *(columns.APPLY, columns.LAMBDA, columns.LAMBDA1, columns.LAMBDA2, columns.N, columns.DIVERGED),
    *(name + suffix for name in (*_FIGURES, *columns.MEMORY) for suffix in ("", columns.SE)),
    *(columns.DIFFERENCE, columns.LOW, columns.HIGH, columns.PAIRS, columns.BEST, columns.ONE_SE, columns.REGIME),
)
_REGIMES = {"fits": "well regularised"}  # as the page writes them, where that differs from the column


def csv_of(table: pd.DataFrame) -> bytes:
    """The judged ``table`` as CSV; missing values are empty."""
    return csv_bytes(table[list(_CSV)])


def sweep_table(view: EpochView, height: int) -> None:
    """Draw the table."""
    about = "The sweep as a table: one row for each λ, with means, standard errors and differences to λ = 0"
    st.dataframe(readable(view), hide_index=True, height=height, alt=about)


def readable(view: EpochView) -> pd.DataFrame:
    """λ, mean ± standard error, difference to λ = 0 with its interval, choice and regime; the measure shown first."""
    spec, table, accuracy = view.spec, view.table, view.measure == "accuracy"
    shown: dict[str, Sequence[str]] = {}
    if len(spec.applies) > 1:
        shown["Penalty mode"] = table[columns.APPLY].tolist()
    grid = {"λ₁": columns.LAMBDA1, "λ₂": columns.LAMBDA2}
    for symbol, name in (grid if spec.kind == "grid" else {spec.symbol: columns.LAMBDA}).items():
        shown[symbol] = [lambda_text(value) for value in table[name]]
    means = {
        "Validation accuracy": _means(table, columns.VAL_ACC, percent=True),
        "Training accuracy": _means(table, columns.TRAIN_ACC, percent=True),
        "Validation loss": _means(table, columns.VAL_LOSS, percent=False),
        "Training loss": _means(table, columns.TRAIN_LOSS, percent=False),
    }
    first = "Validation accuracy" if accuracy else "Validation loss"
    shown[first] = means.pop(first)
    shown["Against λ = 0" + (", points" if accuracy else "")] = _differences(table, percent=accuracy)
    choices = zip(table[columns.BEST].tolist(), table[columns.ONE_SE].tolist(), strict=True)
    shown["Choice"] = [", ".join(["best"] * best + ["1-SE"] * one_se) for best, one_se in choices]
    shown["Regime"] = [_REGIMES.get(regime, regime) for regime in table[columns.REGIME].fillna("").tolist()]
    shown |= means
    if spec.repeats > 1:
        counts = zip(table[columns.N].tolist(), table[columns.DIVERGED].tolist(), strict=True)
        shown[f"{spec.repeated_over}s".capitalize()] = [
            f"{n}" + (f", {diverged} diverged" if diverged else "") for n, diverged in counts
        ]
    return pd.DataFrame(shown)


def _means(table: pd.DataFrame, name: str, *, percent: bool) -> list[str]:
    scale, digits, unit = (100, 1, PERCENT) if percent else (1, 3, "")
    texts = []
    for mean, error in zip(
        *(scale * table[key].to_numpy(np.float64) for key in (name, name + columns.SE)), strict=True
    ):
        margin = f" ± {fixed(error, digits)}" if np.isfinite(error) else ""
        texts.append(f"{fixed(mean, digits)}{margin}{unit}" if np.isfinite(mean) else NONE)
    return texts


def _differences(table: pd.DataFrame, *, percent: bool) -> list[str]:
    scale, digits = (100, 1) if percent else (1, 3)
    names = (columns.DIFFERENCE, columns.LOW, columns.HIGH)
    texts = []
    for difference, low, high in zip(*(scale * table[name].to_numpy(np.float64) for name in names), strict=True):
        interval = f" ({fixed(low, digits)} to {fixed(high, digits)})" if np.isfinite(low) else ""
        texts.append(fixed(difference, digits, sign=True) + interval if np.isfinite(difference) else NONE)
    return [NONE if value == 0 else text for value, text in zip(table[columns.LAMBDA], texts, strict=True)]
