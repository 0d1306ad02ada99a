"""The accuracy chart, and what it shares with the loss chart: names at the ends of lines, and the best epoch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from tests.charts.frames import epoch_frame, styles

from reglab import columns
from reglab.charts import accuracy_chart, compact, fitted, loss_chart, untitled


def texts(figure: go.Figure) -> list[str]:
    return [note.text for note in figure.layout.annotations]


def test_validation_is_strong_and_training_thin() -> None:
    frame = epoch_frame(["a"], 5)
    val, train, _ = accuracy_chart(frame, styles(["a"])).data
    assert np.array_equal(val.y, frame[columns.VAL_ACC].to_numpy(np.float32))
    assert np.array_equal(train.y, frame[columns.TRAIN_ACC].to_numpy(np.float32))
    assert (val.line.dash, val.line.width) == ("solid", 2.2)
    assert train.line.width < val.line.width


@pytest.mark.parametrize("chart", [accuracy_chart, loss_chart])
def test_runs_of_one_colour_differ_in_the_stroke_of_their_validation_line(
    chart: Callable[..., go.Figure],
) -> None:
    both = styles(["a", "b"])
    both["b"] = replace(both["b"], colour=both["a"].colour, stroke=1)
    figure = chart(epoch_frame(["a", "b"], 3), both)
    strokes = [trace.line.dash for trace in figure.data if trace.mode == "lines" and trace.line.width == 2.2]
    assert strokes == ["solid", both["b"].dash]
    assert both["b"].dash != "solid"


def test_the_ring_stands_at_the_lowest_validation_loss_not_at_the_highest_accuracy() -> None:
    frame = epoch_frame(["a"], 4)
    frame[columns.VAL_LOSS], frame[columns.VAL_ACC] = [2.0, 0.5, 0.6, 0.9], [0.1, 0.2, 0.9, 0.3]
    ring = accuracy_chart(frame, styles(["a"])).data[-1]
    assert (ring.x.tolist(), ring.y.tolist()) == ([2], [np.float32(0.2)])


@pytest.mark.parametrize("chart", [accuracy_chart, loss_chart])
def test_a_line_marks_what_early_stopping_keeps_unless_that_is_the_last_epoch(
    chart: Callable[..., go.Figure],
) -> None:
    frame = epoch_frame(["a"], 4)
    frame[columns.VAL_LOSS] = [2.0, 0.5, 0.6, 0.9]
    figure = chart(frame, styles(["a"]))
    assert [shape.x0 for shape in figure.layout.shapes] == [2]
    assert "early stopping would keep epoch 2" in texts(figure)
    frame[columns.VAL_LOSS] = [2.0, 0.5, 0.4, 0.3]
    assert not chart(frame, styles(["a"])).layout.shapes


@pytest.mark.parametrize("log", [False, True])
def test_lines_are_named_at_their_ends_and_the_names_stand_apart(log: bool) -> None:
    frame = epoch_frame(["a"], 3)
    frame[columns.VAL_LOSS], frame[columns.TRAIN_LOSS] = [1.0, 0.9, 0.8], [1.0, 0.5, 0.4]
    frame[columns.TOTAL] = frame[columns.TRAIN_LOSS] * 1.0001
    figure = loss_chart(frame, styles(["a"]), log_y=log)
    names = [note for note in figure.layout.annotations if note.text in ("validation", "training", "J")]
    assert [note.x for note in names] == [3, 3, 3]
    places = sorted(note.y for note in names)
    reach = np.log10(1.0 / 0.4) if log else 1.0
    assert all(b - a >= 0.07 * reach for a, b in pairwise(places))
    assert places[0] == pytest.approx(np.log10(0.4) if log else 0.4, rel=1e-6)
    assert figure.layout.showlegend is False


def test_four_runs_are_named_at_their_ends_and_more_in_the_legend() -> None:
    names = list("abcde")
    assert {f"run {name}" for name in "abcd"} <= set(
        texts(accuracy_chart(epoch_frame(names[:4], 3), styles(names[:4])))
    )
    many = accuracy_chart(epoch_frame(names, 3), styles(names))
    assert not texts(many)
    assert many.layout.showlegend is None


def test_a_long_name_with_markup_stays_text_and_leaves_the_curves_their_room() -> None:
    both = styles(["a", "b"])
    both["b"] = replace(both["b"], label="<b>bold & long</b> beyond all measure")
    figure = accuracy_chart(epoch_frame(["a", "b"], 3), both)
    assert "&lt;b&gt;bold &amp; l…ll measure" in texts(figure)
    assert figure.layout.margin.r < 170


def test_a_line_that_ends_in_nan_has_no_name() -> None:
    frame = epoch_frame(["a"], 3)
    frame.loc[2, columns.VAL_ACC] = np.nan
    assert "validation" not in texts(accuracy_chart(frame, styles(["a"])))


def test_no_epochs_give_a_titled_figure_with_a_hint() -> None:
    empty = accuracy_chart(pd.DataFrame(columns=list(columns.EPOCH_COLUMNS)), styles(["a"]))
    assert not empty.data
    assert "Accuracy" in empty.layout.title.text


def test_a_chart_below_its_title_has_none_of_its_own() -> None:
    frame, style = epoch_frame(["a", "b"], 3), styles(["a", "b"])
    with fitted(untitled):
        high = loss_chart(frame, style).layout
    assert high.title.text.count("━ validation") == 1
    assert "Loss<br>" not in high.title.text
    assert (high.margin.t, high.margin.b) == (26, 40)
    with fitted(compact):
        low = loss_chart(frame, style).layout
    assert (low.title.text, low.xaxis.title.text, low.showlegend, low.yaxis.nticks) == (None, None, False, 4)
    assert "Loss<br>" in loss_chart(frame, style).layout.title.text
