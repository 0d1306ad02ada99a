"""The contract of every chart of a sweep, over sweeps of any length."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from tests.charts.sweep_frames import (
    NINE,
    SIXTY,
    calibration_table,
    family_table,
    grid_table,
    lane_epochs,
    lane_frame,
    layer_curves,
    map_table,
    sweep_histograms,
    sweep_table,
)  # fmt: skip

from reglab import columns
from reglab.charts.sweep import Beside, sweep_chart
from reglab.charts.sweep_calibration import sweep_calibration_chart
from reglab.charts.sweep_epochs import Choice, sweep_epochs_chart
from reglab.charts.sweep_families import sweep_families_chart
from reglab.charts.sweep_gap import sweep_gap_chart
from reglab.charts.sweep_grid import sweep_grid_chart
from reglab.charts.sweep_losses import sweep_losses_chart
from reglab.charts.sweep_memorised import sweep_memorised_chart
from reglab.charts.sweep_norms import sweep_norms_chart
from reglab.charts.sweep_weights import sweep_weights_chart
from reglab.sweep import SweepSpec

Frames = list[pd.DataFrame]
TWO = ("coupled", "decoupled")
VALUES = (columns.DIFFERENCE, columns.LOW, columns.HIGH)
CALIBRATION = (columns.CALIBRATION_LAST, columns.CALIBRATION_BEST)
RATES = SweepSpec.parse({"l2": [0, 1], "over": {"optim.lr": [1e-3, 1e-2]}}).axes
[DROPOUT] = SweepSpec.parse({"over": {"model.dropout": [0, 0.3, 0.5]}}).axes


@dataclass(frozen=True)
class Chart:
    """A chart, the frames it takes for some λ and penalty modes, and the columns that may not be known yet."""

    name: str
    draw: Callable[..., go.Figure]
    frames: Callable[[Sequence[float], Sequence[str]], Frames]
    unknown: Sequence[str] = field(default=columns.METRICS)


def _lanes(lambdas: Sequence[float], applies: Sequence[str]) -> Frames:
    lanes = lane_frame(lambdas, applies)
    return [lanes, lane_epochs(lanes, 40)]


def _grid(lambdas: Sequence[float], applies: Sequence[str]) -> Frames:
    own = [grid_table(lambdas[:3], lambdas[::7] if len(lambdas) > 9 else lambdas, apply=apply) for apply in applies]
    return [pd.concat(own, ignore_index=True)]


def _map(lambdas: Sequence[float], applies: Sequence[str]) -> Frames:
    own = [map_table(lambdas[::7] if len(lambdas) > 9 else lambdas, apply=apply) for apply in applies]
    return [pd.concat(own, ignore_index=True)]


def _lanes_of_map(lambdas: Sequence[float], applies: Sequence[str]) -> Frames:
    one = lane_frame(lambdas[:9], applies, repeats=1)
    own = [one.assign(second=rate, run=one[columns.RUN] + str(rate)) for rate in (1e-3, 1e-2)]
    lanes = pd.concat(own, ignore_index=True)
    return [lanes, lane_epochs(lanes, 40)]


def _table(lambdas: Sequence[float], applies: Sequence[str]) -> Frames:
    return [sweep_table(lambdas, applies)]


def _beside(table: pd.DataFrame, **how: Any) -> go.Figure:
    """The U-curve with all its lines."""
    beside = Beside("best epoch", table)
    return sweep_chart(table, measure="loss", name="validation, last epoch", beside=beside, rival=0.3, **how)


CHARTS = (
    Chart("accuracy", partial(sweep_chart, measure="accuracy", chance=0.1), _table),
    Chart("loss", partial(sweep_chart, measure="loss"), _table),
    Chart("loss beside another epoch", _beside, _table),
    Chart("calibration", sweep_calibration_chart, lambda *sweep: [calibration_table(*sweep)], CALIBRATION),
    Chart("losses by epoch", partial(sweep_epochs_chart, choices=[Choice("last", "coupled", 0.03, 40)]), _lanes),
    Chart("losses of a setting by epoch", partial(sweep_epochs_chart, swept=DROPOUT, symbol="dropout"), _lanes),
    Chart("gap in accuracy", partial(sweep_gap_chart, measure="accuracy"), _table),
    Chart("gap in loss", partial(sweep_gap_chart, measure="loss"), _table),
    Chart("validation losses", partial(sweep_losses_chart, role="val", planned=40), _lanes),
    Chart("training losses", partial(sweep_losses_chart, role="train"), _lanes),
    Chart("weights", sweep_weights_chart, lambda *sweep: [sweep_histograms(*sweep, zeros=True)], ()),
    Chart("norms", sweep_norms_chart, lambda *sweep: [layer_curves(*sweep)], (columns.L2_NORM, columns.ZERO_SHARE)),
    Chart("zeros", partial(sweep_norms_chart, what="zeros"), lambda *sweep: [layer_curves(*sweep, l1=True)],
          (columns.L2_NORM, columns.ZERO_SHARE)),
    Chart("memory", sweep_memorised_chart, _table),
    Chart("regularizers by accuracy", partial(sweep_families_chart, measure="accuracy"),
          lambda *sweep: [family_table(*sweep)], VALUES),
    Chart("regularizers by loss", sweep_families_chart, lambda *sweep: [family_table(*sweep)], VALUES),
    Chart("grid of accuracy", sweep_grid_chart, _grid),
    Chart("grid of loss", partial(sweep_grid_chart, measure="loss"), _grid),
    Chart("grid of λ and learning rate", partial(sweep_grid_chart, axes=RATES), _map),
    Chart("grid in the paper's λ", partial(sweep_grid_chart, axes=RATES, measure="loss", paper=True), _map),
    Chart("accuracy over dropout", partial(sweep_chart, swept=DROPOUT, symbol="dropout"), _table),
    Chart("gap over dropout", partial(sweep_gap_chart, swept=DROPOUT, symbol="dropout"), _table),
    Chart("losses over dropout", partial(sweep_losses_chart, swept=DROPOUT, symbol="dropout"), _lanes),
    Chart("losses of a map", partial(sweep_losses_chart, second="learning rate"), _lanes_of_map),
    Chart("weights over dropout", partial(sweep_weights_chart, swept=DROPOUT, symbol="dropout"),
          lambda *sweep: [sweep_histograms(*sweep)], ()),
    Chart("norms over dropout", partial(sweep_norms_chart, swept=DROPOUT, symbol="dropout"),
          lambda *sweep: [layer_curves(*sweep)], (columns.L2_NORM, columns.ZERO_SHARE)),
    Chart("memory over dropout", partial(sweep_memorised_chart, swept=DROPOUT, symbol="dropout"), _table),
)  # fmt: skip
SWEEPS: dict[str, tuple[Sequence[float], Sequence[str]]] = {
    "nine": (NINE, TWO[:1]),
    "two modes": (NINE, TWO),
    "one": ((0.03,), TWO[:1]),
    "only zero": ((0.0,), TWO),
    "zero and one": ((0.0, 0.03), TWO),
    "without zero": (NINE[1:], TWO),
    "sixty": (SIXTY, TWO),
    "tiny and huge": ((0.0, 1e-300, 1e-8, 1.0, 1e3), TWO[:1]),
}


def but(*words: str) -> pytest.MarkDecorator:
    """Every chart whose name has none of ``words``."""
    kept = [chart for chart in CHARTS if not any(word in chart.name for word in words)]
    return pytest.mark.parametrize("chart", [pytest.param(chart, id=chart.name) for chart in kept])


every_chart = but()
every_sweep = pytest.mark.parametrize("sweep", [pytest.param(sweep, id=name) for name, sweep in SWEEPS.items()])


def title_of(figure: go.Figure) -> str:
    return str(figure.layout.title.text).partition("<br>")[0]


def sent(figure: go.Figure) -> bytes:
    """The figure as the browser gets it."""
    return bytes(figure.to_json(engine="orjson", remove_uids=False).encode())


@every_chart
def test_without_rows_it_is_a_title_and_a_hint(chart: Chart) -> None:
    full = chart.frames(*SWEEPS["nine"])
    title = title_of(chart.draw(*full))
    for frames in ([frame.iloc[:0] for frame in full], [pd.DataFrame() for _ in full], [*full[:-1], full[-1].iloc[:0]]):
        figure = chart.draw(*frames)
        assert title_of(figure) == title != ""
        assert not figure.data
        assert [len(note.text) > 10 for note in figure.layout.annotations] == [True]


@every_chart
@every_sweep
def test_any_sweep_is_drawn_small_with_traces_that_can_be_followed_and_frames_are_left_alone(
    chart: Chart, sweep: tuple[Sequence[float], Sequence[str]]
) -> None:
    frames = chart.frames(*sweep)
    before = [frame.copy(deep=True) for frame in frames]
    figure = chart.draw(*frames)
    for frame, was in zip(frames, before, strict=True):
        pd.testing.assert_frame_equal(frame, was)
    uids = [trace.uid for trace in figure.data]
    assert len(set(uids)) == len(uids) > 0
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+", uid) for uid in uids)  # Plotly puts them into CSS selectors
    message = sent(figure)
    assert len(message) < 9_000 + 700 * len(sweep[0]) * len(sweep[1]) + 3_000 * min(len(sweep[0]), 12)
    assert all(math.isfinite(end) for axis in (figure.layout.xaxis, figure.layout.yaxis) for end in axis.range or [])
    json.loads(message)


@every_chart
def test_text_and_grid_are_left_to_the_theme(chart: Chart) -> None:
    layout = chart.draw(*chart.frames(*SWEEPS["two modes"])).layout
    assert layout.paper_bgcolor == layout.plot_bgcolor == "rgba(0,0,0,0)"
    assert layout.font.color is layout.title.font.color is layout.xaxis.gridcolor is layout.yaxis.color is None
    assert not layout.template.layout.to_plotly_json()


@every_chart
def test_the_order_of_rows_changes_nothing(chart: Chart) -> None:
    frames = chart.frames(*SWEEPS["nine"])
    mixed = [frame.sample(frac=1, random_state=0).reset_index(drop=True) for frame in frames]
    if "norms" in chart.name or "zeros" in chart.name:
        mixed = [frame.sort_values(columns.LAYER, kind="stable") for frame in mixed]  # layers keep their order
        frames = [frame.sort_values(columns.LAYER, kind="stable") for frame in frames]
    assert sent(chart.draw(*mixed)) == sent(chart.draw(*frames))


@every_chart
def test_figures_that_are_not_there_yet_are_gaps(chart: Chart) -> None:
    frames = chart.frames(*SWEEPS["two modes"])
    title = title_of(chart.draw(*frames))
    last = frames[-1]
    names = [name for name in (*chart.unknown, *(name + columns.SE for name in chart.unknown)) if name in last]
    for bad, rows in product((np.nan, np.inf, -np.inf), (last.index[2:5], last.index)):
        holed = last.copy(deep=True)
        holed.loc[rows, names] = bad
        figure = chart.draw(*frames[:-1], holed)
        assert title_of(figure) == title
        assert b"Infinity" not in sent(figure), f"{bad} in {len(rows)} rows"
        assert all(math.isfinite(end) for end in figure.layout.yaxis.range or [])


@but("losses", "weights", "regularizers")  # their x axes are epochs, weights and differences
def test_the_axis_of_lambda_knows_every_lambda_from_the_start(chart: Chart) -> None:
    (full,) = chart.frames(*SWEEPS["nine"])
    holed = full.copy()
    holed.loc[3:, list(chart.unknown)] = np.nan
    for name in (columns.BEST, columns.ONE_SE):
        holed[name] = False
    assert chart.draw(holed).layout.xaxis.range == chart.draw(full).layout.xaxis.range
    assert chart.draw(holed).layout.xaxis.tickvals == chart.draw(full).layout.xaxis.tickvals


@but("grid", "regularizers")  # they name every axis
def test_lambda_is_called_as_the_sweep_calls_it(chart: Chart) -> None:
    frames = chart.frames(*SWEEPS["nine"])
    text = sent(chart.draw(*frames, symbol="λ₁", **({"swept": None} if "dropout" in chart.name else {}))).decode()
    assert "λ₁" in text
    assert "λ₂" not in text


def clickable(figure: go.Figure) -> list[Any]:
    """What a click on each point tells."""
    told: list[Any] = []
    for trace in figure.data:
        if trace.customdata is not None:
            told += [tuple(p) for row in trace.customdata for p in (row if trace.type == "heatmap" else [row]) if p]
    return told


@but("losses", "weights", "regularizers")  # their points are epochs, bins and choices
def test_a_click_tells_which_point_it_was(chart: Chart) -> None:
    (frame,) = chart.frames(*SWEEPS["two modes"])
    named = list(zip(*(frame[name] for name in columns.point_columns(frame)), strict=True))
    assert set(clickable(chart.draw(frame))) == set(named)
