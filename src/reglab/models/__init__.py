"""CNNs: a registry of small image classifiers, one file each, that adapt to channels, image size and classes.

Every layer has a readable name, because people meet ``conv1.weight`` or ``fc1.bias`` in the layer selector and in
``penalty.factors``. All initial weights are those that PyTorch gives its layers.
"""

from __future__ import annotations

from reglab.models.architecture import MODELS, Architecture, Shape
from reglab.models.calls import CannotFollow, Network, follow
from reglab.models.construct import build, check_model, skeleton
from reglab.models.dropout import Dropout, set_dropout_generator
from reglab.models.summary import LayerRow, Summary, summarise

__all__ = [
    "MODELS",
    "Architecture",
    "CannotFollow",
    "Dropout",
    "LayerRow",
    "Network",
    "Shape",
    "Summary",
    "build",
    "check_model",
    "follow",
    "set_dropout_generator",
    "skeleton",
    "summarise",
]
