"""Keras's conventions against Keras 3 on its torch backend: regularizers' values, one step of its optimizers."""

from __future__ import annotations

import numpy as np
import pytest
from tests.conventions.canonical import Array, meaning, penalty, weights
from tests.keras_torch import keras

from reglab.conventions import Meaning

LR, DECAY = 0.1, 0.4
W = weights().reshape(8, 5)


def test_l2() -> None:
    assert float(keras.regularizers.L2(0.03)(keras.ops.array(W))) == pytest.approx(
        penalty(W, meaning("keras-l2", 0.03)), rel=1e-6
    )


def test_l1() -> None:
    assert float(keras.regularizers.L1(0.03)(keras.ops.array(W))) == pytest.approx(
        penalty(W, meaning("keras-l1", 0.03)), rel=1e-6
    )


def test_l1l2() -> None:
    theirs = float(keras.regularizers.L1L2(l1=0.02, l2=0.03)(keras.ops.array(W)))
    assert theirs == pytest.approx(penalty(W, meaning("keras-l1l2", {"l1": 0.02, "l2": 0.03})), rel=1e-6)


def test_activity_is_divided_by_the_batch_size_and_falls_on_outputs() -> None:
    layer = keras.layers.Dense(5, activity_regularizer=keras.regularizers.L1L2(l1=0.02, l2=0.03))
    for batch in (4, 16):
        x = weights(batch * 3, seed=batch).reshape(batch, 3)
        outputs = layer(keras.ops.array(x)).detach().numpy()
        expected = penalty(outputs, Meaning(l1=0.02, l2=0.06)) / batch
        assert float(layer.losses[0].detach()) == pytest.approx(expected, rel=1e-5)
    assert meaning("keras-activity", {"l1": 0.02, "l2": 0.03}).parts == {"outputs"}


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad"])
def test_any_optimizers_weight_decay_is_decoupled_and_times_lr(name: str) -> None:
    decayed = _step(name, W, DECAY)
    assert meaning("keras-weight-decay", DECAY).decay == DECAY
    shrunk = _step(name, W - LR * DECAY * W, 0.0)
    np.testing.assert_allclose(decayed, shrunk, rtol=1e-5, atol=1e-6)
    assert np.abs(decayed - _step(name, W, 0.0)).max() > 0.01


def _step(name: str, start: Array, decay: float) -> Array:
    """One step with the same gradient, wherever the weights start."""
    optimizer = getattr(keras.optimizers, name)(learning_rate=LR, weight_decay=decay)
    variable = keras.Variable(start, dtype="float32")
    optimizer.apply([keras.ops.array(weights(seed=1).reshape(8, 5), dtype="float32")], [variable])
    after: Array = variable.value.detach().numpy().astype(np.float64)
    return after
