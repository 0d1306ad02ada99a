"""A store that cannot be opened says why in one sentence, and never a password."""

from __future__ import annotations

import builtins
import os
import socket
import sqlite3
import sys
import tempfile
import traceback
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.store.postgres import PASSWORD, Server

from reglab.errors import StoreError
from reglab.settings import Settings, load_settings
from reglab.spec import RunSpec
from reglab.store import Store, database, open_store


def refusal(settings: Settings) -> str:
    """The sentence with which opening fails."""
    with pytest.raises(StoreError) as error:
        open_store(settings)
    sentence, trace = str(error.value), "".join(traceback.format_exception(error.value))
    assert PASSWORD not in trace
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert "Traceback" not in sentence
    return sentence


def test_a_new_home_and_store_are_created(tmp_path: Path) -> None:
    settings = load_settings({"REGLAB_HOME": str(tmp_path / "a" / "b")})
    open_store(settings).close()
    assert (tmp_path / "a" / "b" / "reglab.sqlite").is_file()


def test_a_text_file_is_not_a_store(settings: Settings) -> None:
    settings.home.mkdir()
    (settings.home / "reglab.sqlite").write_text("not a database, whatever its name says\n" * 100)
    assert refusal(settings).endswith("is not a RegLab store: the file is not an SQLite database.")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_truncated_store_is_never_taken_for_a_whole_one(settings: Settings, store: Store, share: float) -> None:
    store.create(RunSpec())
    store.close()
    path = settings.home / "reglab.sqlite"
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(StoreError, match=r"damaged|not an SQLite database"), open_store(settings) as opened:
        opened.runs()


def test_another_programs_database_with_our_names(settings: Settings) -> None:
    settings.home.mkdir()
    with sqlite3.connect(settings.home / "reglab.sqlite") as connection:
        connection.execute("CREATE TABLE runs (marathon TEXT)")
    connection.close()
    assert "holds tables of another program" in refusal(settings)


def test_a_folder_is_not_a_store(settings: Settings, tmp_path: Path) -> None:
    assert "is a folder; REGLAB_STORE must name a file in it." in refusal(
        replace(settings, store=f"sqlite:///{tmp_path}")
    )


def test_a_missing_folder(settings: Settings, tmp_path: Path) -> None:
    sentence = refusal(replace(settings, store=f"sqlite:///{tmp_path}/no/such/store.sqlite"))
    assert sentence == f"The folder {tmp_path}/no/such of the store is missing; create it or check REGLAB_STORE."
    assert not (tmp_path / "no").exists()


def test_a_home_that_is_a_file_or_lies_under_one(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert refusal(replace(settings, home=tmp_path / "file")).startswith("REGLAB_HOME must be a folder")
    assert "Not a directory" in refusal(replace(settings, home=tmp_path / "file" / "home"))


@pytest.fixture
def ordinary_user() -> Iterator[None]:
    """A user whom file modes bind: root becomes nobody until the test ends."""
    is_root = os.geteuid() == 0
    if is_root:
        os.setresuid(65534, 65534, 0)
    yield
    if is_root:
        os.setresuid(0, 0, 0)


@pytest.fixture
def locked_folder() -> Iterator[Path]:
    """A folder that anyone may enter and only root may write."""
    with tempfile.TemporaryDirectory() as parent:
        Path(parent).chmod(0o755)
        folder = Path(parent) / "locked"
        folder.mkdir()
        folder.chmod(0o555)
        yield folder


@pytest.mark.skipif(sys.platform != "linux", reason="needs a change of the user, and file modes")
@pytest.mark.parametrize("inside", ["", "home"])
def test_a_home_that_may_not_be_written(
    settings: Settings, locked_folder: Path, inside: str, ordinary_user: None
) -> None:
    sentence = refusal(replace(settings, home=locked_folder / inside))
    assert "may not be written by this user" in sentence


def test_a_read_only_database(settings: Settings) -> None:
    settings.home.mkdir()
    path = settings.home / "old.sqlite"
    sqlite3.connect(path).close()
    assert refusal(replace(settings, store=f"sqlite:///file:{path}?mode=ro&uri=true")).endswith("it is read-only.")


@pytest.mark.parametrize(
    "url",
    [
        "nonsense", "", "sqlite://", "sqlite:///:memory:", "sqlite:///file:x?mode=memory&uri=true", "sqlite:///\x00",
        "sqlite+aiosqlite:///x", f"mysql://reglab:{PASSWORD}@host/db", f"postgresql+psycopg2://u:{PASSWORD}@host/db",
        f"postgresql://u:{PASSWORD}@127.0.0.1:port/db", f"postgresql://u:{PASSWORD}@[::1/db",
        f"postgresql://u:{PASSWORD}@127.0.0.1:1/db?unknown=1",
    ],
)  # fmt: skip
def test_urls_that_name_no_store(settings: Settings, url: str) -> None:
    assert "REGLAB_STORE" in refusal(replace(settings, store=url))


def test_a_very_long_file_name(settings: Settings) -> None:
    assert "File name too long" in refusal(replace(settings, store="sqlite:///" + "x" * 5000))


def test_no_driver(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    original = builtins.__import__

    def without_psycopg(name: str, *rest: Any, **more: Any) -> Any:
        if name == "psycopg":
            raise ImportError(name)
        return original(name, *rest, **more)

    monkeypatch.delitem(sys.modules, "psycopg", raising=False)
    monkeypatch.setattr(builtins, "__import__", without_psycopg)
    sentence = refusal(replace(settings, store=f"postgresql://reglab:{PASSWORD}@127.0.0.1:1/db"))
    assert "install psycopg with: pip install 'reglab[postgres]'" in sentence


def test_nobody_listens(settings: Settings) -> None:
    sentence = refusal(replace(settings, store=f"postgresql://reglab:{PASSWORD}@127.0.0.1:1/db"))
    assert sentence == (
        "The store postgresql://127.0.0.1:1/db cannot be reached; check REGLAB_STORE and that the server runs."
    )


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_server_that_does_not_answer(settings: Settings, silent_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert database.CONNECT_SECONDS <= 5
    monkeypatch.setattr(database, "CONNECT_SECONDS", 2)
    sentence = refusal(replace(settings, store=f"postgresql://reglab:{PASSWORD}@127.0.0.1:{silent_port}/db"))
    assert "does not answer; check REGLAB_STORE" in sentence


@pytest.mark.postgres
def test_a_server_that_refuses(settings: Settings, postgres_server: Server) -> None:
    wrong_password = refusal(replace(settings, store=postgres_server.url("postgres", password="wr0ng")))
    assert "refused the user or password" in wrong_password
    assert "wr0ng" not in wrong_password
    assert "has no such database" in refusal(replace(settings, store=postgres_server.url("nowhere")))


@pytest.mark.postgres
def test_the_short_postgresql_schemes_mean_psycopg(settings: Settings, migrated_database: str) -> None:
    for scheme in ("postgresql", "postgres"):
        url = migrated_database.replace("postgresql+psycopg", scheme)
        open_store(replace(settings, store=url)).close()


@pytest.mark.postgres
def test_a_server_that_dropped_its_connections_is_used_again(
    settings: Settings, postgres_server: Server, migrated_database: str
) -> None:
    with open_store(replace(settings, store=migrated_database)) as store:
        run = store.create(RunSpec())
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        postgres_server.execute("postgres", f"{others} AND datname = '{migrated_database.rpartition('/')[2]}'")
        assert store.get(run.id) == run


def test_a_store_that_another_program_keeps_writing(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.1)
    with open_store(settings) as store:
        other = sqlite3.connect(settings.home / "reglab.sqlite", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        try:
            with pytest.raises(StoreError, match="is busy: another program"):
                store.create(RunSpec())
            assert store.runs() == []
        finally:
            other.close()
        store.create(RunSpec())


def test_a_disk_that_is_full_loses_nothing(store: Store) -> None:
    run = store.create(RunSpec())
    with store._database.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreError, match=r"cannot be written: the disk is full; free some space and try again\.$"):
        store.set_note(run.id, "x" * 20_000)
    with store._database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    assert store.get(run.id) == run
    store.set_note(run.id, "x" * 20_000)
