"""A whole path, judged, and as the plain object that ``reglab sweep --json`` ends with."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from reglab import columns
from reglab.analysis.chance import Chance
from reglab.analysis.choosing import best_row, chosen
from reglab.analysis.differences import paired_differences
from reglab.analysis.regimes import regimes
from reglab.analysis.sweep_table import sweep_table

_LAMBDAS = {"lambda": columns.LAMBDA, "l1": columns.LAMBDA1, "l2": columns.LAMBDA2, "apply": columns.APPLY}
_FIGURES = (
    columns.N, columns.DIVERGED, columns.TRAIN_LOSS, columns.VAL_LOSS, columns.TRAIN_ACC, columns.VAL_ACC,
    columns.GAP_LOSS, columns.GAP_ACC, *columns.MEMORY,
)  # fmt: skip
_JUDGED = (
    columns.BEST, columns.ONE_SE, columns.REGIME, columns.DIFFERENCE, columns.LOW, columns.HIGH, columns.PAIRS,
)  # fmt: skip


def judged_sweep(
    lanes: pd.DataFrame,
    epochs: pd.DataFrame,
    measure: str = columns.VAL_ACC,
    epoch: int | None = None,
    chance: Chance | None = None,
) -> pd.DataFrame:
    """The table of the path with the chosen points, their regimes and the paired differences to λ = 0.

    :func:`sweep_table`, :func:`chosen`, :func:`regimes` and :func:`paired_differences` (its N as PAIRS) in one.
    """
    table = regimes(chosen(sweep_table(lanes, epochs, epoch), measure, chance), measure, chance)
    differences = paired_differences(lanes, epochs, measure, epoch).rename(columns={columns.N: columns.PAIRS})
    added = (columns.DIFFERENCE, columns.LOW, columns.HIGH, columns.PAIRS)
    return table.assign(**{name: differences[name] for name in added})  # both are by apply, then λ


def result_of_sweep(table: pd.DataFrame, measure: str = columns.VAL_ACC) -> dict[str, Any]:
    """``{"best", "one_se", "table"}`` of a :func:`judged_sweep`, with plain numbers; ``None`` for what there is not.

    Every entry has λ as "lambda", "l1", "l2" and "apply", the means with their standard errors ("val_acc_se"), "gap…",
    and what was judged. "best" is the best over all ways of applying, "one_se" the simplest beside it.
    """
    rows = [_entry(row) for row in table.to_dict("records")]
    best = best_row(table, measure)
    beside = None if best is None else _one_se_row(table, best)
    return {
        "best": None if best is None else rows[best],
        "one_se": None if beside is None else rows[beside],
        "table": rows,
    }


def _one_se_row(table: pd.DataFrame, best: int) -> int | None:
    """The place of the one-standard-error point of the path that ``best`` is on."""
    same = table[columns.APPLY] == table[columns.APPLY].iloc[best]
    return next(iter(np.flatnonzero(same & table[columns.ONE_SE]).tolist()), None)


def _entry(row: Mapping[Hashable, Any]) -> dict[str, Any]:
    entry = {key: _plain(row[name]) for key, name in _LAMBDAS.items()}
    for name in _FIGURES:
        entry[name] = _plain(row[name])
        if name in columns.METRICS:
            entry[name + columns.SE] = _plain(row[name + columns.SE])
    return entry | {name: _plain(row[name]) for name in _JUDGED}


def _plain(value: Any) -> Any:
    """A value that JSON knows: NaN and missing become ``None``."""
    value = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(value, float) and not math.isfinite(value) else value
