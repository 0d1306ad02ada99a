"""A connection to Ray: a cluster's, or one of this machine's own, and what its nodes have."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from reglab import __version__
from reglab.errors import RegLabError, clipped
from reglab.machine import available_cores
from reglab.settings import Settings

_OBJECTS = 80 * 2**20  # bytes: messages alone go through Ray
_KNOCK = 5.0  # seconds in which the head's port answers
_PROBE = 60.0  # seconds in which a node answers


@dataclass(frozen=True)
class Node:
    """A living node, its address, and the CPUs and GPUs that Ray may give away on it."""

    id: str
    address: str
    cpus: int
    gpus: int


@contextmanager
def connected(settings: Settings) -> Iterator[None]:
    """This process, connected to Ray for the block; errors as those of :func:`connect`."""
    connect(settings)
    try:
        yield
    finally:
        leave()


def connect(settings: Settings) -> None:
    """Connect this process to the Ray of ``settings.runner``.

    :raises RegLabError: one sentence: the store is SQLite, Ray is not installed or of another version, or the cluster
        does not answer.
    """
    if settings.store.startswith("sqlite"):
        raise RegLabError(
            f"REGLAB_RUNNER={settings.runner} needs a store that all nodes reach: set REGLAB_STORE to a PostgreSQL "
            "database, e.g. postgresql+psycopg://user@host/database."
        )
    if find_spec("ray") is None:
        raise RegLabError(
            f"REGLAB_RUNNER={settings.runner} needs Ray, which is not installed: pip install 'reglab[ray]'."
        )
    own = settings.runner == "ray"
    os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")  # which fails where one thread forks and others call
    if own:
        os.environ.setdefault("RAY_AUTH_MODE", "token")
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")  # as there: nothing listens to other machines
    else:
        _knock(settings.runner)
    import ray

    with _signals_kept(), warnings.catch_warnings(action="ignore"):
        try:
            ray.init(**(_own(settings) if own else {"address": settings.runner}), **_QUIET)
        except (ConnectionError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
            raise RegLabError(_why_not(settings.runner, str(error))) from None


def _knock(address: str) -> None:
    """Find out at once where nothing listens; Ray tries for half a minute."""
    at = urlsplit(address)
    try:
        socket.create_connection((at.hostname or "", at.port or 0), _KNOCK).close()
    except (OSError, ValueError) as error:
        raise RegLabError(f"{address} does not answer: {str(error).rstrip('.')}; check REGLAB_RUNNER.") from None


def leave() -> None:
    """Leave Ray; one of this machine's own ends."""
    import ray

    ray.shutdown()


_QUIET = {"namespace": "reglab", "log_to_driver": False, "logging_level": logging.ERROR}


def _own(settings: Settings) -> dict[str, Any]:
    return {
        "address": "local",
        "num_cpus": settings.slots or available_cores(),
        "include_dashboard": False,
        "object_store_memory": _OBJECTS,
    }


def _why_not(runner: str, text: str) -> str:
    if "ersion mismatch" in text:
        return f"{runner} has another version of Ray or Python than this machine: {clipped(text)}."
    what = "check that it is the head's port for clients, and that RAY_AUTH_MODE and the token are those of the cluster"
    return f"{runner} does not answer as a Ray cluster ({clipped(text).rstrip('.')}); {what}."


@contextmanager
def _signals_kept() -> Iterator[None]:
    """Ray takes SIGTERM for itself; the server and the command line have handlers of their own."""
    here = threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if here:
            signal.signal(signal.SIGTERM, before)


def nodes() -> list[Node]:
    """The living nodes that have a CPU or GPU to give."""
    import ray

    found = [
        Node(each["NodeID"], each["NodeManagerAddress"], int(own.get("CPU", 0)), int(own.get("GPU", 0)))
        for each in ray.nodes()
        if each["Alive"] and (own := each["Resources"])
    ]
    return sorted((node for node in found if node.cpus or node.gpus), key=lambda node: (node.address, node.id))


def fitted(settings: Settings, among: list[Node]) -> Settings:
    """``settings`` with what the nodes decide: on GPUs where there are any and none is ruled out, else on CPUs.

    :raises RegLabError: the device that is asked for is nowhere.
    """
    cpus, gpus = sum(node.cpus for node in among), sum(node.gpus for node in among)
    device, threads = settings.device.partition(":")[0], settings.threads or 1
    if device == "auto":
        device = "cuda" if gpus else "cpu"
    places = gpus if device == "cuda" else cpus // threads
    if not places:
        raise RegLabError(f"{settings.runner} has no {'GPU' if device == 'cuda' else 'CPU'} for the device {device}.")
    return replace(settings, device=device, threads=threads, slots=settings.slots or min(places, 1024))


def needs(settings: Settings) -> dict[str, int]:
    """What a worker asks of the cluster, as options of its actor."""
    return {"num_cpus": settings.threads or 1, "num_gpus": int(settings.device == "cuda")}


def probe(among: list[Node], beacon: str, url: str | None) -> None:
    """Look on every node whether it can train, with the files of runs at ``url`` or in a folder.

    :raises RegLabError: the sentence about the first node that cannot.
    """
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    task = ray.remote(num_cpus=0)(_looking(__version__))
    there = [NodeAffinitySchedulingStrategy(node.id, soft=False) for node in among]
    answers = [task.options(scheduling_strategy=place).remote(beacon, url) for place in there]
    for node, answer in zip(among, answers, strict=True):
        try:
            facts = ray.get(answer, timeout=_PROBE)
        except ray.exceptions.RayError as error:
            raise RegLabError(f"The Ray node {node.address} does not answer: {clipped(str(error))}") from None
        if sentence := refusal({"node": node.address, **facts}):
            raise RegLabError(sentence)


def _looking(version: str) -> Any:
    """The function that looks: sent as it is, because a node may have no RegLab, or another one."""

    def look(beacon: str, url: str | None) -> dict[str, Any]:
        from importlib.util import find_spec

        if find_spec("reglab") is None:
            return {"reglab": None}
        import reglab

        if reglab.__version__ != version:
            return {"reglab": reglab.__version__}
        from reglab.jobs.ray_actor import node_facts

        return node_facts(beacon, url)

    return look


def refusal(facts: dict[str, Any]) -> str | None:
    """Why the node with these facts cannot train for this server."""
    node, version = f"The Ray node {facts['node']}", facts["reglab"]
    if version is None:
        return f"{node} has no RegLab; install version {__version__} there, as on this machine."
    if version != __version__:
        return f"{node} has RegLab {version}, and this machine {__version__}; install the same version on both."
    if facts["unseen"] is not None:
        return (
            f"{node} {facts['unseen']}; set REGLAB_FILES to a folder that all nodes have under the same name, or to an "
            "fsspec URL such as s3://bucket/prefix."
        )
    return None
