"""What the live chart sends to the browser."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import orjson
import plotly.graph_objects as go
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from tests.patience import PATIENCE

from reglab.ui.shared.live_chart import library_url, message, plotly_route, read_click


def figure(value: float = 1.0) -> go.Figure:
    return go.Figure(go.Scatter(y=np.array([0, value], np.float32), uid="me"), {"template": "none"})


def test_the_message_is_json_with_the_figure_and_its_uids() -> None:
    sent = orjson.loads(message(figure(), key="loss", height=300))
    assert (sent["key"], sent["height"]) == ("loss", 300)
    assert sent["figure"]["data"][0]["uid"] == "me"
    assert sent["figure"]["data"][0]["y"].keys() >= {"dtype", "bdata"}


def test_equal_figures_have_equal_versions_and_others_do_not() -> None:
    versions = [orjson.loads(message(figure(value), key="k", height=9))["version"] for value in (1.0, 1.0, 2.0)]
    assert versions[0] == versions[1] != versions[2]


def test_the_library_is_served_for_a_year_and_is_plotly() -> None:
    route = plotly_route()
    assert route.path == library_url()
    answer = route.endpoint(None)
    assert "plotly.js v" in Path(answer.path).read_text("utf-8")[:200]
    assert "max-age=31536000" in answer.headers["cache-control"]
    assert answer.media_type == "text/javascript"


def test_a_base_path_moves_the_library_too(monkeypatch: pytest.MonkeyPatch) -> None:
    assert library_url().startswith("/api/plotly-")
    monkeypatch.setattr(st, "get_option", {"server.baseUrlPath": "/lab/"}.get)
    assert library_url().startswith("/lab/api/plotly-")


def test_it_is_mounted_with_its_height() -> None:
    def script() -> None:
        import plotly.graph_objects as go

        from reglab.ui.shared.live_chart import live_chart

        live_chart(go.Figure(), key="empty", height=280)

    app = AppTest.from_function(script, default_timeout=PATIENCE).run()
    assert not app.exception
    (chart,) = app.get("bidi_component")
    assert orjson.loads(chart.proto.bytes)["height"] == 280


def test_only_a_chart_that_is_listened_to_can_be_clicked() -> None:
    assert [orjson.loads(message(figure(), key="k", height=9, clickable=on))["clickable"] for on in (True, False)] == [
        True,
        False,
    ]


def test_a_click_is_a_short_list_of_numbers_and_words() -> None:
    assert read_click(["coupled", 0, 0.03]) == ["coupled", 0, 0.03]


@pytest.mark.parametrize("sent", [None, "coupled", 7, {}, [], [None], [["a"]], [{}], ["x" * 999], list(range(99))])
def test_any_other_click_is_passed_over(sent: object) -> None:
    assert read_click(sent) is None
