"""``reglab dashboard``: what it starts, and sentences for a port or an address that cannot be used."""

from __future__ import annotations

import runpy
import socket
import sys
from pathlib import Path

import pytest

from reglab import settings
from reglab.cli import main
from reglab.settings import app_file, default_home

ROOT = Path(__file__).resolve().parents[2]


def test_it_runs_the_app_of_this_checkout(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    ran: list[list[str]] = []
    monkeypatch.setattr(sys, "argv", [])
    monkeypatch.setattr(runpy, "run_module", lambda name, **_: ran.append([name, *sys.argv[1:]]))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert main(["dashboard", "--port", str(port)]) == 0
    options = ["--server.address=127.0.0.1", f"--server.port={port}", "--server.headless=true"]
    assert ran == [["streamlit", "run", str(ROOT / "app.py"), *options]]
    assert capsys.readouterr().out == f"RegLab starts on 127.0.0.1, port {port} (Ctrl-C stops it)\n"


@pytest.mark.parametrize("port", ["x", "-1", "65536", "8501.0", ""])
def test_a_port_is_a_number(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dashboard", f"--port={port}"]) == 2
    assert capsys.readouterr().err == f"reglab: --port must be a whole number from 0 to 65535, not {port!r}.\n"


def test_a_port_that_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["dashboard", "--port", str(port)]) == 2
    sentence = capsys.readouterr().err
    assert sentence.startswith(f"reglab: The dashboard cannot listen on 127.0.0.1, port {port}: ")
    assert sentence.endswith("; choose another --address or --port.\n")


@pytest.mark.parametrize("address", ["300.1.1.1", "192.0.2.1", "x" * 70, "a b"])
def test_an_address_that_is_not_this_computers(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dashboard", "--address", address, "--port", "0"]) == 2
    assert capsys.readouterr().err.startswith(f"reglab: The dashboard cannot listen on {address}, port 0: ")


def test_installed_as_a_package_files_lie_in_the_users_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert default_home() == ROOT / "runs"
    package = tmp_path / "site-packages" / "reglab"
    (tmp_path / "app.py").touch()  # another program's, two folders above the package
    monkeypatch.setattr(settings, "_PACKAGE", package)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_home().is_relative_to(tmp_path)
    assert default_home().name == "reglab"
    assert app_file() == package / "dashboard" / "app.py"
