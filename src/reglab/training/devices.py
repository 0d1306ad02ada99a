"""Where a run computes: the device, and how the thread that trains is set up."""

from __future__ import annotations

import platform
from importlib.metadata import version

import torch

from reglab.errors import RegLabError


def choose_device(name: str = "auto") -> torch.device:
    """The device called ``name``; "auto" is a CUDA GPU where there is one, else the CPU.

    :raises RegLabError: for a name torch does not know, or a device that this machine does not have.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
        usable = device.type == "cpu" or (device.type == "cuda" and (device.index or 0) < torch.cuda.device_count())
    except RuntimeError:
        usable = False
    if not usable:
        raise RegLabError(f"The device {name!r} is not available here; use auto, cpu or cuda.")
    return device


def describe(device: torch.device) -> str:
    """The device as people call it, e.g. "CPU (x86_64)" or "cuda:0 (NVIDIA H100)"."""
    if device.type == "cuda":
        return f"cuda:{device.index or 0} ({torch.cuda.get_device_name(device)})"
    return f"CPU ({platform.machine()})"


def prepare_thread(threads: int | None) -> int:
    """Set the calling thread up for training and return its intra-op thread count (``None`` leaves it as it is).

    Denormal numbers are flushed to zero: weights that decay towards 0 otherwise slow some CPUs down many times over.
    """
    if threads is not None and torch.get_num_threads() != threads:
        torch.set_num_threads(threads)
    torch.set_flush_denormal(True)
    return torch.get_num_threads()


def versions() -> dict[str, str]:
    """The versions on which the bits of a run depend."""
    return {"python": platform.python_version(), **{name: version(name) for name in ("torch", "numpy", "torchvision")}}
