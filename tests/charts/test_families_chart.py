"""The chart of regularizers: points of accuracy or nats, colour for λ only, the area of equivalence."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.charts.sweep_frames import family_table

from reglab import columns
from reglab.charts.style import GREY, colour_of
from reglab.charts.sweep_families import height_of, rows_of, sweep_families_chart


@pytest.fixture
def frame() -> pd.DataFrame:
    return family_table((0.01,))


def test_accuracies_are_points_with_their_interval_and_the_area_of_equivalence(frame: pd.DataFrame) -> None:
    figure = sweep_families_chart(frame, measure="accuracy")
    assert [trace.x[0] for trace in figure.data] == pytest.approx([-2.0, 0.5, 3.0])
    assert [trace.error_x.array[0] for trace in figure.data] == pytest.approx([1.0] * 3)
    band, *_ = figure.layout.shapes
    assert (band.type, band.x0, band.x1) == ("rect", -0.5, 0.5)
    assert figure.layout.annotations[1].text == "<b>+0.5</b> [−0.5, 1.5]"


def test_losses_are_nats_without_an_area(frame: pd.DataFrame) -> None:
    figure = sweep_families_chart(frame, measure="loss")
    assert [shape.type for shape in figure.layout.shapes] == ["line"]
    assert figure.layout.annotations[0].text == "<b>−0.020</b> [−0.030, −0.010]"
    assert "left is better" in figure.layout.title.text


def test_only_lambda_has_a_colour_and_each_regularizer_a_glyph(frame: pd.DataFrame) -> None:
    rows = rows_of(frame, "accuracy")
    assert [row.colour for row in rows] == [colour_of(0.01), GREY, GREY]
    assert [row.glyph for row in rows] == ["circle", "square", "diamond-open"]


def test_without_an_interval_there_is_no_bar_and_a_row_without_a_figure_keeps_its_place(frame: pd.DataFrame) -> None:
    frame.loc[0, [columns.LOW, columns.HIGH]] = np.nan
    frame.loc[1, [columns.DIFFERENCE, columns.LOW, columns.HIGH]] = np.nan
    figure = sweep_families_chart(frame)
    assert figure.data[0].error_x.array is None
    assert figure.data[1].x == (None,)
    assert list(figure.layout.yaxis.ticktext) == list(frame[columns.FAMILY])
    assert [note.text for note in figure.layout.annotations][:2] == ["<b>−0.020</b>", "<b>–</b>"]
    assert height_of(6) > height_of(3)
