"""What the tests of the frame and its banner share: the services of pages on a home of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reglab.ui.shared.services import close_services


@pytest.fixture
def served_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home of its own for the services, which are closed afterwards."""
    monkeypatch.setenv("REGLAB_HOME", str(home))
    monkeypatch.delenv("REGLAB_STORE", raising=False)
    close_services()
    yield home
    close_services()
