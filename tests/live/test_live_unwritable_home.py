"""A home that may not be written, whose database was left with rows in its log alone: pages and commands show it.

Pages run as an ordinary user of the system, commands on a read-only mount.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.factories import add_run
from tests.live.serving import APP, ROOT, started
from tests.patience import PATIENCE
from tests.store.test_read_only_store import hashes

from reglab.settings import load_settings
from reglab.store import open_store

ORDINARY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


def able(*command: str) -> bool:
    """Whether the command works here."""
    return (
        shutil.which(command[0]) is not None
        and not subprocess.run(command, capture_output=True, check=False).returncode
    )


@pytest.fixture
def left_behind() -> Iterator[tuple[Path, str]]:
    """A home as a killed process leaves it, which only root may write, and the id of its run."""
    with tempfile.TemporaryDirectory(prefix="reglab-") as folder:
        Path(folder).chmod(0o755)
        used, home = Path(folder, "used"), Path(folder, "home")
        with open_store(load_settings({"REGLAB_HOME": str(used)})) as store:
            run = add_run(store, name="left behind")
            store.files(run.id).save_weights({}, "initial")
            ignore = shutil.ignore_patterns("*-shm", "*.lock", "owners")
            shutil.copytree(used, home, ignore=ignore)
        assert (home / "reglab.sqlite-wal").stat().st_size
        home.chmod(0o555)
        yield home, run.id


def test_pages_open_for_an_ordinary_user(left_behind: tuple[Path, str], page: Page) -> None:
    """The home is root's, and its log has no index: SQLite can read it in place for nobody else."""
    if os.geteuid() or not able(*ORDINARY, sys.executable, "-c", "import streamlit"):
        pytest.skip("needs root, setpriv, and a Python that other users may run")
    home, run = left_behind
    before = hashes(home)
    elsewhere = home.parent / "nobodys"
    elsewhere.mkdir(mode=0o777)
    elsewhere.chmod(0o777)
    command = [*ORDINARY, sys.executable, "-m", "streamlit", "run", str(APP), "--server.port=0"]
    with started(
        command, home, APP.parent, REGLAB_HOME=str(home), HOME=str(elsewhere), TMPDIR=str(elsewhere)
    ) as server:
        page.goto(f"{server.url}/runs")
        expect(page.get_by_text("1 run ·")).to_be_visible()
        page.goto(f"{server.url}/train?run={run}")
        expect(page.get_by_role("heading", name="left behind")).to_be_visible()
        expect(page.get_by_test_id("stSidebar").get_by_text("Read-only")).to_be_visible()
        expect(page.locator(".st-key-another_start [data-testid^=stBaseButton]").first).to_be_disabled()
        [copies] = [path for path in elsewhere.glob("reglab-*") if path.is_dir()]
        assert copies.stat().st_mode & 0o777 == 0o700
        page.goto("about:blank")
    assert not copies.exists()
    assert hashes(home) == before


def test_commands_show_a_read_only_mount(left_behind: tuple[Path, str]) -> None:
    if os.geteuid() or not able("unshare", "-m", "true"):
        pytest.skip("needs root and the right to mount")
    home, run = left_behind
    before, place = hashes(home), home.parent / "mounted"
    place.mkdir()
    reglab = f"{shlex.quote(sys.executable)} -m reglab"
    out = home.parent / "run.csv"
    script = (
        f"mount --bind {home} {place} && mount -o remount,bind,ro {place} && {reglab} runs && {reglab} show {run} && "
        f"{reglab} export {run} --to csv --out {out} && {reglab} gc"
    )
    environ = {key: value for key, value in os.environ.items() if not key.startswith("REGLAB_")}
    environ |= {"REGLAB_HOME": str(place), "PYTHONPATH": str(ROOT / "src")}
    command = ["unshare", "-m", "sh", "-c", script]
    ended = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert ended.returncode == 2, ended.stderr
    assert ended.stderr.startswith(f"reglab: {place} may not be written by this user")  # the last command
    assert ended.stdout.count("left behind") == 2
    assert out.is_file()
    assert hashes(home) == before
