"""Workers on a Ray cluster: processes like those of this machine, each behind an actor that holds a CPU or GPU."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial

from reglab.jobs import ray_cluster
from reglab.jobs.patience import Outages
from reglab.jobs.worker_handle import WorkerHandle
from reglab.jobs.worker_pool import WorkerPool
from reglab.jobs.worker_process import GRACE
from reglab.settings import Settings
from reglab.store import Store
from reglab.store.remote_files import place_beacon, remove_beacon


class RayPool(WorkerPool):
    """At most ``settings.slots`` workers on the cluster that this process is connected to.

    Where a worker is lost with its node, its sweep goes on without it as soon as its process no longer works.
    """

    one_machine = False
    retries = 3

    def __init__(self, store: Store, settings: Settings, outages: Outages, beacon: str, leaving: ExitStack) -> None:
        from reglab.jobs.ray_worker import Post

        super().__init__(settings, store.owner().id, outages)
        self._store, self._beacon, self._post, self._left = store, beacon, Post(), leaving
        self._devices = [settings.device]

    @classmethod
    def connected(cls, store: Store, settings: Settings, outages: Outages) -> RayPool:
        """Connect this process to the Ray of ``settings``.

        :raises RegLabError: one sentence: there is no such Ray, the store is SQLite, or a node cannot train.
        """
        with ExitStack() as opened:
            opened.enter_context(ray_cluster.connected(settings))
            beacon = place_beacon(settings.files_folder, settings.files_url)
            opened.callback(remove_beacon, beacon, settings.files_url)
            nodes = ray_cluster.nodes()
            fitted = ray_cluster.fitted(settings, nodes)
            ray_cluster.probe(nodes, beacon, settings.files_url)
            return cls(store, fitted, outages, beacon, opened.pop_all())

    def close(self, timeout: float) -> None:
        super().close(timeout)
        self._post.close()
        self._left.close()

    def _has_room(self) -> bool:
        """The cluster knows: an actor waits until there is room for it."""
        return True

    def _new(self) -> WorkerHandle:
        import ray

        from reglab.jobs.ray_actor import WorkerActor
        from reglab.jobs.ray_worker import RayWorker

        actor = ray.remote(**ray_cluster.needs(self.settings))(WorkerActor).remote()
        gone = partial(self._store.wait_until_gone, seconds=GRACE + 5.0)
        shared = (self._post, self.settings, self.owner, self.outages)
        return RayWorker(actor, *shared, beacon=self._beacon, wait_until_gone=gone)
