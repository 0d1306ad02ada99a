"""What the tests of commands share: a home of their own, whatever the environment says."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def own_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of every command of the test, which does not exist yet; on the CPU."""
    for name in ("REGLAB_STORE", "REGLAB_DATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("REGLAB_DEVICE", "cpu")
    monkeypatch.setenv("REGLAB_HOME", str(home))
    return home
