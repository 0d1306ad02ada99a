"""The loss and gap charts over epochs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from tests.charts.frames import epoch_frame, styles

from reglab import columns
from reglab.charts import gap_chart, loss_chart
from reglab.charts.gap import Measure

ONE, TWO = styles(["a"]), styles(["a", "b"])


def drawn(figure: go.Figure, colour: str) -> dict[str, go.Scatter]:
    """The lines of one colour by their stroke."""
    return {trace.line.dash: trace for trace in figure.data if trace.mode == "lines" and trace.line.color == colour}


def test_each_loss_has_its_stroke() -> None:
    frame = epoch_frame(["a", "b"], 5)
    lines = drawn(loss_chart(frame, TWO), TWO["b"].colour)
    mine = frame[frame[columns.RUN] == "b"]
    for dash, column in {"solid": "val_loss", "5px,3px": "train_loss", "1.5px,2.5px": "total"}.items():
        assert np.array_equal(lines[dash].y, mine[column].to_numpy(np.float32))
        assert np.array_equal(lines[dash].x, mine[columns.EPOCH])
    assert lines["solid"].line.width > lines["5px,3px"].line.width


def test_a_single_run_names_its_lines() -> None:
    figure = loss_chart(epoch_frame(["a"], 5), ONE)
    assert [trace.name for trace in figure.data if trace.showlegend] == ["validation", "training", "J"]


def test_several_runs_are_named_and_the_strokes_explained_once() -> None:
    figure = loss_chart(epoch_frame(["a", "b"], 5), TWO)
    assert [trace.name for trace in figure.data if trace.showlegend] == ["run a", "run b"]
    assert figure.layout.title.text.count("training") == 1
    assert {trace.legendgroup for trace in figure.data} == {"a", "b"}


@pytest.mark.parametrize("log_y", [False, True])
def test_the_name_of_a_line_that_ends_early_covers_no_other_line(log_y: bool) -> None:
    frame = epoch_frame(["a", "b"], 5)
    frame = frame[(frame[columns.RUN] == "b") | (frame[columns.EPOCH] <= 2)]
    figure = loss_chart(frame, TWO, log_y=log_y)
    assert {note.text: note.x for note in figure.layout.annotations} == {"run a": 5, "run b": 5}
    (leader,) = figure.layout.shapes
    end = float(frame[frame[columns.RUN] == "a"][columns.VAL_LOSS].iloc[-1])
    (height,) = [note.y for note in figure.layout.annotations if note.text == "run a"]
    assert (leader.x0, leader.x1, leader.line.color) == (2, 5, TWO["a"].colour)
    assert leader.y0 == pytest.approx(end)
    assert leader.y1 == pytest.approx(10**height if log_y else height)  # shapes take values, annotations logarithms


def test_the_ring_marks_the_lowest_validation_loss() -> None:
    frame = epoch_frame(["a"], 4)
    frame[columns.VAL_LOSS] = [2.0, np.nan, 0.5, 0.9]
    (ring,) = [trace for trace in loss_chart(frame, ONE).data if trace.marker.symbol == "circle-open"]
    assert (ring.x.tolist(), ring.y.tolist()) == ([3], [0.5])


def test_values_are_shown_to_four_digits_with_their_unit() -> None:
    for figure in (loss_chart(epoch_frame(["a", "b"], 3), TWO), gap_chart(epoch_frame(["a"], 3), ONE)):
        assert all("%{y:.4g} nats" in trace.hovertemplate for trace in figure.data)


def test_the_loss_axis_is_linear_from_zero_unless_asked_otherwise() -> None:
    frame = epoch_frame(["a"], 3)
    frame[columns.TRAIN_LOSS] = [1.0, 1e-3, 1e-5]
    assert loss_chart(frame, ONE).layout.yaxis.type is None
    assert loss_chart(frame, ONE).layout.yaxis.rangemode == "tozero"
    logarithmic = loss_chart(frame, ONE, log_y=True).layout.yaxis
    assert (logarithmic.type, logarithmic.dtick) == ("log", 1)
    frame[columns.TRAIN_LOSS] = [1.0, 0.5, 0.0]
    assert loss_chart(frame, ONE, log_y=True).layout.yaxis.dtick == "D2"
    assert logarithmic.uirevision != loss_chart(frame, ONE).layout.yaxis.uirevision  # a zoom does not carry over


def test_an_empty_logarithmic_loss_chart_is_fine() -> None:
    assert not loss_chart(pd.DataFrame(), ONE, log_y=True).data


@pytest.mark.parametrize(("measure", "column"), [("loss", columns.GAP_LOSS), ("accuracy", columns.GAP_ACC)])
def test_the_gap_has_a_zero_line_and_one_run_is_filled(measure: Measure, column: str) -> None:
    frame = epoch_frame(["a", "b"], 4)
    figure = gap_chart(frame, TWO, measure=measure)
    assert [shape.y0 for shape in figure.layout.shapes] == [0]
    assert [trace.fill for trace in figure.data] == [None, None]
    assert np.array_equal(figure.data[1].y, frame[column][4:].to_numpy(np.float32))
    (alone,) = gap_chart(frame, ONE, measure=measure).data
    assert alone.fill == "tozeroy"


def test_the_two_gaps_do_not_share_a_zoom() -> None:
    frame = epoch_frame(["a"], 4)
    loss, accuracy = gap_chart(frame, ONE, measure="loss"), gap_chart(frame, ONE, measure="accuracy")
    assert loss.layout.yaxis.uirevision != accuracy.layout.yaxis.uirevision


def test_few_epochs_have_a_tick_each_and_many_have_plotlys() -> None:
    assert loss_chart(epoch_frame(["a"], 4), styles(["a"])).layout.xaxis.dtick == 1
    assert loss_chart(epoch_frame(["a"], 40), styles(["a"])).layout.xaxis.dtick is None
