"""Gradient ratio: by layer and together, the line at 1, zeros on a logarithmic axis, unrecorded runs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.charts.frames import KERNELS, gradient_frame, styles

from reglab import columns
from reglab.charts import gradient_share_chart
from reglab.charts.gradient_share import AT_REST, EQUAL, MOST, total_share

ONE, THREE = styles(["a"]), styles(["a", "b", "c"])
MANY = [f"layer{i}.conv.weight" for i in range(MOST + 1)]


def names(figure: go.Figure) -> list[str]:
    return [trace.name for trace in figure.data]


def notes(figure: go.Figure) -> list[str]:
    return [note.text for note in figure.layout.annotations]


def ends(figure: go.Figure) -> tuple[float, float]:
    """The y axis's ends as ratios."""
    low, high = figure.layout.yaxis.range
    return 10**low, 10**high


@given(st.lists(st.tuples(st.floats(0, 1e6), st.floats(1e-6, 1e6)), min_size=1, max_size=5))
def test_layers_together_are_one_long_vector(norms: list[tuple[float, float]]) -> None:
    frame = pd.concat([gradient_frame(["a"], 1, kernels=[str(i)]) for i in range(len(norms))])
    frame[columns.PENALTY_GRAD], frame[columns.DATA_GRAD] = zip(*norms, strict=True)
    epochs, share = total_share(frame)
    assert epochs.tolist() == [1]
    assert share[0] == pytest.approx(np.linalg.norm([p for p, _ in norms]) / np.linalg.norm([d for _, d in norms]))


def test_epochs_come_in_order_whatever_the_rows_order() -> None:
    frame = gradient_frame(["a"], 5)
    frame[columns.PENALTY_GRAD] = np.arange(10.0)
    shuffled = frame.sample(frac=1, random_state=0)
    np.testing.assert_array_equal(total_share(shuffled)[0], [1, 2, 3, 4, 5])
    np.testing.assert_allclose(total_share(shuffled)[1], total_share(frame)[1])


def test_one_run_shows_all_weights_and_each_layer() -> None:
    figure = gradient_share_chart(gradient_frame(["a"], 5, share=0.34), ONE)
    assert names(figure) == [columns.ALL_WEIGHTS, "conv1", "fc"]
    assert len({trace.line.color for trace in figure.data}) == 3
    for trace in figure.data:
        np.testing.assert_allclose(trace.y, 0.34, rtol=1e-6)
    assert notes(figure) == [AT_REST]
    assert figure.layout.yaxis.type == "log"


def test_a_chosen_layer_is_drawn_over_all_weights() -> None:
    figure = gradient_share_chart(gradient_frame(["a"], 5), ONE, KERNELS[1])
    assert names(figure) == [columns.ALL_WEIGHTS, "fc"]
    assert figure.data[1].line.color == ONE["a"].colour
    assert "Gradient ratio, fc" in figure.layout.title.text


@pytest.mark.parametrize("count", range(1, MOST + 1))
def test_up_to_six_layers_have_colours_of_their_own(count: int) -> None:
    figure = gradient_share_chart(gradient_frame(["a"], 3, kernels=MANY[:count]), ONE)
    assert len(figure.data) == (count + 1 if count > 1 else 1)
    assert len({trace.line.color for trace in figure.data}) == len(figure.data)


def test_more_layers_are_drawn_as_their_range() -> None:
    frame = gradient_frame(["a"], 3, kernels=MANY)
    frame[columns.PENALTY_GRAD] = frame[columns.DATA_GRAD] * np.tile(np.geomspace(0.01, 10, len(MANY)), 3)
    figure = gradient_share_chart(frame, ONE)
    assert names(figure) == [*["lowest to highest layer"] * 2, columns.ALL_WEIGHTS]
    lowest, highest, _ = figure.data
    np.testing.assert_allclose(lowest.y, 0.01, rtol=1e-6)
    np.testing.assert_allclose(highest.y, 10, rtol=1e-6)
    assert highest.fill == "tonexty"
    assert ends(figure)[0] < 0.01
    assert ends(figure)[1] > 10
    assert names(gradient_share_chart(frame, ONE, MANY[3])) == [columns.ALL_WEIGHTS, "layer3.conv"]


def test_several_runs_have_one_line_each() -> None:
    for layer in (None, KERNELS[0]):
        figure = gradient_share_chart(gradient_frame(["a", "b", "c"], 4), THREE, layer)
        assert names(figure) == [style.label for style in THREE.values()]
        assert [trace.line.color for trace in figure.data] == [style.colour for style in THREE.values()]


def test_a_run_without_lambda_lies_at_the_lower_edge_with_a_label() -> None:
    none, some = gradient_frame(["a"], 4, share=0.0), gradient_frame(["b"], 4, share=0.02)
    figure = gradient_share_chart(pd.concat([none, some]), styles(["a", "b"]))
    zero, other = figure.data
    low, high = ends(figure)
    assert low < zero.y[0] < 1.4 * low < other.y[0] < high
    assert (zero.y == zero.y[0]).all()
    assert ": 0<" in zero.hovertemplate
    assert "0: no penalty gradient" in notes(figure)


def test_a_single_zero_is_a_break_not_a_small_number() -> None:
    frame = gradient_frame(["a"], 3, kernels=KERNELS[:1])
    frame.loc[1, columns.PENALTY_GRAD] = 0.0
    assert np.isfinite(gradient_share_chart(frame, ONE).data[0].y).tolist() == [True, False, True]


@pytest.mark.parametrize("share", [1e-4, 0.5, 1.0, 30.0])
def test_the_line_at_one_is_always_in_sight(share: float) -> None:
    figure = gradient_share_chart(gradient_frame(["a"], 4, share=share), ONE)
    low, high = ends(figure)
    assert low < min(share, 1) <= max(share, 1) <= high
    assert figure.layout.shapes[0].y0 == 1


@pytest.mark.parametrize(("share", "side"), [(0.1, "bottom"), (10, "top")])
def test_the_reference_text_is_on_the_side_without_curves(share: float, side: str) -> None:
    figure = gradient_share_chart(gradient_frame(["a"], 4, share=share), ONE)
    assert figure.layout.annotations[0].yanchor == side


def test_the_line_does_not_promise_rest_where_equal_gradients_are_not_rest() -> None:
    assert notes(gradient_share_chart(gradient_frame(["a"], 4), ONE, rests=False)) == [EQUAL]


def test_runs_without_gradients_get_a_hint_and_no_line() -> None:
    old = gradient_frame(["a"], 4).assign(**{columns.DATA_GRAD: np.nan, columns.PENALTY_GRAD: np.nan})
    figure = gradient_share_chart(old, ONE)
    assert not figure.data
    assert "Not<br>recorded" in notes(figure)[0] or "Not recorded" in notes(figure)[0]
    both = gradient_share_chart(pd.concat([old, gradient_frame(["b"], 4)]), styles(["a", "b"]))
    assert np.isnan(both.data[0].y).all()
    assert np.isfinite(both.data[1].y).all()


def test_initial_weights_have_no_ratio() -> None:
    frame = gradient_frame(["a"], 2)
    frame[columns.EPOCH] -= 1
    frame.loc[frame[columns.EPOCH] == 0, columns.DATA_GRAD] = np.nan
    assert gradient_share_chart(frame, ONE).data[0].x.tolist() == [1]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_a_break_in_the_line(bad: float) -> None:
    frame = gradient_frame(["a"], 4, kernels=KERNELS[:1])
    frame.loc[1:2, columns.PENALTY_GRAD] = bad
    frame.loc[1:2, columns.DATA_GRAD] = 1.0
    assert np.isfinite(gradient_share_chart(frame, ONE).data[0].y).tolist() == [True, False, False, True]


def test_zero_has_a_place_and_a_tick_of_its_own_below_a_break() -> None:
    frame = gradient_frame(["a", "b"], 3)
    frame.loc[frame[columns.RUN] == "a", columns.PENALTY_GRAD] = 0.0
    figure = gradient_share_chart(frame, styles(["a", "b"]))
    (nothing,) = [trace for trace in figure.data if trace.uid.startswith("a")]
    axis = figure.layout.yaxis
    ticks = dict(zip(axis.ticktext, axis.tickvals, strict=True))
    assert nothing.y == pytest.approx(ticks["0"], rel=1e-6)
    others = sorted(value for text, value in ticks.items() if text != "0")
    (line,) = [shape.y0 for shape in figure.layout.shapes if shape.y0 != 1]
    assert 10 ** axis.range[0] < ticks["0"] < line < others[0] == float(next(t for t in axis.ticktext if t != "0"))
    assert others[-1] <= 10 ** axis.range[1] * 1.001
