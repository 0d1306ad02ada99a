"""The λ × epoch map and the calibration chart of a sweep."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.charts.sweep_frames import NINE, calibration_table, lane_epochs, lane_frame

from reglab import columns
from reglab.charts.sweep_calibration import sweep_calibration_chart
from reglab.charts.sweep_epochs import MOST, Choice, sweep_epochs_chart
from reglab.sweep import SweepSpec

TWO = ("coupled", "decoupled")


def test_a_cell_is_the_mean_over_the_repeats_of_a_lambda_at_an_epoch() -> None:
    lanes = lane_frame()
    epochs = lane_epochs(lanes, 12)
    cells = sweep_epochs_chart(lanes, epochs).data[0]
    joined = lanes.merge(epochs, on=columns.RUN)
    mean = joined.groupby([columns.LAMBDA, columns.EPOCH])[columns.VAL_LOSS].mean().unstack().to_numpy()
    assert np.allclose(cells.z, mean, rtol=1e-6)
    assert list(cells.y) == ["0", "1e-4", "3e-4", "0.001", "0.003", "0.01", "0.03", "0.05", "0.1"]
    assert (cells.x0, cells.dx) == (1, 1)


def test_what_no_repeat_has_reached_is_empty_and_the_axis_stands_still() -> None:
    lanes = lane_frame()
    figure = sweep_epochs_chart(lanes, lane_epochs(lanes, 12), planned=30)
    cells = figure.data[0]
    assert np.isnan(cells.z[:, 12:]).all()
    assert np.isfinite(cells.z[:, :12]).all()
    assert tuple(figure.layout.xaxis.range) == (0.5, 30.5)


def test_many_epochs_share_columns() -> None:
    lanes = lane_frame()
    epochs = lane_epochs(lanes, 1000)
    cells = sweep_epochs_chart(lanes, epochs).data[0]
    assert cells.z.shape[1] <= MOST
    joined = lanes.merge(epochs[epochs[columns.EPOCH] <= cells.dx], on=columns.RUN)
    first = joined.groupby(columns.LAMBDA)[columns.VAL_LOSS].mean().to_numpy()
    assert np.allclose(cells.z[:, 0], first, rtol=1e-6)
    assert cells.x0 == (1 + cells.dx) / 2


def test_each_rules_choice_has_a_mark_in_its_own_panel() -> None:
    lanes = lane_frame(applies=TWO)
    choices = [Choice("last", "coupled", 0.03, 12), Choice("best", "decoupled", 0.0, 5.5)]
    figure = sweep_epochs_chart(lanes, lane_epochs(lanes, 12), choices=choices, by="accuracy")
    assert "best λ by accuracy under each epoch rule" in figure.layout.title.text
    marks = {trace.uid: trace for trace in figure.data if trace.type == "scatter"}
    assert set(marks) == {"coupled-last", "decoupled-best"}
    assert (list(marks["coupled-last"].x), list(marks["coupled-last"].y)) == ([12], ["0.03"])
    assert (list(marks["decoupled-best"].x), list(marks["decoupled-best"].y)) == ([5.5], ["0"])
    assert [trace.name for trace in marks.values()] == ["last epoch", "best epoch"]
    assert [marks[uid].xaxis for uid in ("coupled-last", "decoupled-best")] == ["x", "x2"]


def test_another_setting_has_its_own_title_axis_and_marks() -> None:
    [dropout] = SweepSpec.parse({"over": {"model.dropout": [0, 0.3, 0.5]}}).axes
    lanes = lane_frame(dropout.values)
    choices = [Choice("last", "coupled", 0.3, 12)]
    figure = sweep_epochs_chart(lanes, lane_epochs(lanes, 12), choices=choices, symbol=dropout.symbol, swept=dropout)
    title = figure.layout.title.text
    assert "Validation loss over dropout and epochs" in title
    assert "best dropout by loss" in title
    assert "λ" not in title
    assert figure.layout.yaxis.title.text == "Dropout"
    assert figure.data[0].hovertemplate.startswith("<b>dropout = ")
    assert figure.data[1].hovertext == ("<b>last epoch</b>: dropout = 0.3",)
    [group] = SweepSpec.parse({"over": {"penalty.group": [0.01, 0.02]}}).axes
    lanes = lane_frame(group.values)
    figure = sweep_epochs_chart(lanes, lane_epochs(lanes, 12), symbol=group.symbol, swept=group)
    assert (figure.layout.yaxis.title.text, "best λ by loss" in figure.layout.title.text) == ("λᴳ", True)


def test_a_choice_that_the_sweep_does_not_have_is_passed_over() -> None:
    lanes = lane_frame()
    figure = sweep_epochs_chart(lanes, lane_epochs(lanes, 5), choices=[Choice("last", "coupled", 0.123, 5)])
    assert [trace.uid for trace in figure.data] == ["coupled-cells"]


def test_calibration_has_a_line_for_either_epoch() -> None:
    table = calibration_table()
    figure = sweep_calibration_chart(table)
    lines = {trace.name: trace for trace in figure.data if trace.name in ("last epoch", "best epoch")}
    for name, column in (("last epoch", columns.CALIBRATION_LAST), ("best epoch", columns.CALIBRATION_BEST)):
        kept = [told is not None for told in lines[name].customdata]
        assert np.allclose(lines[name].y[kept], table[column].to_numpy(np.float32))
    assert figure.layout.yaxis.range[0] == 0
    ends = table[columns.CALIBRATION_LAST] + table[columns.CALIBRATION_LAST + columns.SE].fillna(0)
    assert figure.layout.yaxis.range[1] >= ends.max()
    assert f"{12:.1f}" in lines["last epoch"].hovertext[0]


def test_without_predictions_the_hint_says_why() -> None:
    empty = calibration_table(NINE)
    empty[[columns.CALIBRATION_LAST, columns.CALIBRATION_BEST]] = np.nan
    for table in (empty, pd.DataFrame()):
        figure = sweep_calibration_chart(table, hint="Older runs kept no probabilities.")
        assert not figure.data
        assert "Older runs" in figure.layout.annotations[0].text.replace("<br>", " ")


@pytest.mark.parametrize("applies", [TWO[:1], TWO])
def test_two_modes_are_named_in_the_calibration_legend(applies: tuple[str, ...]) -> None:
    names = {trace.name for trace in sweep_calibration_chart(calibration_table(applies=applies)).data if trace.name}
    assert ("decoupled, best epoch" in names) == (len(applies) > 1)
