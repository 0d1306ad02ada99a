"""``reglab dashboard``: the pages in a browser, from a checkout or an installed package."""

from __future__ import annotations

import argparse
import os
import runpy
import socket
import sys

from reglab.cli.command import Command
from reglab.cli.output import Output
from reglab.errors import SpecError, shown
from reglab.settings import app_file
from reglab.sharing import check_listening


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", default="8501", metavar="N", help="default: 8501; 0 takes a free one")
    parser.add_argument("--address", default="127.0.0.1", metavar="HOST", help="default: 127.0.0.1, this computer only")


def _run(arguments: argparse.Namespace, output: Output) -> int:
    """Become ``streamlit run``, in this process: signals reach the server, and its exit status is the command's."""
    if not arguments.port.isdecimal() or int(arguments.port) > 65535:
        raise SpecError(f"--port must be a whole number from 0 to 65535, not {shown(arguments.port)}.")
    address, port = arguments.address, _free_port(arguments.address, int(arguments.port))
    check_listening(address)
    output.print({"address": address, "port": port}, f"RegLab starts on {address}, port {port} (Ctrl-C stops it)")
    options = {"server.address": address, "server.port": port, "server.headless": "true"}
    sys.argv = ["streamlit", "run", str(app_file()), *(f"--{name}={value}" for name, value in options.items())]
    runpy.run_module("streamlit", run_name="__main__", alter_sys=True)
    return 0


def _free_port(address: str, port: int) -> int:
    """``port``, or any free one for 0, where a server can listen on it."""
    try:
        [(family, _, _, _, place), *_] = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)
        with socket.socket(family, socket.SOCK_STREAM) as listener:
            if os.name == "posix":  # Windows would share a port that is taken
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(place)
            return int(listener.getsockname()[1])
    except (OSError, UnicodeError) as error:
        reason = (getattr(error, "strerror", None) or "no such address").lower()
        sentence = f"The dashboard cannot listen on {address}, port {port}: {reason}"
        raise SpecError(f"{sentence}; choose another --address or --port.") from None


ENTRY = Command("dashboard", "start the dashboard", 5, _arguments, _run)
