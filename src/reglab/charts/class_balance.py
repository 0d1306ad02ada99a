"""Images of each class: training images, those with a wrong label apart, and validation images."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd
import plotly.graph_objects as go

from reglab.charts.base import Draft, draft, empty, layer_text, uid_of
from reglab.charts.style import GREY, as_text

CLASS, TRAIN, WRONG, VAL = "class", "train", "wrong", "val"
"""Columns of the frame: a row a class; ``wrong`` are of ``train``."""

TITLE = "Images of each class"
COLOURS = {"training": "#1799ee", "training, wrong label": "#d8600f", "validation": GREY}
_LONGEST, _NAMED = 14, 20  # letters of a class under its bars; classes up to which each has its name there


class Balance(NamedTuple):
    """Names of the classes, and of each series its numbers."""

    classes: list[str]
    right: list[int]
    wrong: list[int]
    val: list[int]


def balance_of(counts: pd.DataFrame) -> Balance:
    """Extract the columns once."""
    if counts.empty:
        return Balance([], [], [], [])
    right = (counts[TRAIN] - counts[WRONG]).tolist()
    return Balance(counts[CLASS].tolist(), right, counts[WRONG].tolist(), counts[VAL].tolist())


def class_balance_chart(counts: pd.DataFrame) -> go.Figure:
    """Two bars a class: training images by their label, wrong ones on top, and validation images."""
    balance = balance_of(counts)
    if not balance.classes:
        return empty(TITLE, "", "The images of each class appear when a dataset is chosen.")
    made = draft(TITLE, "by the label that is trained with", x="class")
    names = [as_text(name) for name in balance.classes]
    rows = [("training", balance.right, "train"), ("training, wrong label", balance.wrong, "train")]
    for name, values, group in [*rows, ("validation", balance.val, "val")]:
        if any(values):
            _add(made, name, values, group, names)
    places = list(range(len(balance.classes)))
    made.update_layout(barmode="stack", bargap=0.25, margin={"l": 52}, legend={"traceorder": "normal"})
    made.update_xaxes(range=[-0.6, len(places) - 0.4], tickangle=None)
    if len(places) <= _NAMED:
        short = [as_text(layer_text(name, _LONGEST)) for name in balance.classes]
        made.update_xaxes(tickmode="array", tickvals=places, ticktext=short)
    made.update_yaxes(rangemode="tozero", tickformat=",d")
    return made.figure()


def _add(made: Draft, name: str, values: list[int], group: str, classes: list[str]) -> None:
    made.data.append(
        {
            "type": "bar",
            "x": list(range(len(values))),
            "y": values,
            "name": name,
            "uid": uid_of(name.replace(",", "")),
            "offsetgroup": group,
            "marker": {"color": COLOURS[name]},
            "hovertext": [f"{one}<br>{name}: {n:,}" for one, n in zip(classes, values, strict=True)],
            "hoverinfo": "text",
        }
    )
