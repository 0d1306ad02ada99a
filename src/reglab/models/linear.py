"""Softmax regression: one dense layer from the pixels to the classes, 7,850 parameters on 28×28×1."""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

from reglab.models.architecture import Architecture, Shape


def make(shape: Shape, classes: int, _dropout: float, _batch_norm: bool) -> nn.Module:
    """flatten → dense."""
    channels, height, width = shape
    return nn.Sequential(
        OrderedDict[str, nn.Module](flatten=nn.Flatten(), fc=nn.Linear(channels * height * width, classes))
    )


ENTRY = Architecture(
    name="linear",
    label="Softmax regression",
    order=37,
    about="No hidden layer: logistic regression for several classes. Its objective is convex, so that the weights at "
    "the end are known from other solvers, and every weight belongs to one pixel.",
    source="scikit-learn's LogisticRegression, trained by gradient steps.",
    switches=frozenset(),
    has_batch_norm=False,
    min_side=1,
    make=make,
)
