"""What the charts of the Learn page's machines show."""

from __future__ import annotations

import numpy as np
import pandas as pd
from tests.charts.lesson_frames import push_frame, split_frame, walk_frame

from reglab.charts.decay import LOOKS, decay_chart, shrink_chart
from reglab.charts.geometry import geometry_chart
from reglab.charts.loss_split import objective_split_chart
from reglab.lessons.geometry import Landscape, Mix, picture


def test_the_bars_add_up_to_the_written_totals() -> None:
    data, penalty = objective_split_chart(split_frame()).data
    assert (data.x + penalty.x).tolist() == [float(text) for text in penalty.text] == [2.0, 3.5, 1.5]
    assert len(set(penalty.marker.color)) == 2  # L2 and L1


def test_the_axes_of_the_geometry_stand_still_and_are_square() -> None:
    layouts = [
        geometry_chart(picture(Landscape(x, 2.5, 2.0, 25.0), Mix(share), strength)).layout
        for x in (-4, 1) for share in (0, 1) for strength in (0, 1, 9)
    ]  # fmt: skip
    assert len({(*layout.xaxis.range, *layout.yaxis.range) for layout in layouts}) == 1
    assert all(layout.yaxis.scaleanchor == "x" and layout.xaxis.constrain == "domain" for layout in layouts)
    assert layouts[0].xaxis.range[0] <= -4


def test_the_legend_of_the_geometry_is_the_same_whatever_is_drawn() -> None:
    pictures = [picture(Landscape(1, 2.5), Mix(share), strength) for share in (0, 0.5, 1) for strength in (0, 1, 50)]
    legends = [[t.name for t in geometry_chart(frame).data if t.showlegend is not False] for frame in pictures]
    assert legends == [["penalty", "data loss", "solutions as λ grows", "data optimum", "solution"]] * 9


def test_the_solution_is_drawn_last_and_tells_its_strength() -> None:
    *_, last = geometry_chart(picture(Landscape(1, 2.5), Mix(1), 1.0)).data
    assert (last.x.tolist(), last.y.tolist(), last.customdata.tolist()) == ([0.0], [1.5], [1.0])
    assert "λ = %{customdata" in last.hovertemplate


def test_parts_that_are_missing_are_left_out() -> None:
    (only,) = geometry_chart(pd.DataFrame({"part": ["optimum"], "x": [1.0], "y": [1.0], "strength": [np.nan]})).data
    assert only.name == "data optimum"


def test_each_walk_has_its_line_and_the_data_optimum_a_dotted_one() -> None:
    figure = decay_chart(walk_frame(), optimum=0.5)
    assert [trace.name for trace in figure.data] == list(LOOKS)
    assert [shape.y0 for shape in figure.layout.shapes] == [0, 0.5]
    assert [shape.y0 for shape in decay_chart(walk_frame()).layout.shapes] == [0]
    assert figure.data[0].y.tolist() == walk_frame().query("method == 'L2 coupled'")["w"].tolist()


def test_methods_look_the_same_in_both_charts() -> None:
    walks, pushes = decay_chart(walk_frame()).data, shrink_chart(push_frame()).data
    assert [(t.name, t.line) for t in walks] == [(t.name, t.line) for t in pushes]
