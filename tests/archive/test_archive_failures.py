"""An import that fails on the way, or may not be done, leaves the home as it was."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.archive.archiving import Members, everything_in, imported, opened_home, packed

from reglab.errors import StoreError


def test_a_failure_while_files_are_placed_leaves_nothing(
    members: Members, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = packed(members)
    with opened_home(tmp_path / "home") as store:
        before = everything_in(store.home)
        (store.home / "stray").mkdir()

        def full(self: Path, target: Path) -> Path:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(Path, "rename", full)
            with pytest.raises(StoreError, match="disk is full"):
                imported(store, data)
        (store.home / "stray").rmdir()
        assert everything_in(store.home) == before
        assert store.runs() == []
        assert [one.outcome for one in imported(store, data)] == ["new"]


def test_a_store_that_may_not_be_written_takes_nothing_in(members: Members, tmp_path: Path) -> None:
    with opened_home(tmp_path / "home") as store:
        before = everything_in(store.home)
        store._database.read_only = "RegLab is read-only here."
        with pytest.raises(StoreError, match=r"RegLab is read-only here\."):
            imported(store, packed(members))
        assert everything_in(store.home) == before
