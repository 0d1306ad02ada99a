"""A judged sweep as a table of text: a row a point, with mean ± standard error and the tested difference to λ = 0."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from reglab import columns
from reglab.charts.lambda_axis import lambda_text
from reglab.content.epoch_view import EpochView
from reglab.content.verdict_lines import p_text
from reglab.number_format import NONE, PERCENT, fixed, percent


def readable(view: EpochView) -> pd.DataFrame:
    """The axes, mean ± standard error, difference to λ = 0 and its test, choice and regime; the measure shown first.

    The table of a rule that is not declared has no test.
    """
    spec, table, accuracy = view.spec, view.table, view.measure == "accuracy"
    shown: dict[str, Sequence[str]] = {}
    if len(spec.applies) > 1:
        shown["Penalty mode"] = table[columns.APPLY].tolist()
    names = (columns.LAMBDA1, columns.LAMBDA2) if spec.kind == "grid" else (columns.LAMBDA, columns.SECOND)
    for axis, name in zip(spec.axes, names, strict=False):
        shown[axis.title] = [lambda_text(value) for value in table[name]]
    means = {
        "Validation accuracy": _means(table, columns.VAL_ACC, percent=True),
        "Training accuracy": _means(table, columns.TRAIN_ACC, percent=True),
        "Validation loss": _means(table, columns.VAL_LOSS, percent=False),
        "Training loss": _means(table, columns.TRAIN_LOSS, percent=False),
    }
    first = "Validation accuracy" if accuracy else "Validation loss"
    shown[first] = means.pop(first)
    zero = "λ" if spec.axes[0].setting.is_lambda else spec.symbol
    shown[f"Against {zero} = 0" + (", points" if accuracy else "")] = _differences(table, percent=accuracy)
    if view.declared and spec.repeats > 1:
        shown["Adjusted p"] = [NONE if np.isnan(p) else p_text(p) for p in table[columns.P_ADJUSTED].tolist()]
        shown["Better in"] = _better_in(table)
    choices = zip(table[columns.BEST].tolist(), table[columns.ONE_SE].tolist(), strict=True)
    shown["Choice"] = [", ".join(["best"] * best + ["1-SE"] * one_se) for best, one_se in choices]
    shown["Regime"] = [
        columns.REGIME_LABELS.get(regime, regime) for regime in table[columns.REGIME].fillna("").tolist()
    ]
    shown |= means
    if table[columns.BALANCED_ACC].notna().any():
        shown["Balanced accuracy"] = [percent(share) for share in table[columns.BALANCED_ACC].tolist()]
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


def _better_in(table: pd.DataFrame) -> list[str]:
    """For example "5 of 6"."""
    names = (columns.LAMBDA, columns.BETTER_IN, columns.PAIRS)
    rows = zip(*(table[name].tolist() for name in names), strict=True)
    return [f"{better:.0f} of {pairs:.0f}" if value and pairs else NONE for value, better, pairs in rows]


def _differences(table: pd.DataFrame, *, percent: bool) -> list[str]:
    scale, digits = (100, 1) if percent else (1, 3)
    names = (columns.DIFFERENCE, columns.LOW, columns.HIGH)
    texts = []
    for difference, low, high in zip(*(scale * table[name].to_numpy(np.float64) for name in names), strict=True):
        interval = f" [{fixed(low, digits)}, {fixed(high, digits)}]" if np.isfinite(low) else ""
        texts.append(fixed(difference, digits, sign=True) + interval if np.isfinite(difference) else NONE)
    return [NONE if value == 0 else text for value, text in zip(table[columns.LAMBDA], texts, strict=True)]
