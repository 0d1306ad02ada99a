"""What the small multiples of weights and the grid of two λ show."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from tests.charts.sweep_frames import NINE, SIXTY, grid_table, sweep_histograms

from reglab import columns
from reglab.bins import EDGES
from reglab.charts.lambda_axis import lambda_text
from reglab.charts.style import colour_of
from reglab.charts.sweep_grid import WRITTEN, Cells, sweep_grid_chart
from reglab.charts.sweep_weights import PANELS, sweep_weights_chart


def texts(figure: go.Figure) -> list[str]:
    return [note.text for note in figure.layout.annotations]


def test_every_lambda_has_a_panel_in_its_colour_on_the_same_axes() -> None:
    figure = sweep_weights_chart(sweep_histograms())
    assert [line.line.color for line in figure.data] == [colour_of(value) for value in NINE]
    assert len({line.xaxis for line in figure.data}) == len({line.yaxis for line in figure.data}) == 9
    layout = figure.layout.to_plotly_json()
    assert len({tuple(layout[name]["range"]) for name in layout if name.startswith("xaxis")}) == 1
    assert all(layout[name].get("matches") == "x" for name in layout if name.startswith("xaxis") and name != "xaxis")
    assert [text.removeprefix("<b>").partition("<")[0] for text in texts(figure)] == [
        lambda_text(value) for value in NINE
    ]


def test_densities_are_those_of_the_shared_bins() -> None:
    frame = sweep_histograms((0.0,))
    (line,) = sweep_weights_chart(frame).data
    counts = frame[columns.COUNTS][0]
    for x, y in list(zip(line.x, line.y, strict=True))[:-1]:
        place = int(np.argmin(np.abs(EDGES - x)))
        density = counts[place] / (4000 * (EDGES[place + 1] - EDGES[place]))
        if counts[place]:
            assert y == pytest.approx(density, rel=1e-5)


def test_of_many_lambdas_twelve_are_shown_the_ends_included() -> None:
    figure = sweep_weights_chart(sweep_histograms(SIXTY))
    assert len(figure.data) == PANELS
    shown = [line.line.color for line in figure.data]
    assert (shown[0], shown[-1]) == (colour_of(SIXTY[0]), colour_of(SIXTY[-1]))


def test_lambdas_to_come_have_empty_panels() -> None:
    figure = sweep_weights_chart(sweep_histograms(NINE[:2]), lambdas=NINE)
    assert len(figure.data) == 2
    assert len(texts(figure)) == 9


def test_the_share_of_zeros_is_written_from_one_per_cent_on() -> None:
    frame = sweep_histograms((0.0, 1e-4, 1e-3, 1e-2), zeros=True)
    assert [("zeros" in text) for text in texts(sweep_weights_chart(frame))] == [False, False, True, True]
    assert "30 % zeros" in texts(sweep_weights_chart(frame))[3]


def test_a_second_mode_is_an_outline_in_the_same_panels() -> None:
    figure = sweep_weights_chart(sweep_histograms((0.0, 0.01), ("coupled", "decoupled")))
    assert [(line.name, line.xaxis, line.fill) for line in figure.data] == [
        ("coupled", "x", "tozeroy"), ("decoupled", "x", None), ("coupled", "x2", "tozeroy"), ("decoupled", "x2", None),
    ]  # fmt: skip
    assert "filled: coupled, line: decoupled" in figure.layout.title.text


def test_points_without_counts_are_left_out() -> None:
    frame = sweep_histograms((0.0, 0.01))
    frame.at[1, columns.COUNTS] = None
    assert len(sweep_weights_chart(frame).data) == 1
    frame.at[0, columns.COUNTS] = None
    assert not sweep_weights_chart(frame).data


def heat(figure: go.Figure) -> Any:
    (found,) = [one for one in figure.data if one.type == "heatmap"]
    return found


def scatters(figure: go.Figure) -> list[Any]:
    return [one for one in figure.data if one.type == "scatter"]


def test_the_grid_sets_zero_apart_on_both_axes() -> None:
    drawn = heat(sweep_grid_chart(grid_table()))
    for edges, count in ((drawn.x, 3), (drawn.y, 9)):
        widths = np.diff(edges)
        assert len(widths) == count + 1
        assert widths[1] < 0.5
        assert np.allclose(np.delete(widths, 1), 1)
    z = np.asarray(drawn.z)
    assert np.isnan(z[1]).all()
    assert np.isnan(z[:, 1]).all()
    assert not Cells((1e-3, 1e-2)).apart
    assert not Cells((0.0,)).apart


def test_each_cell_has_its_own_value_and_point() -> None:
    table = grid_table()
    drawn = heat(sweep_grid_chart(table))
    cells = {tuple(told): z for row, heights in zip(drawn.customdata, drawn.z, strict=True)
             for told, z in zip(row, heights, strict=True) if told}  # fmt: skip
    assert len(cells) == len(table)
    for _, row in table.iterrows():
        point = tuple(row[name] for name in columns.POINT)
        assert cells[point] == pytest.approx(row[columns.VAL_ACC], rel=1e-6)


def test_values_are_written_while_there_are_few_cells() -> None:
    def written(figure: go.Figure) -> list[str]:
        return [text for one in scatters(figure) if one.mode == "text" for text in one.text]

    table = grid_table()
    assert len(table) <= WRITTEN
    assert written(sweep_grid_chart(table))[0] == f"{100 * table[columns.VAL_ACC][0]:.1f}"
    assert not written(sweep_grid_chart(grid_table(SIXTY[:9])))


def test_the_trace_of_written_values_begins_with_the_first_value() -> None:
    """Plotly.react never shows text in a trace that had none."""
    table = grid_table().assign(**dict.fromkeys(columns.METRICS, np.nan))
    assert not [one for one in scatters(sweep_grid_chart(table)) if one.mode == "text"]
    table.loc[4, columns.VAL_ACC] = 0.5
    (values,) = [one for one in scatters(sweep_grid_chart(table)) if one.mode == "text"]
    assert [text for text in values.text if text] == ["50.0"]


def test_best_and_one_se_are_framed() -> None:
    table = grid_table()
    figure = sweep_grid_chart(table)
    frames = {one.name: one for one in scatters(figure) if one.mode == "lines"}
    assert set(frames) == {"best", "1-SE"}
    best = table[table[columns.BEST]].iloc[0]
    centre = Cells((0.0, 1e-4, 1e-3)).centres[[0.0, 1e-4, 1e-3].index(best[columns.LAMBDA1])]
    assert np.mean(frames["best"].x[:4]) == pytest.approx(centre)
    assert frames["best"].line.color != frames["1-SE"].line.color
    assert frames["best"].line.dash != frames["1-SE"].line.dash


def test_the_better_the_stronger() -> None:
    table = grid_table()
    for measure, better in (("accuracy", max), ("loss", min)):
        drawn = heat(sweep_grid_chart(table, measure=measure))  # type: ignore[arg-type]
        opacity = [float(colour.rsplit(",", 1)[1].rstrip(")")) for _, colour in drawn.colorscale]
        assert (opacity[1] > opacity[0]) == (better is max)
        assert drawn.zmax > drawn.zmin
