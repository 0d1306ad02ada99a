"""The same training written out: data loss + factor·Σw² in the loss, plain autograd, torch's own SGD, no penalty code.

What it shares with RegLab's loop is the data, the initial weights and the batch order, never the penalty.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from reglab.lessons.claims.noise import network, validation
from reglab.spec import RunSpec
from reglab.training.lane import split_batches, to_array
from reglab.training.seeds import seed_for


def train_with_term(spec: RunSpec, initial: Mapping[str, NDArray[Any]], factor: float) -> dict[str, NDArray[Any]]:
    """The final weights of SGD on data loss + ``factor``·Σw² over the kernels, from ``initial``; float64, constant η.

    The penalty in ``spec`` is not looked at.
    """
    split = validation(spec.data)
    model = network(spec, split, initial).double().train()
    kernels = [parameter for parameter in model.parameters() if parameter.ndim >= 2]
    optimizer = torch.optim.SGD(model.parameters(), lr=spec.optim.lr, momentum=spec.optim.momentum)
    x, y = split.x_train.double(), split.y_train
    for epoch in range(1, spec.train.epochs + 1):
        generator = torch.Generator().manual_seed(seed_for(spec.train.seed, "batch order", epoch))
        for batch in split_batches(torch.randperm(len(x), generator=generator), spec.train.batch_size):
            optimizer.zero_grad()
            penalty = torch.stack([kernel.square().sum() for kernel in kernels]).sum()
            loss = F.cross_entropy(model(x[batch]), y[batch]) + factor * penalty
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    return {name: to_array(tensor) for name, tensor in model.state_dict().items()}
