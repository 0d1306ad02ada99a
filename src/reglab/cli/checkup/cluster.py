"""The Ray cluster, where the settings name one: its nodes, and whether each can train runs of this store."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from reglab.cli.checkup.finding import Finding
from reglab.errors import RegLabError
from reglab.settings import Settings

if TYPE_CHECKING:
    from reglab.jobs.ray_cluster import Node


def ray(settings: Settings) -> Iterator[Finding]:
    """A finding for the cluster and one for each node; connected to, and left again."""
    if not settings.on_ray:
        return
    from reglab.jobs import ray_cluster
    from reglab.store.remote_files import place_beacon, remove_beacon

    with ray_cluster.connected(settings):
        found = ray_cluster.nodes()
        fitted = ray_cluster.fitted(settings, found)
        what = f"{_count(len(found), 'node')}, {_count(fitted.slots, 'run')} at once on the device {fitted.device}"
        facts = {"address": settings.runner, "nodes": len(found), "slots": fitted.slots}
        yield Finding("Ray", "ok", f"{settings.runner}: {what}.", facts=facts)
        if settings.files_folder.is_dir() and not settings.read_only:  # it is created at the first start
            beacon = place_beacon(settings.files_folder, settings.files_url)
            try:
                yield from [_node(node, beacon, settings.files_url) for node in found]
            finally:
                remove_beacon(beacon, settings.files_url)


def _node(node: Node, beacon: str, url: str | None) -> Finding:
    from reglab.jobs import ray_cluster

    facts = {"address": node.address, "cpus": node.cpus, "gpus": node.gpus}
    try:
        ray_cluster.probe([node], beacon, url)
    except RegLabError as error:
        return Finding("Ray", "problem", str(error), facts=facts)
    gpus = f" and {_count(node.gpus, 'GPU')}" if node.gpus else ""
    return Finding("Ray", "ok", f"Node {node.address}: {_count(node.cpus, 'CPU')}{gpus}.", facts=facts)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
