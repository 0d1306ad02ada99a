"""A visitor without a browser: Streamlit's own messages over one WebSocket, with whatever headers an attacker likes."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

PATIENCE = 60.0  # seconds for one message on a busy machine


@dataclass
class Visitor:
    """One session of a page; ``heard`` holds every message of the server so far."""

    socket: ClientConnection
    heard: list[ForwardMsg] = field(default_factory=list)
    query: str = ""

    def visit(self, page: str = "train", query: str = "") -> None:
        """Ask for a page as a browser does, and wait until its script has run."""
        self.query = query
        ask = BackMsg()
        ask.rerun_script.query_string = query
        ask.rerun_script.page_name = page
        self.say(ask)
        self.wait()

    def tick(self) -> None:
        """Let the fragment that last asked for it run again, as a browser does, and wait until the page is drawn."""
        timers = [message.auto_rerun for message in self.heard if message.WhichOneof("type") == "auto_rerun"]
        pages = [message.new_session for message in self.heard if message.WhichOneof("type") == "new_session"]
        ask = BackMsg()
        ask.rerun_script.fragment_id, ask.rerun_script.is_auto_rerun = timers[-1].fragment_id, True
        ask.rerun_script.query_string, ask.rerun_script.page_script_hash = self.query, pages[-1].page_script_hash
        self.say(ask)
        self.wait()
        while self.heard[-1].script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
            self.wait()

    def clear_caches(self) -> None:
        """Send the message behind "Clear cache" in Streamlit's menu, which every visitor may send."""
        self.say(BackMsg(clear_cache=True))

    def say(self, message: BackMsg) -> None:
        """Send one message."""
        self.socket.send(message.SerializeToString())

    def wait(self) -> None:
        """Read messages until a script has finished."""
        while True:
            received = self.socket.recv(timeout=PATIENCE)
            assert isinstance(received, bytes)
            message = ForwardMsg.FromString(received)
            self.heard.append(message)
            if message.WhichOneof("type") == "script_finished":
                return


@contextmanager
def visiting(url: str, *, name: str | None = None, origin: str | None = None) -> Iterator[Visitor]:
    """A visitor of the server at ``url`` who knows it by another ``name``, or comes from a page of ``origin``."""
    port = urlsplit(url).port
    line = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    address = f"ws://{name or '127.0.0.1'}:{port}/_stcore/stream"
    with connect(address, sock=line, origin=cast("Origin | None", origin), max_size=None, proxy=None) as opened:
        yield Visitor(opened)
