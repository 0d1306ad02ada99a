"""The device of a run, and the setup of the thread that trains."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from importlib.metadata import version

import torch

from reglab.errors import RegLabError, shown


def choose_device(name: str = "auto") -> torch.device:
    """The device called ``name``; "auto" is a CUDA GPU where there is one, else the CPU.

    :raises RegLabError: torch does not know the name, this machine lacks the device, or it is Apple's GPU, which has no
        float64 and whose float32 results are not compared with the CPU's.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name.partition(":")[0] == "mps":
        reason = "because its results have not been shown to agree with the CPU's"
        raise RegLabError(f"The device {name!r}, Apple's GPU, is not supported, {reason}; use auto or cpu.")
    try:
        device = torch.device(name)
        usable = device.type == "cpu" or (device.type == "cuda" and (device.index or 0) < torch.cuda.device_count())
    except RuntimeError:
        usable = False
    if usable and device.type == "cuda":
        torch.backends.cudnn.deterministic = True  # the fastest algorithms add in an order that changes
        torch.backends.cudnn.allow_tf32 = False  # float32 keeps its 24 bits in convolutions as everywhere else
    if not usable:
        raise RegLabError(f"The device {shown(name)} is not available here; use auto, cpu or cuda.")
    return device


def describe(device: torch.device) -> str:
    """For example "CPU (x86_64)" or "cuda:0 (NVIDIA H100)"."""
    if device.type == "cuda":
        return f"cuda:{device.index or 0} ({torch.cuda.get_device_name(device)})"
    return f"CPU ({platform.machine()})"


def use_threads(threads: int | None) -> int:
    """Give the calling thread ``threads`` intra-op threads (``None``: no change); their number."""
    if threads is not None and torch.get_num_threads() != threads:
        torch.set_num_threads(threads)
    return torch.get_num_threads()


@contextmanager
def denormals_flushed() -> Iterator[None]:
    """Treat denormal numbers as 0 in the calling thread.

    Weights that decay towards 0 pass through denormals, which are many times slower on some CPUs.
    """
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


@lru_cache
def versions() -> Mapping[str, str]:
    """The versions that the bits of a run depend on."""
    return {"python": platform.python_version(), **{name: version(name) for name in ("torch", "numpy", "torchvision")}}
