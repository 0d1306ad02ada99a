"""Frames of λ sweeps for chart tests, with the columns that the analysis gives, and the parts of a figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from reglab import columns
from reglab.bins import EDGES

NINE = (0.0, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 5e-2, 1e-1)
SIXTY = (0.0, *(float(f"{value:.3g}") for value in np.geomspace(1e-5, 1e-1, 59)))
LAYERS = ("conv1.weight", "conv2.weight", "fc.weight")
ALL = columns.ALL_WEIGHTS


def sweep_table(
    lambdas: Sequence[float] = NINE, applies: Sequence[str] = ("coupled",), repeats: int = 3, seed: int = 0
) -> pd.DataFrame:
    """A sweep whose validation accuracy rises to 0.03, and collapses at 0.1; λ₁ is 0."""
    rng = np.random.default_rng(seed)
    rows = [_point(apply, 0.0, value, repeats, rng) for apply in applies for value in lambdas]
    return _marked(pd.DataFrame(rows))


def grid_table(l1: Sequence[float] = (0.0, 1e-4, 1e-3), l2: Sequence[float] = NINE, **how: str) -> pd.DataFrame:
    """A grid of λ₁ and λ₂."""
    rng = np.random.default_rng(1)
    rows = [_point(how.get("apply", "coupled"), one, two, 3, rng) for one in l1 for two in l2]
    return _marked(pd.DataFrame(rows).sort_values(columns.LAMBDA, kind="stable", ignore_index=True))


def map_table(lambdas: Sequence[float] = NINE, rates: Sequence[float] = (1e-3, 3e-3, 1e-2), **how: str) -> pd.DataFrame:
    """A map of λ₂ and the learning rate, in which the best λ₂ falls as 1/rate."""
    rng = np.random.default_rng(2)
    rows = [
        {**_point(how.get("apply", "coupled"), 0.0, value * rate / 1e-2, 3, rng), columns.SECOND: rate}
        | {columns.LAMBDA: value, columns.LAMBDA2: value}
        for value in lambdas
        for rate in rates
    ]
    return _marked(pd.DataFrame(rows))


def lane_frame(
    lambdas: Sequence[float] = NINE, applies: Sequence[str] = ("coupled",), repeats: int = 3
) -> pd.DataFrame:
    """The lanes of such a sweep."""
    rows = [
        (f"{apply} {value:g} {repeat}", value, 0.0, value, apply, repeat, "running")
        for repeat in range(repeats)
        for apply in applies
        for value in lambdas
    ]
    return pd.DataFrame(rows, columns=list(columns.LANE_COLUMNS))


def lane_epochs(lanes: pd.DataFrame, epochs: int) -> pd.DataFrame:
    """Their metrics over epochs: small λ overfit in the end, 0.1 never learns."""
    at = np.arange(1, epochs + 1)
    parts = []
    for run, value, repeat in zip(lanes[columns.RUN], lanes[columns.LAMBDA], lanes[columns.REPEAT], strict=True):
        wave = 0.02 * np.sin(at * (1 + repeat) / 3)
        learnt = np.exp(-at / (4 + 100 * value))
        over = 0.9 * max(0.0, 1 - value / 0.03) * (at / max(epochs, 1)) ** 1.5
        val = np.full(epochs, 2.3) if value >= 0.1 else 0.3 + 10 * value + 2.0 * learnt + over + wave
        train = np.full(epochs, 2.3) if value >= 0.1 else 2.2 * learnt + 20 * value + 0.01
        part = pd.DataFrame({name: np.full(epochs, 0.5) for name in columns.METRICS})
        parts.append(part.assign(run=run, epoch=at, val_loss=val, train_loss=train)[list(columns.EPOCH_COLUMNS)])
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(columns.EPOCH_COLUMNS))


def calibration_table(lambdas: Sequence[float] = NINE, applies: Sequence[str] = ("coupled",)) -> pd.DataFrame:
    """Calibration errors that fall with λ, and are lower at the best epoch."""
    rows = []
    for apply in applies:
        for value in lambdas:
            point = {columns.APPLY: apply, columns.LAMBDA: value, columns.LAMBDA1: 0.0, columns.LAMBDA2: value}
            error = 0.12 / (1 + 60 * value)
            figures = {columns.CALIBRATION_LAST: error, columns.CALIBRATION_BEST: 0.3 * error}
            spread = {name + columns.SE: 0.1 * figure for name, figure in figures.items()}
            rows.append({**point, columns.N: 3, columns.DIVERGED: 0, **figures, **spread})
    return pd.DataFrame(rows)


def layer_curves(
    lambdas: Sequence[float] = NINE, applies: Sequence[str] = ("coupled",), *, l1: bool = False
) -> pd.DataFrame:
    """Norms that shrink with λ; with ``l1``, weights that become exact zeros."""
    rows = []
    for apply in applies:
        for value in lambdas:
            for number, layer in enumerate((*LAYERS, ALL)):
                zeros = min(0.98, 0.3 * np.log10(1 + value * 10 ** (4 + number / 3))) if l1 else 0.0
                norm = (4.0 + 3 * number) / (1 + 300 * value)
                point = {columns.APPLY: apply, columns.LAMBDA: value}
                point |= {columns.LAMBDA1: value if l1 else 0.0, columns.LAMBDA2: 0.0 if l1 else value}
                facts = {columns.LAYER: layer, columns.L2_NORM: norm, columns.L1_NORM: 9 * norm, columns.SIZE: 1000}
                rows.append(
                    {**point, **facts, columns.ZERO_SHARE: zeros, columns.NEAR_ZERO_SHARE: min(1.0, zeros + 0.1)}
                )
    return pd.DataFrame(rows)


def sweep_histograms(
    lambdas: Sequence[float] = NINE, applies: Sequence[str] = ("coupled",), *, zeros: bool = False
) -> pd.DataFrame:
    """Histograms of 4,000 weights that shrink with λ, and that become exact zeros where ``zeros``."""
    rows = []
    for number, apply in enumerate(applies):
        for value in lambdas:
            gone = int(4000 * min(0.97, 30 * value)) if zeros else 0
            weights = np.random.default_rng(number).laplace(0, 0.08 / (1 + 60 * value), 4000 - gone)
            point = {columns.APPLY: apply, columns.LAMBDA: value, columns.LAMBDA1: 0.0, columns.LAMBDA2: value}
            counts = np.histogram(weights, EDGES)[0].astype(np.int64)
            rows.append({**point, columns.COUNTS: counts, columns.SIZE: 4000, columns.ZEROS: gone})
    return pd.DataFrame(rows)


def _point(apply: str, l1: float, l2: float, repeats: int, rng: np.random.Generator) -> dict[str, object]:
    strength = (l2 + 20 * l1) * (0.4 if apply == "decoupled" else 1.0)
    bend = float(
        np.interp(np.log10(strength + 1e-5), [-5, -3, -2, -1.5, -1.3, -1], [0.855, 0.86, 0.912, 0.924, 0.9, 0.1])
    )
    train = float(np.interp(np.log10(strength + 1e-5), [-5, -3, -2, -1.5, -1.3, -1], [1.0, 0.99, 0.86, 0.8, 0.77, 0.1]))
    gone = bend < 0.5
    values = {columns.VAL_ACC: bend + 0.004 * rng.normal(), columns.TRAIN_ACC: train}
    values |= {
        columns.VAL_LOSS: 2.3 if gone else 3.2 * (1 - bend) + 0.9 * (train - 0.75),
        columns.TRAIN_LOSS: 2.3 * (1 - train),
    }
    values |= {
        columns.CLEAN_ACC: max(0.1, min(1.0, train + 0.15)),
        columns.FLIPPED_ACC: max(0.02, 4.7 * (train - 0.79)),
    }
    values |= {columns.TRUE_ACC: 0.1 if gone else max(0.0, 0.88 - 4.2 * (train - 0.79))}
    values |= {columns.GAP_ACC: train - bend, columns.GAP_LOSS: values[columns.VAL_LOSS] - values[columns.TRAIN_LOSS]}
    values = {name: values.get(name, 0.5) for name in columns.METRICS}
    errors = {name + columns.SE: abs(0.006 + 0.003 * rng.normal()) if repeats > 1 else np.nan for name in values}
    place = {columns.APPLY: apply, columns.LAMBDA: l1 + l2, columns.LAMBDA1: l1, columns.LAMBDA2: l2}
    regime = "underfits" if strength > 0.045 else "fits" if strength > 0.004 else "overfits"
    return {**place, columns.N: repeats, columns.DIVERGED: 0, **values, **errors, columns.REGIME: regime}


def _marked(table: pd.DataFrame) -> pd.DataFrame:
    """The best point, and the strongest λ within one standard error of it."""
    best = int(np.argmax(table[columns.VAL_ACC]))
    limit = table[columns.VAL_ACC][best] - np.nan_to_num(table[columns.VAL_ACC + columns.SE])[best]
    near = table.index[(table[columns.VAL_ACC] >= limit) & (table[columns.APPLY] == table[columns.APPLY][best])]
    return table.assign(**{columns.BEST: table.index == best, columns.ONE_SE: table.index == near[-1]})


def family_table(lambdas: Sequence[float] = NINE, applies: Sequence[str] = ("coupled",)) -> pd.DataFrame:
    """Regularizers compared: a penalty of each λ and mode, dropout, and early stopping alone."""
    named = [(f"λ₂ = {value:g}, {mode}", f"penalty.{mode}.{value:g}", value) for mode in applies for value in lambdas]
    named += [("dropout 0.3", "model.dropout", np.nan), ("early stopping alone", "early stopping alone", np.nan)]
    frame = pd.DataFrame(named, columns=[columns.FAMILY, columns.FAMILY_KEY, columns.FAMILY_VALUE])
    middle = np.linspace(-0.02, 0.03, len(frame))
    numbers = {columns.DIFFERENCE: middle, columns.LOW: middle - 0.01, columns.HIGH: middle + 0.01}
    return frame.assign(
        **numbers, **{columns.PAIRS: np.full(len(frame), 6.0), columns.FAMILY_ORDER: np.arange(len(frame))}
    )


def trace(figure: go.Figure, uid: str) -> Any:
    (found,) = [one for one in figure.data if one.uid == uid]
    return found


def points(line: Any) -> np.ndarray[Any, Any]:
    """Which places of a line are points: all but the pause at the break."""
    return np.array([told is not None for told in line.customdata])


def texts(figure: go.Figure) -> list[str]:
    return [note.text for note in figure.layout.annotations]
