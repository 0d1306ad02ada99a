"""A worker process on another machine counts as there for as long as its session with PostgreSQL lasts."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tests.store.postgres import Server

from reglab.errors import StoreError
from reglab.settings import Settings
from reglab.store import Store, open_store

ANNOUNCE = """
import sys
from reglab.settings import load_settings
from reglab.store import open_store
store = open_store(load_settings({"REGLAB_HOME": sys.argv[1], "REGLAB_STORE": sys.argv[2]}))
store.announce("worker")
print("there", flush=True)
sys.stdin.read()
"""


@pytest.mark.postgres
def test_a_process_is_gone_when_it_has_ended_however(postgres_server: Server, settings: Settings, home: Path) -> None:
    there = replace(settings, store=postgres_server.new_database())
    with open_store(there) as store:
        assert store.wait_until_gone("worker", 0.0)
        command = [sys.executable, "-c", ANNOUNCE, str(home), there.store]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"there\n"
            assert not store.wait_until_gone("worker", 0.0)
            process.kill()
        assert store.wait_until_gone("worker", 60.0)


@pytest.mark.postgres
def test_closing_the_store_ends_it_too(postgres_server: Server, settings: Settings) -> None:
    there = replace(settings, store=postgres_server.new_database())
    with open_store(there) as store:
        with open_store(there) as other:
            other.announce("worker")
            assert not store.wait_until_gone("worker", 0.0)
        assert store.wait_until_gone("worker", 60.0)


def test_sqlite_is_not_shared_by_machines(store: Store) -> None:
    with pytest.raises(StoreError, match="cannot be shared by several machines; use PostgreSQL"):
        store.announce("worker")
