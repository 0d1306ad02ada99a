"""Keeps freed memory for the next step, gives it back at the end, and recognises errors that mean memory ran out.

Training frees and allocates the same few dozen megabytes in every step. glibc returns the end of its heap to the system
once some hundred kilobytes there are free; the page faults that follow cost simple_cnn at 8 pixels a quarter of its
time.
"""

from __future__ import annotations

import ctypes
import errno
import re
import sys
from dataclasses import dataclass
from functools import lru_cache

import torch

from reglab.datasets import DATASETS, image_shape
from reglab.machine import available_memory
from reglab.models import MODELS, Architecture, Shape, Summary, summarise
from reglab.optimizers import OPTIMIZERS
from reglab.spec import ModelSpec, RunSpec
from reglab.training.devices import choose_device

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h
_KEPT = 256 * 2**20  # bytes free at the end of the heap before they go back to the system
_MAPPED = 64 * 2**20  # bytes from which an allocation is a mapping of its own, unmapped when freed

_TEXTS = re.compile(
    r"DefaultCPUAllocator"  # PyTorch's: "can't allocate memory" on Linux and macOS, "not enough memory" on Windows
    r"|cannot allocate memory|out of memory"  # of the system, and of CUDA where no allocator of PyTorch was asked
    r"|std::bad_alloc"
    r"|failed to map segment"  # of a library that is imported late
    r"|could not create a primitive"  # oneDNN without room for its scratchpad
    r"|CU\w+_STATUS_ALLOC_FAILED",
    re.IGNORECASE,
)


@lru_cache
def keep_freed_memory() -> None:
    """Raise the thresholds of this process, if its C library is glibc."""
    library = _glibc()
    if library is not None:
        library.mallopt(_MMAP_THRESHOLD, _MAPPED)
        library.mallopt(_TRIM_THRESHOLD, _KEPT)


def give_memory_back() -> None:
    """Return all free memory to the system at the end of a run, if the C library is glibc."""
    library = _glibc()
    if library is not None:
        library.malloc_trim(0)


@lru_cache
def _glibc() -> ctypes.CDLL | None:
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "gnu_get_libc_version") else None


def is_out_of_memory(error: BaseException) -> bool:
    """Whether ``error`` means that memory ran out: most of PyTorch's are plain RuntimeErrors with a text."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    return isinstance(error, RuntimeError | ImportError) and _TEXTS.search(str(error)) is not None


_USED = 0.7  # share of the available memory to plan with: workspaces, data and pages come on top of the estimate


@dataclass(frozen=True)
class LaneSize:
    """Bytes of one lane: ``memory`` while it trains, ``weights`` as a file, ``checkpoint`` as a file."""

    memory: int
    weights: int
    checkpoint: int


def lane_size(spec: RunSpec) -> LaneSize:
    """The network's own need with this batch and optimizer, mean gradients, and the best epoch's weights."""
    entry = DATASETS.get(spec.data.name)
    summary = _summary(MODELS.get(spec.model.name), spec.model, image_shape(spec.data), len(entry.classes))
    wide = 2 if spec.train.precision == "float64" else 1
    weights = wide * summary.weight_bytes
    state = len(OPTIMIZERS.get(spec.optim.name).state(spec.optim))
    training = wide * summary.training_bytes(spec.train.batch_size, state)
    return LaneSize(training + 2 * weights, weights, weights * (3 + state))


@lru_cache(maxsize=256)
def _summary(_entry: Architecture, model: ModelSpec, shape: Shape, classes: int) -> Summary:
    """:func:`summarise`, which takes milliseconds: forms ask for the size of their run at every change."""
    return summarise(model, shape, classes)


def free_memory(device: str) -> int:
    """Bytes that lanes may use on ``device``: most of what a GPU has free, or of what this process can allocate."""
    at = choose_device(device)
    if at.type == "cuda":
        return int(_USED * torch.cuda.mem_get_info(at)[0])
    return int(_USED * available_memory())
