"""A VGG in small: three blocks of two 3×3 convolutions (32, 64, 128) and a pooling each, then dense 128."""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

from reglab.models.architecture import Architecture, Shape
from reglab.models.dropout import Dropout
from reglab.models.head import inputs, pooled
from reglab.spec import Head

WIDTHS = (32, 64, 128)


def make(shape: Shape, classes: int, dropout: float, batch_norm: bool, head: Head = "dense") -> nn.Module:
    """3 × (conv → ReLU → conv → pool 2 → ReLU) → dense 128 → ReLU → dropout → dense; 3×3, padding 1.

    With ``batch_norm`` every convolution is followed by one and drops its bias, which the norm would cancel. VGG's ReLU
    stands before the pooling; the two commute, and pooling first is faster.
    """
    channels, height, width = shape
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    for block, (inside, outside) in enumerate(zip((channels, *WIDTHS), WIDTHS, strict=False), start=1):
        layers |= _convolution(f"{block}_1", inside, outside, batch_norm)
        layers[f"relu{block}_1"] = nn.ReLU()
        layers |= _convolution(f"{block}_2", outside, outside, batch_norm)
        layers[f"pool{block}"] = nn.MaxPool2d(2)
        layers[f"relu{block}_2"] = nn.ReLU()
    layers |= pooled(head)
    layers["flatten"] = nn.Flatten()
    layers["fc1"] = nn.Linear(inputs(head, WIDTHS[-1], height // 8, width // 8), 128)
    layers["relu4"] = nn.ReLU()
    layers["dropout"] = Dropout(dropout)
    layers["fc2"] = nn.Linear(128, classes)
    return nn.Sequential(layers)


def _convolution(number: str, inside: int, outside: int, batch_norm: bool) -> dict[str, nn.Module]:
    convolution = nn.Conv2d(inside, outside, 3, padding=1, bias=not batch_norm)
    norm = {f"norm{number}": nn.BatchNorm2d(outside)} if batch_norm else {}
    return {f"conv{number}": convolution, **norm}


ENTRY = Architecture(
    name="vgg_small",
    label="VGG, small",
    order=50,
    about="Six convolutions in three blocks, with batch norm and dropout to switch: for comparing a penalty on weights "
    "with other regularizers, alone and together.",
    source="After K. Simonyan, A. Zisserman, Very deep convolutional networks for large-scale image recognition, 2015.",
    switches=frozenset({"dropout", "batch_norm", "head"}),
    has_batch_norm=False,
    min_side=8,
    make=make,
)
