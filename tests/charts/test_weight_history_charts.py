"""Heat map, ridge and single histograms of one run: what is drawn is what was counted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from reglab import columns
from reglab.bins import EDGES
from reglab.charts.weight_history import RIDGES, weight_epoch_chart, weight_heat_map_chart, weight_ridge_chart
from reglab.charts.weights import Histogram

N = 2000


def history(epochs: int, zeros: int = 0) -> pd.DataFrame:
    """Weights that shrink from epoch to epoch, ``zeros`` of them exactly 0 after the first."""
    rows = []
    for epoch in range(epochs):
        gone = zeros if epoch else 0
        counts, _ = np.histogram(np.random.default_rng(epoch).normal(0, 0.2 / (1 + epoch), N - gone), EDGES)
        rows.append((epoch, counts.astype(np.int64), N, gone))
    return pd.DataFrame(rows, columns=[columns.EPOCH, columns.COUNTS, columns.SIZE, columns.ZEROS])


def test_a_cell_has_the_density_of_its_bin() -> None:
    frame = history(5)
    (cells,) = weight_heat_map_chart(frame).data
    edges = np.asarray(cells.y, dtype=np.float64)
    first = int(np.argmin(np.abs(EDGES - edges[0])))
    expected = np.stack([Histogram(counts, N, 0).density for counts in frame[columns.COUNTS]], axis=1)
    inside = expected[first : first + len(edges) - 1]
    np.testing.assert_allclose(cells.customdata, inside, rtol=1e-6)
    assert np.isnan(cells.z).tolist() == (inside == 0).tolist()
    shown = np.isfinite(cells.z) & (np.asarray(cells.z) > 0.01)
    order = np.argsort(inside[shown], kind="stable")
    assert np.all(np.diff(np.asarray(cells.z)[shown][order]) >= 0)  # the denser, the stronger


def test_exact_zeros_have_an_axis_of_their_own_where_there_are_any() -> None:
    assert len(weight_heat_map_chart(history(4)).data) == 1
    figure = weight_heat_map_chart(history(4, zeros=500))
    np.testing.assert_allclose(figure.data[1].y, [0, 25, 25, 25])
    assert figure.layout.yaxis2.domain[1] < figure.layout.yaxis.domain[0]


@pytest.mark.parametrize(("epochs", "rows"), [(1, 1), (5, 5), (100, RIDGES)])
def test_a_ridge_has_a_row_for_an_even_choice_of_epochs(epochs: int, rows: int) -> None:
    figure = weight_ridge_chart(history(epochs, zeros=100))
    assert len(figure.data) == rows
    shown = [int(text) for text in figure.layout.yaxis.ticktext]
    assert (shown[0], shown[-1]) == (0, epochs - 1)
    for row, trace in enumerate(figure.data):
        assert min(trace.y) == pytest.approx(-row)


def test_the_slider_moves_over_axes_that_stand_still() -> None:
    frame = history(6, zeros=300)
    figures = [weight_epoch_chart(frame, epoch, layer="conv1.weight") for epoch in range(6)]
    assert len({(figure.layout.xaxis.range, figure.layout.yaxis.range) for figure in figures}) == 1
    assert [len(figure.data) for figure in figures] == [1, 2, 2, 2, 2, 2]
    assert "15.0\u202f%" in figures[3].layout.title.text
    assert "conv1.weight at epoch 3" in figures[3].layout.title.text


def test_without_histograms_there_is_a_hint() -> None:
    for figure in (
        weight_heat_map_chart(history(0)),
        weight_ridge_chart(pd.DataFrame()),
        weight_epoch_chart(history(3), 7),
    ):
        assert not figure.data
        assert figure.layout.title.text
        assert len(figure.layout.annotations) == 1


def test_many_epochs_stay_small() -> None:
    figure = weight_heat_map_chart(history(120))
    assert len(figure.to_json(engine="orjson")) < 300_000
