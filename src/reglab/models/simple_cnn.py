"""The classic regularization example: two 3×3 convolutions, no pooling, and a dense layer that is far too large."""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

from reglab.models.architecture import Architecture, Shape
from reglab.models.dropout import Dropout
from reglab.models.head import inputs, pooled
from reglab.spec import Head


def make(shape: Shape, classes: int, dropout: float, _batch_norm: bool, head: Head = "dense") -> nn.Module:
    """conv C→32 → ReLU → conv 32→64 → ReLU → dense 128 → ReLU → dropout → dense; 3×3, padding 1, no pooling.

    The second ReLU stands after the flattening, which changes nothing but speed: in channels_last its gradient would
    otherwise run against the memory order (13 % of forward and backward at 28 pixels). Pooling does not commute with
    it: with the head "pool" it stands before the pooling.
    """
    channels, height, width = shape
    return nn.Sequential(
        OrderedDict[str, nn.Module](
            conv1=nn.Conv2d(channels, 32, 3, padding=1),
            relu1=nn.ReLU(),
            conv2=nn.Conv2d(32, 64, 3, padding=1),
            **_flattened(head),
            fc1=nn.Linear(inputs(head, 64, height, width), 128),
            relu3=nn.ReLU(),
            dropout=Dropout(dropout),
            fc2=nn.Linear(128, classes),
        )
    )


def _flattened(head: Head) -> dict[str, nn.Module]:
    if head == "pool":
        return {"relu2": nn.ReLU(), **pooled(head), "flatten": nn.Flatten()}
    return {"flatten": nn.Flatten(), "relu2": nn.ReLU()}


ENTRY = Architecture(
    name="simple_cnn",
    label="Simple CNN",
    order=10,
    about="Two convolutions without pooling and a dense layer of 128, where nearly all weights sit. It soon memorises "
    "a small data set: the clearest place to see what λ does.",
    source="The usual first example of L1 and L2 penalties in PyTorch: convolutions 1→32→64, dense 128, dense 10.",
    switches=frozenset({"dropout", "head"}),
    has_batch_norm=False,
    min_side=1,
    make=make,
)
