"""What runs on a node of a Ray cluster: an actor that starts a worker process there and passes messages on.

When a server is gone, Ray ends its actors at once, and the children of these with them. The worker process is the child
of a launcher: the end of the actor closes its input, and it checkpoints and leaves as on the server's machine.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, cast

import psutil
import ray

from reglab import __version__
from reglab.errors import StoreError
from reglab.jobs.messages import Message, Sender, settings_of
from reglab.jobs.worker_handle import ARGUMENTS, environment
from reglab.settings import default_home
from reglab.store.remote_files import unseen

READING = 3.0
"""Seconds after which a read is answered, also where the process has written nothing."""

SILENCE = 15.0
"""Seconds without a read after which the server counts as gone."""

_LAUNCHER = """
import signal, subprocess, sys
if hasattr(signal, "SIGCHLD"):
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # Ray ignores it, which loses exit statuses
status = subprocess.call(sys.argv[1:])
print('{"status": %d}' % status, flush=True)
"""


class WorkerActor:
    """A worker process on this node: messages in, lines out. A read that waits keeps no message from being sent."""

    def __init__(self) -> None:
        self._lines: asyncio.Queue[bytes] = asyncio.Queue()
        self._heard = time.monotonic()
        self._early, self._next = dict[int, Message](), 0

    async def start(self, settings: Message, owner: str, name: str, beacon: str) -> Message:
        """Start the process, which announces itself as ``name``; facts of this node, with which it may be refused."""
        facts = await asyncio.to_thread(node_facts, beacon, settings_of(settings).files_url)
        if facts["unseen"] is None:
            own = settings_here(settings)
            self._process = subprocess.Popen(
                [sys.executable, "-S", "-c", _LAUNCHER, sys.executable, *ARGUMENTS],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**environment(), "REGLAB_HOME": own["home"], "REGLAB_DATA": own["data"]},
                start_new_session=True,
            )
            self._sender = Sender(cast("BinaryIO", self._process.stdin))
            self._sender(do="open", settings=own, owner=owner, name=name)
            threading.Thread(target=self._listen, args=(asyncio.get_running_loop(),), daemon=True).start()
            threading.Thread(target=self._watch, daemon=True).start()
        return facts

    async def read(self) -> list[bytes]:
        """What the process has written since the last read, at most :data:`READING` seconds later; it ends with b""."""
        self._heard, lines = time.monotonic(), list[bytes]()
        with suppress(TimeoutError):
            async with asyncio.timeout(READING):
                lines.append(await self._lines.get())
        while not self._lines.empty():
            lines.append(self._lines.get_nowait())
        self._heard = time.monotonic()
        return lines

    async def send(self, number: int, message: Message) -> None:
        """Pass message ``number`` on to the process after those before it: calls may arrive in another order."""
        self._early[number] = message
        while self._next in self._early:
            self._sender(**self._early.pop(self._next))
            self._next += 1

    async def kill(self) -> None:
        """End the process at once."""
        with suppress(psutil.NoSuchProcess):
            for process in psutil.Process(self._process.pid).children(recursive=True):
                process.kill()

    def _listen(self, loop: asyncio.AbstractEventLoop) -> None:
        for line in cast("BinaryIO", self._process.stdout):
            loop.call_soon_threadsafe(self._lines.put_nowait, line)
        loop.call_soon_threadsafe(self._lines.put_nowait, b"")

    def _watch(self) -> None:
        """Have the process checkpoint and leave when the server is gone, which Ray may notice much later."""
        pause = threading.Event()
        while time.monotonic() - self._heard < SILENCE:
            pause.wait(1.0)
        with suppress(OSError):
            cast("BinaryIO", self._process.stdin).close()


def node_facts(beacon: str, url: str | None) -> dict[str, Any]:
    """The address and the version of RegLab of this node, and why it does not see the files of runs."""
    try:
        reason = unseen(beacon, url)
    except StoreError as error:
        reason = f"does not reach the files of runs: {str(error).rstrip('.')}"
    return {"node": ray.util.get_node_ip_address(), "reglab": __version__, "unseen": reason}


def settings_here(settings: Message) -> Message:
    """The server's settings with the folders of this node.

    The home is that of the node's environment, unless it is the folder of all files, which every node sees. Data sets
    are read where the node's environment says, or as on the server where that folder is there, or in the home.
    """
    home = settings["home"] if settings["files"] is None else os.environ.get("REGLAB_HOME") or str(default_home())
    places = (os.environ.get("REGLAB_DATA"), settings["data"])
    data = next((place for place in places if place and Path(place).is_dir()), str(Path(home) / "data"))
    return {**settings, "home": home, "data": data}
