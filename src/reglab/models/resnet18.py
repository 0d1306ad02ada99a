"""torchvision's ResNet-18 with the stem for small images: 11,173,962 parameters for 10 classes of 32×32×3 images."""

from __future__ import annotations

from torch import nn

from reglab._torchvision import load_torchvision
from reglab.models.architecture import Architecture, Shape
from reglab.models.dropout import Dropout

LARGE = 96
"""Pixels of the shorter side from which the stem is that of the paper's ImageNet networks."""


def make(shape: Shape, classes: int, dropout: float, _batch_norm: bool) -> nn.Module:
    """conv 3×3 C→64 → 8 residual blocks (64, 128, 256, 512) → average over all pixels → dropout → dense.

    torchvision's 7×7 stem of stride 2 and its max-pooling would shrink small images to nothing; in their place stands
    one 3×3 convolution of stride 1, as the ResNet paper has it for CIFAR. From 96 pixels on the stem is torchvision's:
    without it, a step at 224 pixels would take 16 times as long. At 8 pixels the last stage keeps its input's size,
    because on a 1×1 map eight of the nine weights of every 3×3 kernel would only see padding.
    """
    channels, height, width = shape
    model: nn.Module = load_torchvision().models.resnet18(weights=None, num_classes=classes)
    large = min(height, width) >= LARGE
    model.conv1 = nn.Conv2d(channels, 64, *((7, 2, 3) if large else (3, 1, 1)), bias=False)
    nn.init.kaiming_normal_(model.conv1.weight, mode="fan_out", nonlinearity="relu")
    if not large:
        model.maxpool = nn.Identity()
    model.avgpool = nn.Sequential(nn.AdaptiveAvgPool2d(1), Dropout(dropout))
    if min(height, width) <= 8:
        for name in ("layer4.0.conv1", "layer4.0.downsample.0"):
            convolution = model.get_submodule(name)
            assert isinstance(convolution, nn.Conv2d)
            convolution.stride = (1, 1)
    return model


ENTRY = Architecture(
    name="resnet18",
    label="ResNet-18",
    order=60,
    about="A modern deep network: 18 layers with shortcuts and batch norm throughout. Batch norm makes the scale of a "
    "kernel irrelevant, so decay acts through the effective learning rate rather than through capacity. Slow on a CPU.",
    source="K. He, X. Zhang, S. Ren, J. Sun, Deep residual learning for image recognition, 2016; torchvision's code.",
    switches=frozenset({"dropout"}),
    has_batch_norm=True,
    min_side=8,
    make=make,
)
