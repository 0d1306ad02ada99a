"""‖∇P‖₂ / ‖ḡ‖₂ of runs and of their kernels over epochs, as lines to draw."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reglab import columns
from reglab.charts.base import WIDTHS, uid_of
from reglab.charts.style import GREY, RAMP, RunStyle

MOST = len(RAMP)
"""So many kernels of a run have a line each; of more, only the range that they span is drawn."""

_LONGEST = 16  # characters of a kernel's name in a legend

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Line:
    """Shares over epochs, and how they are drawn."""

    uid: str
    name: str
    colour: str
    epochs: NDArray[np.int64] = field(repr=False)
    share: Floats = field(repr=False)
    width: float = 1.6
    dash: str = "solid"
    legend: bool = True

    @property
    def nothing(self) -> bool:
        """Whether the penalty does not pull at all: the share is 0 wherever it is known."""
        known = self.share[np.isfinite(self.share)]
        return bool(len(known)) and not known.any()


def total_share(rows: pd.DataFrame) -> tuple[NDArray[np.int64], Floats]:
    """(epochs, √Σ‖∇P‖² / √Σ‖ḡ‖² over the kernels in ``rows``) of one run; NaN where not recorded or 0 / 0."""
    rows = rows.sort_values(columns.EPOCH, kind="stable")
    epochs, starts = np.unique(rows[columns.EPOCH].to_numpy(np.int64), return_index=True)
    penalty, data = (
        np.sqrt(np.add.reduceat(np.square(rows[name].to_numpy(np.float64)), starts)) if len(rows) else np.empty(0)
        for name in (columns.PENALTY_GRAD, columns.DATA_GRAD)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        share = penalty / data
    return epochs, np.where(np.isfinite(share), share, np.nan)


def line_of_run(style: RunStyle, rows: pd.DataFrame, layer: str | None) -> Line:
    """One of several runs: the chosen kernel, or all."""
    chosen = rows if layer is None else rows[rows[columns.LAYER] == layer]
    return Line(uid_of(style.run), style.text, style.colour, *total_share(chosen), width=WIDTHS["val"])


def lines_alone(style: RunStyle, rows: pd.DataFrame, layer: str | None) -> list[Line]:
    """A run alone: all kernels together, and the chosen one or each of a few."""
    names = list(dict.fromkeys(rows[columns.LAYER]))
    together = Line(uid_of(style.run, "all"), "all kernels", GREY, *total_share(rows), width=3)
    if layer is not None:
        return [together, _of_kernel(style, rows, layer, style.colour)]
    if len(names) > MOST:
        return [Line(together.uid, together.name, style.colour, together.epochs, together.share, width=2.4)]
    places = np.linspace(0, MOST - 1, len(names)).round().astype(int) if len(names) > 1 else [0]
    each = [_of_kernel(style, rows, name, RAMP[place]) for name, place in zip(names, places, strict=True)]
    return [together, *each] if len(names) > 1 else each


def _of_kernel(style: RunStyle, rows: pd.DataFrame, name: str, colour: str) -> Line:
    own = rows[rows[columns.LAYER] == name]
    return Line(uid_of(style.run, name), _short(name), colour, *total_share(own), width=1.8)


def _short(name: str) -> str:
    short = name.removesuffix(".weight")
    return short if len(short) <= _LONGEST else "…" + short[1 - _LONGEST :]
