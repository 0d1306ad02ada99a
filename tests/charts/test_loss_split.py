"""The parts of J: stacked up to J for one run, a line and a stroke each for several."""

from __future__ import annotations

import numpy as np
import pytest
from tests.charts.frames import epoch_frame, styles

from reglab import columns
from reglab.charts import RunStyle, loss_chart, loss_split_chart
from reglab.charts.style import GREY

ONE = styles(["a"])
PARTS = ["data loss", "L1 part", "L2 part"]


def names(figure: object) -> list[str]:
    return [trace.name for trace in figure.data]  # type: ignore[attr-defined]


def test_one_run_is_a_stack_of_its_parts_under_j() -> None:
    frame = epoch_frame(["a"], 5)
    frame[columns.TOTAL] = frame[[columns.TRAIN_LOSS, columns.L1, columns.L2]].sum(axis=1)
    figure = loss_split_chart(frame, ONE)
    *parts, total = figure.data
    assert names(figure) == [*PARTS, "J"]
    assert [part.stackgroup for part in parts] == ["J"] * 3
    assert total.stackgroup is None
    np.testing.assert_allclose(sum(part.y for part in parts), total.y, rtol=1e-6)
    assert len({part.line.color for part in parts}) == 3
    assert figure.layout.yaxis.rangemode == "tozero"


def test_heights_do_not_add_on_a_logarithmic_axis_so_there_are_lines() -> None:
    figure = loss_split_chart(epoch_frame(["a"], 5), ONE, log_y=True)
    assert figure.layout.yaxis.type == "log"
    assert {trace.stackgroup for trace in figure.data} == {None}
    assert len({trace.line.dash for trace in figure.data}) == 4


def test_parts_that_are_zero_throughout_are_left_out() -> None:
    frame = epoch_frame(["a"], 5)
    frame[columns.L1] = 0.0
    assert names(loss_split_chart(frame, ONE)) == ["data loss", "L2 part", "J"]
    frame[columns.L2] = 0.0
    assert names(loss_split_chart(frame, ONE)) == ["data loss", "J"]


def test_runs_differ_by_colour_and_parts_by_stroke() -> None:
    frame = epoch_frame(["a", "b"], 5)
    frame.loc[frame[columns.RUN] == "b", columns.L1] = 0.0
    figure = loss_split_chart(frame, styles(["a", "b"]))
    assert {trace.stackgroup for trace in figure.data} == {None}
    own = {run: [t for t in figure.data if t.line.color == style.colour] for run, style in styles(["a", "b"]).items()}
    assert [len(lines) for lines in own.values()] == [4, 3]
    assert all(len({line.line.dash for line in lines}) == len(lines) for lines in own.values())
    assert "╍ data loss   ╌ L1   ━ L2   ┈ J" in figure.layout.title.text


@pytest.mark.parametrize("log_y", [False, True])
def test_where_j_is_not_finite_no_part_is_drawn(log_y: bool) -> None:
    frame = epoch_frame(["a"], 4)
    frame.loc[3, columns.TOTAL] = np.inf
    for trace in loss_split_chart(frame, ONE, log_y=log_y).data:
        assert np.isfinite(trace.y).tolist() == [True, True, True, False]


def test_the_data_loss_of_a_run_without_lambda_is_j() -> None:
    frame = epoch_frame(["a"], 3)
    frame[[columns.L1, columns.L2]] = 0.0
    frame[columns.TOTAL] = frame[columns.TRAIN_LOSS]
    data, total = loss_split_chart(frame, {"a": RunStyle("a", "none", GREY)}).data
    np.testing.assert_array_equal(data.y, total.y)


def test_further_penalty_terms_are_parts_of_their_own() -> None:
    frame = epoch_frame(["a", "b"], 5).assign(penalty_group=0.3, penalty_mine=0.2)
    frame.loc[frame[columns.RUN] == "b", ["penalty_group", "penalty_mine"]] = np.nan  # a run without these terms
    parts = [columns.TRAIN_LOSS, columns.L1, columns.L2, "penalty_group", "penalty_mine"]
    frame[columns.TOTAL] = frame[parts].sum(axis=1)
    figure = loss_split_chart(frame, ONE)
    *stacked, total = figure.data
    assert names(figure) == [*PARTS, "group part", "mine part", "J"]
    assert len({part.line.color for part in stacked}) == 5
    np.testing.assert_allclose(sum(part.y for part in stacked), total.y, rtol=1e-6)
    two = loss_split_chart(frame, styles(["a", "b"]))
    assert "┅ group   ┉ mine" in two.layout.title.text
    assert [trace.uid for trace in two.data if "group" in trace.uid] == ["a-penalty_group"]
    assert len({trace.line.dash for trace in two.data if trace.legendgroup == "a"}) == 6


def test_the_training_criterion_takes_the_data_loss_s_place_in_j() -> None:
    frame = epoch_frame(["a"], 5)
    frame[columns.CRITERION] = frame[columns.TRAIN_LOSS] + 0.3
    frame[columns.TOTAL] = frame[[columns.CRITERION, columns.L1, columns.L2]].sum(axis=1)
    figure = loss_split_chart(frame, ONE)
    assert names(figure) == ["training criterion", "L1 part", "L2 part", "data loss", "J"]
    assert [trace.stackgroup for trace in figure.data] == ["J", "J", "J", None, None]
    np.testing.assert_allclose(sum(part.y for part in figure.data[:3]), figure.data[-1].y, rtol=1e-6)
    assert "J = training criterion + penalty" in figure.layout.title.text
    assert "J = training criterion + penalty" in loss_chart(frame, ONE).layout.title.text
    assert "J = training + penalty" in loss_chart(epoch_frame(["a"], 5), ONE).layout.title.text


def test_beside_a_run_with_a_criterion_the_others_have_none() -> None:
    frame = epoch_frame(["a", "b"], 5)
    frame.loc[frame[columns.RUN] == "a", columns.CRITERION] = 2.0
    figure = loss_split_chart(frame, styles(["a", "b"]))
    own = [[t for t in figure.data if t.line.color == style.colour] for style in styles(["a", "b"]).values()]
    assert [len(lines) for lines in own] == [5, 4]
    assert [sum(line.showlegend for line in lines) for lines in own] == [1, 1]
