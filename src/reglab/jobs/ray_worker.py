"""A worker process on a Ray cluster, as the server sees it, and the thread that hears them all."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from queue import SimpleQueue
from typing import Any

import ray
from ray.exceptions import RayError

from reglab.errors import clipped
from reglab.jobs.messages import Message, settings_facts
from reglab.jobs.pace import TICK
from reglab.jobs.patience import Outages
from reglab.jobs.ray_cluster import refusal
from reglab.jobs.work import Halt, Halted
from reglab.jobs.worker_handle import WorkerHandle
from reglab.settings import Settings

BROKEN = (RayError, ConnectionError)
"""What Ray raises where an actor, its node, or the whole cluster is gone."""

_ENDING = 5.0  # seconds in which Ray ends an actor


class RayWorker(WorkerHandle):
    """A worker process behind an actor, which waits for a free CPU or GPU of the cluster.

    ``wait_until_gone(name)`` returns once the process of an actor that was lost no longer works: it outlives the actor
    by the seconds of a checkpoint.
    """

    def __init__(
        self,
        actor: Any,
        post: Post,
        settings: Settings,
        owner: str,
        outages: Outages,
        *,
        beacon: str,
        wait_until_gone: Callable[[str], object],
    ) -> None:
        super().__init__(settings.device, outages)
        self.name, self.node, self._actor, self._wait_until_gone = uuid.uuid4().hex, "", actor, wait_until_gone
        self._messages: SimpleQueue[Message | None] = SimpleQueue()
        self._heard, self._gone, self._status, self._pid = threading.Event(), threading.Event(), None, 0
        self._ray_says, self._sending, self._sent = "", threading.Lock(), 0
        post.expect(self, actor.start.remote(settings_facts(settings), owner, self.name, beacon))

    def wait(self, wanted: Callable[[], Halt | None] = lambda: None) -> None:
        """As :meth:`WorkerHandle.wait`; a cluster may be full for long."""
        while not self._heard.wait(TICK):
            if halt := wanted():
                self._end_actor()
                raise Halted(halt)
        super().wait(wanted)

    def send(self, **message: object) -> bool:
        if not self.alive:
            return False
        with self._sending:
            self._actor.send.remote(self._sent, message)
            self._sent += 1
        return True

    @property
    def alive(self) -> bool:
        return not self._gone.is_set()

    @property
    def pid(self) -> int:
        return self._pid

    def kill(self) -> None:
        if self.node:
            self._actor.kill.remote()
        else:  # it waits for its node
            self._end_actor()

    def end(self, timeout: float) -> None:
        if not self._gone.wait(max(0.0, timeout)):
            self._end_actor()
            self._gone.wait(_ENDING)

    def take(self, answer: Any) -> Any:
        """Take an answer of the actor; the reference to the next one, or None at the end."""
        if isinstance(answer, dict):
            return self._take_facts(answer)
        for line in answer:
            if not line:
                self._over()
                return None
            self._put(json.loads(line))
        return self._actor.read.remote()

    def lose(self, error: Exception) -> None:
        """Note that the actor is gone, for the reason that Ray gives."""
        self._ray_says = clipped(str(error))
        self._over()

    def _take_facts(self, facts: dict[str, Any]) -> Any:
        self.node = facts["node"]
        if sentence := refusal(facts):
            self._put({"error": "WorkerLost", "sentence": sentence})
            self._over()
            return None
        return self._actor.read.remote()

    def _put(self, message: Message) -> None:
        if "status" in message:
            self._status = message["status"]
            return
        self._pid = message.get("ready", self._pid)
        self._messages.put(message)
        self._heard.set()

    def _over(self) -> None:
        """The process has ended, or is lost: its actor gives up its place in the cluster."""
        self._messages.put(None)
        self._gone.set()
        self._heard.set()
        self._end_actor()

    def _end_actor(self) -> None:
        with suppress(*BROKEN):  # it is gone already
            ray.kill(self._actor)

    def _received(self) -> Iterator[Message]:
        while (message := self._messages.get()) is not None:
            yield message
        self._messages.put(None)  # for the next one who asks
        if self._ray_says and self.ready:
            self._wait_until_gone(self.name)

    def _cause(self) -> str:
        where = f"on the Ray node {self.node} " if self.node else ""
        if self._ray_says:
            return f"{where}is gone with its actor ({self._ray_says.rstrip('.')})"
        return where + self._cause_of(-9 if self._status is None else self._status)


class Post:
    """One thread that hears all workers: with a thread each, a large cluster would take a thousand."""

    def __init__(self) -> None:
        self._expected: dict[Any, RayWorker] = {}
        self._guard, self._closed = threading.Condition(), False
        self._thread = threading.Thread(target=self._run, name="reglab-ray", daemon=True)
        self._thread.start()

    def expect(self, worker: RayWorker, answer: Any) -> None:
        """Have ``worker`` take the ``answer`` once it is there, and the next one that it then names."""
        with self._guard:
            self._expected[answer] = worker
            self._guard.notify_all()

    def close(self) -> None:
        """End the thread."""
        with self._guard:
            self._closed = True
            self._guard.notify_all()
        self._thread.join()

    def _run(self) -> None:
        while answers := self._answers():
            try:
                ray.wait(answers, num_returns=1, timeout=TICK)
                here, _ = ray.wait(answers, num_returns=len(answers), timeout=0)
            except BROKEN:
                here = answers  # the connection to the cluster: all are lost
            for answer in here:
                self._deliver(answer)

    def _answers(self) -> list[Any]:
        with self._guard:
            self._guard.wait_for(lambda: self._closed or self._expected)
            return [] if self._closed else list(self._expected)

    def _deliver(self, answer: Any) -> None:
        with self._guard:
            worker = self._expected.pop(answer)
        try:
            further = worker.take(ray.get(answer))
        except BROKEN as error:
            worker.lose(error)
            return
        if further is not None:
            self.expect(worker, further)
