"""Cells of a heat map along an axis of λ: one of width 1 for each, and a narrow gap behind λ = 0."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reglab import columns
from reglab.charts.lambda_axis import lambda_text

_GAP = 0.02  # between 0 and the others, as a share of the axis

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Cells:
    """The cells along one axis: one of width 1 a λ, and a narrow gap behind λ = 0."""

    values: tuple[float, ...]

    @property
    def apart(self) -> bool:
        """Whether 0 is set apart from others."""
        return len(self.values) > 1 and self.values[0] == 0

    @cached_property
    def centres(self) -> Floats:
        """The middle of each λ's cell."""
        places = np.arange(len(self.values), dtype=np.float64)
        return places + max(_GAP * len(places), 0.05) * (places > 0) if self.apart else places

    @property
    def edges(self) -> Floats:
        """Where the cells begin and end, the gap being a cell too."""
        lower = self.centres - 0.5
        return np.append(np.insert(lower, 1, 0.5) if self.apart else lower, self.centres[-1] + 0.5)

    def labels(self, most: int) -> dict[str, Any]:
        """Ticks at an even choice of the λ."""
        chosen = range(0, len(self.values), -(-len(self.values) // most))
        texts = [lambda_text(self.values[i], 2) for i in chosen]
        return {"tickmode": "array", "tickvals": [float(self.centres[i]) for i in chosen], "ticktext": texts}


def places_of(rows: pd.DataFrame, cells: Sequence[Cells]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Which λ₁ and which λ₂ each row has, counted from 0."""
    x, y = (
        np.searchsorted(own.values, rows[name].to_numpy(np.float64))
        for own, name in zip(cells, (columns.LAMBDA1, columns.LAMBDA2), strict=True)
    )
    return x, y


def among(places: NDArray[np.int64], cells: Cells) -> NDArray[np.int64]:
    """The places among cells of which the second one may be the gap."""
    return places + (places > 0) if cells.apart else places


def as_objects(items: Sequence[Any]) -> NDArray[np.object_]:
    """Lists as single objects of an array."""
    cells = np.empty(len(items), dtype=object)
    cells[:] = items
    return cells
