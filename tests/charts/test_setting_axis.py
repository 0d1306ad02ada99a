"""The x axis of a setting other than λ: linear or logarithmic by its values, its title, its colours."""

from __future__ import annotations

import numpy as np
import pytest
from tests.charts.sweep_frames import calibration_table, sweep_table

from reglab.charts.lambda_axis import LambdaAxis, lambda_text
from reglab.charts.style import GREY, RAMP
from reglab.charts.sweep import sweep_chart
from reglab.charts.sweep_calibration import sweep_calibration_chart
from reglab.sweep import SweepSpec
from reglab.sweep_axes import Axis


def _axis(key: str, values: list[float]) -> Axis:
    [axis] = SweepSpec.parse({"over": {key: values}}).axes
    return axis


DROPOUT = _axis("model.dropout", [0, 0.1, 0.3, 0.5])
PATIENCE = _axis("train.patience", [0, 2, 5, 20])


def test_values_within_a_decade_have_a_linear_axis_on_which_0_is_a_value_like_others() -> None:
    axis = LambdaAxis.of(DROPOUT.values, DROPOUT)
    assert not axis.log
    assert np.allclose(axis.at(DROPOUT.values), DROPOUT.values)
    assert axis.break_at is None
    assert axis.ticks() == [0, 0.1, 0.3, 0.5]
    assert axis.range[0] < 0
    assert 0.5 < axis.range[1] < 0.6


def test_a_decade_or_more_is_logarithmic_and_0_lies_behind_a_break() -> None:
    axis = LambdaAxis.of(PATIENCE.values, PATIENCE)
    assert axis.log
    assert np.allclose(axis.at(PATIENCE.values[1:]), np.log10(PATIENCE.values[1:]))
    assert axis.break_at is not None
    assert axis.range[0] < axis.at([0])[0] < axis.break_at < axis.at([2])[0]


@pytest.mark.parametrize("values", [[0.3], [0]])
def test_a_single_value_has_an_axis(values: list[float]) -> None:
    axis = LambdaAxis.of(values, _axis("model.dropout", values))
    assert axis.range[0] < values[0] < axis.range[1]


def test_of_lambda_the_values_decide_nothing() -> None:
    group = _axis("penalty.group", [0.01, 0.02])
    assert LambdaAxis.of(group.values, group) == LambdaAxis.of(group.values)
    assert LambdaAxis.of(group.values).log


def test_colours_run_from_the_smallest_to_the_largest_value_and_0_behind_a_break_is_grey() -> None:
    linear, log = (LambdaAxis.of(axis.values, axis) for axis in (DROPOUT, PATIENCE))
    assert (linear.colour(0), linear.colour(0.5)) == (RAMP[0], RAMP[-1])
    assert (log.colour(0), log.colour(2), log.colour(20)) == (GREY, RAMP[0], RAMP[-1])


@pytest.mark.parametrize(("axis", "title"), [(DROPOUT, "Dropout"), (PATIENCE, "Early stopping, epochs")])
def test_the_axis_has_title_and_unit_of_the_setting(axis: Axis, title: str) -> None:
    figure = sweep_chart(sweep_table(axis.values).drop(columns="regime"), swept=axis, symbol=axis.symbol)
    assert figure.layout.xaxis.title.text == title
    assert figure.layout.title.text.startswith(f"Accuracy against {axis.symbol}")
    val = next(one for one in figure.data if one.uid == "coupled-val")
    assert f"<b>{axis.symbol} = " in " ".join(val.hovertext)


def test_calibration_has_the_axis_of_the_setting_too() -> None:
    figure = sweep_calibration_chart(calibration_table(DROPOUT.values), swept=DROPOUT, symbol=DROPOUT.symbol)
    assert figure.layout.xaxis.title.text == "Dropout"
    places = LambdaAxis.of(DROPOUT.values, DROPOUT).at(DROPOUT.values)
    assert set(figure.data[-1].x[np.isfinite(figure.data[-1].x)]) >= set(places)


def test_whole_numbers_are_written_exactly() -> None:
    assert [lambda_text(value) for value in (1234, 60_000, 447)] == ["1234", "60000", "447"]
    assert lambda_text(447, 2) == "447"
