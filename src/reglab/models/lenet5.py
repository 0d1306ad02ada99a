"""LeNet-5 as published: tanh and average pooling, 61,706 parameters for 10 classes of 28×28×1 or 32×32×1 images."""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

from reglab.models.architecture import Architecture, Shape
from reglab.models.dropout import Dropout
from reglab.models.head import inputs, pooled
from reglab.spec import Head


def make(shape: Shape, classes: int, dropout: float, _batch_norm: bool, head: Head = "dense") -> nn.Module:
    """conv 5×5 C→6 → tanh → average pool 2 → conv 5×5 6→16 → tanh → average pool 2 → dense 120 → 84 → classes.

    Published for 32 pixels without padding; smaller images are padded by 2 at the first convolution, which is the
    28-pixel digit on LeNet's 32-pixel canvas. Below 12 pixels the second convolution is padded by 2 as well, since
    nothing would be left. Simpler than the paper in three points, as everywhere today: average pooling has no weights,
    the second convolution sees all six maps, and the output is a plain dense layer under cross-entropy.
    """
    channels, height, width = shape
    smaller = min(height, width)
    pad1, pad2 = (2 if smaller < 32 else 0), (2 if smaller < 12 else 0)
    rows, columns = (((side + 2 * pad1 - 4) // 2 + 2 * pad2 - 4) // 2 for side in (height, width))
    return nn.Sequential(
        OrderedDict[str, nn.Module](
            conv1=nn.Conv2d(channels, 6, 5, padding=pad1),
            tanh1=nn.Tanh(),
            pool1=nn.AvgPool2d(2),
            conv2=nn.Conv2d(6, 16, 5, padding=pad2),
            tanh2=nn.Tanh(),
            pool2=nn.AvgPool2d(2),
            **pooled(head),
            flatten=nn.Flatten(),
            fc1=nn.Linear(inputs(head, 16, rows, columns), 120),
            tanh3=nn.Tanh(),
            fc2=nn.Linear(120, 84),
            tanh4=nn.Tanh(),
            dropout=Dropout(dropout),
            fc3=nn.Linear(84, classes),
        )
    )


ENTRY = Architecture(
    name="lenet5",
    label="LeNet-5",
    order=40,
    about="The first famous CNN, with its tanh units and average pooling. Tanh saturates, so large weights also slow "
    "learning: another reason for a penalty to matter.",
    source="Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, Gradient-based learning applied to document recognition, 1998.",
    switches=frozenset({"dropout", "head"}),
    has_batch_norm=False,
    min_side=4,
    make=make,
)
