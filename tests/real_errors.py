"""Errors of other software, provoked for real: no test has to know their texts."""

from __future__ import annotations

import mmap
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

HUGE = 2**58  # more than any address space holds, whatever the system promises to processes

OUT_OF_MEMORY: dict[str, Callable[[], object]] = {
    "python": lambda: bytearray(HUGE),
    "numpy": lambda: np.empty(HUGE // 4, np.float32),
    "torch": lambda: torch.empty(HUGE // 4),
    "torch, in C++": lambda: torch.ops.aten.split(
        torch.empty(0).expand(HUGE // 8, 0), 1
    ),  # a std::vector of that many tensors
    "system": lambda: mmap.mmap(-1, HUGE),
}

FULL = Path("/dev/full")
needs_full_disk = pytest.mark.skipif(not FULL.exists(), reason=f"this system has no {FULL}")


def write_to_a_full_disk(*_: object) -> None:
    """Raise what the system raises where a disk is full."""
    with FULL.open("wb", buffering=0) as file:
        file.write(b"x")
