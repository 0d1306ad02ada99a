"""A frame for every chart of the Learn page's machines, made as the page makes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from reglab.charts.decay import LOOKS, decay_chart, shrink_chart
from reglab.charts.geometry import geometry_chart
from reglab.charts.loss_split import objective_split_chart
from reglab.lessons.geometry import Landscape, Mix, picture

Chart = Callable[[pd.DataFrame], go.Figure]


def split_frame() -> pd.DataFrame:
    """The calculator's example."""
    names = ["L2, with the half", "L2, without it", "L1"]
    penalties = [1.5, 3.0, 1.0]
    totals = [0.5 + penalty for penalty in penalties]
    return pd.DataFrame(
        {"convention": names, "data": 0.5, "penalty": penalties, "total": totals, "text": [str(t) for t in totals]}
    )


def walk_frame() -> pd.DataFrame:
    """Four walks of 20 steps."""
    steps = np.arange(21)
    return pd.concat(pd.DataFrame({"method": key, "step": steps, "w": 0.9**steps}) for key in LOOKS)


def push_frame() -> pd.DataFrame:
    """Four pushes."""
    w = np.linspace(-1, 1, 11)
    return pd.concat(pd.DataFrame({"method": key, "w": w, "push": 0.1 * w}) for key in LOOKS)


FRAMES: Mapping[Chart, Callable[[], pd.DataFrame]] = {
    objective_split_chart: split_frame,
    geometry_chart: lambda: picture(Landscape(1.0, 2.5, 2.0, 25.0), Mix(1.0), 1.0),
    decay_chart: walk_frame,
    shrink_chart: push_frame,
}
