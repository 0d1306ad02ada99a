"""Loss over epochs: training and validation data loss in eval mode, and J = training loss + penalty.

Between the solid and the dashed line lies the generalisation gap; the dotted line is what training minimises.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from reglab import columns
from reglab.charts.base import log_ticks
from reglab.charts.curves import Curve, Curves, curve_chart
from reglab.charts.style import RunStyle

LOSS = Curves(
    title="Loss",
    measured="nats; J = training + penalty",
    shown="%{y:.4g} nats",
    lines=(Curve("val", columns.VAL_LOSS), Curve("train", columns.TRAIN_LOSS), Curve("total", columns.TOTAL)),
)


def loss_chart(
    epochs: pd.DataFrame, styles: Mapping[str, RunStyle], *, planned: int | None = None, log_y: bool = False
) -> go.Figure:
    """Losses of every styled run in ``epochs`` (:data:`columns.EPOCH_COLUMNS`).

    ``planned``: the last epoch to come, so that the axis stands still while training. The loss axis starts at 0 and is
    linear unless ``log_y``; it never switches by itself.
    """
    made = curve_chart(epochs, styles, LOSS, planned)
    made.update_yaxes(rangemode="tozero", tickformat="~g", uirevision="log" if log_y else "linear")
    if log_y:
        made.update_yaxes(type="log", dtick=log_ticks(made))
    return made.figure()
