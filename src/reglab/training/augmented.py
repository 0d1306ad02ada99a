"""Images as augmentation hands them to the network, for people to look at."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reglab.datasets import normalised
from reglab.spec import RegularizeSpec, RunSpec
from reglab.training.regularizing import Hooks


def augmented(spec: RunSpec, pixels: NDArray[np.float32], mean: Tensor, std: Tensor, draws: int) -> NDArray[np.float32]:
    """(``draws``, n, C, H, W): so many draws of ``pixels`` (n, C, H, W) in [0, 1] under the augmentation of ``spec``.

    The first draws of a run's generator, through the hooks that training uses. Normalisation is undone.
    """
    only = RunSpec(regularize=RegularizeSpec(augment=spec.regularize.augment), train=spec.train)
    hooks, images = Hooks(only, -mean / std), normalised(pixels, mean, std)
    labels = torch.zeros(len(images), dtype=torch.int64)
    drawn = [hooks.batch(images, labels, hooks.draw(len(images))).images for _ in range(draws)]
    made: NDArray[np.float32] = torch.stack(drawn).mul(std[:, None, None]).add(mean[:, None, None]).numpy()
    return made
