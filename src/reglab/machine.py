"""Cores and memory that this process may use, on Linux, macOS and Windows, within the limits of a container.

psutil asks the system. On Linux the control groups of version 2 and 1 add their limits, each group's together with
those of the groups above it (https://docs.kernel.org/admin-guide/cgroup-v2.html, …/cgroup-v1/memory.html).
"""

from __future__ import annotations

import math
import platform
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import psutil

_GROUPS = Path("/sys/fs/cgroup")
_MEMBERSHIP = Path("/proc/self/cgroup")  # a line for each hierarchy: "number:controllers:path"
_PROCESSORS = Path("/proc/cpuinfo")
_REMOTE = ("nfs", "cifs", "smb", "afs", "ceph", "lustre", "gpfs", "beegfs", "glusterfs", "9p", "fuse.")
_MEMORY_FILES = (  # limit, usage and, within the usage, the page cache that the kernel drops first
    ("memory.max", "memory.current", "inactive_file"),
    ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)


def available_cores() -> int:
    """Cores in this process's affinity mask, where the system has masks, within the CPU quota of its container."""
    process: Any = psutil.Process()
    mask = process.cpu_affinity() if hasattr(process, "cpu_affinity") else None  # macOS has none
    return max(1, min([len(mask) if mask else psutil.cpu_count() or 1, *_cpu_quotas()]))


@lru_cache
def processor() -> str:
    """The model of the CPU, for example "AMD EPYC 9554"; its architecture where the system gives no model."""
    for line in _lines(_PROCESSORS):
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.processor() or platform.machine()


def available_memory() -> int:
    """Bytes that this process can still allocate without swapping, within its container's limit and its own."""
    return max(0, min([int(psutil.virtual_memory().available), *_left_in_groups(), *_left_in_address_space()]))


def total_memory() -> int:
    """Bytes of memory that this process could have if it were alone, within its container's limit."""
    return min([int(psutil.virtual_memory().total), *_group_limits()])


def file_system(path: Path) -> str:
    """The type of the file system that holds the absolute ``path``, such as ext4, nfs4 or fuse.sshfs; "" if unknown."""
    mounted = [each for each in psutil.disk_partitions(all=True) if path.is_relative_to(each.mountpoint)]
    return max(mounted, key=lambda each: len(each.mountpoint)).fstype.lower() if mounted else ""


def is_remote(path: Path) -> bool:
    """Whether other machines may change what lies at the absolute ``path``."""
    return file_system(path).startswith(_REMOTE)


def _cpu_quotas() -> Iterator[int]:
    for group in _groups("cpu"):
        quota, period = _number(group / "cpu.cfs_quota_us"), _number(group / "cpu.cfs_period_us")
        for line in _lines(group / "cpu.max"):  # "QUOTA PERIOD", in microseconds, or "max PERIOD"
            quota, period = (int(word) if word.isdecimal() else None for word in line.split())
        if quota and period and quota > 0:  # version 1 writes -1 where there is no quota
            yield math.ceil(quota / period)


def _left_in_groups() -> Iterator[int]:
    for group in _groups("memory"):
        for limit_file, usage_file, cache in _MEMORY_FILES:
            limit, usage = _number(group / limit_file), _number(group / usage_file)
            if limit is not None and usage is not None:
                yield limit - usage + _statistic(group / "memory.stat", cache)


def _group_limits() -> Iterator[int]:
    for group in _groups("memory"):
        yield from (limit for file, _, _ in _MEMORY_FILES if (limit := _number(group / file)) is not None)


def _left_in_address_space() -> Iterator[int]:
    """What ``ulimit -v`` leaves, on the systems that have such a limit and enforce it."""
    limits: Any = psutil
    process = limits.Process()
    if hasattr(process, "rlimit"):
        limit, _ = process.rlimit(limits.RLIMIT_AS)
        if limit != limits.RLIM_INFINITY:
            yield limit - process.memory_info().vms


def _groups(controller: str) -> Iterator[Path]:
    """Folders of the control groups that hold this process, innermost first; none outside Linux.

    In a container the entry names a group outside it, and the container's own group is the root of what is mounted.
    """
    for line in _lines(_MEMBERSHIP):
        _, controllers, path = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        root = _GROUPS / controller if controllers else _GROUPS
        group = root / path.lstrip("/")
        yield from (folder for folder in (group, *group.parents) if folder.is_relative_to(root))


def _lines(path: Path) -> list[str]:
    """The lines of a file of the kernel; none where this kernel, or this group, has no such file."""
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []


def _number(path: Path) -> int | None:
    """The number in ``path``; ``None`` without one, as where "max" stands for no limit."""
    text = "".join(_lines(path)).strip()
    return int(text) if text.lstrip("-").isdecimal() else None


def _statistic(path: Path, name: str) -> int:
    return next((int(number) for key, number in map(str.split, _lines(path)) if key == name), 0)
