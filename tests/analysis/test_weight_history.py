"""Histograms and norms of one run's layers, against NumPy on the weights themselves."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest
import torch

from reglab import columns
from reglab.analysis.weight_history import layer_figures, norm_history, weight_history
from reglab.bins import EDGES
from reglab.training.stats import layer_stats

SHAPES = {"conv1.weight": (4, 1, 3, 3), "fc.weight": (3, 16)}
EPOCHS = (0, 1, 5)


def weights_of(epoch: int) -> dict[str, np.ndarray]:
    """Normal weights that shrink; filter 1 of the convolution is exactly 0 from epoch 1 on."""
    rng = np.random.default_rng(epoch)
    made = {name: rng.normal(0, 0.3 / (1 + epoch), shape).astype(np.float32) for name, shape in SHAPES.items()}
    if epoch:
        made["conv1.weight"][1] = 0
    return made


@pytest.fixture(scope="module")
def layers() -> pd.DataFrame:
    rows = []
    for epoch in EPOCHS:
        for name, array in weights_of(epoch).items():
            stats = layer_stats(name, torch.from_numpy(array), {"l2": 0.5}, torch.full(array.shape, 0.25))
            rows.append({columns.RUN: "a", columns.EPOCH: epoch, **asdict(stats)})
    return pd.DataFrame(rows)


@pytest.mark.parametrize("layer", [None, *SHAPES])
def test_the_histogram_of_every_epoch_is_that_of_its_weights(layers: pd.DataFrame, layer: str | None) -> None:
    history = weight_history(layers, layer)
    assert history[columns.EPOCH].tolist() == list(EPOCHS)
    for epoch, counts, size, zeros in history.to_numpy(object).tolist():
        arrays = weights_of(epoch)
        flat = np.concatenate([array.ravel() for name, array in arrays.items() if layer in (None, name)])
        expected, _ = np.histogram(flat[flat != 0], EDGES)
        assert counts.tolist() == expected.tolist()
        assert (size, zeros) == (flat.size, int((flat == 0).sum()))


def test_an_epoch_whose_weights_are_not_finite_is_left_out(layers: pd.DataFrame) -> None:
    broken = layers.copy()
    broken.loc[(broken[columns.EPOCH] == 5) & (broken[columns.LAYER] == "fc.weight"), columns.L2_NORM] = np.nan
    assert weight_history(broken)[columns.EPOCH].tolist() == [0, 1]
    assert weight_history(broken, "conv1.weight")[columns.EPOCH].tolist() == [0, 1, 5]
    broken[columns.L1_NORM] = np.inf
    assert weight_history(broken).empty
    assert weight_history(layers.iloc[:0]).empty


def test_figures_of_each_layer_and_of_all_as_one_vector(layers: pd.DataFrame) -> None:
    table = layer_figures(layers, 5).set_index(columns.LAYER)
    arrays = weights_of(5)
    arrays[columns.ALL_WEIGHTS] = np.concatenate([array.ravel() for array in arrays.values()])
    assert table.index.tolist() == list(arrays)
    for name, array in arrays.items():
        row, flat = table.loc[name], array.ravel().astype(np.float64)
        assert row[columns.SIZE] == flat.size
        assert row[columns.L1_NORM] == pytest.approx(np.abs(flat).sum())
        assert row[columns.L2_NORM] == pytest.approx(np.linalg.norm(flat))
        assert row[columns.MAX_ABS] == pytest.approx(np.abs(flat).max())
        assert row[columns.ZERO_SHARE] == pytest.approx(np.mean(flat == 0))
        assert row[columns.NEAR_ZERO_SHARE] == pytest.approx(np.mean(np.abs(flat) < 2**-10))
        # ‖∇P‖ = λ₂‖w‖₂, ‖ḡ‖ = 0.25·√n
        assert row[columns.GRADIENT_RATIO] == pytest.approx(0.5 * np.linalg.norm(flat) / (0.25 * np.sqrt(flat.size)))
    units = table[[columns.UNITS, columns.ZERO_UNITS]].to_numpy().tolist()
    assert units == [[4, 1], [3, 0], [4, 1]]
    assert layer_figures(layers, 4).empty


@pytest.mark.parametrize("layer", [None, "fc.weight"])
def test_norms_of_every_epoch_are_those_of_its_layers(layers: pd.DataFrame, layer: str | None) -> None:
    history = norm_history(layers, layer).set_index(columns.EPOCH)
    assert history.index.tolist() == list(EPOCHS)
    for epoch in EPOCHS:
        own = layer_figures(layers, epoch).set_index(columns.LAYER).loc[layer or columns.ALL_WEIGHTS]
        assert history.loc[epoch, columns.L2_NORM] == own[columns.L2_NORM]
        assert history.loc[epoch, columns.ZEROS] == own[columns.ZEROS]
    assert norm_history(layers.iloc[:0]).empty


def test_a_ratio_that_is_not_recorded_is_none(layers: pd.DataFrame) -> None:
    old = layers.assign(**{columns.DATA_GRAD: np.nan, columns.PENALTY_GRAD: np.nan})
    assert layer_figures(old, 1)[columns.GRADIENT_RATIO].isna().all()
    still = layers.assign(**{columns.DATA_GRAD: 0.0, columns.PENALTY_GRAD: 0.0})
    assert layer_figures(still, 1)[columns.GRADIENT_RATIO].isna().all()
