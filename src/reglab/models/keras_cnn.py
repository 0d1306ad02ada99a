"""Keras's "Simple MNIST convnet": conv 32, pool, conv 64, pool, one dense layer; 34,826 parameters at 28×28×1."""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

from reglab.models.architecture import Architecture, Shape
from reglab.models.dropout import Dropout
from reglab.models.head import inputs, pooled
from reglab.spec import Head


def make(shape: Shape, classes: int, dropout: float, _batch_norm: bool, head: Head = "dense") -> nn.Module:
    """conv 3×3 C→32 → pool 2 → ReLU → conv 3×3 32→64 → pool 2 → ReLU → dropout → dense; no padding.

    The layers, and at 28×28×1 the parameter count, are those of the Keras example (its dropout is 0.5); the initial
    weights are PyTorch's, not Glorot's. Sides of 8 and 9 pixels leave nothing to halve a second time, so there the
    second pooling is left out. Keras writes ReLU before the pooling; max-pooling and ReLU commute, and pooling first
    is faster because ReLU then sees a quarter of the numbers.
    """
    channels, height, width = shape
    second = 2 if min(height, width) >= 10 else 1
    rows, columns = (((side - 2) // 2 - 2) // second for side in (height, width))
    return nn.Sequential(
        OrderedDict[str, nn.Module](
            conv1=nn.Conv2d(channels, 32, 3),
            pool1=nn.MaxPool2d(2),
            relu1=nn.ReLU(),
            conv2=nn.Conv2d(32, 64, 3),
            pool2=nn.MaxPool2d(second) if second > 1 else nn.Identity(),
            relu2=nn.ReLU(),
            **pooled(head),
            flatten=nn.Flatten(),
            dropout=Dropout(dropout),
            fc=nn.Linear(inputs(head, 64, rows, columns), classes),
        )
    )


ENTRY = Architecture(
    name="keras_cnn",
    label="Keras MNIST convnet",
    order=20,
    about="Two convolutions, each followed by pooling, and one dense layer. Small and quick, with far fewer weights to "
    "overfit with than the simple CNN.",
    source="F. Chollet, Simple MNIST convnet, Keras code examples, 2015.",
    switches=frozenset({"dropout", "head"}),
    has_batch_norm=False,
    min_side=8,
    make=make,
)
