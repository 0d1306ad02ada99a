"""The path as a table: one row a λ, rounded on the page and at full precision as CSV."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from reglab import columns
from reglab.charts.gap import Measure
from reglab.charts.lambda_axis import lambda_text
from reglab.exports.csv import csv_bytes
from reglab.number_format import PERCENT, fixed
from reglab.sweep import SweepSpec

_CSV = (
    columns.APPLY, columns.LAMBDA, columns.LAMBDA1, columns.LAMBDA2, columns.N, columns.DIVERGED,
    *(
        name + suffix
        for name in (columns.VAL_ACC, columns.TRAIN_ACC, columns.GAP_ACC, columns.VAL_LOSS, columns.TRAIN_LOSS,
                     columns.GAP_LOSS, *columns.MEMORY)
        for suffix in ("", columns.SE)
    ),
    columns.DIFFERENCE, columns.LOW, columns.HIGH, columns.PAIRS, columns.BEST, columns.ONE_SE, columns.REGIME,
)  # fmt: skip


_FIGURES = (
    ("Validation accuracy", columns.VAL_ACC, True), ("Training accuracy", columns.TRAIN_ACC, True),
    ("Validation loss", columns.VAL_LOSS, False), ("Training loss", columns.TRAIN_LOSS, False),
)  # fmt: skip


def csv_of(table: pd.DataFrame) -> bytes:
    """``table`` of a judged path as CSV; what is not known is empty."""
    return csv_bytes(table[list(_CSV)])


def readable(spec: SweepSpec, table: pd.DataFrame, measure: Measure) -> pd.DataFrame:
    """``table`` as people read it: λ, mean ± standard error, difference with its interval, which it is."""
    shown: dict[str, Sequence[str]] = {}
    if len(spec.applies) > 1:
        shown["Applied"] = table[columns.APPLY].tolist()
    if spec.kind == "grid":
        shown |= {"λ₁": _lambdas(table, columns.LAMBDA1), "λ₂": _lambdas(table, columns.LAMBDA2)}
    else:
        shown[spec.symbol] = _lambdas(table, columns.LAMBDA)
    figures = {
        title: _figures(table[name], table[name + columns.SE], percent=percent) for title, name, percent in _FIGURES
    }
    first = "Validation accuracy" if measure == "accuracy" else "Validation loss"
    shown[first] = figures.pop(first)
    unit = ", points" if measure == "accuracy" else ""
    shown[f"Against λ = 0{unit}"] = _differences(table, percent=measure == "accuracy")
    shown["Choice"] = _marks(table)
    shown["Regime"] = table[columns.REGIME].fillna("").tolist()
    shown |= figures
    if spec.repeats > 1:
        shown[f"{spec.repeated_over}s".capitalize()] = _counts(table)
    return pd.DataFrame(shown)


def sweep_table_view(spec: SweepSpec, table: pd.DataFrame, measure: Measure, height: int) -> None:
    """Draw it."""
    st.dataframe(
        readable(spec, table, measure), hide_index=True, height=height,
        alt="The path as a table: one row a λ, with means, standard errors and differences to λ = 0",
    )  # fmt: skip


def _lambdas(table: pd.DataFrame, name: str) -> list[str]:
    return [lambda_text(value) for value in table[name]]


def _figures(means: pd.Series, errors: pd.Series, *, percent: bool) -> list[str]:
    scale, digits, unit = (100, 1, PERCENT) if percent else (1, 3, "")
    pairs = zip(means.to_numpy(np.float64), errors.to_numpy(np.float64), strict=True)
    return [
        "–" if not np.isfinite(mean)
        else fixed(scale * mean, digits) + (f" ± {fixed(scale * error, digits)}" if np.isfinite(error) else "") + unit
        for mean, error in pairs
    ]  # fmt: skip


def _differences(table: pd.DataFrame, *, percent: bool) -> list[str]:
    scale, digits = (100, 1) if percent else (1, 3)
    rows = zip(*(table[name].to_numpy(np.float64) for name in (
        columns.LAMBDA, columns.DIFFERENCE, columns.LOW, columns.HIGH,
    )), strict=True)  # fmt: skip
    texts = []
    for value, difference, low, high in rows:
        if value == 0 or not np.isfinite(difference):
            texts.append("–")
            continue
        interval = f" ({fixed(scale * low, digits)} to {fixed(scale * high, digits)})" if np.isfinite(low) else ""
        texts.append(fixed(scale * difference, digits, sign=True) + interval)
    return texts


def _marks(table: pd.DataFrame) -> list[str]:
    pairs = zip(table[columns.BEST].tolist(), table[columns.ONE_SE].tolist(), strict=True)
    return [", ".join(["best"] * best + ["simplest"] * simple) for best, simple in pairs]


def _counts(table: pd.DataFrame) -> list[str]:
    pairs = zip(table[columns.N].tolist(), table[columns.DIVERGED].tolist(), strict=True)
    return [f"{n}" + (f", {gone} diverged" if gone else "") for n, gone in pairs]
