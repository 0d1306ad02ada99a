"""Every chart of the Learn page's machines: what a chart that takes one frame, and no runs, has to do."""

from __future__ import annotations

import re

import pandas as pd
import plotly.graph_objects as go
import pytest
from tests.charts.lesson_frames import FRAMES, Chart

every_chart = pytest.mark.parametrize(
    ("chart", "frame"), [pytest.param(chart, frame(), id=chart.__name__) for chart, frame in FRAMES.items()]
)


def title_of(figure: go.Figure) -> str:
    return str(figure.layout.title.text).partition("<br>")[0]


@every_chart
def test_an_empty_frame_gives_a_titled_lesson_chart(chart: Chart, frame: pd.DataFrame) -> None:
    for empty in (chart(frame.iloc[:0]), chart(pd.DataFrame())):
        assert title_of(empty) == title_of(chart(frame)) != ""
        assert not empty.data
        assert [len(note.text) > 10 for note in empty.layout.annotations] == [True]


@every_chart
def test_a_lesson_chart_leaves_frame_and_theme_alone(chart: Chart, frame: pd.DataFrame) -> None:
    before = frame.copy(deep=True)
    figure = chart(frame)
    pd.testing.assert_frame_equal(frame, before)
    layout = figure.layout
    assert layout.paper_bgcolor == layout.plot_bgcolor == "rgba(0,0,0,0)"
    assert layout.font.color is layout.title.font.color is layout.xaxis.gridcolor is layout.yaxis.color is None


@every_chart
def test_every_trace_of_a_lesson_chart_can_be_followed(chart: Chart, frame: pd.DataFrame) -> None:
    figure = chart(frame)
    uids = [trace.uid for trace in figure.data]
    assert None not in uids
    assert len(set(uids)) == len(uids) > 0
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+", uid) for uid in uids)  # Plotly puts them into CSS selectors
    assert len(figure.to_json(engine="orjson")) < 60_000
