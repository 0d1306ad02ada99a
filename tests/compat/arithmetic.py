"""A fingerprint of this machine's floating-point kernels: two machines that agree on it train to the same bits."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import torch
from torch.nn import functional as F


def machine() -> dict[str, str]:
    """What the last bits of a training run depend on, besides the code."""
    return {
        "torch": torch.__version__,
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "kernels_sha256": _kernels_sha256(),
    }


def _kernels_sha256() -> str:
    """SHA-256 of what plain PyTorch computes, without RegLab: it differs where the CPU's kernels round differently."""
    digest = hashlib.sha256()
    for tensor in _results():
        digest.update(tensor.detach().contiguous().numpy().tobytes())
    return digest.hexdigest()


def _results() -> Iterator[torch.Tensor]:
    """Outputs and gradients of the operations that small CNNs use, one at a time and for several networks at once."""
    for groups in (1, 3):
        x, kernel, dense = _draw(8, groups, 8, 8), _draw(8 * groups, 1, 3, 3), _draw(groups, 128, 10)
        hidden = F.max_pool2d(F.conv2d(x, kernel, padding=1, groups=groups), 2).relu()
        per_network = hidden.reshape(8, groups, 128).transpose(0, 1)
        loss = torch.bmm(per_network, dense).log_softmax(-1).exp().sqrt().mean()
        yield from (loss, hidden, *torch.autograd.grad(loss, (x, kernel, dense)))


def _draw(*shape: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(shape, generator=generator).requires_grad_()
