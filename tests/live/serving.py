"""A Streamlit server of our own: a free port on 127.0.0.1, its own home, stopped by its own process id."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.patience import PATIENCE

ROOT = Path(__file__).resolve().parents[2]
APP = ROOT / "app.py"
_ADDRESS = re.compile(r"https?://127\.0\.0\.1:\d+")
_left: list[int] = []
"""Ports of servers that have ended: the browser still has, compiled, what it got from there."""


@dataclass
class Server:
    """A running server: its address, its home folder, and what it has printed so far."""

    process: subprocess.Popen[str]
    home: Path
    url: str = ""
    lines: list[str] = field(default_factory=list)

    @property
    def log(self) -> str:
        """Everything printed so far."""
        return "".join(self.lines)

    def stop(self, sign: int = signal.SIGTERM, patience: float = PATIENCE) -> float:
        """Send the signal and wait until the process is gone; the seconds that took."""
        start = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(sign)
            self.process.wait(patience)
        return time.monotonic() - start

    def get(self, path: str) -> bytes:
        """The body of a 200 answer."""
        with urllib.request.urlopen(self.url + path, timeout=PATIENCE) as answer:
            return bytes(answer.read())


@contextmanager
def serving(script: Path, home: Path, **environment: str) -> Iterator[Server]:
    """``streamlit run SCRIPT`` with ``REGLAB_HOME=home``, until the block ends."""
    options = {"server.address": "127.0.0.1", "server.headless": "true", "browser.gatherUsageStats": "false"}
    command = [sys.executable, "-m", "streamlit", "run", str(script)]
    command += [f"--{name}={value}" for name, value in options.items()]
    with (
        _port() as port,
        started(
            [*command, f"--server.port={port}"], home, script.parent, REGLAB_HOME=str(home), **environment
        ) as server,
    ):
        yield server


@contextmanager
def _port() -> Iterator[int]:
    """A port for the block that nobody has: one of a server before, if possible."""
    port = next(filter(_free, _left), 0)
    if port:
        _left.remove(port)
    else:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
    yield port
    _left.append(port)


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@contextmanager
def started(command: Sequence[str], home: Path, folder: Path, **environment: str) -> Iterator[Server]:
    """The server that ``command`` starts in ``folder``, until the block ends."""
    variables = {key: value for key, value in os.environ.items() if not key.startswith(("REGLAB_", "STREAMLIT_"))}
    variables |= {"OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1", **environment}
    with subprocess.Popen(
        command, cwd=folder, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        server = Server(process, home)
        reader = threading.Thread(target=_read, args=(server, listens := threading.Event()))
        reader.start()
        try:
            listens.wait(PATIENCE)
            assert server.url, f"The server did not start:\n{server.log}"
            server.get("/_stcore/health")  # answers once the lifespan has opened the services
            yield server
        finally:
            try:
                if process.poll() is None:
                    server.stop(signal.SIGKILL if sys.exc_info()[0] else signal.SIGTERM)
            finally:
                process.kill()  # one that does not leave fails its test, and must not hold up the others
                reader.join()


def _read(server: Server, started: threading.Event) -> None:
    """Keep what the server prints; its address says that it listens."""
    assert server.process.stdout is not None
    for line in server.process.stdout:
        server.lines.append(line)
        if not server.url and (found := _ADDRESS.search(line)):
            server.url = found[0]
            started.set()
    started.set()
