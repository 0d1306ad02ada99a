"""A process whose websocket sessions do what a browser does with a live page, without drawing it.

``python -m tests.benchmarks.visitors URL``: each line of standard input is the number of sessions to keep open; each
answer is a line of JSON, once all of them show the page. A session sends what Chromium sends: the address at first,
then each fragment's automatic reruns, every ``interval`` seconds, with the hashes of the large messages that it keeps.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

_KEPT_RUNS = 2  # script runs for which a browser keeps a large message


@dataclass
class Visitor:
    """One session; ``received`` counts messages by kind, and ``runs`` the script runs that have ended."""

    url: str
    page: str = ""
    runs: int = 0
    received: Counter[str] = field(default_factory=Counter)
    shown: asyncio.Event = field(default_factory=asyncio.Event)
    kept: deque[set[str]] = field(default_factory=lambda: deque([set()], maxlen=_KEPT_RUNS))
    timers: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    async def visit(self) -> None:
        """Open the page and follow it until cancelled."""
        address = urlsplit(self.url)
        socket = f"ws://{address.netloc}/_stcore/stream"
        async with connect(socket, subprotocols=[Subprotocol("streamlit")], max_size=None, proxy=None) as ws:
            try:
                await self._rerun(ws)
                async for payload in ws:
                    await self._take(ws, ForwardMsg.FromString(payload))
            finally:
                self._forget_timers()

    async def _take(self, ws: ClientConnection, message: ForwardMsg) -> None:
        kind = str(message.WhichOneof("type"))
        self.received[kind] += 1
        if message.metadata.cacheable:
            self.kept[-1].add(message.hash)
        if kind == "ref_hash":
            self.kept[-1].add(message.ref_hash)
        elif kind == "new_session":
            self.page = message.new_session.page_script_hash
            if not message.metadata.run.fragment_ids:
                self._forget_timers()
        elif kind == "auto_rerun":
            again = self._again(ws, message.auto_rerun.fragment_id, message.auto_rerun.interval)
            self.timers[message.auto_rerun.fragment_id] = asyncio.create_task(again)
        elif kind == "script_finished":
            self.runs += 1
            self.kept.append(set())
            self.shown.set()

    async def _again(self, ws: ClientConnection, fragment: str, interval: float) -> None:
        while True:
            await asyncio.sleep(interval)
            await self._rerun(ws, fragment)

    async def _rerun(self, ws: ClientConnection, fragment: str = "") -> None:
        address = urlsplit(self.url)
        message = BackMsg()
        asked = message.rerun_script
        asked.query_string, asked.page_script_hash = address.query, self.page
        asked.widget_states.SetInParent()
        asked.context_info.timezone, asked.context_info.locale = "UTC", "en-US"
        asked.context_info.url, asked.context_info.color_scheme = self.url.partition("?")[0], "light"
        if fragment:
            asked.fragment_id, asked.is_auto_rerun = fragment, True
            asked.cached_message_hashes.extend(sorted(set().union(*self.kept)))
        else:
            asked.page_name = address.path.strip("/")
        await ws.send(message.SerializeToString())

    def _forget_timers(self) -> None:
        for timer in self.timers.values():
            timer.cancel()
        self.timers.clear()


@dataclass
class Crowd:
    """The visitors that are here now."""

    url: str
    visits: list[tuple[Visitor, asyncio.Task[None]]] = field(default_factory=list)

    async def become(self, size: int) -> None:
        """Let visitors come, one after another, or leave, until ``size`` are here."""
        while len(self.visits) > size:
            _, visit = self.visits.pop()
            visit.cancel()
            await asyncio.gather(visit, return_exceptions=True)
        while len(self.visits) < size:
            visitor = Visitor(self.url)
            visit = asyncio.create_task(visitor.visit())
            self.visits.append((visitor, visit))
            await asyncio.wait([visit, asyncio.create_task(visitor.shown.wait())], return_when="FIRST_COMPLETED")
            if visit.done():
                visit.result()

    def report(self) -> dict[str, object]:
        """Script runs and messages of everyone so far."""
        received = sum((visitor.received for visitor, _ in self.visits), Counter[str]())
        return {"here": len(self.visits), "runs": sum(visitor.runs for visitor, _ in self.visits), **received}


async def main(url: str, read: Callable[[], Awaitable[str]]) -> None:
    """Answer until standard input ends."""
    crowd = Crowd(url)
    while line := await read():
        await crowd.become(int(line))
        print(json.dumps(crowd.report()), flush=True)
    await crowd.become(0)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], lambda: asyncio.to_thread(sys.stdin.readline)))
