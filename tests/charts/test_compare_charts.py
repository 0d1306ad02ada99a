"""The charts of the Compare page: curves, λ, weights, errors and parallel coordinates, from frame to figure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from tests.charts.frames import epoch_frame, layer_frame, styles

from reglab import columns
from reglab.analysis.noise import noise_accuracy
from reglab.analysis.run_curves import curves, places
from reglab.bins import EDGES
from reglab.charts import RunIdentity, style_runs
from reglab.charts.compare_curves import BAND, Measured, compare_curves_chart
from reglab.charts.compare_lambda import compare_lambda_chart
from reglab.charts.confusion import confusion_chart, confusion_difference_chart
from reglab.charts.noise_accuracy import noise_accuracy_chart
from reglab.charts.parallel import axes_of, parallel_chart
from reglab.charts.reliability import reliability_chart
from reglab.charts.style import rgba
from reglab.charts.weight_panels import columns_of, height_of, weight_panels_chart
from reglab.charts.weight_ridge import height, weight_ridge_chart
from reglab.charts.weights import DECADES, Histogram
from reglab.predictions import NoiseCurve

RUNS = ["a", "b", "c"]
STYLES = styles(RUNS)
NAMES = ["0", "1", "2"]
MATRIX = pd.DataFrame([[8, 2, 0], [1, 9, 0], [0, 0, 0]], index=NAMES, columns=NAMES)


def curve_frame(epochs: int = 5, groups: dict[str, str] | None = None, smoothing: float = 0.0) -> pd.DataFrame:
    frame = epoch_frame(RUNS, epochs)
    both = {"val": frame[columns.VAL_ACC].to_numpy(), "train": frame[columns.TRAIN_ACC].to_numpy()}
    return curves(frame, both, places(frame, "epoch", {}), groups or {run: run for run in RUNS}, smoothing)


def series_frame() -> pd.DataFrame:
    rows = [
        (run, strength, 0.5 + i / 10 + place / 100, place == 1, 3)
        for i, run in enumerate(RUNS)
        for place, strength in enumerate((0.0, 0.01, 0.1))
    ]
    table = pd.DataFrame(rows, columns=[columns.RUN, columns.LAMBDA, columns.VALUE, columns.BEST, columns.N])
    return table.assign(**{columns.LOW: table[columns.VALUE] - 0.02, columns.HIGH: table[columns.VALUE] + 0.02})


def ridge_frame() -> pd.DataFrame:
    return pd.concat([layer_frame(RUNS, 1), layer_frame(RUNS, 5)[lambda rows: rows[columns.EPOCH] > 0]])


def reliability_frame() -> pd.DataFrame:
    part = {columns.X: [0.3, np.nan, 0.9], columns.VALUE: [0.4, np.nan, 0.8], columns.N: [4, 0, 16]}
    return pd.concat([pd.DataFrame({columns.RUN: run, **part}) for run in RUNS], ignore_index=True)


def noise_frame(runs: list[str] = RUNS) -> pd.DataFrame:
    return noise_accuracy({run: NoiseCurve(5, 100, (0.0, 0.1, 0.5), (90 - i, 80, 30)) for i, run in enumerate(runs)})


def settings_frame() -> pd.DataFrame:
    facts = {"L2": [0.0, 0.001, 0.1], "Optimizer": ["Adam", "SGD", "Adam"], "Accuracy": [0.5, 0.75, 0.8]}
    return pd.DataFrame({columns.RUN: RUNS, **facts})


CHARTS: dict[str, tuple[Callable[..., go.Figure], Callable[[], pd.DataFrame]]] = {
    "curves": (compare_curves_chart, curve_frame),
    "lambda": (compare_lambda_chart, series_frame),
    "panels": (weight_panels_chart, lambda: layer_frame(RUNS, 5)),
    "ridge": (weight_ridge_chart, ridge_frame),
    "reliability": (reliability_chart, reliability_frame),
    "noise": (noise_accuracy_chart, noise_frame),
    "parallel": (parallel_chart, settings_frame),
}
every = pytest.mark.parametrize("name", CHARTS)


def title_of(figure: go.Figure) -> str:
    return str(figure.layout.title.text).partition("<br>")[0]


def line(figure: go.Figure, uid: str) -> go.Scatter:
    (found,) = (trace for trace in figure.data if trace.uid == uid)
    return found


@every
def test_an_empty_frame_gives_a_titled_figure_with_a_hint(name: str) -> None:
    chart, frame = CHARTS[name]
    for nothing in (frame().iloc[:0], pd.DataFrame()):
        figure = chart(nothing, STYLES)
        assert not figure.data
        assert title_of(figure) == title_of(chart(frame(), STYLES)) != ""
        assert [len(note.text) > 10 for note in figure.layout.annotations] == [True]
    assert not chart(frame(), {}).data


@every
def test_the_frame_is_left_as_it_was_and_uids_can_be_selectors(name: str) -> None:
    chart, frame = CHARTS[name]
    given = frame()
    before = given.copy(deep=True)
    figure = chart(given, STYLES)
    pd.testing.assert_frame_equal(given, before)
    uids = [trace.uid for trace in figure.data]
    assert len(set(uids)) == len(uids)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+", uid) for uid in uids)
    layout = figure.layout
    assert layout.paper_bgcolor == layout.plot_bgcolor == "rgba(0,0,0,0)"
    assert layout.font.color is layout.title.font.color is layout.xaxis.gridcolor is layout.yaxis.color is None


@every
def test_every_run_has_its_colour(name: str) -> None:
    chart, frame = CHARTS[name]
    text = chart(frame(), STYLES).to_json()
    assert all(style.colour in text for style in STYLES.values())


@every
def test_labels_are_text_not_markup(name: str) -> None:
    chart, frame = CHARTS[name]
    hostile = style_runs([RunIdentity(run, "<b>%{x}</b>" + "x" * 99, 0) for run in RUNS])
    text = str(json.loads(chart(frame(), hostile).to_json()))
    assert "<b>%{x}" not in text
    assert "x" * 41 not in text


def test_validation_is_strong_and_training_thin_and_dashed() -> None:
    figure = compare_curves_chart(curve_frame(), STYLES, what=Measured("Accuracy", "", "%", ".0%"))
    val, train = line(figure, "a-val"), line(figure, "a-train")
    assert val.line.width > train.line.width
    assert (val.line.dash, train.line.dash) == ("solid", "5px,3px")
    assert "{y:.1%}" in val.hovertemplate
    frame = epoch_frame(RUNS, 5)
    assert np.array_equal(val.y, frame[frame[columns.RUN] == "a"][columns.VAL_ACC].to_numpy(np.float32))


def test_smoothing_keeps_what_was_measured_beneath() -> None:
    figure = compare_curves_chart(curve_frame(smoothing=0.8), STYLES)
    raw, smooth, plain = line(figure, "a-val-raw"), line(figure, "a-val"), curve_frame()
    own = plain[(plain[columns.RUN] == "a") & (plain[columns.ROLE] == "val")]
    assert np.array_equal(raw.y, own[columns.VALUE].to_numpy(np.float32))
    assert raw.line.width < smooth.line.width
    assert not np.array_equal(raw.y, smooth.y)
    order = [trace.uid for trace in figure.data]
    assert order.index("a-val-raw") < order.index("a-val")


def test_a_group_has_an_area_of_one_standard_error() -> None:
    table = curve_frame(groups=dict.fromkeys(RUNS, "a"))
    figure = compare_curves_chart(table, STYLES)
    band, own = line(figure, "a-val-band"), table[table[columns.ROLE] == "val"]
    assert band.y[:5] == pytest.approx(own[columns.HIGH], abs=1e-6)
    assert band.y[5:][::-1] == pytest.approx(own[columns.LOW], abs=1e-6)
    assert band.fillcolor == rgba(STYLES["a"].colour, BAND)
    assert line(figure, "a-val").customdata.tolist() == [3] * 5
    assert not any("band" in trace.uid for trace in compare_curves_chart(curve_frame(), STYLES).data)


def test_many_points_are_drawn_by_webgl_and_axes_may_be_logarithmic() -> None:
    many = compare_curves_chart(curve_frame(epochs=4000), STYLES, log_x=True, log_y=True)
    assert {trace.type for trace in many.data} == {"scattergl"}
    assert (many.layout.xaxis.type, many.layout.yaxis.type) == ("log", "log")
    assert {trace.line.dash for trace in many.data} == {"solid", "dot"}
    few = compare_curves_chart(curve_frame(), STYLES)
    assert {trace.type for trace in few.data} == {"scatter"}
    assert few.layout.xaxis.type == "linear"


def test_each_sweep_is_a_curve_with_its_bars_and_a_ring_at_its_best() -> None:
    figure = compare_lambda_chart(series_frame(), STYLES)
    own, ring = line(figure, "b"), line(figure, "b-best")
    known = ~np.isnan(own.y)
    assert own.y[known] == pytest.approx([0.6, 0.61, 0.62])
    assert own.error_y.array[known] == pytest.approx([0.02] * 3, abs=1e-6)
    assert ring.y == pytest.approx([0.61])
    assert ring.x == pytest.approx([np.log10(0.01)])
    assert "<b>run b</b><br>λ = 0.01: 0.61 nats ± 0.02 nats<br>mean of 3 runs" in own.hovertext
    percent = line(compare_lambda_chart(series_frame(), STYLES, measure="accuracy"), "b")
    assert any("61.0\u202f%" in text for text in percent.hovertext)


def test_small_multiples_have_the_same_axes_and_the_baselines_outline() -> None:
    figure = weight_panels_chart(layer_frame(RUNS, 5, zeros=100), STYLES, baseline="a")
    assert [trace.uid for trace in figure.data] == ["a", "b", "b-baseline", "c", "c-baseline"]
    ranges = {tuple(figure.layout[name].range) for name in ("xaxis", "xaxis2", "xaxis3")}
    assert len(ranges) == 1
    texts = [note.text for note in figure.layout.annotations]
    assert texts == [f"run {run}, 5.0\u202f% zeros" for run in RUNS]
    domains = [figure.layout[name].domain for name in ("yaxis", "yaxis2", "yaxis3")]
    assert all(0 <= low < high <= 1 for low, high in domains)
    assert (columns_of(1), columns_of(3), columns_of(9)) == (1, 3, 4)
    assert height_of(50) > height_of(5) > height_of(1)


def test_ridges_stand_at_their_epoch_and_are_as_high_as_the_log_density() -> None:
    figure = weight_ridge_chart(ridge_frame(), STYLES)
    assert [trace.uid for trace in figure.data][:3] == ["a-0", "a-1", "a-5"]
    assert figure.layout.yaxis.ticktext == ("0", "1", "5")
    assert all(trace.y[0] == row for row, trace in enumerate(figure.data[:3]))
    counts = np.zeros(len(EDGES) - 1, dtype=np.int64)
    counts[100] = 10
    own = Histogram(counts, 10, 0)
    top = float(np.log10(own.density.max()))
    found = height(own, top)
    assert (found[100], found[99]) == (1.0, 0.0)
    assert height(own, top + DECADES / 2)[100] == pytest.approx(0.5)


def test_confusions_are_shares_of_the_class_off_the_diagonal() -> None:
    heat, texts = confusion_chart(MATRIX).data
    assert heat.z[0][1] == pytest.approx(0.2)
    assert heat.z[1][0] == pytest.approx(0.1)
    assert np.isnan(np.diag(heat.z)).all()
    assert np.isnan(heat.z[2]).all()  # no image of this class
    assert dict(zip(zip(texts.y, texts.x, strict=True), texts.text, strict=True)) == {
        (0, 0): "8", (0, 1): "2", (1, 0): "1", (1, 1): "9",
    }  # fmt: skip
    assert texts.textfont.color is None
    assert heat.hovertext[0][1] == "true 0, predicted 1<br>2 images, 20.0\u202f% of the class"
    assert not confusion_chart(pd.DataFrame()).data


def test_the_difference_is_the_second_less_the_first() -> None:
    other = MATRIX.copy()
    other.loc["0"] = [5, 4, 1]
    heat, texts = confusion_difference_chart(MATRIX, other).data
    assert heat.z[0].tolist() == pytest.approx([-0.3, 0.2, 0.1])
    assert list(texts.text) == ["−3", "+2", "+1"]
    assert heat.zmin == -heat.zmax
    assert not confusion_difference_chart(MATRIX, pd.DataFrame()).data


def test_reliability_leaves_out_empty_bins() -> None:
    own = line(reliability_chart(reliability_frame(), STYLES), "a")
    assert own.x.tolist() == pytest.approx([0.3, 0.9])
    assert own.marker.size[1] > own.marker.size[0]


def test_axes_are_logarithmic_where_values_span_a_decade_and_words_have_even_places() -> None:
    strength, optimizer, accuracy = axes_of(settings_frame(), ["Accuracy"])
    assert strength.at[1:].tolist() == [-3, -1]
    assert strength.at[0] < -3
    assert strength.texts == ["0", "0.001", "0.1"]
    assert (optimizer.at.tolist(), optimizer.texts) == ([0, 1, 0], ["Adam", "SGD"])
    assert accuracy.texts == ["50.0\u202f%", "75.0\u202f%", "80.0\u202f%"]


def test_a_run_without_a_figure_has_a_gap_and_a_line_names_its_values() -> None:
    frame = settings_frame()
    frame.loc[1, "Accuracy"] = np.nan
    figure = parallel_chart(frame, STYLES, shares=["Accuracy"])
    first, second, third = figure.data
    assert first.y.tolist() == pytest.approx([0, 0, 0])
    assert np.isnan(second.y).tolist() == [False, False, True]
    assert third.y.tolist() == pytest.approx([1, 0, 1])
    assert first.hovertext[2] == "<b>run a</b><br>Accuracy: 50.0\u202f%"
    texts = [note.text for note in figure.layout.annotations]
    assert {"L2", "Optimizer", "Accuracy", "0.001", "SGD"} <= set(texts)


def test_an_axis_whose_values_are_all_the_same_lies_in_the_middle() -> None:
    frame = settings_frame().assign(L2=0.5)
    assert [trace.y[0] for trace in parallel_chart(frame, STYLES).data] == [0.5] * 3


def test_noise_has_intervals_as_areas_for_few_runs_and_chance_as_a_line() -> None:
    figure = noise_accuracy_chart(noise_frame(), STYLES, chance=0.1)
    own = line(figure, "a")
    assert list(own.x) == pytest.approx([0, 0.1, 0.5])
    assert list(own.y) == pytest.approx([0.9, 0.8, 0.3])
    assert "σ = 0.1: 80.0\u202f%, 95 % from 71.1\u202f% to 86.7\u202f%<br>100 images" in own.hovertext[1]
    assert len([trace for trace in figure.data if trace.fill == "toself"]) == 3
    assert figure.layout.shapes[0].y0 == 0.1
    assert "chance 10\u202f%" in [note.text for note in figure.layout.annotations]
    many = [f"r{i}" for i in range(6)]
    assert len(noise_accuracy_chart(noise_frame(many), styles(many)).data) == 6
