"""Accuracy over epochs: the share of images classified correctly, on the training subset and on validation."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from reglab import columns
from reglab.charts.curves import Curve, Curves, curve_chart
from reglab.charts.style import RunStyle

ACCURACY = Curves(
    title="Accuracy",
    measured="share of images classified correctly",
    shown="%{y:.1%}",
    lines=(Curve("val", columns.VAL_ACC), Curve("train", columns.TRAIN_ACC)),
)


def accuracy_chart(epochs: pd.DataFrame, styles: Mapping[str, RunStyle], *, planned: int | None = None) -> go.Figure:
    """Accuracies of every styled run in ``epochs``, on an axis from 0 to 1; ``planned`` as for the loss."""
    made = curve_chart(epochs, styles, ACCURACY, planned)
    made.update_yaxes(tickformat=".0%", range=[0, 1.02])
    return made.figure()
