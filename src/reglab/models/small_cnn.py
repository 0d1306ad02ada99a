"""Two small convolutions with pooling and a dense layer of 64: dozens of them train while one waits."""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

from reglab.models.architecture import Architecture, Shape
from reglab.models.dropout import Dropout
from reglab.models.head import inputs, pooled
from reglab.spec import Head


def make(shape: Shape, classes: int, dropout: float, _batch_norm: bool, head: Head = "dense") -> nn.Module:
    """conv C→8 → pool 2 → ReLU → conv 8→16 → pool 2 → ReLU → dense 64 → ReLU → dropout → dense; 3×3, padding 1.

    ReLU stands behind the pooling, with which it commutes, because it then sees a quarter of the numbers.
    """
    channels, height, width = shape
    return nn.Sequential(
        OrderedDict[str, nn.Module](
            conv1=nn.Conv2d(channels, 8, 3, padding=1),
            pool1=nn.MaxPool2d(2),
            relu1=nn.ReLU(),
            conv2=nn.Conv2d(8, 16, 3, padding=1),
            pool2=nn.MaxPool2d(2),
            relu2=nn.ReLU(),
            **pooled(head),
            flatten=nn.Flatten(),
            fc1=nn.Linear(inputs(head, 16, height // 4, width // 4), 64),
            relu3=nn.ReLU(),
            dropout=Dropout(dropout),
            fc2=nn.Linear(64, classes),
        )
    )


ENTRY = Architecture(
    name="small_cnn",
    label="Small CNN",
    order=15,
    about="Two small convolutions with pooling and a dense layer: the quickest CNN here, and the one of the sweep's "
    "demonstration, which shows every effect of λ, from memorised noise to collapse.",
    source="The usual small convolutional network of tutorials, with 8 and 16 maps.",
    switches=frozenset({"dropout", "head"}),
    has_batch_norm=False,
    min_side=4,
    make=make,
)
