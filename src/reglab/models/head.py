"""What stands between the convolutions and the dense layers of a CNN: flattening alone, or global average pooling.

With "pool", every map becomes its mean (M. Lin, Q. Chen, S. Yan, Network in network, 2014), so that the dense layers do
not grow with the images: 64 maps of 224×224 pixels are 3,211,264 inputs of the first one, and 64 with pooling.
"""

from __future__ import annotations

from torch import nn

from reglab.spec import Head


def pooled(head: Head) -> dict[str, nn.Module]:
    """The layer in front of the flattening: none for "dense"."""
    return {"average": nn.AdaptiveAvgPool2d(1)} if head == "pool" else {}


def inputs(head: Head, maps: int, height: int, width: int) -> int:
    """How many numbers the flattening gives."""
    return maps if head == "pool" else maps * height * width
