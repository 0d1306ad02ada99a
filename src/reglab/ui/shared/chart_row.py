"""Three charts side by side with their switches: accuracy, losses or the parts of J; the gap; weights or the gradient
ratio.

Only what the switches choose is read and drawn, once for all sessions: the time spent here is taken from training.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd
import plotly.graph_objects as go
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from reglab import columns
from reglab.charts import (
    RunStyle,
    accuracy_chart,
    compact,
    fitted,
    gap_chart,
    gradient_share_chart,
    loss_chart,
    loss_split_chart,
    untitled,
    weights_chart,
)
from reglab.charts.base import note
from reglab.charts.gap import Measure
from reglab.content.run_text import equal_ratios_are_rest
from reglab.spec import RunSpec
from reglab.ui.shared.fields import segments
from reglab.ui.shared.memo import Drawn, shared_figure

LossView = Literal["accuracy", "loss", "split"]
WeightView = Literal["weights", "ratio"]

MEASURES: Mapping[Measure, str] = {"loss": "Loss", "accuracy": "Accuracy"}
LOSS_VIEWS: Mapping[LossView, str] = {"accuracy": "Accuracy", "loss": "Loss", "split": "Objective"}
WEIGHT_VIEWS: Mapping[WeightView, str] = {"weights": "Weights", "ratio": "Ratio"}

NAMES: Mapping[str, str] = {**dict(LOSS_VIEWS.items()), "gap": "Gap", "weights": "Weights", "ratio": "Gradient ratio"}
"""What each chart is called, by its name in :func:`figures`."""

_SELECTOR = 112  # pixels: "all layers" fits, "layer4.1.conv2.weight" is cut off

LOSS_HELP = (
    "**Accuracy**: share of the validation and of the training images classified correctly.  \n"
    "**Loss**: on validation and on training images, without the penalty; their difference is the gap.  \n"
    "**Objective**: J and its parts, J = data loss on the training images + λ₁ Σ|w| (L1 part) + ½ λ₂ Σw² (L2 part). "
    "With label smoothing or mixup, the training criterion takes the place of the data loss in J."
)
WEIGHT_HELP = (
    "**Weights**: the distribution of the weights, now and at the start.  \n"
    "**Ratio**: penalty-to-data gradient ratio ‖∇penalty‖ / ‖∇data‖, the data gradient averaged over each epoch. Far "
    "below 1 the penalty has little effect; above 1 the weights shrink; weights at rest have 1: the two gradients "
    "cancel. (Not with a decoupled or proximal penalty under momentum or an adaptive optimizer, which rescale the data "
    "gradient alone.)"
)


@dataclass(frozen=True)
class Choice:
    """What the switches select; ``layer`` is None for all layers."""

    loss: LossView
    log: bool
    measure: Measure
    weights: WeightView
    layer: str | None


@dataclass(frozen=True)
class Keys:
    """Widget keys of the switches."""

    loss: str
    log: str
    measure: str
    weights: str
    layer: str


@dataclass(frozen=True)
class Source:
    """What the charts of some runs are drawn from; equal ``version`` and ``styles`` mean equal charts.

    ``ratios`` is asked for its frame only where that is drawn. With ``own_legend`` the page names the runs itself. With
    ``compact`` the charts' titles stand above them, and gap and weights have little height.
    """

    version: Hashable
    styles: Mapping[str, RunStyle]
    specs: Sequence[RunSpec]
    planned: int
    epochs: pd.DataFrame
    layers: pd.DataFrame
    ratios: Callable[[], pd.DataFrame]
    own_legend: bool = False
    compact: bool = False


def switches(
    boxes: Sequence[DeltaGenerator], layers: pd.DataFrame, keys: Keys, *, keep_layer: bool, titled: bool = False
) -> Choice:
    """The switches, each at the end of its box as it is; ``keep_layer`` keeps the chosen layer when the page is left.

    With ``titled`` the gap's name stands before its switch; those of the others name what they show.
    """
    left, middle, right = (box.container(horizontal=True, vertical_alignment="center", gap="xsmall") for box in boxes)
    with left:
        loss = segments("Accuracy, loss or objective", LOSS_VIEWS, keys.loss, default="loss", persist_state="session")
        st.markdown("", help=LOSS_HELP, width="content")  # a question mark, as the switches' own labels are not shown
        log = st.toggle("Log scale", key=keys.log, disabled=loss == "accuracy", persist_state="session")
    with middle:
        if titled:
            st.markdown("**Gap**", width="content")
        measure = segments("Gap in", MEASURES, keys.measure, first=True, persist_state="session")
    with right:
        weights = segments("Weights or ratio", WEIGHT_VIEWS, keys.weights, first=True, persist_state="session")
        st.markdown("", help=WEIGHT_HELP, width="content")
    layer = right.selectbox(
        "Layer",
        [columns.ALL_WEIGHTS, *dict.fromkeys(layers[columns.LAYER])],
        key=keys.layer,
        label_visibility="collapsed",
        width=_SELECTOR,
        persist_state="session" if keep_layer else None,
    )
    return Choice(loss, log, measure, weights, None if layer == columns.ALL_WEIGHTS else layer)


def figures(source: Source, choice: Choice) -> dict[str, Drawn]:
    """The chosen charts, by name."""
    styles, planned, layer = source.styles, source.planned, choice.layer

    def shared(name: str, option: Hashable, make: Callable[[], go.Figure]) -> Drawn:
        look = (source.own_legend, source.compact)
        key = (name, option, source.version, tuple(styles.items()), planned, look)

        def draw() -> go.Figure:
            if not source.compact:
                return _legend(source, make())
            with fitted(untitled if name in LOSS_VIEWS else compact):
                return make()

        return shared_figure(key, draw)

    def losses() -> go.Figure:
        if choice.loss == "accuracy":
            return accuracy_chart(source.epochs, styles, planned=planned)
        chart = loss_split_chart if choice.loss == "split" else loss_chart
        return chart(source.epochs, styles, planned=planned, log_y=choice.log)

    def gap() -> go.Figure:
        return gap_chart(source.epochs, styles, measure=choice.measure, planned=planned)

    def weights() -> go.Figure:
        if choice.weights == "weights":
            return weights_chart(source.layers, styles, layer)
        rests = all(map(equal_ratios_are_rest, source.specs))
        return gradient_share_chart(source.ratios(), styles, layer, planned=planned, rests=rests)

    return {
        choice.loss: shared(choice.loss, choice.log, losses),
        "gap": shared("gap", choice.measure, gap),
        choice.weights: shared(choice.weights, layer, weights),
    }


def _legend(source: Source, figure: go.Figure) -> go.Figure:
    """``figure``, without the runs in its legend if the page names them: eight names take the room of the curves."""
    if source.own_legend:
        note(figure, legend=True)
        labels = {style.label for style in source.styles.values()}
        figure.for_each_trace(lambda trace: trace.update(showlegend=False) if trace.name in labels else None)
    return figure
