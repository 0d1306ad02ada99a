"""The figures of a chart as a table: those of the frame that it was drawn from, however it draws them."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from tests.charts.frames import epoch_frame, gradient_frame, layer_frame, styles
from tests.charts.lesson_frames import FRAMES
from tests.charts.sweep_frames import (
    calibration_table,
    family_table,
    grid_table,
    lane_epochs,
    lane_frame,
    layer_curves,
    sweep_histograms,
    sweep_table,
)
from tests.charts.test_class_probabilities import CLASSES, PROBABILITIES
from tests.charts.test_compare_charts import (
    MATRIX,
    NAMES,
    STYLES,
    curve_frame,
    reliability_frame,
    ridge_frame,
    series_frame,
    settings_frame,
)
from tests.charts.test_weight_history_charts import history

from reglab import columns
from reglab.bins import EDGES
from reglab.charts import (
    accuracy_chart,
    gap_chart,
    gradient_share_chart,
    loss_chart,
    loss_split_chart,
    weights_chart,
)
from reglab.charts.base import empty
from reglab.charts.class_probabilities import class_probabilities_chart
from reglab.charts.compare_curves import compare_curves_chart
from reglab.charts.compare_lambda import compare_lambda_chart
from reglab.charts.confusion import confusion_chart
from reglab.charts.parallel import parallel_chart
from reglab.charts.reliability import reliability_chart
from reglab.charts.sweep import sweep_chart
from reglab.charts.sweep_calibration import sweep_calibration_chart
from reglab.charts.sweep_epochs import sweep_epochs_chart
from reglab.charts.sweep_families import sweep_families_chart
from reglab.charts.sweep_gap import sweep_gap_chart
from reglab.charts.sweep_grid import sweep_grid_chart
from reglab.charts.sweep_losses import sweep_losses_chart
from reglab.charts.sweep_memorised import sweep_memorised_chart
from reglab.charts.sweep_norms import sweep_norms_chart
from reglab.charts.sweep_weights import sweep_weights_chart
from reglab.charts.table import SERIES, figure_table, plain, title_of
from reglab.charts.weight_history import weight_epoch_chart, weight_heat_map_chart
from reglab.charts.weight_history import weight_ridge_chart as history_ridge_chart
from reglab.charts.weight_panels import weight_panels_chart
from reglab.charts.weight_ridge import weight_ridge_chart
from reglab.charts.weights import Histogram

LANES = lane_frame(repeats=1)
CHARTS: dict[str, Callable[[], go.Figure]] = {
    "accuracy": lambda: accuracy_chart(epoch_frame(["a"], 5), styles(["a"])),
    "losses": lambda: loss_chart(epoch_frame(["a", "b"], 5), styles(["a", "b"])),
    "objective": lambda: loss_split_chart(epoch_frame(["a", "b"], 5), styles(["a", "b"])),
    "gap": lambda: gap_chart(epoch_frame(["a"], 5), styles(["a"])),
    "ratio": lambda: gradient_share_chart(gradient_frame(["a"], 5, share=0.0), styles(["a"])),
    "weights": lambda: weights_chart(layer_frame(["a"], 5), styles(["a"])),
    "curves": lambda: compare_curves_chart(curve_frame(smoothing=0.5), STYLES),
    "against λ": lambda: compare_lambda_chart(series_frame(), STYLES),
    "confusion": lambda: confusion_chart(MATRIX),
    "reliability": lambda: reliability_chart(reliability_frame(), STYLES),
    "parallel": lambda: parallel_chart(settings_frame(), STYLES),
    "panels": lambda: weight_panels_chart(layer_frame(["a", "b"], 5), styles(["a", "b"]), baseline="a"),
    "ridge": lambda: weight_ridge_chart(ridge_frame(), STYLES),
    "probabilities": lambda: class_probabilities_chart(PROBABILITIES, styles(["a", "b"]), classes=CLASSES),
    "heat map": lambda: weight_heat_map_chart(history(4, zeros=100)),
    "history ridge": lambda: history_ridge_chart(history(4)),
    "history epoch": lambda: weight_epoch_chart(history(4), 2),
    "U-curve": lambda: sweep_chart(sweep_table(applies=("coupled", "decoupled"))),
    "sweep gap": lambda: sweep_gap_chart(sweep_table()),
    "grid": lambda: sweep_grid_chart(grid_table()),
    "sweep epochs": lambda: sweep_epochs_chart(LANES, lane_epochs(LANES, 4)),
    "sweep losses": lambda: sweep_losses_chart(LANES, lane_epochs(LANES, 4)),
    "norms": lambda: sweep_norms_chart(layer_curves()),
    "sweep weights": lambda: sweep_weights_chart(sweep_histograms((0.0, 0.01))),
    "calibration": lambda: sweep_calibration_chart(calibration_table()),
    "memorised": lambda: sweep_memorised_chart(sweep_table()),
    "families": lambda: sweep_families_chart(family_table((0.01,)), measure="accuracy"),
    **{chart.__name__: partial(lambda chart, frame: chart(frame()), chart, frame) for chart, frame in FRAMES.items()},
}


@pytest.fixture(scope="module")
def drawn() -> dict[str, go.Figure]:
    return {name: chart() for name, chart in CHARTS.items()}


def test_every_chart_has_figures_and_its_json_has_the_same(drawn: dict[str, go.Figure]) -> None:
    for name, figure in drawn.items():
        table = figure_table(figure)
        assert len(table) > 0, name
        assert table.columns.is_unique, name
        assert not table.map(lambda cell: isinstance(cell, str) and "<" in cell).to_numpy().any(), name
        sent = json.loads(figure.to_json(engine="orjson", remove_uids=False))
        pd.testing.assert_frame_equal(figure_table(sent), table, obj=name)


def test_lines_over_the_same_epochs_stand_side_by_side(drawn: dict[str, go.Figure]) -> None:
    frame = epoch_frame(["a"], 5)
    table = figure_table(drawn["accuracy"])
    assert list(table) == ["epoch", "validation", "training"]
    np.testing.assert_allclose(table["validation"], frame[columns.VAL_ACC], rtol=1e-6)
    assert list(figure_table(drawn["losses"]))[:4] == ["epoch", "run a, validation", "run a, training", "run a, J"]
    assert "run b, L1 part" in figure_table(drawn["objective"])
    assert "run a, validation, smoothed" in figure_table(drawn["curves"])


def test_runs_of_other_lengths_leave_cells_empty() -> None:
    frame = pd.concat([epoch_frame(["a"], 3), epoch_frame(["b"], 5)], ignore_index=True)
    table = figure_table(gap_chart(frame, styles(["a", "b"])))
    assert table["epoch"].tolist() == [1, 2, 3, 4, 5]
    assert table["run a"].isna().tolist() == [False] * 3 + [True] * 2


def test_lambda_is_the_number_and_not_its_place_on_the_axis(drawn: dict[str, go.Figure]) -> None:
    frame = sweep_table(applies=("coupled", "decoupled"))
    table = figure_table(drawn["U-curve"])
    own = frame[frame[columns.APPLY] == "decoupled"]
    assert list(table)[:4] == ["λ₂", "validation, coupled", "validation, coupled ±", "validation, decoupled"]
    assert table["λ₂"].tolist() == own[columns.LAMBDA].tolist()
    np.testing.assert_allclose(table["validation, decoupled"], own[columns.VAL_ACC], rtol=1e-6)
    np.testing.assert_allclose(table["validation, decoupled ±"], own[columns.VAL_ACC + columns.SE], rtol=1e-6)
    assert figure_table(drawn["against λ"])["λ"].tolist() == [0.0, 0.01, 0.1]


def test_what_diverged_is_counted() -> None:
    frame = sweep_table()
    frame.loc[2, [columns.VAL_ACC, columns.DIVERGED]] = np.nan, 2
    table = figure_table(sweep_chart(frame))
    assert table["diverged"].dropna().tolist() == ["diverged: 2 of 5 runs"]


def test_histograms_have_densities_and_empty_bins_none(drawn: dict[str, go.Figure]) -> None:
    counts = history(4)[columns.COUNTS][2]
    table = figure_table(drawn["history epoch"])
    place = np.searchsorted(EDGES, table["w"].to_numpy() + 1e-9) - 1
    np.testing.assert_allclose(table["epoch 2"], Histogram(counts, 2000, 0).density[place], rtol=1e-5)
    assert (table["epoch 2"] == 0).any()
    assert figure_table(drawn["ratio"])["all layers"].tolist() == [0] * 5


def test_ridges_have_the_densities_of_the_heat_map(drawn: dict[str, go.Figure]) -> None:
    ridges = figure_table(history_ridge_chart(history(4))).set_index("w")
    cells = figure_table(weight_heat_map_chart(history(4)))
    assert list(cells) == ["w", "epoch", "density"]
    for epoch, own in cells.groupby("epoch"):
        np.testing.assert_allclose(ridges[f"epoch {epoch}"][own["w"]], own["density"], rtol=1e-5)
    assert {f"run {run}, epoch 5" for run in "abc"} <= set(figure_table(drawn["ridge"]))


def test_a_heat_map_has_a_row_for_each_cell_that_is_known(drawn: dict[str, go.Figure]) -> None:
    table = figure_table(drawn["confusion"])
    assert list(table) == ["true", "predicted", "Confusion matrix"]
    assert table["Confusion matrix"].tolist() == MATRIX.to_numpy().ravel().tolist()
    assert table["true"].tolist() == [name for name in NAMES for _ in NAMES]
    frame = grid_table()
    cells = figure_table(drawn["grid"]).set_index(["λ₂", "λ₁"]).iloc[:, 0]
    for l1, l2, accuracy in zip(
        *(frame[name] for name in (columns.LAMBDA1, columns.LAMBDA2, columns.VAL_ACC)), strict=True
    ):
        assert cells[l2, l1] == pytest.approx(accuracy, rel=1e-6)
    assert len(cells) == len(frame)


def test_bars_and_intervals_are_read_along_x(drawn: dict[str, go.Figure]) -> None:
    split = figure_table(drawn["objective_split_chart"])
    assert split.set_index("label")["penalty"].to_dict() == {"L2, with the half": 1.5, "L2, without it": 3.0, "L1": 1.0}
    families = figure_table(drawn["families"])
    assert families["label"].tolist() == ["λ₂ = 0.01, coupled", "dropout 0.3", "early stopping alone"]
    assert SERIES not in families
    for place, expected in enumerate(([-2, 0.5, 3], [-3, -0.5, 2], [-1, 1.5, 4]), start=1):
        assert families.iloc[:, place].tolist() == pytest.approx(expected)


def test_parallel_coordinates_have_the_values_as_they_are_read(drawn: dict[str, go.Figure]) -> None:
    frame, table = settings_frame(), figure_table(drawn["parallel"])
    assert table.iloc[:, 0].tolist() == [name for name in frame if name != columns.RUN]
    assert list(table)[1:] == [f"run {run}" for run in frame[columns.RUN]]


def test_a_chart_without_figures_has_an_empty_table_and_a_title() -> None:
    figure = empty("Gap", "nats", "The gap appears <b>after</b> the first epoch.")
    assert figure_table(figure).empty
    assert title_of(figure) == ("Gap", "nats")
    assert plain("<b>a &amp; b</b><br>c  < d") == "a & b c < d"
