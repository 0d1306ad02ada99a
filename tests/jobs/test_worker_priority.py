"""Workers yield to the server's pages, also where the kernel weighs sessions against each other."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from tests.jobs.running import wait_until

from reglab.jobs import worker_process

AUTOGROUP = Path("/proc/self/autogroup")
YIELD = "from reglab.jobs.worker_process import _yield_to_pages; _yield_to_pages(); print(flush=True); input()"


@pytest.mark.skipif(sys.platform != "linux", reason="niceness, sessions and their weights are Linux's")
def test_a_worker_and_its_session_are_nicer_than_the_server() -> None:
    command = [sys.executable, "-c", YIELD]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True, text=True
    ) as started:
        assert started.stdout is not None
        assert started.stdout.readline() == "\n"
        wanted = min(19, psutil.Process().nice() + 10)
        assert psutil.Process(started.pid).nice() == wanted
        if AUTOGROUP.exists():
            of_session = Path(f"/proc/{started.pid}/autogroup")
            wait_until(lambda: of_session.read_text().split()[-2:] == ["nice", str(wanted)], "the session's niceness")
        started.communicate("\n")
    assert started.returncode == 0


def test_a_kernel_that_is_asked_too_often_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def write(_path: Path, text: str, encoding: str) -> None:
        asked.append(text)
        if len(asked) < 3:
            raise BlockingIOError

    monkeypatch.setattr(Path, "write_text", write)
    monkeypatch.setattr(worker_process, "_PAUSE", 0.0)
    worker_process._lower_session(10)
    assert asked == ["10"] * 3


def test_a_kernel_without_weights_of_sessions_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_path: Path, _text: str, encoding: str) -> None:
        raise FileNotFoundError(encoding)

    monkeypatch.setattr(Path, "write_text", missing)
    worker_process._lower_session(10)
