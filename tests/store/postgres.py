"""A PostgreSQL server of our own, from the system's package, for as long as the tests run."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg
import pytest

PASSWORD = "s3cr3t-of-the-tests"
_MISSING = "PostgreSQL is not installed (Debian: apt-get install postgresql)"


@dataclass(frozen=True)
class Server:
    """A running server on 127.0.0.1 whose only user is ``reglab``."""

    port: int
    numbers: Iterator[int]
    control: Callable[[str], None]

    @contextmanager
    def away(self) -> Iterator[None]:
        """The server is stopped for the block, which breaks every connection, and starts again after it."""
        self.control("stop")
        try:
            yield
        finally:
            self.control("start")

    def new_database(self) -> str:
        """The URL of a new, empty database."""
        name = f"test_{next(self.numbers)}"
        self.execute("postgres", f"CREATE DATABASE {name}")
        return self.url(name)

    def execute(self, database: str, statement: str) -> None:
        """Run one statement in ``database``, outside any transaction."""
        dsn = f"postgresql://reglab:{PASSWORD}@127.0.0.1:{self.port}/{database}"
        with psycopg.connect(dsn, autocommit=True) as admin:
            admin.execute(statement.encode())

    def url(self, database: str, password: str = PASSWORD) -> str:
        """The SQLAlchemy URL of ``database``."""
        return f"postgresql+psycopg://reglab:{password}@127.0.0.1:{self.port}/{database}"


@contextmanager
def server() -> Iterator[Server]:
    """Start a server in a temporary folder, and stop it at the end; skips where PostgreSQL is not installed."""
    programs = _programs()
    if programs is None:
        pytest.skip(_MISSING)
    folder = Path(tempfile.mkdtemp(prefix="reglab-postgres-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, _unprivileged())
        port = _free_port()
        _initialise(programs, folder)
        options = f"-F -c listen_addresses=127.0.0.1 -p {port} -k '' -c max_connections=200"
        arguments = {"start": ["-l", str(folder / "log"), "-o", options], "stop": ["-m", "fast"]}

        def control(action: str, *others: str) -> None:
            program = [str(programs / "pg_ctl"), "-D", str(folder / "data"), "-w"]
            _run([*program, *arguments[action], *others, action], folder)

        control("start")
        try:
            yield Server(port, count(), control)
        finally:
            control("stop", "-m", "immediate")
    finally:
        shutil.rmtree(folder)


def _initialise(programs: Path, folder: Path) -> None:
    secret = folder / "password"
    secret.write_text(PASSWORD)
    secret.chmod(0o644)
    _run(
        [
            str(programs / "initdb"), "-D", str(folder / "data"), "-U", "reglab", "--auth=scram-sha-256",
            f"--pwfile={secret}", "--no-sync", "--encoding=UTF8", "--locale=C",
        ],
        folder,
    )  # fmt: skip


def _run(command: list[str], folder: Path) -> None:
    """Run as an unprivileged user: PostgreSQL refuses root."""
    user = _unprivileged() if os.geteuid() == 0 else None
    with (folder / "out").open("w") as out:  # a file, because the server would keep a pipe open
        done = subprocess.run(
            command, cwd=folder, user=user, check=False, stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )
    assert done.returncode == 0, f"{command[0]}: {(folder / 'out').read_text()}"


def _unprivileged() -> str:
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _programs() -> Path | None:
    """The folder with initdb and pg_ctl: Debian keeps them off the PATH, by version."""
    found = shutil.which("initdb")
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return Path(found).parent if found else versions[-1].parent if versions else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
