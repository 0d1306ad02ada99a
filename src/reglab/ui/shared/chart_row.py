"""Three charts side by side, each with its switches below: losses or the parts of J, the gap, weights or the pull of λ.

Only what the switches choose is read and drawn, once for all sessions: every moment spent here is one in which nothing
trains.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

import pandas as pd
import plotly.graph_objects as go
from streamlit.delta_generator import DeltaGenerator

from reglab import columns
from reglab.charts import RunStyle, gap_chart, gradient_share_chart, loss_chart, loss_split_chart, weights_chart
from reglab.charts.gap import Measure
from reglab.spec import RunSpec
from reglab.ui.shared.figures import Drawn, shared_figure

LossView = Literal["loss", "split"]
WeightView = Literal["weights", "pull"]

View = TypeVar("View", bound=str)

ALL_LAYERS = "all kernels"
MEASURES: tuple[Measure, ...] = ("loss", "accuracy")
LOSS_VIEWS: Mapping[LossView, str] = {"loss": "Loss", "split": "Objective"}
WEIGHT_VIEWS: Mapping[WeightView, str] = {"weights": "Weights", "pull": "Pull"}

_SELECTOR = 124  # pixels: "all kernels" fits, "layer4.1.conv2.weight" is cut off

LOSS_HELP = (
    "**Loss**: on validation and on training images, without the penalty; their distance is the gap.  \n"
    "**Objective**: what training minimises, taken apart. J = data loss on the training images + λ₁ Σ|w| (L1 part) "
    "+ ½ λ₂ Σw² (L2 part). Where the penalty's parts are most of J, the network mostly obeys λ."
)
WEIGHT_HELP = (
    "**Weights**: how many weights have which size, now and at the start.  \n"
    "**Pull** of λ: each epoch, the data pull the weights one way and the penalty pulls them toward 0. The curve is "
    "the penalty's pull divided by the data's, ‖∇penalty‖ / ‖∇data‖, the data's gradient averaged over the epoch. "
    "Far below 1, λ does next to nothing; above 1, it shrinks the weights. Weights that have come to rest are at 1: "
    "there the two pulls cancel. (Not with a decoupled or proximal penalty under Adam or momentum, which rescale the "
    "data's pull only; and weights before a batch norm never quite rest.)"
)


@dataclass(frozen=True)
class Look:
    """What the switches say; ``layer`` is None for all kernels."""

    loss: LossView
    log: bool
    measure: Measure
    weights: WeightView
    layer: str | None

    @property
    def kinds(self) -> tuple[str, str, str]:
        """The three charts' names; one that shows something else has another name, and so a node of its own."""
        return self.loss, "gap", self.weights


@dataclass(frozen=True)
class Keys:
    """Widget keys of the switches."""

    loss: str
    log: str
    measure: str
    weights: str
    layer: str


def switches(boxes: Sequence[DeltaGenerator], layers: pd.DataFrame, keys: Keys, *, keep_layer: bool) -> Look:
    """The switches, each below the chart in its box; ``keep_layer`` keeps the chosen layer when the page is left."""
    left, middle, right = (box.container(horizontal=True, vertical_alignment="center", gap="xsmall") for box in boxes)
    loss = _segments(left, "Loss or objective", LOSS_VIEWS, keys.loss)
    _help(left, LOSS_HELP)
    log = left.toggle("Log scale", key=keys.log, persist_state="session")
    measure = _segments(middle, "Gap in", {measure: measure.capitalize() for measure in MEASURES}, keys.measure)
    weights = _segments(right, "Weights or pull of λ", WEIGHT_VIEWS, keys.weights)
    _help(right, WEIGHT_HELP)
    names = [ALL_LAYERS, *dict.fromkeys(layers[columns.LAYER])]
    layer = right.selectbox(
        "Layer", names, key=keys.layer, label_visibility="collapsed", width=_SELECTOR,
        persist_state="session" if keep_layer else None,
    )  # fmt: skip
    return Look(loss, log, measure, weights, None if layer == ALL_LAYERS else layer)


@dataclass(frozen=True)
class Source:
    """What the charts of some runs are drawn from; equal ``version`` and ``styles`` mean equal charts.

    ``pulls`` is asked for its frame only where that is drawn. With ``own_legend`` the page names the runs itself.
    """

    version: Hashable
    styles: Mapping[str, RunStyle]
    specs: Sequence[RunSpec]
    planned: int
    epochs: pd.DataFrame
    layers: pd.DataFrame
    pulls: Callable[[], pd.DataFrame]
    own_legend: bool = False


def figures(source: Source, look: Look) -> dict[str, Drawn]:
    """The chosen charts, by name."""
    return {
        look.loss: _shared(source, look.loss, look.log, lambda: _losses(source, look)),
        "gap": _shared(source, "gap", look.measure, lambda: gap_chart(
            source.epochs, source.styles, measure=look.measure, planned=source.planned
        )),
        look.weights: _shared(source, look.weights, look.layer, lambda: _weights(source, look)),
    }  # fmt: skip


def _shared(source: Source, name: str, option: Hashable, make: Callable[[], go.Figure]) -> Drawn:
    styles = tuple(source.styles.items())
    key = (name, option, source.version, styles, source.planned, source.own_legend)
    return shared_figure(key, lambda: _named(source, make()))


def _losses(source: Source, look: Look) -> go.Figure:
    chart = loss_split_chart if look.loss == "split" else loss_chart
    return chart(source.epochs, source.styles, planned=source.planned, log_y=look.log)


def _weights(source: Source, look: Look) -> go.Figure:
    if look.weights == "weights":
        return weights_chart(source.layers, source.styles, look.layer)
    rests = all(map(equal_ratios_are_rest, source.specs))
    return gradient_share_chart(source.pulls(), source.styles, look.layer, planned=source.planned, rests=rests)


def _named(source: Source, figure: go.Figure) -> go.Figure:
    """``figure``; without the runs in its legend where the page names them: eight names take the room of the curves."""
    if source.own_legend:
        labels = {style.label for style in source.styles.values()}
        figure.for_each_trace(lambda trace: trace.update(showlegend=False) if trace.name in labels else None)
    return figure


def equal_ratios_are_rest(spec: RunSpec) -> bool:
    """Whether weights rest where the two pulls are equal; see :mod:`reglab.training.gradient_ratio`."""
    plain_sgd = spec.optim.name == "sgd" and not spec.optim.momentum
    return spec.penalty.apply == "coupled" or plain_sgd


def _segments(place: DeltaGenerator, label: str, views: Mapping[View, str], key: str) -> View:
    chosen: View = place.segmented_control(
        label, list(views), default=next(iter(views)), required=True, format_func=views.__getitem__, key=key,
        label_visibility="collapsed", persist_state="session",
    )  # fmt: skip
    return chosen


def _help(place: DeltaGenerator, text: str) -> None:
    """A question mark that explains the switches beside it, whose own labels are not shown."""
    place.markdown("", help=text, width="content")
