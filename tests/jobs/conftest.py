"""What the tests of worker processes share: settings and a store, made once for all tests of a file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.jobs.processes import process_settings

from reglab.settings import Settings
from reglab.store import Store, open_store


@pytest.fixture(scope="module")
def pool_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of a server that trains in two worker processes."""
    return process_settings(tmp_path_factory.mktemp("pool") / "home")


@pytest.fixture(scope="module")
def pool_store(pool_settings: Settings) -> Iterator[Store]:
    """The store of that server."""
    with open_store(pool_settings) as opened:
        yield opened
