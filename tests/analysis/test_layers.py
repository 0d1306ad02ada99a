"""Norms, sparsity and histograms of the layers' weights against λ, added up again lane by lane."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.analysis.sweeps import SWEPT, Row, lanes_of, layers_of

from reglab import columns as c
from reglab.analysis import layer_curves, sweep_histograms
from reglab.bins import N_BINS
from reglab.sweep import SweepSpec

FIGURES = (c.L2_NORM, c.L1_NORM, c.ZERO_SHARE, c.NEAR_ZERO_SHARE, c.SIZE)
LAYERS = ("conv.weight", "fc.weight")


@st.composite
def weighed(draw: st.DrawFn) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Lanes and their layers; some lanes not begun, some diverged, one with weights that are not finite."""
    sweep = SweepSpec.parse({**draw(st.sampled_from(SWEPT)), "seeds": draw(st.integers(1, 3))})
    ends = draw(st.lists(st.integers(0, 3), min_size=sweep.size, max_size=sweep.size))
    gone = draw(st.sets(st.integers(0, sweep.size - 1), max_size=2))
    lanes = lanes_of(sweep, dict.fromkeys(gone, "diverged"))
    layers = layers_of(lanes, ends, draw(st.integers(0, 99)))
    if draw(st.booleans()):
        layers.loc[len(layers) - 1, c.L2_NORM] = np.nan
    return lanes, layers


def _rows(lane: pd.Series, layers: pd.DataFrame, epoch: int | None) -> list[Row]:
    """The layers of a lane that count: at its newest epoch; none where it has diverged or is not finite."""
    own = layers[layers[c.RUN] == lane[c.RUN]].to_dict("records")
    held = [row[c.EPOCH] for row in own if epoch is None or row[c.EPOCH] <= epoch]
    newest = max(held, default=0)
    if not held or (newest == 0 and epoch != 0):
        return []
    if lane[c.STATE] == "diverged" and newest == max(row[c.EPOCH] for row in own):
        return []
    kept: list[Row] = [{str(name): value for name, value in row.items()} for row in own if row[c.EPOCH] == newest]
    return kept if all(math.isfinite(row[c.L2_NORM]) for row in kept) else []


def _whole(rows: list[Row]) -> Row:
    size = sum(row[c.SIZE] for row in rows)
    return {
        c.L2_NORM: math.sqrt(sum(row[c.L2_NORM] ** 2 for row in rows)),
        c.L1_NORM: sum(row[c.L1_NORM] for row in rows),
        c.ZERO_SHARE: sum(row[c.ZERO_SHARE] * row[c.SIZE] for row in rows) / size,
        c.NEAR_ZERO_SHARE: sum(row[c.NEAR_ZERO_SHARE] * row[c.SIZE] for row in rows) / size,
        c.SIZE: size,
    }


@settings(max_examples=50)
@given(weighed(), st.none() | st.integers(0, 4))
def test_each_layer_has_the_mean_of_its_repeats_and_all_layers_are_added_exactly(
    sweep: tuple[pd.DataFrame, pd.DataFrame], epoch: int | None
) -> None:
    lanes, layers = sweep
    expected: list[tuple[Any, ...]] = []
    for key, own in lanes.groupby(list(c.POINT), sort=True):
        found = [rows for _, lane in own.iterrows() if (rows := _rows(lane, layers, epoch))]
        for layer in (*LAYERS, c.ALL_WEIGHTS) if found else ():
            parts = [_whole(rows) if layer == c.ALL_WEIGHTS else rows[LAYERS.index(layer)] for rows in found]
            means = [sum(part[name] for part in parts) / len(parts) for name in FIGURES]
            expected.append((*key, layer, len(found), means))
    table = layer_curves(lanes, layers, epoch)
    labels = list(zip(*(table[name] for name in (*c.POINT, c.LAYER, c.N)), strict=True))
    assert labels == [row[:-1] for row in expected]
    if expected:
        np.testing.assert_allclose(table[list(FIGURES)].to_numpy(), [row[-1] for row in expected], rtol=1e-12)


@settings(max_examples=40)
@given(weighed(), st.sampled_from([None, *LAYERS]), st.none() | st.integers(0, 4))
def test_histograms_are_summed_over_repeats_and_layers(
    sweep: tuple[pd.DataFrame, pd.DataFrame], layer: str | None, epoch: int | None
) -> None:
    lanes, layers = sweep
    expected: list[tuple[Any, ...]] = []
    for key, own in lanes.groupby(list(c.POINT), sort=True):
        found = [rows for _, lane in own.iterrows() if (rows := _rows(lane, layers, epoch))]
        kept = [row for rows in found for row in rows if layer in (None, row[c.LAYER])]
        if kept:
            counts = np.sum([row[c.COUNTS] for row in kept], axis=0).tolist()
            sums = [sum(row[name] for row in kept) for name in (c.SIZE, c.ZEROS)]
            expected.append((*key, counts, *sums, len(found)))
    table = sweep_histograms(lanes, layers, layer, epoch)
    got = [(*row[:4], row[4].tolist(), *row[5:]) for row in table.itertuples(index=False, name=None)]
    assert got == expected
    assert list(table.columns) == [*c.POINT, c.COUNTS, c.SIZE, c.ZEROS, c.N]


@settings(max_examples=30)
@given(weighed(), st.randoms(use_true_random=False))
def test_the_order_of_lanes_changes_nothing(sweep, random) -> None:  # type: ignore[no-untyped-def]
    lanes, layers = sweep
    places = list(range(len(lanes)))
    random.shuffle(places)
    for build in (layer_curves, sweep_histograms):
        pd.testing.assert_frame_equal(build(lanes.iloc[places], layers), build(lanes, layers), check_exact=True)


def test_a_small_sweep_by_hand() -> None:
    lanes = lanes_of(SweepSpec(l2=(0.0, 0.1)))
    layers = layers_of(lanes, [1, 1])
    layers = layers[(layers[c.RUN] == "r0") & (layers[c.EPOCH] == 1)]
    figures = {c.L2_NORM: [3.0, 4.0], c.L1_NORM: [5.0, 7.0], c.ZERO_SHARE: [0.5, 0.0], c.NEAR_ZERO_SHARE: [1.0, 0.5]}
    table = layer_curves(lanes, layers.assign(**figures))
    assert table[c.LAYER].tolist() == ["conv.weight", "fc.weight", "all layers"]
    assert table[c.L2_NORM].tolist() == [3, 4, 5]
    assert table[c.L1_NORM].tolist() == [5, 7, 12]
    assert table[c.SIZE].tolist() == [30, 70, 100]
    assert table[c.ZERO_SHARE].tolist() == [0.5, 0.0, 0.15]
    assert table[c.NEAR_ZERO_SHARE].tolist() == [1.0, 0.5, 0.65]


def test_initial_weights_are_shown_only_when_asked_for() -> None:
    lanes = lanes_of(SweepSpec(l2=(0.0, 0.1)))
    layers = layers_of(lanes, [0, 2])
    assert set(layer_curves(lanes, layers)[c.LAMBDA]) == {0.1}
    assert set(layer_curves(lanes, layers, 0)[c.LAMBDA]) == {0.0, 0.1}
    assert layer_curves(lanes, layers, 1).empty


@pytest.mark.parametrize("build", [layer_curves, sweep_histograms])
def test_nothing_gives_an_empty_table_with_the_same_columns(build) -> None:  # type: ignore[no-untyped-def]
    lanes = lanes_of(SweepSpec(l2=(0.0,)))
    full = build(lanes, layers_of(lanes, [1]))
    nothing = pd.DataFrame(columns=list(c.LAYER_COLUMNS))
    for empty in (build(lanes, nothing), build(lanes.iloc[:0], nothing), build(lanes.iloc[:0], layers_of(lanes, [1]))):
        assert empty.empty
        assert list(empty.columns) == list(full.columns)
    assert len(full)


def test_counts_and_zeros_make_up_the_size() -> None:
    lanes = lanes_of(SweepSpec(l2=(0.0,), seeds=2))
    layers = layers_of(lanes, [1, 1])
    one = np.zeros(N_BINS, dtype=np.int64)
    one[3] = 27
    layers = layers.assign(**{c.COUNTS: pd.Series([one] * len(layers), dtype=object)})
    row = sweep_histograms(lanes, layers, "conv.weight").iloc[0]
    assert (int(row[c.COUNTS].sum()), row[c.ZEROS], row[c.SIZE]) == (54, 6, 60)
    assert sweep_histograms(lanes, layers, "conv9.weight").empty
