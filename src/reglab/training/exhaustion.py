"""Memory that ran out: how PyTorch, NumPy and the system report it."""

from __future__ import annotations

import errno
import re

import torch

_TEXTS = re.compile(
    r"DefaultCPUAllocator"  # PyTorch's: "can't allocate memory" on Linux and macOS, "not enough memory" on Windows
    r"|cannot allocate memory|out of memory"  # of the system, and of CUDA where no allocator of PyTorch was asked
    r"|std::bad_alloc"
    r"|failed to map segment"  # of a library that is imported late
    r"|could not create a primitive"  # oneDNN without room for its scratchpad
    r"|CU\w+_STATUS_ALLOC_FAILED",
    re.IGNORECASE,
)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether ``error`` means that memory ran out: most of PyTorch's are plain RuntimeErrors with a text."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    return isinstance(error, RuntimeError | ImportError) and _TEXTS.search(str(error)) is not None
