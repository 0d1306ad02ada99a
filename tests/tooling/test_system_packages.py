"""The script that installs what tests need from the system, run with stand-ins for the system's commands."""

from __future__ import annotations

import subprocess
from pathlib import Path

SCRIPT = Path(__file__).parents[1] / "install-system-packages"


ALL = "chromium postgresql dataset-fashion-mnist"


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
    done = run(tmp_path, chromium="exit 0", initdb="exit 0", ls="exit 0")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_root_installs_what_is_missing_and_only_that(tmp_path: Path) -> None:
    done = run(tmp_path, chromium="exit 0", id="echo 0", apt_get='echo "apt-get $@"')
    assert done.returncode == 0
    assert [line.split()[-1] for line in done.stdout.splitlines()[2:]] == ["postgresql", "dataset-fashion-mnist"]


def test_anyone_else_gets_a_notice_and_no_failure(tmp_path: Path) -> None:
    done = run(tmp_path, id="echo 1000", apt_get='echo "apt-get $@"')
    assert done.returncode == 0
    assert done.stdout.startswith(f"NOTICE: not installed: {ALL}. Tests that need it are skipped")
    assert "apt-get update" not in done.stdout


def test_what_cannot_be_installed_is_named_and_the_rest_is_installed(tmp_path: Path) -> None:
    done = run(tmp_path, id="echo 0", apt_get='case "$*" in *postgresql) exit 100;; esac; echo "$@"')
    assert done.returncode == 0
    assert done.stdout.endswith(
        "NOTICE: not installed: postgresql. Tests that need it are skipped; as root: apt-get install postgresql\n"
    )
    assert "--no-install-recommends dataset-fashion-mnist\n" in done.stdout
