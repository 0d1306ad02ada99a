"""The wheel, installed elsewhere: ``reglab dashboard`` serves its pages, and files go into the user's data folder."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import orjson
import platformdirs
import pytest
from playwright.sync_api import Page, expect
from tests.live.serving import ROOT, Server, started

SOURCES = (
    "app.py",
    "pages",
    "src",
    ".streamlit",
    "setup.py",
    "pyproject.toml",
    "requirements.txt",
    "README.md",
    "LICENSE",
)
CODE = "import sys; from reglab.cli import main; sys.exit(main(['dashboard', '--port', '0']))"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which a wheel of this checkout is installed, without a network."""
    folder = tmp_path_factory.mktemp("package")
    for name in SOURCES:
        source, target = ROOT / name, folder / "source" / name
        target.parent.mkdir(exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        else:
            shutil.copy(source, target)
    pip(folder, "wheel", "./source", "--no-build-isolation", "--wheel-dir", "wheels")
    [wheel] = (folder / "wheels").iterdir()
    pip(folder, "install", str(wheel), "--target", "site")
    return folder / "site"


def pip(folder: Path, *arguments: str) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments, "--no-deps", "--no-index"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def packaged(installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """``reglab dashboard`` of the installed wheel, for a user whose home is empty, started in any folder."""
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    home = platformdirs.user_data_path("reglab", appauthor=False)
    with started([sys.executable, "-c", CODE], home, tmp_path, PYTHONPATH=str(installed)) as server:
        yield server


def test_the_installed_dashboard_draws_its_pages_and_keeps_runs_in_the_users_folder(
    packaged: Server, page: Page, tmp_path: Path
) -> None:
    assert packaged.home.is_relative_to(tmp_path)
    assert orjson.loads(packaged.get("/api/health")) == {"status": "ok", "reason": None}
    page.goto(f"{packaged.url}/runs")
    expect(page).to_have_title(re.compile("^Runs · RegLab"))
    expect(page.get_by_role("heading").first).to_be_visible()
    expect(page.get_by_text("Something went wrong")).to_have_count(0)
    assert (packaged.home / "reglab.sqlite").is_file()
    assert "Traceback" not in packaged.log
