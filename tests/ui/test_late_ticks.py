"""What a run of the page has drawn reaches the browser, whenever a tick of the run before it arrives.

A real Streamlit runtime takes the messages of a browser in the order in which a busy machine may hear them: the tick
that a browser sent before it knew of the new page run is heard when the script of that run has ended, but before the
server has looked at what the script has drawn.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime import Runtime, RuntimeConfig
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.session_manager import SessionClient

SCRIPT = """
import streamlit as st

from reglab.ui.shared.ticks import tick_every


def tick() -> None:
    st.text("tick")


st.session_state.runs = st.session_state.get("runs", 0) + 1
{draw}
st.text(f"page run {{st.session_state.runs}}")
"""


class Browser(SessionClient):
    """A browser that keeps what the server has sent."""

    def __init__(self) -> None:
        self.heard: list[ForwardMsg] = []

    def write_forward_msg(self, msg: ForwardMsg) -> None:
        self.heard.append(msg)

    def texts(self) -> list[str]:
        elements = [message.delta.new_element for message in self.heard if message.WhichOneof("type") == "delta"]
        return [element.text.body for element in elements if element.WhichOneof("type") == "text"]

    def tick(self) -> BackMsg:
        """The tick for which the server has last asked."""
        asked = [message.auto_rerun for message in self.heard if message.WhichOneof("type") == "auto_rerun"]
        tick = BackMsg()
        tick.rerun_script.fragment_id, tick.rerun_script.is_auto_rerun = asked[-1].fragment_id, True
        return tick


@pytest.fixture
def show(tmp_path: Path) -> Iterator[Callable[[str], Runtime]]:
    """``show(draw)``: a server whose page draws its fragment so."""

    def make(draw: str) -> Runtime:
        script = tmp_path / "page.py"
        script.write_text(SCRIPT.format(draw=draw), "utf-8")
        uploads = MemoryUploadedFileManager("/upload")
        return Runtime(RuntimeConfig(str(script), MemoryMediaFileStorage("/media"), uploads))

    yield make
    Runtime._instance = None


async def rerun_met_by_a_tick(runtime: Runtime) -> list[str]:
    """The texts that the browser is sent of the second page run, at whose end a tick of the first one arrives."""
    await runtime.start()
    browser, rerun = Browser(), BackMsg()
    rerun.rerun_script.SetInParent()
    session_id = runtime.connect_session(browser, {})
    info = runtime._session_mgr.get_active_session_info(session_id)
    assert info is not None
    info.session.track_settling()
    runtime.handle_backmsg(session_id, rerun)
    await info.session.wait_until_settled()
    assert browser.texts() == ["tick", "page run 1"]
    tick = browser.tick()
    browser.heard.clear()
    runtime.handle_backmsg(session_id, rerun)
    for thread in threading.enumerate():
        if thread.name == "ScriptRunner.scriptThread":
            thread.join()  # which holds the event loop, so that nothing of this run is looked at yet
    runtime.handle_backmsg(session_id, tick)
    await info.session.wait_until_settled()
    runtime.stop()
    await runtime.stopped
    return browser.texts()


def test_a_late_tick_takes_nothing_from_a_run_of_the_page(show: Callable[[str], Runtime]) -> None:
    assert asyncio.run(rerun_met_by_a_tick(show("tick_every(60, tick)"))) == ["tick", "page run 2"]


def test_streamlit_drops_a_run_of_the_page_for_a_late_tick_of_a_fragment_that_stays(
    show: Callable[[str], Runtime],
) -> None:
    """A canary: once Streamlit keeps the run, tick_every need not number its fragments."""
    assert asyncio.run(rerun_met_by_a_tick(show("st.fragment(tick, run_every=60)()"))) == ["tick"]
