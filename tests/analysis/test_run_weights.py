"""Norms of runs over one layer and over all, and their distance to a baseline."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from tests.charts.frames import layer_frame

from reglab import columns
from reglab.analysis.run_weights import DISTANCE, run_weights
from reglab.analysis.weight_distance import wasserstein

FRAME = pd.concat([layer_frame(["a"], 3), layer_frame(["b"], 5, zeros=200)], ignore_index=True)


def histogram(run: str, layer: str | None) -> tuple[NDArray[np.int64], int]:
    rows = FRAME[(FRAME[columns.RUN] == run) & (FRAME[columns.EPOCH] > 0)]
    rows = rows if layer is None else rows[rows[columns.LAYER] == layer]
    return np.stack(rows[columns.COUNTS].to_list()).sum(axis=0), int(rows[columns.ZEROS].sum())


def test_all_layers_are_one_vector_at_each_runs_newest_epoch() -> None:
    table = run_weights(FRAME, None, "a")
    assert table[columns.RUN].tolist() == ["a", "b"]
    assert table[columns.EPOCH].tolist() == [3, 5]
    for run, row in zip("ab", table.to_dict("records"), strict=True):
        own = FRAME[(FRAME[columns.RUN] == run) & (FRAME[columns.EPOCH] > 0)]
        assert row[columns.L2_NORM] == pytest.approx(np.linalg.norm(own[columns.L2_NORM]))
        assert row[columns.L1_NORM] == pytest.approx(own[columns.L1_NORM].sum())
        assert row[columns.MAX_ABS] == own[columns.MAX_ABS].max()
        assert row[columns.ZERO_SHARE] == pytest.approx(own[columns.ZEROS].sum() / own[columns.SIZE].sum())
        assert row[columns.SIZE] == 2000
        assert row[DISTANCE] == wasserstein(histogram(run, None), histogram("a", None))
    assert table[DISTANCE][0] == 0 < table[DISTANCE][1]


def test_one_layer() -> None:
    table = run_weights(FRAME, "fc.weight", "b")
    assert table[columns.SIZE].tolist() == [1000, 1000]
    assert table[DISTANCE][0] == wasserstein(histogram("a", "fc.weight"), histogram("b", "fc.weight"))


def test_without_the_layer_or_the_baseline_there_is_nothing_to_tell() -> None:
    assert run_weights(FRAME, "other", "a").empty
    assert run_weights(FRAME, None, "gone")[DISTANCE].isna().all()
    assert run_weights(pd.DataFrame(columns=list(columns.LAYER_COLUMNS)), None, "a").empty
