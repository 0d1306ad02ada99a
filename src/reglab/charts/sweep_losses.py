"""Loss over epochs for every λ of the sweep: mean over repeats, coloured by λ, grey for λ = 0."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from reglab import columns
from reglab.charts.base import SMALL, Draft, Floats, draft, empty, last_epoch_axis, round_above, uid_of
from reglab.charts.lambda_axis import LambdaAxis, lambda_text
from reglab.charts.sweep_points import Mode, each_mode, gradient
from reglab.sweep_axes import Axis

Role = Literal["val", "train"]
_COLUMNS: dict[Role, str] = {"val": columns.VAL_LOSS, "train": columns.TRAIN_LOSS}
_NAMES: dict[Role, str] = {"val": "Validation loss", "train": "Training loss"}
_MOST = 12_000  # points of all lines together; more cost the browser and the network, and no eye sees them
_TOPS = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
_BAR_TICKS = 4


class Curve(NamedTuple):
    """One point of the sweep: its penalty mode, its (apply, λ, λ₁, λ₂), its epochs and its mean loss."""

    mode: Mode
    point: tuple[Any, ...]
    epochs: NDArray[np.int64]
    mean: Floats


def sweep_losses_chart(
    lanes: pd.DataFrame,
    epochs: pd.DataFrame,
    *,
    role: Role = "val",
    planned: int | None = None,
    symbol: str = "λ₂",
    swept: Axis | None = None,
    second: str = "",
) -> go.Figure:
    """``lanes``: LANE_COLUMNS of a sweep; ``epochs``: EPOCH_COLUMNS of their runs.

    ``planned``: the last epoch to come, so that the axis stands still while training. ``second``: the symbol of a
    second axis, whose values the hover texts name.
    """
    title = _NAMES[role]
    if lanes.empty or epochs.empty:
        return empty(title, "nats, mean over repeats", "Curves appear after the first epoch.")
    modes = [mode for mode, _ in each_mode(lanes)]
    strokes = "   ".join(f"{mode.glyph} {mode.apply}" for mode in modes)
    made = draft(title, f"nats; colour: {symbol}; {strokes if len(modes) > 1 else 'mean over repeats'}")
    curves = list(_curves(lanes, epochs, _COLUMNS[role]))
    axis = LambdaAxis.of(lanes[columns.LAMBDA], swept)
    _add_lines(made, curves, axis, (symbol, second), alone=len(modes) == 1)
    _add_bar(made, axis)
    last_epoch_axis(made, int(epochs[columns.EPOCH].max()), planned)
    made.update_yaxes(range=[0, _top([curve.mean for curve in curves])], tickformat="~g", uirevision=role)
    return made.figure()


def _curves(lanes: pd.DataFrame, epochs: pd.DataFrame, column: str) -> Iterator[Curve]:
    """Each point of the sweep, averaged over the repeats that have reached each epoch and have a finite loss there."""
    runs, at = epochs[columns.RUN].tolist(), epochs[columns.EPOCH].to_numpy(np.int64)
    losses = epochs[column].to_numpy(np.float64)
    for mode, rows in each_mode(lanes):
        keys = list(zip(*(rows[name].tolist() for name in columns.point_columns(rows)), strict=True))
        points = sorted(set(keys))
        places = dict(zip(rows[columns.RUN].tolist(), map(points.index, keys), strict=True))
        place = np.array([places.get(run, -1) for run in runs], dtype=np.int64)
        for number, point in enumerate(points):
            own = place == number
            if own.any():
                yield Curve(mode, point, *_means(at[own], losses[own]))


def _means(at: NDArray[np.int64], losses: NDArray[np.float64]) -> tuple[NDArray[np.int64], Floats]:
    """The epochs, ascending, and the mean of the finite losses at each; NaN where there is none."""
    epochs, place = np.unique(at, return_inverse=True)
    finite = np.isfinite(losses)
    with np.errstate(invalid="ignore", over="ignore"):
        mean = np.bincount(place, np.where(finite, losses, 0.0)) / np.bincount(place, finite)
        found = mean.astype(np.float32)
    found[~np.isfinite(found)] = np.nan
    return epochs, found


def _add_lines(
    made: Draft, curves: Sequence[Curve], axis: LambdaAxis, symbols: tuple[str, str], *, alone: bool
) -> None:
    """Strong λ first, so that λ = 0 lies on top."""
    step = max(1, -(-sum(len(curve.mean) for curve in curves) // _MOST))
    width = 1.9 if len(curves) <= 12 else 1.3
    for mode, point, at, mean in reversed(curves):
        kept = np.unique(np.append(np.arange(0, len(at), step), len(at) - 1)) if len(at) else at
        value, name = float(point[1]), f"{symbols[0]} = {lambda_text(float(point[1]))}"
        other = "".join(f", {symbols[1]} = {lambda_text(float(value))}" for value in point[4:])
        header = f"<b>{name}{other}</b>" + ("" if alone else f", {mode.apply}")
        made.add_scatter(
            **_x(at[kept]),
            y=mean[kept],
            mode="lines" if len(at) > 1 else "lines+markers",
            uid=uid_of(*point),
            line={"color": axis.colour(value), "width": width + (0.6 if value == 0 else 0), "dash": mode.val},
            hovertemplate=f"{header}<br>epoch %{{x}}: %{{y:.4g}} nats<extra></extra>",
            name=name,
            meta={"name": f"{name}{other}{'' if alone else f', {mode.apply}'}"},
            showlegend=bool(value == 0 and axis.log and mode is curves[0].mode and point[4:] == curves[0].point[4:]),
        )


def _x(epochs: NDArray[np.int64]) -> dict[str, Any]:
    """Even epochs as start and step: sixty lines need not repeat them."""
    steps = np.unique(np.diff(epochs))
    if len(steps) == 1:
        return {"x0": int(epochs[0]), "dx": int(steps[0])}
    return {"x": epochs.astype(np.int32)}


def _top(means: list[Floats]) -> float:
    """A round number above what matters: a few wild first epochs may leave the axis."""
    known = np.concatenate([np.empty(0, np.float32), *(mean[np.isfinite(mean)] for mean in means)])
    if not len(known):
        return 1.0
    most = max(min(float(known.max()), 4 * float(np.median(known))), 1e-6)
    return 1.02 * round_above(most, _TOPS)


def _add_bar(made: Draft, axis: LambdaAxis) -> None:
    """A slim bar below the chart that names the colours; λ = 0 has its entry in the legend at its left."""
    if not axis.positive:
        return
    low, high = axis.ends
    ticks = [value for value in axis.ticks() if axis.on_scale(value)]
    ticks = ticks[:: -(-len(ticks) // _BAR_TICKS)]
    across = {"x": 0.985, "xanchor": "right", "xref": "container", "xpad": 6, "lenmode": "fraction", "len": 0.56}
    up = {"y": 0.005, "yanchor": "bottom", "yref": "container", "ypad": 0, "thickness": 7, "outlinewidth": 0}
    labels = {"tickvals": axis.at(ticks).tolist(), "ticktext": [lambda_text(tick) for tick in ticks], "ticks": ""}
    bar = {"orientation": "h", "tickmode": "array", "tickfont": {"size": SMALL}, **across, **up, **labels}
    scale = {"cmin": low, "cmax": high if high > low else low + 1e-3, "colorscale": gradient(axis, 1.0)["colorscale"]}
    marker = {"color": [low], "colorbar": bar, **scale}
    made.add_scatter(x=[None], y=[None], mode="markers", uid="bar", showlegend=False, hoverinfo="skip", marker=marker)
