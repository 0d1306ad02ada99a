"""Where λ lies on the axis of a sweep, and how it is written."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import pytest
from tests.charts.sweep_frames import NINE, SIXTY

from reglab.charts.base import uid_of
from reglab.charts.lambda_axis import LambdaAxis, lambda_axis, lambda_text


def test_positions_are_decades_and_zero_lies_left_of_all_behind_the_break() -> None:
    axis = LambdaAxis.of(NINE)
    at = axis.at(NINE)
    assert at.dtype == np.float32
    assert np.allclose(at[1:], np.log10(NINE[1:]))
    assert axis.break_at is not None
    assert axis.range[0] < at[0] < axis.break_at < at[1] < at[-1] < axis.range[1]
    assert axis.break_at - at[0] == pytest.approx(at[1] - axis.break_at, rel=1e-5)
    assert at[1] - at[0] > 0.1 * (axis.range[1] - axis.range[0])  # a visible gap


@pytest.mark.parametrize("lambdas", [(0.0,), (0.03,), NINE[1:]])
def test_there_is_a_break_only_between_two_sides(lambdas: tuple[float, ...]) -> None:
    axis = LambdaAxis.of(lambdas)
    assert axis.break_at is None
    made = go.Figure()
    lambda_axis(made, axis, "λ₂")
    assert not made.layout.shapes
    assert axis.range[0] < min(axis.at(lambdas)) <= max(axis.at(lambdas)) < axis.range[1]


def test_the_break_is_a_dotted_line() -> None:
    made = go.Figure()
    axis = LambdaAxis.of(NINE)
    lambda_axis(made, axis, "λ₂")
    (line,) = made.layout.shapes
    assert line.x0 == line.x1 == axis.break_at
    assert "px" in line.line.dash


@pytest.mark.parametrize(
    ("lambdas", "ticks"),
    [
        (NINE, [0, 1e-4, 1e-3, 1e-2, 1e-1]),
        ((0.0, 1e-3, 3e-3, 1e-2, 1e-1), [0, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1]),
        ((0.01, 0.02, 0.05, 0.1), [0.01, 0.02, 0.05, 0.1]),
        (SIXTY, [0, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1]),
        ((1e-10, 1.0), [1e-10, 1e-8, 1e-6, 1e-4, 1e-2, 1]),
        ((0.0, 0.0123), [0, 0.0123]),
        ((0.013, 0.014), [0.013, 0.014]),
        ((0.0,), [0]),
    ],
)
def test_ticks_are_round_and_few(lambdas: tuple[float, ...], ticks: list[float]) -> None:
    assert LambdaAxis.of(lambdas).ticks() == pytest.approx(ticks)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.03, "0.03"), (1e-4, "1e-4"), (1e-5, "1e-5"), (3e-5, "3e-5"), (0.0123456, "0.0123"),
     (1.5e-7, "1.5e-7"), (100, "100"), (9.999e-5, "1e-4")],
)  # fmt: skip
def test_lambda_is_written_as_people_read_it(value: float, text: str) -> None:
    assert lambda_text(value) == text


def test_uids_are_words_for_css() -> None:
    assert uid_of("coupled", 3e-05, 0.0, 1e10) == "coupled-3e-05-0_0-10000000000_0"
    assert uid_of("run", "conv1.weight", "one SE", "<b>.ü") == "run-conv1_weight-one-SE-_b___"
