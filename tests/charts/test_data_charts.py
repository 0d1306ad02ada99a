"""The charts of the Data page: images of each class, and the distribution of pixels."""

from __future__ import annotations

import numpy as np
import pandas as pd

from reglab.charts import class_balance, pixel_histogram
from reglab.charts.class_balance import class_balance_chart
from reglab.charts.pixel_histogram import pixel_histogram_chart
from reglab.charts.table import figure_table

COUNTS = pd.DataFrame({"class": ["cat", "<b>%{x}</b>"], "train": [7, 5], "wrong": [2, 0], "val": [3, 4]})


def test_wrong_labels_stand_on_the_right_ones() -> None:
    figure = class_balance_chart(COUNTS)
    assert {trace.name: list(trace.y) for trace in figure.data} == {
        "training": [5, 5],
        "training, wrong label": [2, 0],
        "validation": [3, 4],
    }
    assert [trace.offsetgroup for trace in figure.data] == ["train", "train", "val"]
    assert list(figure_table(figure)["class"]) == ["cat", "<b>% {x}</b>"]


def test_class_names_are_text() -> None:
    text = class_balance_chart(COUNTS).to_json()
    assert "<b>" not in text.replace("\\u003cb\\u003e", "<b>")
    assert "%{x}" not in text


def test_without_wrong_labels_there_is_no_series_of_them() -> None:
    assert [trace.name for trace in class_balance_chart(COUNTS.assign(wrong=0)).data] == ["training", "validation"]


def test_a_hundred_classes_have_numbers_below_their_bars() -> None:
    many = pd.DataFrame({"class": [f"class {n}" for n in range(100)], "train": 1, "wrong": 0, "val": 1})
    assert class_balance_chart(many).layout.xaxis.ticktext is None


def test_pixels_are_a_step_line_a_channel() -> None:
    edges = np.linspace(0, 1, 5)
    rows = {"low": np.tile(edges[:-1], 3), "high": np.tile(edges[1:], 3), "share": np.tile([0.1, 0.2, 0.3, 0.4], 3)}
    frame = pd.DataFrame({"channel": np.repeat(["red", "green", "blue"], 4), **rows})
    figure = pixel_histogram_chart(frame)
    assert [trace.name for trace in figure.data] == ["red", "green", "blue"]
    assert figure.data[0].line.shape == "hv"
    assert list(figure.data[0].x) == edges.tolist()
    assert figure_table(figure)["red"].tolist() == [0.1, 0.2, 0.3, 0.4]


def test_nothing_gives_a_titled_figure_with_a_hint() -> None:
    for figure, title in (
        (class_balance_chart(COUNTS.iloc[:0]), class_balance.TITLE),
        (pixel_histogram_chart(pd.DataFrame()), pixel_histogram.TITLE),
    ):
        assert not figure.data
        assert figure.layout.title.text.startswith(title)
        assert len(figure.layout.annotations) == 1
