"""The script that installs Chromium and PostgreSQL, run with stand-ins for the system's commands."""

from __future__ import annotations

import subprocess
from pathlib import Path

SCRIPT = Path(__file__).parents[1] / "install-system-packages"


def run(tmp_path: Path, **commands: str) -> subprocess.CompletedProcess[str]:
    """The script where only ``commands`` (name → shell text) and ``ls`` (which finds nothing) exist."""
    for name, text in {"ls": "exit 1", **commands}.items():
        command = tmp_path / name.replace("_", "-")
        command.write_text(f"#!/bin/sh\n{text}\n")
        command.chmod(0o755)
    return subprocess.run(
        ["/bin/sh", str(SCRIPT)], env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )


def test_silent_where_all_is_there(tmp_path: Path) -> None:
    done = run(tmp_path, chromium="exit 0", initdb="exit 0")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_root_installs_what_is_missing_and_only_that(tmp_path: Path) -> None:
    done = run(tmp_path, chromium="exit 0", id="echo 0", apt_get='echo "apt-get $@"')
    assert done.returncode == 0
    assert "apt-get update" in done.stdout
    assert done.stdout.endswith("--no-install-recommends postgresql\n")


def test_anyone_else_gets_a_notice_and_no_failure(tmp_path: Path) -> None:
    done = run(tmp_path, id="echo 1000", apt_get='echo "apt-get $@"')
    assert done.returncode == 0
    assert done.stdout.startswith("NOTICE: not installed: chromium postgresql. Tests that need it are skipped")


def test_a_failed_installation_is_a_notice_too(tmp_path: Path) -> None:
    done = run(tmp_path, id="echo 0", apt_get="exit 100")
    assert done.returncode == 0
    assert "NOTICE: not installed: chromium postgresql." in done.stdout
