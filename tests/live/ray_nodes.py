"""A real Ray cluster of two nodes with a CPU each, in processes of their own: ``python -m tests.live.ray_nodes``.

The first line out is the address for Ray's clients. ``kill`` on a line in kills the second node as a power cut does,
``add`` starts another one; the end of the input ends all.
"""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import pytest

_ROOT = Path(__file__).resolve().parents[2]
FIRST, SECOND = "127.0.0.2", "127.0.0.3"  # on this machine too; of 127.0.0.1 Ray would make the network's address
_OBJECTS = 80 * 2**20  # bytes of shared memory for each node


@dataclass(frozen=True)
class RayCluster:
    """A running cluster, and its address for clients."""

    address: str
    process: subprocess.Popen[str]

    def ask(self, what: str) -> None:
        """Have a node killed or added, and wait for it."""
        _write(self.process, what)
        assert _read(self.process) == what


@contextmanager
def ray_cluster() -> Iterator[RayCluster]:
    """A cluster for the block, in which this process knows its token too."""
    own = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32), "RAY_USAGE_STATS_ENABLED": "0"}
    own["GRPC_ENABLE_FORK_SUPPORT"] = "0"  # with it Ray's server for clients dies at times when it forks
    with pytest.MonkeyPatch.context() as patch:
        for name, value in own.items():
            patch.setenv(name, value)
        yield from _running()


def _running() -> Iterator[RayCluster]:
    command = [sys.executable, "-m", "tests.live.ray_nodes"]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=_ROOT, env=_environment(), **pipes) as process:
        try:
            address = _read(process)
            assert address, "the cluster did not start"
            yield RayCluster(address, process)
        finally:
            cast("IO[str]", process.stdin).close()
            process.wait()


def _environment() -> dict[str, str]:
    paths = [str(_ROOT / "src"), str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


def _write(process: subprocess.Popen[str], line: str) -> None:
    stream = cast("IO[str]", process.stdin)
    stream.write(f"{line}\n")
    stream.flush()


def _read(process: subprocess.Popen[str]) -> str:
    return cast("IO[str]", process.stdout).readline().strip()


def _main() -> None:
    from ray.cluster_utils import Cluster

    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what Ray prints
    with socket.socket() as probe:
        probe.bind((FIRST, 0))
        port = int(probe.getsockname()[1])
    node = {"num_cpus": 1, "object_store_memory": _OBJECTS, "include_dashboard": False}
    second = {**node, "node_ip_address": SECOND}
    cluster = Cluster(
        initialize_head=True, head_node_args={**node, "node_ip_address": FIRST, "ray_client_server_port": port}
    )
    added = cluster.add_node(**second)
    print(f"ray://{FIRST}:{port}", file=out, flush=True)
    for line in sys.stdin:
        if line == "kill\n":
            cluster.remove_node(added, allow_graceful=False)
        elif line == "add\n":
            added = cluster.add_node(**second)
        print(line, end="", file=out, flush=True)
    cluster.shutdown()


if __name__ == "__main__":
    _main()
