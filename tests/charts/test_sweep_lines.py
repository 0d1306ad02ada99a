"""The charts of a sweep beside its curve: gap, losses by epoch, norms of layers, memorised labels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.charts.sweep_frames import (
    ALL,
    LAYERS,
    NINE,
    SIXTY,
    lane_epochs,
    lane_frame,
    layer_curves,
    points,
    sweep_table,
    texts,
    trace,
)

from reglab import columns
from reglab.charts.style import GREY, colour_of
from reglab.charts.sweep_gap import sweep_gap_chart
from reglab.charts.sweep_losses import sweep_losses_chart
from reglab.charts.sweep_memorised import sweep_memorised_chart
from reglab.charts.sweep_norms import sweep_norms_chart


def test_the_gap_lies_over_a_zero_line() -> None:
    table = sweep_table()
    figure = sweep_gap_chart(table)
    line = trace(figure, "coupled")
    assert np.allclose(line.y[points(line)], table[columns.GAP_ACC].to_numpy(np.float32))
    assert any(shape.y0 == shape.y1 == 0 for shape in figure.layout.shapes)
    low, high = figure.layout.yaxis.range
    assert low < table[columns.GAP_ACC].min()
    assert high > table[columns.GAP_ACC].max()
    negative = table.assign(**{columns.GAP_ACC: -0.2})
    low, high = sweep_gap_chart(negative).layout.yaxis.range
    assert low < -0.2 < 0 < high


def test_losses_are_means_over_repeats_in_the_colours_of_lambda() -> None:
    lanes = lane_frame()
    epochs = lane_epochs(lanes, 30)
    figure = sweep_losses_chart(lanes, epochs, planned=60)
    for value in NINE:
        runs = lanes[columns.RUN][lanes[columns.LAMBDA] == value]
        mean = epochs[epochs[columns.RUN].isin(runs)].groupby(columns.EPOCH)[columns.VAL_LOSS].mean()
        (line,) = [one for one in figure.data if one.mode == "lines" and np.allclose(one.y, mean, atol=1e-6)]
        assert line.line.color == colour_of(value)
        assert (line.x0, line.dx) == (1, 1)
    assert figure.layout.xaxis.range[1] > 60
    assert figure.data[-2].line.color == GREY  # λ = 0 on top


def test_sixty_lambdas_have_a_bar_of_colours_instead_of_a_legend() -> None:
    lanes = lane_frame(SIXTY)
    figure = sweep_losses_chart(lanes, lane_epochs(lanes, 400))
    assert [one.name for one in figure.data if one.showlegend] == ["λ₂ = 0"]
    bar = trace(figure, "bar").marker
    assert (bar.cmin, bar.cmax) == pytest.approx((-5, -1))
    assert bar.colorbar.ticktext[0] == "1e-5"
    lines = [one for one in figure.data if one.mode == "lines"]
    assert len(lines) == 60
    assert sum(len(line.y) for line in lines) < 15_000
    last = lines[0]
    x = last.x if last.x is not None else last.x0 + last.dx * np.arange(len(last.y))
    assert x[-1] == 400


def test_norms_have_a_line_a_layer_and_a_bold_one() -> None:
    figure = sweep_norms_chart(layer_curves())
    shown = [one for one in figure.data if one.showlegend]
    assert {one.name for one in shown} == {ALL, *(name.removesuffix(".weight") for name in LAYERS)}
    assert max(shown, key=lambda one: one.line.width).name == ALL
    assert len({one.marker.symbol for one in shown if one.name != ALL}) == len(LAYERS)


def test_norms_have_a_place_for_every_lambda_of_the_sweep() -> None:
    part = sweep_norms_chart(layer_curves(NINE[:3]), lambdas=NINE)
    assert part.layout.xaxis.range == sweep_norms_chart(layer_curves()).layout.xaxis.range


def test_norms_are_logarithmic_only_where_they_span_decades() -> None:
    wide = sweep_norms_chart(layer_curves())
    assert wide.layout.yaxis.type == "log"
    near = layer_curves()
    near[columns.L2_NORM] = 5 + 0 * near[columns.L2_NORM]
    assert sweep_norms_chart(near).layout.yaxis.type is None
    dead = layer_curves()
    dead.loc[dead[columns.LAMBDA] == 0.1, columns.L2_NORM] = 0.0
    line = trace(sweep_norms_chart(dead), "coupled-all")
    assert line.y[-1] > 0  # a place on a logarithmic axis, if below what is shown
    assert line.hovertext[-1].endswith("‖w‖₂ = 0")


def test_a_collapsed_norm_is_an_arrow_and_the_others_have_the_axis() -> None:
    table = layer_curves()
    table.loc[table[columns.LAMBDA] == 0.1, columns.L2_NORM] = 1e-5
    figure = sweep_norms_chart(table)
    low, high = figure.layout.yaxis.range
    assert high - low < 3
    arrow = trace(figure, "coupled-all-below")
    assert arrow.marker.symbol == "triangle-down"
    assert low < np.log10(arrow.y[0]) < low + 0.1 * (high - low)
    assert arrow.hovertext[0].endswith("‖w‖₂ = 1e-5")
    assert np.log10(trace(figure, "coupled-all").y[-1]) < low
    assert not [one for one in sweep_norms_chart(layer_curves()).data if one.uid.endswith("below")]


def test_many_layers_are_thin_and_only_all_weights_is_named() -> None:
    frame = layer_curves()
    parts = [frame[frame[columns.LAYER] == LAYERS[0]].assign(**{columns.LAYER: f"layer{i}.weight"}) for i in range(20)]
    figure = sweep_norms_chart(pd.concat([*parts, frame[frame[columns.LAYER] == ALL]]))
    assert [one.name for one in figure.data if one.showlegend] == [ALL]
    assert "layer7" in trace(figure, "coupled-layer-7").hovertext[0]


def test_memorisation_has_a_line_for_right_wrong_and_true_labels() -> None:
    table = sweep_table()
    figure = sweep_memorised_chart(table)
    for column in columns.MEMORY:
        line = trace(figure, f"coupled-{column}")
        assert np.allclose(line.y[points(line)], table[column].to_numpy(np.float32))
    lines = [trace(figure, f"coupled-{column}") for column in columns.MEMORY]
    assert len({line.marker.symbol for line in lines}) == len({line.name for line in lines}) == 3
    assert lines[2].line.width < min(line.line.width for line in lines[:2])


def test_memory_without_label_noise_says_what_it_needs() -> None:
    figure = sweep_memorised_chart(sweep_table().assign(**dict.fromkeys(columns.MEMORY, np.nan)))
    assert not figure.data
    assert "label" in texts(figure)[0]
