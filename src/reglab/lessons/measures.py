"""What claims compute from saved weights: a relative distance, the network again, and its split."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import nn

from reglab.datasets import Split, prepare
from reglab.lessons.claim import Weights
from reglab.models import build
from reglab.settings import load_settings
from reglab.spec import DataSpec, RunSpec


def distance(a: Weights, b: Weights) -> float:
    """‖a − b‖ / ‖b‖ over all parameters, summed in float64; 0 for equal bits.

    :raises ValueError: where they are weights of different networks.
    """
    if a.keys() != b.keys():
        raise ValueError("These are weights of different networks.")
    apart = sum(float(np.square(np.subtract(a[name], b[name], dtype=np.float64)).sum()) for name in b)
    return math.sqrt(apart / sum(float(np.square(b[name], dtype=np.float64).sum()) for name in b))


def network(spec: RunSpec, split: Split, weights: Weights) -> nn.Module:
    """The CNN of ``spec`` with saved ``weights``, in eval mode on the CPU."""
    model = build(spec.model, split.shape, len(split.classes), spec.train.seed)
    model.load_state_dict({name: torch.from_numpy(array.copy()) for name, array in weights.items()})
    return model.eval()


def split_of(spec: DataSpec) -> Split:
    """The training and validation images of a run."""
    return prepare(spec, load_settings().data)
