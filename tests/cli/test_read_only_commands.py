"""``REGLAB_READ_ONLY=1`` on the command line: each command is tried; no byte of the home changes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.factories import add_run, add_sweep
from tests.store.test_read_only_store import hashes

from reglab.cli import main
from reglab.cli.commands.data import ACTIONS as DATA_ACTIONS
from reglab.cli.main import COMMANDS
from reglab.settings import Settings
from reglab.store import Store
from reglab.store.open import READ_ONLY

REFUSED = {
    "train": ["train"],
    "sweep": ["sweep", "--l2", "0,1", "--seeds", "2"],
    "resume": ["resume", "their sweep"],
    "gc": ["gc"],
    "import": ["import", "{out}/archive.reglab.zip"],
    "claims": ["claims", "shrinks"],
}
DATA = {
    "cache": ["data", "cache", "--clear"],
    "download": ["data", "download", "fashion_mnist"],
    "import": ["data", "import", "{out}", "--name", "mine"],
    "remove": ["data", "remove", "fashion_mnist"],
}
"""What ``reglab data`` writes, by action."""
DATA_SHOWN = {"list", "check"}
SHOWN = {
    "runs": ["runs"],
    "show": ["show", "their run"],
    "compare": ["compare", "their run", "another"],
    "export": ["export", "their run", "--to", "csv", "--out", "{out}/run.csv"],
    "report": ["report", "their run", "--out", "{out}/run.html"],
    "check": ["check"],
    "audit": ["audit"],
    "backup": ["backup", "{out}/copy"],
    "data": ["data", "cache"],
    "translate": ["translate", "0.01", "--from", "torch-sgd", "--to", "keras-l2"],
}
ELSEWHERE = {"dashboard", "doctor"}
"""The first serves pages, which have their own tests; the second looks at a store and trains in a temporary folder."""


@pytest.fixture
def home(store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    for name in ("their run", "another"):
        store.files(add_run(store, name=name).id).save_weights({}, "initial")
    store.request_stop(add_sweep(store, name="their sweep", state="queued").id)
    store.close()
    entry = settings.home / "cache" / f"digits-pool-{'0' * 32}.images"
    entry.parent.mkdir()
    entry.write_bytes(b"some")
    monkeypatch.setenv("REGLAB_HOME", str(settings.home))
    assert main(["export", "another", "--to", "archive", "--out", str(tmp_path / "archive.reglab.zip")]) == 0
    monkeypatch.setenv("REGLAB_READ_ONLY", "1")
    return settings.home


def test_every_command_is_tried(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert set(COMMANDS.names()) == REFUSED.keys() | SHOWN.keys() | ELSEWHERE
    assert set(DATA_ACTIONS) == DATA.keys() | DATA_SHOWN
    before = hashes(home)
    for name, argv in [*REFUSED.items(), *DATA.items()]:
        assert main([part.format(out=tmp_path) for part in argv]) == 2, name
        assert capsys.readouterr().err == f"reglab: {READ_ONLY}\n", name
        assert hashes(home) == before, name
    for name, argv in SHOWN.items():
        assert main([part.format(out=tmp_path) for part in argv]) in (0, 1), name  # 1: the check misses the weights
        assert capsys.readouterr().err == "", name
        assert hashes(home) == before, name
    assert (tmp_path / "run.csv").is_file()


def test_decoded_images_stay(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "cache", "--clear"]) == 2
    assert capsys.readouterr().err == f"reglab: {READ_ONLY}\n"
    assert main(["gc", "--dry-run"]) == 0
    assert [path.name for path in (home / "cache").iterdir()] == [f"digits-pool-{'0' * 32}.images"]


@pytest.mark.parametrize("value", ["yes", "true", "2"])
def test_a_mistyped_protection_is_not_off(value: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGLAB_READ_ONLY", value)
    assert main(["runs"]) == 2
    shutil.rmtree(home)
