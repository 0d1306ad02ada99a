"""What a chart's button for its table brings to the browser."""

from __future__ import annotations

import io

import numpy as np
import orjson
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from reglab.charts.base import empty
from reglab.ui.shared.chart_table import MOST, answer, ask, table_message
from reglab.ui.shared.live_chart import message
from reglab.ui.shared.memo import drawn

TITLE = "Loss<br><span>nats</span>"


def figure(points: int = 3) -> go.Figure:
    x = np.arange(points, dtype=np.int16)
    made = go.Figure(layout={"title": {"text": TITLE}, "xaxis": {"title": {"text": "epoch"}}})
    made.add_scatter(x=x, y=np.where(x == 1, np.nan, -0.123456 * x).astype(np.float32), name="=run")
    return made.add_scatter(x=x, y=x, name="other")


def test_cells_are_read_and_the_file_has_every_digit() -> None:
    sent = table_message(drawn(figure()))
    assert (sent["title"], sent["subtitle"]) == ("Loss", "nats")
    assert sent["columns"] == ["epoch", "=run", "other"]
    assert sent["rows"] == [["0", "0", "0"], ["1", "", "1"], ["2", "−0.2469", "2"]]
    assert sent["numeric"] == [True] * 3
    table = pd.read_csv(io.StringIO(sent["csv"].removeprefix("\ufeff")))
    assert list(table) == ["epoch", "'=run", "other"]  # no formula for a spreadsheet
    assert table["'=run"].tolist()[::2] == [0.0, -0.246912]


def test_a_long_table_is_cut_off_on_the_page_only() -> None:
    sent = table_message(drawn(figure(MOST + 5)))
    assert (len(sent["rows"]), sent["left"]) == (MOST, 5)
    assert sent["csv"].count("\n") == MOST + 6


def test_a_chart_without_figures_has_no_rows() -> None:
    assert table_message(drawn(empty("Gap", "nats", "Later.")))["rows"] == []


def test_a_request_is_answered_once_and_by_its_own_chart() -> None:
    shown = drawn(figure())
    assert answer(shown, "loss") is None
    ask("loss")()
    assert answer(shown, "gap") is None
    first = answer(shown, "loss")
    assert answer(shown, "loss") is None
    ask("loss")()
    again = answer(shown, "loss")
    assert first is not None
    assert again is not None
    assert again["number"] > first["number"]
    assert not st.session_state


def test_a_table_leaves_the_chart_s_version_as_it_is() -> None:
    plain, asked = (
        orjson.loads(message(figure(), key="loss", height=300, name="Loss", table=table))
        for table in (None, {"number": 1})
    )
    assert plain["version"] == asked["version"]
    assert asked.keys() - plain.keys() == {"table"}
    assert asked["name"] == "Loss"
