"""Cores and memory of the machine: psutil, control groups, ``ulimit -v``, and systems without any of these."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from reglab import machine
from reglab.machine import available_cores, available_memory, file_system, is_remote, total_memory

GIB = 2**30


@pytest.fixture
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in the place of the kernel's control groups, and room for the process's membership."""
    monkeypatch.setattr(machine, "_GROUPS", tmp_path / "cgroup")
    monkeypatch.setattr(machine, "_MEMBERSHIP", tmp_path / "membership")
    return tmp_path / "cgroup"


def write(groups: Path, membership: str, files: Mapping[str, str]) -> None:
    (groups.parent / "membership").write_text(membership)
    for name, text in files.items():
        (groups / name).parent.mkdir(parents=True, exist_ok=True)
        (groups / name).write_text(f"{text}\n")


@pytest.mark.usefixtures("groups")
def test_without_control_groups_the_machine_is_asked() -> None:
    total = psutil.virtual_memory().total
    assert 0 < available_memory() <= total
    assert 1 <= available_cores() <= (psutil.cpu_count() or 1)


@pytest.mark.usefixtures("groups")
def test_a_system_without_these_sysconf_names_affinity_masks_and_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    def as_on_macos(name: str) -> int:
        raise ValueError(f"unrecognized configuration name: {name}")

    monkeypatch.setattr(os, "sysconf", as_on_macos)
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.delattr(psutil.Process, "cpu_affinity", raising=False)
    monkeypatch.delattr(psutil.Process, "rlimit", raising=False)
    assert available_cores() == (os.cpu_count() or 1)
    assert 0 < available_memory() <= psutil.virtual_memory().total
    assert total_memory() == psutil.virtual_memory().total


def test_the_limit_of_the_container_counts_also_in_a_group_above(groups: Path) -> None:
    inner = {"memory.max": "max", "memory.current": str(GIB // 8)}
    outer = {
        "memory.max": str(GIB),
        "memory.current": str(GIB // 2),
        "memory.stat": f"anon 7\ninactive_file {GIB // 4}",
    }
    files = {f"pod/app/{name}": text for name, text in inner.items()} | {
        f"pod/{name}": text for name, text in outer.items()
    }
    write(groups, "0::/pod/app", files)
    assert available_memory() == GIB - GIB // 2 + GIB // 4
    assert total_memory() == GIB


def test_in_a_container_the_path_may_name_a_group_outside_it(groups: Path) -> None:
    write(groups, "0::/docker/4f2a", {"memory.max": str(GIB // 4), "memory.current": "0"})
    assert available_memory() == GIB // 4


def test_control_groups_of_version_1(groups: Path) -> None:
    files = {
        "memory/pod/memory.limit_in_bytes": str(GIB), "memory/pod/memory.usage_in_bytes": str(GIB // 2),
        "memory/pod/memory.stat": "cache 9\ntotal_inactive_file 4096",
        "memory/memory.limit_in_bytes": str(2**63 - 4096), "memory/memory.usage_in_bytes": str(GIB),
        "cpu/cpu.cfs_quota_us": "100000", "cpu/cpu.cfs_period_us": "100000",
    }  # fmt: skip
    write(groups, "5:cpu,cpuacct:/\n4:memory:/pod\n1:name=systemd:/", files)
    assert available_memory() == GIB // 2 + 4096
    assert available_cores() == 1


@pytest.mark.parametrize(("quota", "cores"), [("50000 100000", 1), ("100000 100000", 1), ("max 100000", None)])
def test_the_cpu_quota_of_the_container(groups: Path, quota: str, cores: int | None) -> None:
    write(groups, "0::/", {})
    without = available_cores()
    write(groups, "0::/", {"cpu.max": quota})
    assert available_cores() == (cores or without)


@pytest.mark.usefixtures("groups")
def test_a_group_that_uses_more_than_its_limit_leaves_nothing(groups: Path) -> None:
    write(groups, "0::/", {"memory.max": "1000", "memory.current": "2000"})
    assert available_memory() == 0


@pytest.mark.skipif(not hasattr(psutil.Process, "rlimit"), reason="this system has no limit on the address space")
def test_a_limit_on_the_address_space_counts() -> None:
    limit = GIB
    code = (
        f"import resource; resource.setrlimit(resource.RLIMIT_AS, ({limit}, {limit})); "
        "from reglab.machine import available_memory; print(available_memory())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 0 < int(done.stdout) < limit


@pytest.mark.parametrize(
    ("fstype", "remote"),
    [("ext4", False), ("overlay", False), ("nfs4", True), ("CIFS", True), ("fuse.sshfs", True), ("fuseblk", False)],
)
def test_the_innermost_mount_says_whether_other_machines_share_it(
    fstype: str, remote: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounts = [("/", "tmpfs"), (str(tmp_path), fstype), (str(tmp_path / "deeper"), "xfs"), (f"{tmp_path}-more", "xfs")]
    found = [SimpleNamespace(mountpoint=place, fstype=kind) for place, kind in mounts]
    monkeypatch.setattr(psutil, "disk_partitions", lambda all: found)
    assert (file_system(tmp_path / "home"), is_remote(tmp_path / "home")) == (fstype.lower(), remote)
    assert not is_remote(tmp_path / "deeper" / "home")
