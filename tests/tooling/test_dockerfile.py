"""The Dockerfile, read instruction by instruction: what it copies exists, who it runs as, how it is watched."""

from __future__ import annotations

import fnmatch
import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from reglab.ui.server import routes

ROOT = Path(__file__).parents[2]
NEEDED = ("app.py", "pages", "src", ".streamlit", "requirements.txt", "pyproject.toml", "README.md", "LICENSE")


def instructions() -> list[tuple[str, str]]:
    """(instruction, its text) in order, continued lines joined."""
    text = "\n".join(line for line in (ROOT / "Dockerfile").read_text().splitlines() if not line.startswith("#"))
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines if line)]


def texts(word: str) -> list[str]:
    return [rest for found, rest in instructions() if found == word]


def health_check() -> str:
    return texts("HEALTHCHECK")[0]


def copied() -> list[str]:
    return [source for rest in texts("COPY") for source in rest.split()[:-1]]


def test_the_base_is_slim_and_of_a_fixed_python() -> None:
    assert re.fullmatch(r"python:3\.1[12](\.\d+)?-slim-\w+", texts("FROM")[0])


def test_everything_copied_exists_and_nothing_needed_is_missing() -> None:
    assert [source for source in copied() if not (ROOT / source).exists()] == []
    assert set(NEEDED) == set(copied())


def test_the_build_context_holds_what_is_copied_and_no_runs() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert lines[0] == "*"
    allowed = [line.removeprefix("!") for line in lines if line.startswith("!")]
    assert set(allowed) == set(copied())
    refused = [line for line in lines if not line.startswith("!")]
    assert any(fnmatch.fnmatch("src/reglab/__pycache__", line) for line in refused[1:])


def test_runs_as_an_ordinary_user_from_before_the_command() -> None:
    words = [word for word, _ in instructions()]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", texts("USER")[-1])
    assert words.index("USER") > max(i for i, word in enumerate(words) if word in {"RUN", "COPY"})


def test_runs_are_kept_in_the_volume() -> None:
    assert texts("VOLUME") == ["/data"]
    assert re.search(r"REGLAB_HOME=/data\b", texts("ENV")[0])
    assert any("--owner=reglab" in run and "/data" in run for run in texts("RUN"))


def test_the_torch_index_is_a_build_argument_and_empty_by_default() -> None:
    assert texts("ARG") == ['TORCH_INDEX=""']
    assert any('${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"}' in run for run in texts("RUN"))


def test_the_command_gets_signals_itself_and_listens_to_the_outside() -> None:
    command = json.loads(texts("CMD")[0])
    assert command[:3] == ["streamlit", "run", "app.py"]
    assert "--server.address=0.0.0.0" in command
    assert f"--server.port={texts('EXPOSE')[0]}" in command


def test_the_health_check_asks_the_route_that_the_app_serves() -> None:
    address = re.search(r"http://127\.0\.0\.1:(\d+)(/[\w/]+)", health_check())
    assert address is not None
    assert address[1] == texts("EXPOSE")[0]
    assert address[2] in [getattr(route, "path", None) for route in routes()]


@contextmanager
def answering(status: int) -> Iterator[int]:
    """A server that answers every request with ``status``; its port."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False), (404, False)])
def test_the_health_check_fails_when_the_app_says_so(status: int, healthy: bool) -> None:
    python, flag, code = json.loads(health_check().partition("CMD ")[2])
    assert (python, flag) == ("python", "-c")
    with answering(status) as port:
        done = subprocess.run([sys.executable, flag, code.replace("8501", str(port))], capture_output=True, check=False)
    assert (done.returncode == 0) == healthy
