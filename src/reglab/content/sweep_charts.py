"""The charts of a sweep at one epoch, as page and report draw them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from reglab import columns
from reglab.analysis import layer_curves, sweep_histograms
from reglab.charts.sweep import Beside, sweep_chart
from reglab.charts.sweep_calibration import HINT, sweep_calibration_chart
from reglab.charts.sweep_epochs import Choice, sweep_epochs_chart
from reglab.charts.sweep_gap import sweep_gap_chart
from reglab.charts.sweep_grid import sweep_grid_chart
from reglab.charts.sweep_losses import Role, sweep_losses_chart
from reglab.charts.sweep_memorised import sweep_memorised_chart
from reglab.charts.sweep_norms import What, sweep_norms_chart
from reglab.charts.sweep_weights import sweep_weights_chart
from reglab.content.epoch_view import EpochView
from reglab.content.verdict_lines import RULES
from reglab.sweep import EpochRule

NO_PROBABILITIES = "These runs kept no class probabilities: older versions did not."


def main_chart(view: EpochView) -> go.Figure:
    """The U-curve; of two axes their map."""
    axes = view.spec.axes
    if view.spec.is_map:
        return sweep_grid_chart(view.table, measure=view.measure, axes=axes)
    rival = view.judgement.rival
    return sweep_chart(
        view.table,
        measure=view.measure,
        symbol=view.spec.symbol,
        swept=axes[0],
        chance=view.chance.accuracy if view.chance else None,
        name=f"validation, {RULES[view.rule]}",
        beside=_beside(view),
        rival=rival.figure.mean if rival else None,
    )


def gap_chart(view: EpochView) -> go.Figure:
    """The gap against λ."""
    return sweep_gap_chart(view.table, measure=view.measure, **_axis(view))


def losses_chart(view: EpochView, runs: pd.DataFrame, epochs: pd.DataFrame, planned: int, role: Role) -> go.Figure:
    """The loss over the epochs, a line for each point; ``planned``: the last epoch on the axis."""
    second = view.spec.axes[1].symbol if view.spec.is_map and view.spec.kind != "grid" else ""
    shown = epochs[epochs[columns.EPOCH] <= view.epoch]
    return sweep_losses_chart(runs, shown, planned=planned, second=second, role=role, **_axis(view))


def epochs_chart(view: EpochView, runs: pd.DataFrame, epochs: pd.DataFrame, planned: int) -> go.Figure:
    """The loss over λ and epochs as a map, with the best λ under each epoch rule."""
    shown = epochs[epochs[columns.EPOCH] <= view.epoch]
    return sweep_epochs_chart(runs, shown, choices=_choices(view), by=view.measure, planned=planned, **_axis(view))


def calibration_chart(view: EpochView, calibration: pd.DataFrame, *, ended: bool) -> go.Figure:
    """The expected calibration error against λ."""
    return sweep_calibration_chart(calibration, hint=NO_PROBABILITIES if ended else HINT, **_axis(view))


def memorised_chart(view: EpochView) -> go.Figure:
    """The share of wrong training labels that the network reproduces, against λ."""
    return sweep_memorised_chart(view.table, **_axis(view))


def norms_chart(view: EpochView, runs: pd.DataFrame, layers: pd.DataFrame, what: What) -> go.Figure:
    """Norms or exact zeros of each layer against λ."""
    return sweep_norms_chart(layer_curves(runs, layers, view.epoch), what=what, lambdas=_values(view), **_axis(view))


def weights_chart(view: EpochView, runs: pd.DataFrame, layers: pd.DataFrame, layer: str | None) -> go.Figure:
    """Histograms of the weights, a panel for each λ."""
    histograms = sweep_histograms(runs, layers, layer, view.epoch)
    return sweep_weights_chart(histograms, layer=layer, lambdas=_values(view), **_axis(view))


def _axis(view: EpochView) -> dict[str, Any]:
    """Symbol and setting of the first axis."""
    return {"symbol": view.spec.symbol, "swept": view.spec.axes[0]}


def _values(view: EpochView) -> Sequence[float]:
    return [point.value for point in view.spec.points]


def _beside(view: EpochView) -> Beside | None:
    """The sweep at the best epoch of every run, or where that is shown, at the last."""
    other: EpochRule = "last" if view.rule == "best" else "best"
    return Beside(RULES[other], view.judgement.by_rule[other].table) if view.epochs > 1 else None


def _choices(view: EpochView) -> list[Choice]:
    """The best λ under each epoch rule, for the map."""
    found = [(rule, judged.best) for rule, judged in view.judgement.by_rule.items()]
    return [Choice(rule, best.apply, best.best.value, best.epoch) for rule, best in found if best is not None]
