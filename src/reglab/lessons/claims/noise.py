"""The share of validation images whose predicted class changes when seeded Gaussian noise is added to the pixels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from reglab.datasets import Split, prepare
from reglab.models import build
from reglab.settings import load_settings
from reglab.spec import DataSpec, RunSpec
from reglab.training.seeds import seed_for


def network(spec: RunSpec, split: Split, weights: Mapping[str, NDArray[Any]]) -> nn.Module:
    """The run's CNN with its saved ``weights``, in eval mode on the CPU."""
    model = build(spec.model, split.shape, len(split.classes), spec.train.seed)
    model.load_state_dict({name: torch.from_numpy(array.copy()) for name, array in weights.items()})
    return model.eval()


def validation(spec: DataSpec) -> Split:
    """The split whose validation images the run was measured on."""
    return prepare(spec, load_settings().data)


def change_share(model: nn.Module, images: Tensor, *, sigma: float, draws: int, seed: int) -> float:
    """Mean over ``draws`` of the share of ``images`` (N, C, H, W) classified otherwise as x + σ·ε, ε standard normal.

    ``sigma`` is in standard deviations of the training pixels, because images are normalised with them. The noise
    depends on ``seed`` and the images' shape alone, so that two networks meet the same noise.
    """
    generator = torch.Generator().manual_seed(seed_for(seed, "noise on the input"))
    with torch.inference_mode():
        clean = model(images).argmax(1)
        changed = [
            (model(images + sigma * torch.randn(images.shape, generator=generator)).argmax(1) != clean).double().mean()
            for _ in range(draws)
        ]
    return float(torch.stack(changed).mean())
