"""`make` on this checkout: its help, its refusal of an old Python, and a server that a signal reaches."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest
from tests.patience import PATIENCE

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
TARGETS = ("run", "test", "check", "coverage", "bench", "lint", "format", "clean")

SERVER = """#!/usr/bin/env python3
import signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit("the server got SIGTERM"))
print("the server got", sys.argv[1:], flush=True)
signal.pause()
"""


def make(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = ["make", "--no-print-directory", *arguments]
    variables = ENVIRONMENT | environment
    return subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A virtual environment that looks installed, with a stand-in for the server."""
    streamlit = tmp_path / "bin" / "streamlit"
    streamlit.parent.mkdir()
    streamlit.write_text(SERVER)
    streamlit.chmod(0o755)
    (tmp_path / ".installed").touch()
    return tmp_path


def test_make_alone_tells_every_target() -> None:
    done = make()
    assert done.returncode == 0
    assert re.findall(r"^make (\w+) +\w", done.stdout, re.MULTILINE) == ["help", *TARGETS]


@pytest.mark.parametrize("python", ["too-old", "not-there"])
def test_an_old_python_is_refused_in_a_sentence(tmp_path: Path, python: str) -> None:
    old = tmp_path / "too-old"
    old.write_text("#!/bin/sh\nexit 1\n")  # what the version check of an old Python comes to
    old.chmod(0o755)
    done = make("run", f"VENV={tmp_path / 'venv'}", f"PYTHON={tmp_path / python}")
    assert done.returncode == 2
    assert "RegLab needs Python 3.11 or newer" in done.stderr
    assert not (tmp_path / "venv").exists()


def test_a_signal_to_make_run_reaches_the_server(installed: Path) -> None:
    command = ["make", "run", f"VENV={installed}", "PORT=8765", "ADDRESS=0.0.0.0"]
    with subprocess.Popen(
        command, cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        assert "http://0.0.0.0:8765" in running.stdout.readline()
        assert "'run', 'app.py', '--server.address', '0.0.0.0', '--server.port', '8765'" in running.stdout.readline()
        running.send_signal(signal.SIGTERM)
        _, errors = running.communicate(timeout=PATIENCE)
    assert "the server got SIGTERM" in errors


def test_by_default_only_this_machine_can_reach_the_dashboard(installed: Path) -> None:
    shown = make("run", f"VENV={installed}", "--dry-run").stdout
    assert "--server.address 127.0.0.1 --server.port 8501" in shown


def test_torch_index_and_pip_arguments_reach_pip(tmp_path: Path) -> None:
    shown = make(
        "run", f"VENV={tmp_path}", "--dry-run", "PIP_ARGS=--prefer-binary", "TORCH_INDEX=https://torch.example/cpu"
    ).stdout
    installs = [line for line in shown.replace("\\\n", "").splitlines() if "-m pip install" in line]
    assert len(installs) == 2
    assert all("--prefer-binary --extra-index-url https://torch.example/cpu" in " ".join(i.split()) for i in installs)


def test_make_test_runs_every_check_in_order(installed: Path) -> None:
    (installed / ".installed-tests").touch()
    shown = make("test", f"VENV={installed}", "--dry-run").stdout
    steps = [
        "ruff format --check",
        "ruff check",
        "mypy",
        "lint-imports",
        'pytest -n 2 .* -m "not live"',
        "pytest tests/live -n 2 .* -m live",
    ]
    assert re.search(".*".join(steps), shown, re.DOTALL)


def test_what_an_environment_says_about_compiled_files_is_left_out(installed: Path) -> None:
    """Without them each of the processes that tests start compiles all of RegLab again."""
    streamlit = installed / "bin" / "streamlit"
    streamlit.write_text('#!/bin/sh\necho "compiled files: ${PYTHONDONTWRITEBYTECODE-kept}"\n')
    shown = make("run", f"VENV={installed}", PYTHONDONTWRITEBYTECODE="1").stdout
    assert "compiled files: kept" in shown


@pytest.mark.parametrize("failing", ["not live", "live", None])
def test_make_test_runs_both_parts_and_fails_if_one_fails(installed: Path, failing: str | None) -> None:
    (installed / ".installed-tests").touch()
    asked = installed / "asked"
    python = installed / "bin" / "python"
    python.write_text(f'#!/bin/sh\nfor mark; do :; done\necho "$mark" >> {asked}\ntest "$mark" != "{failing}"\n')
    python.chmod(0o755)
    without = ["--old-file=lint", "--old-file=system-packages"]
    done = make("test", f"VENV={installed}", *without)
    assert asked.read_text().splitlines() == ["not live", "live"]
    assert (done.returncode == 0) == (failing is None)


def test_continuous_integration_calls_make_test_and_nothing_else() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert script.read_text().splitlines() == ["#!/bin/sh", 'cd "$(dirname "$0")/.." && exec make test']


def test_every_version_is_exact() -> None:
    for name in ("requirements.txt", "tests/requirements.txt"):
        for line in (ROOT / name).read_text().splitlines():
            assert line.startswith("#") or re.fullmatch(r"[\w.\-]+(\[\w+\])?==[\w.]+", line), f"{name}: {line}"
