"""A draft of plain dictionaries ends as the figure that Plotly's own methods make."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
import pytest

from reglab.charts.base import Draft, draft, figure

TITLE = {"title": {"font": {"size": 9}}}


def build(made: Any) -> None:
    """One of everything that charts ask for."""
    made.add_scatter(x=[1, 2], y=[3, 4], uid="curve", name="curve", line={"width": 2}, fill=None)
    made.add_heatmap(z=[[1, 2]], uid="cells", showscale=False)
    made.add_annotation(text="words", x=0.5, xref="paper", y=0, showarrow=False)
    made.add_shape(type="line", x0=1, x1=1, y0=0, y1=1, yref="paper", layer="below")
    made.add_hline(1, line={"width": 1}, layer="below")
    made.add_vrect(1, 2, fillcolor="rgba(0,0,0,0.1)", line={"width": 0}, layer="below")
    made.update_layout(margin={"t": 80}, hovermode="x unified")
    made.update_layout({"xaxis": TITLE})
    made.update_xaxes(range=[0, 5], dtick=1)
    made.update_xaxes(dtick=None, title={"text": "λ"})
    made.update_yaxes(type="log", uirevision="log")


def test_a_draft_becomes_the_figure_that_plotly_builds() -> None:
    drafted, built = draft("Title", "subtitle"), figure("Title", "subtitle")
    build(drafted)
    build(built)
    assert drafted.figure().to_dict() == built.to_dict()


def test_constants_of_a_chart_stay_as_they_are() -> None:
    made = Draft({})
    made.update_xaxes(**TITLE)
    made.update_xaxes(title={"font": {"size": 11}})
    assert TITLE == {"title": {"font": {"size": 9}}}
    assert made.layout == {"xaxis": {"title": {"font": {"size": 11}}}}


def test_what_plotly_does_not_know_is_refused() -> None:
    made = Draft({})
    made.add_scatter(y=[1], line={"thickness": 2})
    with pytest.raises(ValueError, match="thickness"):
        made.figure()


def test_a_figure_that_is_not_drawn_again_is_plotlys_own() -> None:
    assert isinstance(figure("Title", ""), go.Figure)
