"""Cores, memory and GPUs, within the limits of the container."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from reglab.cli.checkup.finding import Finding, Level
from reglab.errors import clipped
from reglab.machine import available_cores, available_memory, total_memory
from reglab.number_format import gib
from reglab.settings import Settings

SCARCE = 3 * 2**29  # what a server with two workers needs
_DRIVER = Path("/proc/driver/nvidia/version")


def cores(settings: Settings) -> Iterator[Finding]:
    usable, every = available_cores(), psutil.cpu_count() or 1
    if settings.on_ray:
        yield Finding("Cores", "ok", f"{usable} of {every} cores; runs train on {settings.runner}.")
        return
    limited = " (affinity or the container's quota bars the others)" if usable < every else ""
    text = f"{usable} of {every} cores{limited}; {settings.slots} run{'' if settings.slots == 1 else 's'} at once."
    facts = {"cores": usable, "every": every, "slots": settings.slots}
    if settings.slots > usable:
        yield Finding("Cores", "warning", text, "More runs than cores slow each other: lower REGLAB_SLOTS.", facts)
    elif settings.slots * (settings.threads or 1) > usable:
        text = f"{text} Each takes {settings.threads} threads (REGLAB_THREADS={settings.threads})."
        yield Finding("Cores", "warning", text, "More threads than cores slow each other: lower either number.", facts)
    else:
        yield Finding("Cores", "ok", text, facts=facts)


def memory() -> Iterator[Finding]:
    free, total = available_memory(), total_memory()
    text, facts = f"{gib(free)} of {gib(total)} available.", {"available": free, "total": total}
    if free < SCARCE:
        yield Finding("Memory", "warning", text, "Train fewer runs at once: lower REGLAB_SLOTS.", facts)
    else:
        yield Finding("Memory", "ok", text, facts=facts)


def gpus(settings: Settings) -> Iterator[Finding]:
    """Every GPU with its memory, and the device that runs train on."""
    import torch

    from reglab.training.devices import choose_device, describe

    with warnings.catch_warnings(record=True) as heard:  # PyTorch warns of a driver that is too old
        warnings.simplefilter("always")
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if not count:
        yield _no_gpu([str(each.message) for each in heard])
    for index in range(count):
        yield _gpu(torch.cuda, index, settings.device)
    if settings.on_ray:
        return
    device = choose_device(settings.device)
    text = f"Runs train on {describe(device)} (REGLAB_DEVICE={settings.device})."
    yield Finding("Device", "ok", text, facts={"device": str(device)})


def _gpu(cuda: Any, index: int, device: str) -> Finding:
    """One GPU; where it cannot be used, that is a problem unless runs are to train on the CPU anyway."""
    level: Level = "warning" if device == "cpu" else "problem"
    try:
        return _usable_gpu(cuda, index, level)
    except RuntimeError as error:  # it is taken by another process, or its driver fails
        text = f"cuda:{index} cannot be used: {clipped(str(error)).rstrip('.')}."
        return Finding("GPU", level, text, "Free it, or set REGLAB_DEVICE to another device.", {"index": index})


def _usable_gpu(cuda: Any, index: int, level: Level) -> Finding:
    free, total = cuda.mem_get_info(index)
    text = f"cuda:{index}, {cuda.get_device_name(index)}: {gib(free)} of {gib(total)} free."
    facts = {"index": index, "name": cuda.get_device_name(index), "free": free, "total": total}
    major, minor = cuda.get_device_capability(index)
    if not _supported(cuda.get_arch_list(), major, minor):
        remedy = "Install a PyTorch that is built for it, or set REGLAB_DEVICE=cpu."
        return Finding("GPU", level, f"{text} This PyTorch has no code for its sm_{major}{minor}.", remedy, facts)
    return Finding("GPU", "ok", text, facts=facts)


def _supported(built: list[str], major: int, minor: int) -> bool:
    """Binaries run on later minor versions of their major one, PTX (``compute_…``) on everything later."""
    versions = [(kind, int(number.rstrip("af"))) for kind, _, number in (name.partition("_") for name in built)]
    own = 10 * major + minor
    return any(at <= own and (kind == "compute" or at // 10 == major) for kind, at in versions)


def _no_gpu(heard: list[str]) -> Finding:
    import torch

    driver = _DRIVER.exists() or shutil.which("nvidia-smi") is not None
    if heard:
        return Finding("GPU", "warning", f"PyTorch cannot use a GPU: {clipped(heard[0])}", "Runs train on the CPU.")
    if driver and not torch.version.cuda:
        remedy = "Install PyTorch's build for CUDA to use it; until then runs train on the CPU."
        return Finding("GPU", "warning", "An NVIDIA driver is installed, but this PyTorch is built for CPUs.", remedy)
    return Finding("GPU", "ok", "No GPU; runs train on the CPU.")
