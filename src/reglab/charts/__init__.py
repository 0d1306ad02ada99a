"""DataFrame → Plotly figure, one chart a file; no Streamlit, no torch.

Every chart takes a frame with the columns of :mod:`reglab.columns`, extracts each column once, and leaves the frame
unchanged. An empty frame gives a figure with its title and a hint. Text and grid take their colours from the page.
"""

from __future__ import annotations

from reglab.charts.accuracy import accuracy_chart
from reglab.charts.base import compact, fitted, untitled
from reglab.charts.gap import gap_chart
from reglab.charts.gradient_share import gradient_share_chart
from reglab.charts.loss import loss_chart
from reglab.charts.loss_split import loss_split_chart
from reglab.charts.run_colours import RunIdentity, style_runs
from reglab.charts.style import RunStyle
from reglab.charts.weights import weights_chart

__all__ = [
    "RunIdentity",
    "RunStyle",
    "accuracy_chart",
    "compact",
    "fitted",
    "gap_chart",
    "gradient_share_chart",
    "loss_chart",
    "loss_split_chart",
    "style_runs",
    "untitled",
    "weights_chart",
]
