"""The contract of every ``…_chart`` function over runs in reglab.charts, and that a page draws every chart."""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from tests.charts.frames import epoch_frame, gradient_frame, layer_frame, styles

from reglab import charts, columns
from reglab.charts.base import unchecked

Chart = Callable[..., go.Figure]
CHARTS: list[Chart] = [getattr(charts, name) for name in charts.__all__ if name.endswith("_chart")]


def of_all(charts: list[Chart]) -> pytest.MarkDecorator:
    """Run a test for each of ``charts``."""
    return pytest.mark.parametrize(
        "chart", [pytest.param(chart, id=getattr(chart, "__name__", "")) for chart in charts]
    )


def taking(parameter: str) -> list[Chart]:
    """The charts with such a parameter."""
    return [chart for chart in CHARTS if parameter in inspect.signature(chart).parameters]


every_chart = of_all(CHARTS)


def frame_for(chart: Chart, runs: list[str], epochs: int) -> pd.DataFrame:
    """A frame of the kind that the chart's first parameter names."""
    kind = next(iter(inspect.signature(chart).parameters))
    if kind == "gradients":
        return gradient_frame(runs, epochs)
    return layer_frame(runs, epochs) if kind == "layers" else epoch_frame(runs, epochs)


def title_of(figure: go.Figure) -> str:
    return str(figure.layout.title.text).partition("<br>")[0]


def json_of(figure: go.Figure) -> bytes:
    return bytes(figure.to_json(engine="orjson", remove_uids=False).encode())


@every_chart
def test_an_empty_frame_gives_a_titled_figure_with_a_hint(chart: Chart) -> None:
    empty = chart(frame_for(chart, ["a"], 3).iloc[:0], styles(["a"]))
    full = chart(frame_for(chart, ["a"], 3), styles(["a"]))
    assert title_of(empty) == title_of(full) != ""
    assert not empty.data
    assert [len(note.text) > 10 for note in empty.layout.annotations] == [True]


@every_chart
def test_a_frame_without_columns_is_empty_too(chart: Chart) -> None:
    assert not chart(pd.DataFrame(), styles(["a"])).data


@every_chart
@pytest.mark.parametrize("epochs", [0, 1, 7])
def test_unchecked_the_figure_is_the_same(chart: Chart, epochs: int) -> None:
    """But for the template, which has no look of its own, and the order of properties."""
    frame = frame_for(chart, ["a", "b"], 7)
    frame = frame[frame[columns.EPOCH] <= epochs]
    checked = json.loads(json_of(chart(frame, styles(["a", "b"]))))
    with unchecked():
        found = json.loads(json_of(chart(frame, styles(["a", "b"]))))
    assert found["layout"].pop("template") == {}
    assert checked["layout"].pop("template") == {"data": {"scatter": [{"type": "scatter"}]}}
    assert found == checked


@every_chart
def test_only_styled_runs_are_drawn(chart: Chart) -> None:
    frame = frame_for(chart, ["a", "b"], 3)
    assert json_of(chart(frame, styles(["a"]))) == json_of(chart(frame[frame[columns.RUN] == "a"], styles(["a"])))
    assert not chart(frame, {}).data


@every_chart
@pytest.mark.parametrize("epochs", [1, 2, 1000])
def test_one_epoch_is_visible_and_a_thousand_stay_small(chart: Chart, epochs: int) -> None:
    figure = chart(frame_for(chart, ["a", "b", "c"], epochs), styles(["a", "b", "c"]))
    assert all("markers" in trace.mode or len(trace.x) > 1 for trace in figure.data)
    assert len(json_of(figure)) < 10_000 + 3 * 4 * (4 + 4) * 4 / 3 * max(epochs, 200)  # 3 runs, 4 lines each


@every_chart
def test_the_frame_is_left_as_it_was(chart: Chart) -> None:
    frame = frame_for(chart, ["a", "b"], 5)
    before = frame.copy(deep=True)
    chart(frame, styles(["a", "b"]))
    pd.testing.assert_frame_equal(frame, before)


@every_chart
def test_every_run_has_its_colour_and_at_most_one_legend_entry(chart: Chart) -> None:
    chosen = styles(["a", "b", "c"])
    figure = chart(frame_for(chart, ["a", "b", "c"], 4), chosen)
    for style in chosen.values():
        own = [trace for trace in figure.data if style.colour in (trace.line.color, trace.marker.color)]
        assert own
        assert [trace.name for trace in own if trace.showlegend is not False] == [style.label]
    uids = [trace.uid for trace in figure.data]
    assert None not in uids
    assert len(set(uids)) == len(uids)  # the browser keeps hidden lines hidden by uid
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+", uid) for uid in uids)  # Plotly puts them into CSS selectors


@every_chart
def test_text_and_grid_are_left_to_the_theme(chart: Chart) -> None:
    layout = chart(frame_for(chart, ["a", "b"], 4), styles(["a", "b"])).layout
    assert layout.paper_bgcolor == layout.plot_bgcolor == "rgba(0,0,0,0)"
    assert layout.font.color is layout.title.font.color is layout.xaxis.gridcolor is layout.yaxis.color is None
    assert not layout.template.layout.to_plotly_json()


@every_chart
def test_labels_are_text_not_markup(chart: Chart) -> None:
    names = ("<b>%{x}</b>" + "x" * 99, "b")
    hostile = charts.style_runs([charts.RunIdentity(run, name) for run, name in zip("ab", names, strict=True)])
    figure = chart(frame_for(chart, ["a", "b"], 4), hostile)
    text = json_of(figure).decode()
    assert "&lt;b&gt;% {x}" in text
    assert "<b>" not in text
    assert "x" * 41 not in text


@of_all(taking("epochs"))
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e300])
def test_what_is_not_finite_is_a_break_in_the_line(chart: Chart, bad: float) -> None:
    frame = epoch_frame(["a"], 4)
    frame.loc[1:2, list(columns.METRICS)] = bad
    figure = chart(frame, styles(["a"]))
    lines = [trace for trace in figure.data if trace.mode == "lines"]
    assert lines
    for line in lines:
        assert np.isfinite(line.y).tolist() == [True, False, False, True]
    frame[list(columns.METRICS)] = bad
    assert chart(frame, styles(["a"])).data


@of_all(taking("planned"))
def test_the_epoch_axis_stands_still_while_the_curves_grow(chart: Chart) -> None:
    frame = frame_for(chart, ["a"], 9)
    grown = [frame[frame[columns.EPOCH] <= n] for n in range(1, 10)]
    ranges = {chart(rows, styles(["a"]), planned=30).layout.xaxis.range for rows in grown}
    assert len(ranges) == 1
    start, end = ranges.pop()
    assert 0 < start <= 1
    assert 30 <= end < 32


def test_every_chart_is_drawn_on_some_page() -> None:
    package = Path(inspect.getfile(charts)).parent
    defined = {
        node.name
        for path in package.glob("*.py")
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name.endswith("_chart")
    }
    pages = [path for part in ("ui", "content") for path in (package.parent / part).rglob("*.py")]
    drawn = set().union(*map(_charts_drawn, pages))
    assert len(defined) > 10
    assert defined - drawn == set()


def _charts_drawn(path: Path) -> set[str]:
    """The names that a module imports from reglab.charts and uses afterwards."""
    nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
    imports = [n for n in nodes if isinstance(n, ast.ImportFrom) and (n.module or "").startswith("reglab.charts")]
    return {alias.name for n in imports for alias in n.names} & {n.id for n in nodes if isinstance(n, ast.Name)}
