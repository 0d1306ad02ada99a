"""Curves over three axes, means of groups with their standard error, and smoothing, by their formulas."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.charts.frames import epoch_frame, gradient_frame

from reglab import columns
from reglab.analysis.run_curves import ROLE, SMOOTHED, X, curves, gradient_ratios, penalty_sum, places, smoothed
from reglab.charts.gradient_share import total_share

RUNS = ["a", "b", "c"]
ALONE = {run: run for run in RUNS}


def test_epochs_steps_and_seconds() -> None:
    frame = epoch_frame(["a", "b"], 3)
    assert places(frame, "epoch", {}).tolist() == [1, 2, 3, 1, 2, 3]
    assert places(frame, "step", {"a": 10, "b": 4}).tolist() == [10, 20, 30, 4, 8, 12]
    assert np.isnan(places(frame, "step", {"a": 10})[3:]).all()
    seconds = frame[columns.SECONDS].to_numpy()
    assert places(frame, "seconds", {}) == pytest.approx(np.concatenate([seconds[:3].cumsum(), seconds[3:].cumsum()]))
    frame.loc[1, columns.SECONDS] = np.nan
    assert np.isfinite(places(frame, "seconds", {})).all()


def test_all_penalty_terms_count() -> None:
    frame = epoch_frame(["a"], 2).assign(penalty_group=[0.5, 1.0])
    assert penalty_sum(frame) == pytest.approx(frame[columns.L1] + frame[columns.L2] + frame["penalty_group"])


def test_a_run_alone_keeps_its_values_and_has_no_error() -> None:
    frame = epoch_frame(RUNS, 4)
    values = frame[columns.VAL_ACC].to_numpy()
    found = curves(frame, {"val": values}, places(frame, "epoch", {}), {"c": "c", "a": "a"})
    assert found[columns.RUN].tolist() == ["c"] * 4 + ["a"] * 4
    assert found[columns.VALUE].tolist() == [*values[8:], *values[:4]]
    assert found[columns.LOW].isna().all()
    assert found[columns.N].tolist() == [1] * 8


def test_a_group_has_the_mean_over_its_runs_at_each_epoch() -> None:
    frame = epoch_frame(RUNS, 4).drop(index=[3, 6])  # a ended an epoch earlier, b lacks one
    frame.loc[8, columns.VAL_LOSS] = np.inf
    values, at = frame[columns.VAL_LOSS].to_numpy(), places(frame, "seconds", {})
    found = curves(frame, {"val": values}, at, dict.fromkeys(RUNS, "g"))
    assert found[columns.EPOCH].tolist() == [1, 2, 3, 4]
    for row in found.to_dict("records"):
        mine = frame[columns.EPOCH].to_numpy() == row[columns.EPOCH]
        own = values[mine & np.isfinite(values)]
        error = own.std(ddof=1) / np.sqrt(len(own)) if len(own) > 1 else np.nan
        expected = [own.mean(), own.mean() - error, own.mean() + error, len(own), at[mine].mean()]
        names = (columns.VALUE, columns.LOW, columns.HIGH, columns.N, X)
        assert [row[name] for name in names] == pytest.approx(expected, nan_ok=True)


def test_roles_are_curves_of_their_own() -> None:
    frame = epoch_frame(["a"], 3)
    both = {"val": frame[columns.VAL_ACC].to_numpy(), "train": frame[columns.TRAIN_ACC].to_numpy()}
    found = curves(frame, both, places(frame, "epoch", {}), ALONE, smoothing=0.9)
    assert found.groupby(ROLE)[SMOOTHED].first().to_dict() == pytest.approx({key: own[0] for key, own in both.items()})


@given(st.floats(0.01, 0.99), st.lists(st.floats(-5, 5) | st.just(float("nan")), min_size=1, max_size=20))
def test_smoothing_is_the_moving_average_without_bias(factor: float, values: list[float]) -> None:
    series = pd.Series([*values, *values])
    found = smoothed(series, pd.Series(["a"] * len(values) + ["b"] * len(values)), factor)
    for e, value in enumerate(values):
        known = [(factor**k, values[e - k]) for k in range(e + 1) if not np.isnan(values[e - k])]
        expected = np.nan if np.isnan(value) else sum(w * v for w, v in known) / sum(w for w, _ in known)
        assert found[e] == pytest.approx(expected, nan_ok=True, abs=1e-9)
        assert found[len(values) + e] == pytest.approx(expected, nan_ok=True, abs=1e-9)


def test_without_smoothing_nothing_changes() -> None:
    values = pd.Series([1.0, np.nan, 3.0])
    assert smoothed(values, pd.Series(["a"] * 3), 0.0) == pytest.approx([1, np.nan, 3], nan_ok=True)


def test_gradient_ratios_are_those_of_the_chart_of_one_run() -> None:
    frame, gradients = epoch_frame(["a", "b"], 3), gradient_frame(["b", "a"], 3)
    gradients.loc[0, columns.PENALTY_GRAD] = 7.0
    found = gradient_ratios(frame, gradients)
    for run, own in (("a", found[:3]), ("b", found[3:])):
        assert own == pytest.approx(total_share(gradients[gradients[columns.RUN] == run])[1])
    assert np.isnan(gradient_ratios(frame, gradients[gradients[columns.RUN] == "a"])[3:]).all()
