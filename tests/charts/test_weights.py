"""The weight histograms are densities on the shared bins, with the exact zeros in words."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from numpy.typing import NDArray
from tests.charts.frames import layer_frame, styles

from reglab import columns
from reglab.bins import EDGES, MAGNITUDES, N_BINS
from reglab.charts import weights_chart

ONE, TWO = styles(["a"]), styles(["a", "b"])


def trace(figure: go.Figure, name: str) -> go.Scatter:
    (found,) = [each for each in figure.data if each.name == name]
    return found


def with_counts(frame: pd.DataFrame, counts: NDArray[np.int64]) -> pd.DataFrame:
    """The frame with the same counts in every row."""
    return frame.assign(**{columns.COUNTS: pd.Series([counts] * len(frame), frame.index)})


def area(line: go.Scatter) -> float:
    """The area under the steps."""
    return float(np.sum(np.asarray(line.y, dtype=np.float64)[:-1] * np.diff(EDGES)))


def test_the_area_is_the_share_of_weights_that_are_not_zero() -> None:
    figure = weights_chart(layer_frame(["a"], 5, zeros=310), ONE)
    assert area(trace(figure, "initial")) == pytest.approx(1.0, abs=2e-3)
    assert area(trace(figure, "now")) == pytest.approx(0.69, abs=2e-3)
    assert "exact zeros: 31.0 %" in figure.layout.title.text


def test_the_steps_stand_on_the_bins_edges() -> None:
    frame = layer_frame(["a"], 5)
    line = trace(weights_chart(frame, ONE, "fc.weight"), "now")
    counts = frame[(frame[columns.EPOCH] == 5) & (frame[columns.LAYER] == "fc.weight")][columns.COUNTS].item()
    assert line.line.shape == "hv"
    assert np.array_equal(line.x, EDGES.astype(np.float32))
    full = counts > 0
    assert np.allclose(np.asarray(line.y)[:-1][full], (counts / (1000 * np.diff(EDGES)))[full], rtol=1e-6)


def test_empty_bins_lie_below_the_axis_and_do_not_break_the_line() -> None:
    figure = weights_chart(layer_frame(["a"], 5), ONE)
    line = trace(figure, "now")
    assert np.all(np.asarray(line.y) > 0)
    assert line.y[-1] < 10 ** figure.layout.yaxis.range[0]


def test_all_kernels_are_summed_and_one_can_be_chosen() -> None:
    frame = layer_frame(["a"], 5)
    assert "all layers" in weights_chart(frame, ONE).layout.title.text
    assert "conv1.weight" in weights_chart(frame, ONE, "conv1.weight").layout.title.text
    assert not weights_chart(frame, ONE, "no such layer").data


def test_several_runs_are_outlines_over_one_initial_area() -> None:
    figure = weights_chart(layer_frame(["a", "b"], 5, zeros=250), TWO)
    assert [(each.name, each.fill) for each in figure.data] == [
        ("initial", "tozeroy"), ("run a, 25 % zeros", None), ("run b, 25 % zeros", None),
    ]  # fmt: skip


def test_different_initial_weights_share_one_legend_entry() -> None:
    frame = layer_frame(["a", "b"], 5)
    rows = (frame[columns.RUN] == "b") & (frame[columns.EPOCH] == 0)
    frame.loc[rows, columns.COUNTS] = pd.Series([np.roll(c, 1) for c in frame[rows][columns.COUNTS]], frame.index[rows])
    initial = [each for each in weights_chart(frame, TWO).data if each.name == "initial"]
    assert [each.showlegend for each in initial] == [True, False]


def test_no_exact_zeros_is_said() -> None:
    assert "no exact zeros" in weights_chart(layer_frame(["a"], 5), ONE).layout.title.text


def test_before_the_first_epoch_now_is_initial() -> None:
    frame = layer_frame(["a"], 5)
    figure = weights_chart(frame[frame[columns.EPOCH] == 0], ONE)
    assert np.array_equal(trace(figure, "now").y, trace(figure, "initial").y)


@pytest.mark.parametrize("scale", [1e-3, 0.01, 0.1, 1.0, 3.0])
def test_the_axis_is_tight_and_shows_nearly_all_weights(scale: float) -> None:
    weights = np.random.default_rng(0).normal(0, scale, 20_000)
    frame = layer_frame(["a"], 5)
    counts = np.histogram(np.clip(weights, -4.4, 4.4), EDGES)[0]
    frame = with_counts(frame, counts)
    frame[columns.SIZE] = 20_000
    low, high = weights_chart(frame, ONE).layout.xaxis.range
    assert low == -high
    assert np.mean(np.abs(weights) <= high) >= 0.995 or high >= 4.5
    assert high <= 2 * max(np.quantile(np.abs(weights), 0.995), MAGNITUDES[1]) * 1.2


def test_all_weights_zero_or_all_lost_is_drawn() -> None:
    frame = with_counts(layer_frame(["a"], 5), np.zeros(N_BINS, np.int64))
    for zeros in (1000, 0):
        frame[columns.ZEROS] = zeros
        figure = weights_chart(frame, ONE)
        assert np.isfinite([*figure.layout.xaxis.range, *figure.layout.yaxis.range]).all()
        assert np.isfinite(trace(figure, "now").y).all()
